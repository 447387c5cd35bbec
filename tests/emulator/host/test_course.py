"""A plan's course looks up once what each stretch needs; no run sees another one's values."""

import numpy as np
import pytest
from host_network import make_network, presentations

from nengo_dense.emulator import Simulator


def simulate(net, kernel, lanes, **kwargs):
    return Simulator(net, minibatch_size=lanes, progress_bar=False, kernel=kernel, **kwargs)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("lanes", [1, 20])
@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_runs_with_other_data_equal_those_of_a_new_simulator(lanes, kept, kernel):
    if kernel == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    net = make_network("relu", False)
    some = presentations(lanes, 50)
    with simulate(net, kernel, lanes, keep_history=kept) as used:
        used.run_steps(30, data={net.source: some})
        used.run_steps(20)  # with the node's own output
        for data in (some[:, ::-1] * 0.5, some * 2.0):
            used.reset()
            with simulate(net, kernel, lanes, keep_history=kept) as new:
                for sim in (used, new):
                    sim.run_steps(25, data={net.source: data})
                    sim.run_steps(10)
                for probe in net.watched:
                    assert new.sum(probe).any()
                    np.testing.assert_array_equal(used.sum(probe), new.sum(probe))
                    np.testing.assert_array_equal(used.data[probe], new.data[probe])
