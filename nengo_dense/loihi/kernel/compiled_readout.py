"""Sums of the weights of all neurons that spiked, compiled, one neuron after another.

Loaded only by `.choice`, because it imports numba. A neuron that is silent adds its weights times
zero to a matrix product, which changes no sum (a sum that begins at +0 is never -0). So where the
order in which a product adds is known, only the weights of those that spiked need be added.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel import numpy_readout
from nengo_dense.loihi.kernel.alignment import aligned, flat_view
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_few import sum_few
from nengo_dense.loihi.kernel.compiled_list import LISTED, MORE, MOST, list_sources
from nengo_dense.loihi.kernel.compiled_pattern import look_up, may_look_up
from nengo_dense.loihi.kernel.compiled_turns import sum_in_turns
from nengo_dense.loihi.kernel.half_vector import HALF
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.numpy_readout import SumOrder
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, add, load, spread, store

#: Lanes that go through the steps together: their sums of a step are side by side in memory.
AT_ONCE = 4


def sum_spiking(
    spikes: np.ndarray, weights: np.ndarray, order: SumOrder, memory: Memory
) -> np.ndarray:
    """Do as `.numpy_readout.sum_spiking`; neurons are side by side in memory."""
    if len(weights) >= MOST:  # the number after the last neuron is listed too
        return numpy_readout.sum_spiking(spikes, weights, order, memory)
    (lanes, n_steps, _), (per_lane, per_step, _) = spikes.shape, spikes.strides
    size = weights.shape[1]
    sums = memory.empty((n_steps, lanes, size), np.float64)
    sizes, flags = (lanes, n_steps, per_lane, per_step, size), flat_view(spikes)
    if may_look_up(lanes * n_steps, weights.shape, order):
        look_up(flags, sizes, weights, sums)
    elif len(order.pairs) > 0:
        sum_in_turns(flags, sizes, padded(weights, WIDTH), order, sums)
    elif size <= HALF:
        sum_few(flags, sizes, weights, order.bounds, sums)
    else:
        _sum_one_by_one(flags, sizes, padded(weights, WIDTH), order.bounds, sums)
    return np.asarray(sums.swapaxes(0, 1))


def _sum_one_by_one(
    spikes: np.ndarray,
    sizes: tuple[int, ...],
    weights: np.ndarray,
    bounds: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Sum the weights of the neurons that spiked; `sizes` are of memory, see `sum_spiking`."""
    (n, width), flat = weights.shape, aligned(weights.reshape(-1))

    def part(start: int, stop: int) -> None:
        room = np.empty(n + MORE, dtype=LISTED), np.empty(width)
        sum_lanes(start, stop, sizes, spikes, flat, bounds, sums.reshape(-1), room)

    over_lanes(part, sizes[0], sizes[0] * sizes[1] * n)


@inlined
def _sum(sources, n, place, width, weights) -> Any:  # type: ignore[no-untyped-def]
    """Add a vector of the sources' weights, the first source's at ``place``, one after another."""
    x = spread(0.0)
    for k in range(n):
        x = add(x, load(weights, place + np.uint64(sources[k]) * width))
    return x


@compiled
def sum_lanes(  # type: ignore[no-untyped-def]
    start, stop, sizes, spikes, weights, bounds, sums, room
) -> None:
    """Do as `_sum_one_by_one` for some lanes; ``room`` is for sources and one step's sums."""
    lanes, per_lane, per_step = np.uint64(sizes[0]), np.uint64(sizes[2]), np.uint64(sizes[3])
    size, (sources, row) = np.uint64(sizes[4]), room
    width = np.uint64(len(row))
    for some in range(np.uint64(start), np.uint64(stop), np.uint64(AT_ONCE)):
        for step in range(np.uint64(sizes[1])):
            for lane in range(some, min(some + np.uint64(AT_ONCE), np.uint64(stop))):
                place, first = lane * per_lane + step * per_step, np.uint64(0)
                for end in bounds:
                    n = list_sources(spikes, place + first, end - first, np.uint64(0), sources)
                    for j in range(np.uint64(0), width, np.uint64(WIDTH)):
                        x = _sum(sources, n, first * width + j, width, weights)
                        store(row, j, x if first == 0 else add(load(row, j), x))
                    first = end
                target = (step * lanes + lane) * size
                for j in range(size):
                    sums[target + j] = row[j]
