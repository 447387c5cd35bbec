"""A product of all lanes' vectors with one matrix, compiled; loaded only by `.numba_kernel`.

NumPy's product is no faster, and its threads wait for more work for some time after it, busily,
and take the processors from the threads that go on (`.thread`). And here numbers are left out that
are zero in all of a few lanes, as more than half are in images of digits.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled, inlined
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
from nengo_dense.loihi.kernel.half_vector import HALF, load_halves, spread_halves, store_halves
from nengo_dense.loihi.kernel.special_vector import WIDE
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import (
    WIDTH,
    both,
    equal,
    load,
    multiply_add,
    spread,
    store,
    subtract,
)

#: Rows of the matrix at a time, and lanes. Their sums and factors fit in the registers: one vector
#: has the sums of a lane, or of two.
ROWS, AT_ONCE = (WIDTH, 6) if WIDE else (HALF, 4)
#: Lanes whose vectors stay in a core's second cache while one panel after another is multiplied.
MANY = (32 if WIDE else 16) * AT_ONCE


def make_panels(matrix: np.ndarray) -> np.ndarray:
    """Lay out the rows of a matrix for `multiply_lanes`: `ROWS` at a time, number by number."""
    n_panels, m = -(-len(matrix) // ROWS), matrix.shape[1]
    whole = np.zeros((n_panels * ROWS, m))
    whole[: len(matrix)] = matrix
    panels = np.ascontiguousarray(whole.reshape(n_panels, ROWS, m).swapaxes(1, 2))
    return aligned(panels.reshape(-1)).reshape(panels.shape)


def multiply_lanes(vectors: np.ndarray, panels: np.ndarray) -> np.ndarray:
    """Multiply a matrix by the vector of each lane, adding in any order, fused or not.

    Parameters
    ----------
    vectors : (lanes, m) float64 array
    panels : (n_panels, m, ROWS) float64 array
        Of `make_panels`.

    Returns
    -------
    products : (lanes, n_panels * ROWS) float64 array
        Zero beyond the matrix's rows.
    """
    lanes, m = vectors.shape
    products = np.empty((lanes, len(panels) * ROWS))
    flat = np.ascontiguousarray(vectors).reshape(-1)

    def part(start: int, stop: int) -> None:
        shape, numbers, target = (products.shape[1], m), panels.reshape(-1), products.reshape(-1)
        n_groups = MANY // AT_ONCE
        lists = np.empty(n_groups * m + WIDTH, dtype=np.int32)
        room = np.ones(m, dtype=np.uint8), lists, np.empty(n_groups, dtype=np.uint64)
        for first in range(start, stop, MANY):
            last = min(first + MANY, stop)
            multiply_panels(first, last, shape, flat, numbers, target, room)

    over_lanes(part, lanes, lanes * panels.size)
    return products


@inlined
def _side_by_side(lane, last, size) -> Any:  # type: ignore[no-untyped-def]
    """Return where those lanes begin that are multiplied at a time; at the end, some twice."""
    a, b, c = lane, min(lane + np.uint64(1), last), min(lane + np.uint64(2), last)
    d, e = min(lane + np.uint64(3), last), min(lane + np.uint64(4), last)
    f = min(lane + np.uint64(5), last)
    return a * size, b * size, c * size, d * size, e * size, f * size


@inlined
def _list_numbers(vectors, places, size, flags, begin, listed) -> Any:  # type: ignore[no-untyped-def]
    """List the numbers that are not zero in all of some lanes; return the end of the list.

    What is no number is none that is zero. The last few are listed even so.
    """
    (a, b, c, d, e, f), zero, one = places, spread(0.0), spread(np.int32(1))
    for k in range(np.uint64(0), size - size % np.uint64(WIDTH), np.uint64(WIDTH)):
        x = both(equal(load(vectors, a + k), zero), equal(load(vectors, b + k), zero))
        y = both(equal(load(vectors, c + k), zero), equal(load(vectors, d + k), zero))
        x = both(x, y)
        if WIDE:
            y = both(equal(load(vectors, e + k), zero), equal(load(vectors, f + k), zero))
            x = both(x, y)
        store(flags, k, subtract(one, x))
    return list_spikes(flags, np.uint64(0), size, begin, listed)


@inlined
def _add(sums, vectors, places, k, panels, row) -> Any:  # type: ignore[no-untyped-def]
    """Add to the sums of some lanes what one number of each gives, with a row of a panel."""
    (a, b, c, d, e, f), (x, y, z, p, q, r) = places, sums
    if WIDE:
        numbers = load(panels, row)
        x = multiply_add(spread(vectors[a + k]), numbers, x)
        y = multiply_add(spread(vectors[b + k]), numbers, y)
        z = multiply_add(spread(vectors[c + k]), numbers, z)
        p = multiply_add(spread(vectors[d + k]), numbers, p)
        q = multiply_add(spread(vectors[e + k]), numbers, q)
        r = multiply_add(spread(vectors[f + k]), numbers, r)
    else:
        twice = load_halves(panels, row, row)
        x = multiply_add(spread_halves(vectors[a + k], vectors[b + k]), twice, x)
        y = multiply_add(spread_halves(vectors[c + k], vectors[d + k]), twice, y)
    return x, y, z, p, q, r


@inlined
def _store_sums(products, places, sums) -> None:  # type: ignore[no-untyped-def]
    """Store the sums of some lanes."""
    (a, b, c, d, e, f), (x, y, z, p, q, r) = places, sums
    if WIDE:
        store(products, a, x)
        store(products, b, y)
        store(products, c, z)
        store(products, d, p)
        store(products, e, q)
        store(products, f, r)
    else:
        store_halves(products, a, b, x)
        store_halves(products, c, d, y)


@compiled
def multiply_panels(  # type: ignore[no-untyped-def]
    start, stop, shape, vectors, panels, products, room
) -> None:
    """Multiply one panel after another, which stays in the processor's cache, by some lanes.

    ``room`` has a flag for each number of a vector, all set; and for each few lanes it has room
    for a list of those, and for where the list ends.
    """
    width, size, rows = np.uint64(shape[0]), np.uint64(shape[1]), np.uint64(ROWS)
    last, step, (flags, listed, ends) = np.uint64(stop) - np.uint64(1), np.uint64(AT_ONCE), room
    for lane in range(np.uint64(start), np.uint64(stop), step):
        group = (lane - np.uint64(start)) // step
        places = _side_by_side(lane, last, size)
        ends[group] = _list_numbers(vectors, places, size, flags, group * size, listed)
    for first in range(np.uint64(0), width, rows):
        panel = first * size
        for lane in range(np.uint64(start), np.uint64(stop), step):
            group = (lane - np.uint64(start)) // step
            places = _side_by_side(lane, last, size)
            begin, end, zero = group * size, ends[group], spread(0.0)
            sums = zero, zero, zero, zero, zero, zero
            if end - begin == size:  # a loop of its own takes less time
                for k in range(size):
                    sums = _add(sums, vectors, places, k, panels, panel + k * rows)
            else:
                for i in range(begin, end):
                    k = np.uint64(listed[i])
                    sums = _add(sums, vectors, places, k, panels, panel + k * rows)
            _store_sums(products[first:], _side_by_side(lane, last, width), sums)
