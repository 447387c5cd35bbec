"""Weights of the neurons that spiked are added in the order that was asked for."""

import itertools

import numpy as np
import pytest

from nengo_dense.loihi.kernel import numpy_readout
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.numpy_readout import SumOrder

#: Pairs of partial sums: of neighbours, and of halves.
PAIRS = {1: [], 2: [(0, 1)], 4: [(0, 2), (1, 3), (0, 1)]}
PAIRS[8] = [(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (4, 6), (0, 4)]


@pytest.fixture(params=["numpy", "numba"])
def sum_spiking(request):
    if request.param == "numpy":
        return numpy_readout.sum_spiking
    pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    from nengo_dense.loihi.kernel import compiled_readout

    return compiled_readout.sum_spiking


def one_after_another(spikes, weights, bounds, pairs):
    """Add the weights of one step: in each block neuron after neuron, then block after block."""
    total = 0.0
    for start, stop in itertools.pairwise([0, *bounds]):
        partial = [np.zeros(weights.shape[1]) for _ in range(len(pairs) + 1)]
        for i in range(start, stop):
            place = (i - start) % len(partial)
            partial[place] = partial[place] + weights[i] * spikes[i]
        for one, other in pairs:
            partial[one] = partial[one] + partial[other]
        total = total + partial[0]
    return total


@pytest.mark.parametrize("n_partial", PAIRS)
@pytest.mark.parametrize("size", [1, 5, 8, 16, 21])
@pytest.mark.parametrize(
    ("n", "bounds"), [(1, [1]), (40, [40]), (45, [7, 8, 45]), (150, [90, 150])]
)
@pytest.mark.parametrize("apart", [False, True], ids=["side by side", "columns of more"])
@pytest.mark.parametrize("first", ["lanes", "steps"])
def test_sums_are_those_of_one_neuron_after_another(
    size, n, bounds, apart, first, n_partial, sum_spiking, rng
):
    weights = rng.normal(size=(n, size)) * 2.0 ** rng.randint(-30, 30, size=(n, 1))
    recorded = (rng.uniform(size=(3, 7, n + 4 * apart)) < 0.5).astype(np.uint8)
    if first == "steps":  # in memory
        recorded = recorded.swapaxes(0, 1)
    spikes, pairs = recorded[..., 2 * apart : n + 2 * apart], PAIRS[n_partial]
    expected = [
        [one_after_another(step, weights, bounds, pairs) for step in lane] for lane in spikes
    ]
    order = SumOrder(
        np.array(bounds, dtype=np.uint64), np.array(pairs, dtype=np.uint64).reshape(-1, 2)
    )
    ours = sum_spiking(spikes, weights, order, Memory())
    np.testing.assert_array_equal(ours, expected)
