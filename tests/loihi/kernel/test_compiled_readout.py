"""Weights of the neurons that spiked are added in the order that was asked for."""

import itertools

import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel.compiled_readout import sum_spiking
from nengo_dense.loihi.kernel.memory import Memory


def one_after_another(spikes, weights, bounds):
    """Add the weights of one step: neuron after neuron in each block, then block after block."""
    total = 0.0
    for start, stop in itertools.pairwise([0, *bounds]):
        block = np.zeros(weights.shape[1])
        for i in range(start, stop):
            block = block + weights[i] * spikes[i]
        total = total + block
    return total


@pytest.mark.parametrize("size", [1, 16, 21])
@pytest.mark.parametrize(("n", "bounds"), [(1, [1]), (40, [40]), (40, [7, 8, 40])])
@pytest.mark.parametrize("apart", [False, True], ids=["side by side", "columns of more"])
def test_sums_are_those_of_one_neuron_after_another(size, n, bounds, apart, rng):
    weights = rng.normal(size=(n, size)) * 2.0 ** rng.randint(-30, 30, size=(n, 1))
    recorded = (rng.uniform(size=(3, 5, n + 4 * apart)) < 0.5).astype(np.uint8)
    spikes = recorded[..., 2 * apart : n + 2 * apart]
    expected = [[one_after_another(step, weights, bounds) for step in lane] for lane in spikes]
    ours = sum_spiking(spikes, weights, np.array(bounds, dtype=np.uint64), Memory())
    np.testing.assert_array_equal(ours, expected)
