"""Sums of the weights of few neurons, compiled: looked up instead of added.

Loaded only by `.compiled_readout`, because it imports numba. Eight partial sums are added side by
side, and each has few neurons. So the partial sums of all patterns in which these can spike fit
into a table, and a neuron that spikes costs no more than one that does not.
"""

import functools
from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.half_vector import load_halves, store_halves
from nengo_dense.loihi.kernel.numpy_readout import SumOrder
from nengo_dense.loihi.kernel.padding import padded
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import add, load_word

#: Partial sums, and outputs in half a vector.
EIGHT = 8
#: Their pairs, in the order in which they are added: neighbours first.
PAIRS = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [4, 6], [0, 4]]
#: Most numbers in a table: 256 KiB, which a core's second cache holds.
MOST = 2**15


def may_look_up(n_sums: int, shape: tuple[int, ...], order: SumOrder) -> bool:
    """Whether so many sums with (n, size) weights can be looked up, and a table is worth while."""
    few, rest = divmod(shape[0], EIGHT)
    if rest or few > EIGHT or len(order.bounds) != 1 or order.pairs.tolist() != PAIRS:
        return False
    n_groups = max(1, -(-shape[1] // EIGHT))
    return 1 << few <= min(n_sums, MOST // (n_groups * EIGHT**2))


def look_up(
    spikes: np.ndarray, sizes: tuple[int, ...], weights: np.ndarray, sums: np.ndarray
) -> None:
    """Sum the weights of the neurons that spiked; ``sizes`` as in `.compiled_readout`."""
    flat, few = _flat_table(weights.tobytes(), weights.shape), len(weights) // EIGHT

    def part(start: int, stop: int) -> None:
        room = np.empty(2 * EIGHT)
        add_partial(start, stop, few, sizes, spikes, flat, sums.reshape(-1), room)

    over_lanes(part, sizes[0], sizes[0] * sizes[1] * len(weights))


@functools.lru_cache(maxsize=16)
def _flat_table(weights: bytes, shape: tuple[int, int]) -> np.ndarray:
    """Make the table of some weights, as one row; each run asks for the same."""
    return aligned(make_table(np.frombuffer(weights).reshape(shape)).reshape(-1))


def make_table(weights: np.ndarray) -> np.ndarray:
    """Add the weights of each partial sum's neurons, in each pattern in which they spike.

    Parameters
    ----------
    weights : (n, size) array
        ``n`` is a multiple of eight; neuron ``k`` is added to partial sum ``k`` modulo eight.

    Returns
    -------
    table : (size / 8, 2 ** (n / 8), 8, 8) array
        Eight outputs, pattern (the first neuron's bit is the lowest), partial sum, output.
    """
    few, outputs = len(weights) // EIGHT, padded(weights, EIGHT)
    each = outputs.reshape(few, EIGHT, -1, EIGHT).transpose(0, 2, 1, 3)
    table = np.zeros((each.shape[1], 1 << few, EIGHT, EIGHT))
    with np.errstate(all="ignore"):  # in patterns that may never be
        for k in range(few):  # each neuron is added to all patterns of those before
            table[:, 1 << k : 2 << k] = table[:, : 1 << k] + each[k, :, np.newaxis]
    return table


@inlined
def _pair(table, place, patterns, number) -> Any:  # type: ignore[no-untyped-def]
    """Add two neighbouring partial sums, of eight outputs in two steps."""
    byte, row = np.uint64(255), np.uint64(EIGHT * EIGHT)
    a, b = patterns[0] >> np.uint64(EIGHT * number), patterns[1] >> np.uint64(EIGHT * number)
    here = place + np.uint64(EIGHT * number)
    x = load_halves(table, here + (a & byte) * row, here + (b & byte) * row)
    a, b, here = a >> np.uint64(EIGHT), b >> np.uint64(EIGHT), here + np.uint64(EIGHT)
    return add(x, load_halves(table, here + (a & byte) * row, here + (b & byte) * row))


@inlined
def _sum(spikes, place, other, few, table, first) -> Any:  # type: ignore[no-untyped-def]
    """Sum the weights of the neurons that spiked, for eight outputs in two steps."""
    a, b = np.uint64(0), np.uint64(0)
    for k in range(few):  # a byte for the pattern of each partial sum's neurons
        a |= load_word(spikes, place + np.uint64(EIGHT) * k) << k
        b |= load_word(spikes, other + np.uint64(EIGHT) * k) << k
    x = add(_pair(table, first, (a, b), 0), _pair(table, first, (a, b), 2))
    return add(x, add(_pair(table, first, (a, b), 4), _pair(table, first, (a, b), 6)))


@compiled
def add_partial(  # type: ignore[no-untyped-def]
    start, stop, few, sizes, spikes, table, sums, room
) -> None:
    """Do as `look_up`, for some lanes, two steps at a time; ``room`` holds what both sum.

    Eight outputs are stored at once, the last first: what is stored after them, the next lane or
    the outputs before write over.
    """
    lanes, n_steps, last = np.uint64(sizes[0]), np.uint64(sizes[1]), np.uint64(stop)
    per_lane, per_step, size = np.uint64(sizes[2]), np.uint64(sizes[3]), np.uint64(sizes[4])
    one, eight, n = np.uint64(1), np.uint64(EIGHT), np.uint64(few)
    n_groups = (size + eight - one) // eight
    for step in range(np.uint64(0), n_steps, np.uint64(2)):
        later = min(step + one, n_steps - one)
        for group in range(n_groups):
            j = (n_groups - group - one) * eight
            first = (j << n) * eight
            for lane in range(np.uint64(start), last):
                place, target = lane * per_lane, lane * size + j
                a, b = place + step * per_step, place + later * per_step
                x = _sum(spikes, a, b, n, table, first)
                a, b = target + step * lanes * size, target + later * lanes * size
                if target + eight <= last * size:
                    store_halves(sums, a, b, x)
                else:
                    store_halves(room, np.uint64(0), eight, x)
                    for k in range(min(eight, size - j)):
                        sums[a + k], sums[b + k] = room[k], room[eight + k]
