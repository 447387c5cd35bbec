"""Sums of weights are exact, however large they are."""

from dataclasses import replace

import nengo
import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel.numpy_spikes import make_add
from nengo_dense.loihi.kernel.state import ChipState
from nengo_dense.loihi.program import Program

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})


@pytest.mark.parametrize("largest", [2**22 - 1, 2**22 + 1, 2**24 + 1, 2**29 - 1])
def test_sums_of_all_rows_are_exact(largest):
    compat.nengo_loihi()
    with nengo.Network(seed=0) as network:
        a, b = (nengo.Ensemble(n, 1, neuron_type=RELU) for n in (4, 3))
        nengo.Connection(a.neurons, b.neurons, transform=np.ones((3, 4)))
    program = Program.from_model(build_model(network, 0.001, discretize=True))
    (projection,) = program.projections
    values = np.array([largest, 1 - largest, 7] * 4, dtype=np.int32)
    changed = replace(projection, weights=replace(projection.weights, values=values))
    state = ChipState.zeros(program, 2)
    state.spiked[0, :4] = 1
    state.spiked[1, 2] = 1
    total = np.zeros_like(state.current)
    make_add(replace(program, projections=[changed]))(total, state)
    np.testing.assert_array_equal(total[0, 4:], 4 * values[:3])
    np.testing.assert_array_equal(total[1, 4:], values[:3])
    assert not total[:, :4].any()
