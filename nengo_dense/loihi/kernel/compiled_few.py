"""Sums of the weights of all neurons that spiked, for few outputs, one neuron after another.

Compiled; loaded only by `.compiled_readout`, because it imports numba. Each sum waits for the one
before, and the end of a list of spikes can hardly be foreseen. So four rows of flags are summed
side by side, each in half a vector, and the shorter lists are filled up: to add zero changes no
sum (a sum that begins at +0 is never -0).
"""

import functools
from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_list import LISTED, MORE, list_sources
from nengo_dense.loihi.kernel.half_vector import HALF, load_halves, store_halves
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, add, spread, store

#: Rows of flags that are summed side by side.
FOUR = 4


def sum_few(
    spikes: np.ndarray,
    sizes: tuple[int, ...],
    weights: np.ndarray,
    bounds: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Sum the weights of the neurons that spiked, of `HALF` outputs or fewer.

    ``sizes`` as in `.compiled_readout`.
    """
    n, flat = len(weights), _flat_rows(weights.tobytes(), weights.shape)

    def part(start: int, stop: int) -> None:
        room = np.empty(FOUR * (n + 2 * MORE), dtype=LISTED), np.empty(2 * HALF)
        sum_rows(start, stop, sizes, spikes, flat, bounds, sums.reshape(-1), room)

    over_lanes(part, sizes[0], sizes[0] * sizes[1] * n)


@functools.lru_cache(maxsize=16)
def _flat_rows(weights: bytes, shape: tuple[int, int]) -> np.ndarray:
    """Lay out weights in half vectors, and the last of no neuron; each run asks for the same."""
    rows = np.zeros((shape[0] + 1, HALF))
    rows[:-1] = padded(np.frombuffer(weights).reshape(shape), HALF)
    return aligned(rows.reshape(-1))


@inlined
def _fill(sources, begin, end, nothing) -> None:  # type: ignore[no-untyped-def]
    """Fill up a list with the source that weighs nothing."""
    for k in range(begin, end, np.uint64(WIDTH)):
        store(sources, k, nothing)


@inlined
def _list_four(flags, places, size, sources, lists, nothing) -> Any:  # type: ignore[no-untyped-def]
    """List the sources that spiked in each of four rows of flags; return the longest list's size.

    Lists begin where ``lists`` says, and all become as long as the longest.
    """
    a = list_sources(flags, places[0], size, lists[0], sources)
    b = list_sources(flags, places[1], size, lists[1], sources)
    c = list_sources(flags, places[2], size, lists[2], sources)
    d = list_sources(flags, places[3], size, lists[3], sources)
    most = max(max(a - lists[0], b - lists[1]), max(c - lists[2], d - lists[3]))
    _fill(sources, a, lists[0] + most, nothing)
    _fill(sources, b, lists[1] + most, nothing)
    _fill(sources, c, lists[2] + most, nothing)
    _fill(sources, d, lists[3] + most, nothing)
    return most


@inlined
def _sum_four(sources, lists, n, first, weights) -> Any:  # type: ignore[no-untyped-def]
    """Sum the weights of four lists; those of source 0 are at ``first``."""
    x, y, half = spread(0.0), spread(0.0), np.uint64(HALF)
    for k in range(n):
        a = first + np.uint64(sources[lists[0] + k]) * half
        b = first + np.uint64(sources[lists[1] + k]) * half
        c = first + np.uint64(sources[lists[2] + k]) * half
        d = first + np.uint64(sources[lists[3] + k]) * half
        x = add(x, load_halves(weights, a, b))
        y = add(y, load_halves(weights, c, d))
    return x, y


@inlined
def _write_two(sums, a, b, vector, size, end, room) -> None:  # type: ignore[no-untyped-def]
    """Write the outputs of two rows, ``b`` behind ``a``; up to ``end``, what follows is rewritten.

    A row's half of a vector may be longer than it.
    """
    if b + np.uint64(HALF) <= end:
        store_halves(sums, a, b, vector)
    else:
        store_halves(room, np.uint64(0), np.uint64(HALF), vector)
        for k in range(size):
            sums[a + k], sums[b + k] = room[k], room[np.uint64(HALF) + k]


@compiled
def sum_rows(  # type: ignore[no-untyped-def]
    start, stop, sizes, flags, weights, bounds, sums, room
) -> None:
    """Do as `sum_few` for some lanes; ``room`` is for four lists and the sums of two rows."""
    lanes, n_steps, last = np.uint64(sizes[0]), np.uint64(sizes[1]), np.uint64(stop - 1)
    per_lane, per_step, size = np.uint64(sizes[2]), np.uint64(sizes[3]), np.uint64(sizes[4])
    (sources, two), one, half = room, np.uint64(1), np.uint64(HALF)
    apart, n = np.uint64(len(sources) // FOUR), np.uint64(len(weights)) // half - one
    lists = np.uint64(0), apart, apart + apart, apart + apart + apart
    for step in range(n_steps):
        for a in range(np.uint64(start), np.uint64(stop), np.uint64(FOUR)):
            # the last lanes may be computed more than once
            b, c, d = min(a + one, last), min(a + one + one, last), min(a + one + one + one, last)
            first, x, y = np.uint64(0), spread(0.0), spread(0.0)
            for end in bounds:
                begin = step * per_step + first
                e, f = begin + a * per_lane, begin + b * per_lane
                places = e, f, begin + c * per_lane, begin + d * per_lane
                nothing = spread(np.int32(n - first))
                most = _list_four(flags, places, end - first, sources, lists, nothing)
                v, w = _sum_four(sources, lists, most, first * half, weights)
                x, y = add(x, v), add(y, w)
                first = end
            row = step * lanes
            stop_here = (row + last + one) * size
            _write_two(sums, (row + a) * size, (row + b) * size, x, size, stop_here, two)
            _write_two(sums, (row + c) * size, (row + d) * size, y, size, stop_here, two)
