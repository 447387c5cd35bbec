"""Sums of the weights of all neurons that spiked, compiled, one neuron after another.

Loaded only by `.choice`, because it imports numba. A neuron that is silent adds its weights times
zero to a matrix product, which changes no sum (a sum that begins at +0 is never -0). So where the
order in which a product adds is known, only the weights of those that spiked need be added.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned, flat_view
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_pattern import look_up, may_look_up
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.numpy_readout import SumOrder
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, add, load, spread, store


def sum_spiking(
    spikes: np.ndarray, weights: np.ndarray, order: SumOrder, memory: Memory
) -> np.ndarray:
    """Do as `.numpy_readout.sum_spiking`; neurons are side by side in memory."""
    (lanes, n_steps, n), (per_lane, per_step, _) = spikes.shape, spikes.strides
    matrix = padded(weights, WIDTH)
    size, width = weights.shape[1], matrix.shape[1]
    sums = memory.empty((n_steps, lanes, size), np.float64)
    sizes, flags = (lanes, n_steps, per_lane, per_step, size, width), flat_view(spikes)
    if may_look_up(lanes * n_steps, weights.shape, order):
        look_up(flags, sizes, weights, sums)
        return np.asarray(sums.swapaxes(0, 1))
    flat = aligned(matrix.reshape(-1))

    def part(start: int, stop: int) -> None:
        sources, row = np.empty(n + WIDTH, dtype=np.int32), np.empty(width)
        partial = aligned(np.zeros((len(order.pairs) + 1) * WIDTH))
        room = sources, row, partial
        sum_lanes(start, stop, sizes, flags, flat, order, sums.reshape(-1), *room)

    over_lanes(part, lanes, spikes.size)
    return np.asarray(sums.swapaxes(0, 1))


@inlined
def _sum(sources, n, place, width, weights) -> Any:  # type: ignore[no-untyped-def]
    """Add a vector of the sources' weights, the first source's at ``place``, one after another."""
    x = spread(0.0)
    for k in range(n):
        x = add(x, load(weights, place + np.uint64(sources[k]) * width))
    return x


@inlined
def _sum_in_turns(sources, n, place, width, weights, pairs, partial) -> Any:  # type: ignore[no-untyped-def]
    """Do as `_sum`, with partial sums in turns; they are zero before and after."""
    vector, last = np.uint64(WIDTH), np.uint64(len(pairs))  # the last one's number is all ones
    for k in range(n):
        source = np.uint64(sources[k])
        turn = (source & last) * vector
        store(partial, turn, add(load(partial, turn), load(weights, place + source * width)))
    for i in range(last):
        one, other = pairs[i, 0] * vector, pairs[i, 1] * vector
        store(partial, one, add(load(partial, one), load(partial, other)))
        store(partial, other, spread(0.0))
    total = load(partial, np.uint64(0))
    store(partial, np.uint64(0), spread(0.0))
    return total


@compiled
def sum_lanes(  # type: ignore[no-untyped-def]
    start, stop, sizes, spikes, weights, order, sums, sources, row, partial
) -> None:
    """Do as `sum_spiking`, for some lanes; ``row`` has room for one step's sums."""
    bounds, pairs = order.bounds, order.pairs
    lanes, n_steps = np.uint64(sizes[0]), np.uint64(sizes[1])
    per_lane, per_step = np.uint64(sizes[2]), np.uint64(sizes[3])
    size, width = np.uint64(sizes[4]), np.uint64(sizes[5])
    for step in range(n_steps):
        for lane in range(np.uint64(start), np.uint64(stop)):
            place, first = lane * per_lane + step * per_step, np.uint64(0)
            for b in range(np.uint64(len(bounds))):
                n = list_spikes(spikes, place + first, bounds[b] - first, np.uint64(0), sources)
                in_turns = n > np.uint64(2) and len(pairs) > 0  # a sum of two has one order
                for j in range(np.uint64(0), width, np.uint64(WIDTH)):
                    begin = first * width + j
                    if in_turns:
                        x = _sum_in_turns(sources, n, begin, width, weights, pairs, partial)
                    else:
                        x = _sum(sources, n, begin, width, weights)
                    store(row, j, x if first == 0 else add(load(row, j), x))
                first = bounds[b]
            target = (step * lanes + lane) * size
            for j in range(size):
                sums[target + j] = row[j]
