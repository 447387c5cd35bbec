"""Each name gives its own kernel; the numbers are the same, so nothing else would tell."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.loihi.build import build_model
from nengo_dense.loihi.kernel import choice
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.program import Program


@pytest.fixture(scope="module")
def program():
    import nengo

    relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
    with nengo.Network(seed=0) as network:
        nengo.Ensemble(3, 1, gain=np.ones(3), bias=np.ones(3), neuron_type=relu)
    return Program.from_model(build_model(network, 0.001, discretize=True))


def test_each_name_gives_its_own_kernel(program):
    numba_kernel = pytest.importorskip(
        "nengo_dense.loihi.kernel.numba_kernel", reason="the compiled kernel is the extra 'fast'"
    )
    assert type(choice.make_kernel("numpy", program)) is NumpyKernel
    assert type(choice.make_kernel("numba", program)) is numba_kernel.NumbaKernel
    assert type(choice.make_kernel("auto", program)) is numba_kernel.NumbaKernel


def test_any_other_name_is_refused(program):
    with pytest.raises(
        ValidationError, match=r"must be one of .auto., .numpy., .numba., got .cuda."
    ):
        choice.make_kernel("cuda", program)
