"""Sums of the weights of all neurons that spiked, in NumPy, in the order of a matrix product."""

from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.kernel.memory import Memory


class SumOrder(NamedTuple):
    """The order in which a product with weights adds neurons.

    Neurons come in blocks, whose sums are added one after another. A block has one partial sum, or
    2, 4, 8, ...: its neuron ``k`` is added to partial sum ``k`` modulo their number. At the end of
    the block partial sums are added in pairs, until one is left.

    Attributes
    ----------
    bounds : (n_blocks,) uint64 array
        Ends of the blocks, up to the number of neurons.
    pairs : (n_partial - 1, 2) uint64 array
        One partial sum, and another that is added to it; the last pair has the first partial sum.
    """

    bounds: np.ndarray
    pairs: np.ndarray


def sum_spiking(
    spikes: np.ndarray, weights: np.ndarray, order: SumOrder, memory: Memory
) -> np.ndarray:
    """Sum the weights of the neurons that spiked in each step of each lane.

    Parameters
    ----------
    spikes : (lanes, n_steps, n) uint8 array
        0 or 1.
    weights : (n, size) float64 array
    order : SumOrder
    memory : Memory
        For the sums.

    Returns
    -------
    sums : (lanes, n_steps, size) float64 array
        In memory, steps come before lanes.
    """
    (lanes, n_steps, _), size = spikes.shape, weights.shape[1]
    sums = memory.empty((n_steps, lanes, size), np.float64)
    partial = np.empty((len(order.pairs) + 1, *sums.shape))
    steps, first = spikes.swapaxes(0, 1), 0
    for end in order.bounds.tolist():
        partial[...] = 0
        for k in range(first, end):
            # times 0 or 1 is exact, and a sum that begins at +0 is never -0
            partial[(k - first) % len(partial)] += steps[..., k, np.newaxis] * weights[k]
        for one, other in order.pairs.tolist():
            partial[one] += partial[other]
        if first == 0:
            sums[...] = partial[0]
        else:
            sums += partial[0]
        first = end
    return np.asarray(sums.swapaxes(0, 1))
