"""Sums of the weights of all neurons that spiked in several partial sums, compiled.

Loaded only by `.compiled_readout`, because it imports numba. Few of many neurons spike, and their
number changes from step to step. So the spikes of some lanes are in one list, each with the place
of its lane's partial sums: the loop over them ends seldom, and its end can hardly be foreseen.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_list import LISTED, MORE, list_sources
from nengo_dense.loihi.kernel.compiled_pattern import PAIRS
from nengo_dense.loihi.kernel.numpy_readout import SumOrder
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, add, load, spread, store

#: Lanes whose spikes are in one list; their partial sums stay in a core's fastest cache.
AT_ONCE = 4


def sum_in_turns(
    spikes: np.ndarray,
    sizes: tuple[int, ...],
    weights: np.ndarray,
    order: SumOrder,
    sums: np.ndarray,
) -> None:
    """Sum the weights of the neurons that spiked; ``sizes`` as in `.compiled_readout`."""
    (n, width), n_partial = weights.shape, len(order.pairs) + 1
    flat, eight = aligned(weights.reshape(-1)), order.pairs.tolist() == PAIRS

    def part(start: int, stop: int) -> None:
        sources = np.empty(AT_ONCE * n + MORE, dtype=LISTED)
        places = np.empty(AT_ONCE * n + 3 * WIDTH, dtype=np.int32)
        partial = aligned(np.zeros(AT_ONCE * n_partial * WIDTH))
        room = sources, places, partial, np.empty(AT_ONCE * width)
        sum_lanes(start, stop, sizes, spikes, flat, order, eight, sums.reshape(-1), room)

    over_lanes(part, sizes[0], sizes[0] * sizes[1] * n)


@inlined
def _list_lanes(lanes, flags, place, per_lane, size, apart, sources, places) -> Any:  # type: ignore[no-untyped-def]
    """List the sources that spiked in some lanes, and where their lanes' partial sums begin."""
    n, one = np.uint64(0), np.uint64(WIDTH)
    for lane in range(lanes):
        begin, here = n, spread(np.int32(lane * apart))
        n = list_sources(flags, place + lane * per_lane, size, n, sources)
        store(places, begin, here)  # these two are nearly always all
        store(places, begin + one, here)
        for k in range(begin + one + one, n, one):
            store(places, k, here)
    return n


@inlined
def _add_eight(partial, place) -> Any:  # type: ignore[no-untyped-def]
    """Add eight partial sums, neighbours first; they are zero before and after."""
    one, two, four = np.uint64(WIDTH), np.uint64(2 * WIDTH), np.uint64(4 * WIDTH)
    a = add(load(partial, place), load(partial, place + one))
    b = add(load(partial, place + two), load(partial, place + two + one))
    c = add(load(partial, place + four), load(partial, place + four + one))
    d = add(load(partial, place + four + two), load(partial, place + four + two + one))
    for k in range(np.uint64(0), four + four, one):
        store(partial, place + k, spread(0.0))
    return add(add(a, b), add(c, d))


@inlined
def _add_pairs(partial, place, pairs) -> Any:  # type: ignore[no-untyped-def]
    """Add any number of partial sums, likewise."""
    one = np.uint64(WIDTH)
    for i in range(np.uint64(len(pairs))):
        first, second = place + pairs[i, 0] * one, place + pairs[i, 1] * one
        store(partial, first, add(load(partial, first), load(partial, second)))
        store(partial, second, spread(0.0))
    total = load(partial, place)
    store(partial, place, spread(0.0))
    return total


@compiled
def sum_lanes(  # type: ignore[no-untyped-def]
    start, stop, sizes, flags, weights, order, eight, sums, room
) -> None:
    """Do as `sum_in_turns` for some lanes.

    Parameters
    ----------
    eight : bool
        Whether there are eight partial sums, and neighbours are added first.
    room : tuple of array
        For the list of sources, places, partial sums (of zeros), and sums of `AT_ONCE` lanes.
    """
    lanes, per_lane, per_step = np.uint64(sizes[0]), np.uint64(sizes[2]), np.uint64(sizes[3])
    size, bounds, pairs = np.uint64(sizes[4]), order.bounds, order.pairs
    (sources, places, partial, row), one = room, np.uint64(WIDTH)
    width = np.uint64(len(row) // AT_ONCE)
    last = np.uint64(len(pairs))  # a number of ones
    apart = (last + np.uint64(1)) * one
    for first in range(np.uint64(start), np.uint64(stop), np.uint64(AT_ONCE)):
        for step in range(np.uint64(sizes[1])):
            some, begin = min(np.uint64(AT_ONCE), np.uint64(stop) - first), np.uint64(0)
            for end in bounds:
                place = step * per_step + first * per_lane + begin
                n = _list_lanes(some, flags, place, per_lane, end - begin, apart, sources, places)
                for j in range(np.uint64(0), width, one):
                    for k in range(n):
                        source = np.uint64(sources[k])
                        turn = np.uint64(places[k]) + (source & last) * one
                        x = load(weights, (begin + source) * width + j)
                        store(partial, turn, add(load(partial, turn), x))
                    for lane in range(some):
                        here, at = lane * width + j, lane * apart
                        x = _add_eight(partial, at) if eight else _add_pairs(partial, at, pairs)
                        store(row, here, x if begin == 0 else add(load(row, here), x))
                begin = end
            target = (step * lanes + first) * size
            for lane in range(some):
                for j in range(size):
                    sums[target + lane * size + j] = row[lane * width + j]
