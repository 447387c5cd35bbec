"""Sums of the weights of all neurons that spiked, compiled, one neuron after another.

Loaded only by `.choice`, because it imports numba. A neuron that is silent adds its weights times
zero to a matrix product, which changes no sum (a sum that begins at +0 is never -0). So where the
order in which a product adds is known, only the weights of those that spiked need be added.
"""

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned, flat_view
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.numpy_readout import SumOrder
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    add,
    eight_twice,
    exchange_four,
    exchange_one,
    exchange_two,
    greater,
    load,
    spread,
    store,
    where,
)

#: Partial sums that are computed in one vector, those of two outputs.
EIGHT = 8
#: Their pairs, in the order in which they are added: neighbours first.
PAIRS = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [4, 6], [0, 4]]
#: Most weights for which it takes less time to look at each neuron than to list those that spiked.
FEW = 640


def sum_spiking(
    spikes: np.ndarray, weights: np.ndarray, order: SumOrder, memory: Memory
) -> np.ndarray:
    """Do as `.numpy_readout.sum_spiking`; neurons are side by side in memory."""
    (lanes, n_steps, n), (per_lane, per_step, _) = spikes.shape, spikes.strides
    matrix = padded(weights, WIDTH)
    size, width = weights.shape[1], matrix.shape[1]
    sums = memory.empty((n_steps, lanes, size), np.float64)
    sizes, flags = (lanes, n_steps, per_lane, per_step, size, width), flat_view(spikes)
    eights = order.pairs.tolist() == PAIRS and n % EIGHT == 0
    if eights and len(order.bounds) == 1 and weights.size <= FEW:
        _sum_few(flags, sizes, weights, sums)
        return np.asarray(sums.swapaxes(0, 1))
    flat = aligned(matrix.reshape(-1))

    def part(start: int, stop: int) -> None:
        sources, row = np.empty(n + WIDTH, dtype=np.int32), np.empty(width)
        partial = aligned(np.zeros((len(order.pairs) + 1) * width))
        room = sources, row, partial
        sum_lanes(start, stop, sizes, flags, flat, order, sums.reshape(-1), *room)

    over_lanes(part, lanes, spikes.size)
    return np.asarray(sums.swapaxes(0, 1))


def _sum_few(
    spikes: np.ndarray, sizes: tuple[int, ...], weights: np.ndarray, sums: np.ndarray
) -> None:
    """Sum in eight partial sums, with the weights of two outputs in a vector."""
    (n, size), lanes = weights.shape, sizes[0]
    even = np.zeros((n, size + size % 2))
    even[:, :size] = weights
    # two outputs, eight neurons, one of the two, one of the eight
    matrix = even.reshape(n // EIGHT, EIGHT, -1, 2).transpose(2, 0, 3, 1)
    flat = aligned(np.ascontiguousarray(matrix).reshape(-1))

    def part(start: int, stop: int) -> None:
        sum_eights(start, stop, n, sizes, spikes, flat, sums.reshape(-1), np.empty(WIDTH))

    over_lanes(part, lanes, lanes * sizes[1] * n)


@compiled
def sum_eights(  # type: ignore[no-untyped-def]
    start, stop, n, sizes, spikes, weights, sums, row
) -> None:
    """Do as `_sum_few`, for some lanes; ``row`` has room for a vector."""
    lanes, n_steps = np.uint64(sizes[0]), np.uint64(sizes[1])
    per_lane, per_step, size = np.uint64(sizes[2]), np.uint64(sizes[3]), np.uint64(sizes[4])
    eight, two = np.uint64(EIGHT), np.uint64(2)
    for step in range(n_steps):
        for lane in range(np.uint64(start), np.uint64(stop)):
            place, target = lane * per_lane + step * per_step, (step * lanes + lane) * size
            for j in range(np.uint64(0), size, two):
                x = spread(0.0)
                for k in range(np.uint64(0), np.uint64(n), eight):  # one addition under a mask
                    y = add(x, load(weights, j * np.uint64(n) + two * k))
                    x = where(greater(eight_twice(spikes, place + k), spread(np.int32(0))), y, x)
                x = add(x, exchange_one(x))
                x = add(x, exchange_two(x))
                x = add(x, exchange_four(x))
                store(row, np.uint64(0), x)
                sums[target + j] = row[0]
                if j + np.uint64(1) < size:
                    sums[target + j + np.uint64(1)] = row[EIGHT]


@inlined
def _sum_in_turns(  # type: ignore[no-untyped-def]
    sources, n, first, width, weights, pairs, partial
) -> None:
    """Add the sources' weights to the partial sums in turns; leave the total in the first."""
    zero, vector = np.uint64(0), np.uint64(WIDTH)
    last = np.uint64(len(pairs))  # number of the last partial sum, whose bits are all 1
    for j in range(zero, (last + np.uint64(1)) * width, vector):
        store(partial, j, spread(0.0))
    for k in range(n):
        source = np.uint64(sources[k])
        place, row = (source & last) * width, (first + source) * width
        for j in range(zero, width, vector):
            store(partial, place + j, add(load(partial, place + j), load(weights, row + j)))
    for i in range(last):
        place, other = pairs[i, 0] * width, pairs[i, 1] * width
        for j in range(zero, width, vector):
            store(partial, place + j, add(load(partial, place + j), load(partial, other + j)))


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
                if in_turns:
                    _sum_in_turns(sources, n, first, width, weights, pairs, partial)
                for j in range(np.uint64(0), width, np.uint64(WIDTH)):
                    x = spread(0.0)
                    if in_turns:
                        x = load(partial, j)
                    else:
                        for k in range(n):
                            x = add(x, load(weights, (first + np.uint64(sources[k])) * width + j))
                    store(row, j, x if first == 0 else add(load(row, j), x))
                first = bounds[b]
            target = (step * lanes + lane) * size
            for j in range(size):
                sums[target + j] = row[j]
