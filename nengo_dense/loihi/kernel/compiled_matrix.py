"""A product of all lanes' vectors with one matrix, compiled; loaded only by `.numba_kernel`.

NumPy's product is as fast, but its threads wait for more work for some time after it, busily, and
take the processors from the threads that go on (`.thread`). And here numbers are left out that are
zero in all of a few lanes, as more than half are in images of digits.
"""

from typing import Any

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled, compiles_for, inlined
from nengo_dense.loihi.kernel.compiled_spikes import list_spikes
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

#: Lanes at a time. The sums of three fill 16 registers of 32 bytes, those of six 32 of 64 bytes.
THREE = 3
AT_ONCE = 2 * THREE if compiles_for("avx512f") else THREE
#: Lanes whose vectors stay in a core's second cache while one panel after another is multiplied.
MANY = 32 * AT_ONCE


def make_panels(matrix: np.ndarray) -> np.ndarray:
    """Lay out the rows of a matrix for `multiply_lanes`: 16 at a time, number by number."""
    n_panels, m = -(-len(matrix) // WIDTH), matrix.shape[1]
    whole = np.zeros((n_panels * WIDTH, m))
    whole[: len(matrix)] = matrix
    panels = np.ascontiguousarray(whole.reshape(n_panels, WIDTH, m).swapaxes(1, 2))
    return aligned(panels.reshape(-1)).reshape(panels.shape)


def multiply_lanes(vectors: np.ndarray, panels: np.ndarray) -> np.ndarray:
    """Multiply a matrix by the vector of each lane, adding in any order, fused or not.

    Parameters
    ----------
    vectors : (lanes, m) float64 array
    panels : (n_panels, m, 16) float64 array
        Of `make_panels`.

    Returns
    -------
    products : (lanes, n_panels * 16) float64 array
        Zero beyond the matrix's rows.
    """
    lanes, m = vectors.shape
    products = np.empty((lanes, len(panels) * WIDTH))
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
def _side_by_side(lane, last):  # type: ignore[no-untyped-def]
    """Return the lanes that are multiplied at a time, from one on; at the end, some twice."""
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(THREE)
    a, b, c = lane, min(lane + one, last), min(lane + two, last)
    return a, b, c, min(a + three, last), min(b + three, last), min(c + three, last)


@inlined
def _list_numbers(vectors, lanes, size, flags, begin, listed) -> Any:  # type: ignore[no-untyped-def]
    """List the numbers that are not zero in all of some lanes; return the end of the list.

    What is no number is none that is zero. The last few are listed even so.
    """
    (a, b, c, d, e, f), zero, one = lanes, spread(0.0), spread(np.int32(1))
    for k in range(np.uint64(0), size - size % np.uint64(WIDTH), np.uint64(WIDTH)):
        x = equal(load(vectors, a * size + k), zero)
        x = both(x, equal(load(vectors, b * size + k), zero))
        x = both(x, equal(load(vectors, c * size + k), zero))
        if AT_ONCE > THREE:
            x = both(x, equal(load(vectors, d * size + k), zero))
            x = both(x, equal(load(vectors, e * size + k), zero))
            x = both(x, equal(load(vectors, f * size + k), zero))
        store(flags, k, subtract(one, x))
    return list_spikes(flags, np.uint64(0), size, begin, listed)


@inlined
def _add(sums, vectors, places, k, numbers) -> Any:  # type: ignore[no-untyped-def]
    """Add to the sums of some lanes what one number of each gives."""
    (a, b, c, d, e, f), (x, y, z, p, q, r) = places, sums
    x = multiply_add(spread(vectors[a + k]), numbers, x)
    y = multiply_add(spread(vectors[b + k]), numbers, y)
    z = multiply_add(spread(vectors[c + k]), numbers, z)
    if AT_ONCE > THREE:
        p = multiply_add(spread(vectors[d + k]), numbers, p)
        q = multiply_add(spread(vectors[e + k]), numbers, q)
        r = multiply_add(spread(vectors[f + k]), numbers, r)
    return x, y, z, p, q, r


@compiled
def multiply_panels(  # type: ignore[no-untyped-def]
    start, stop, shape, vectors, panels, products, room
) -> None:
    """Multiply one panel after another, which stays in the processor's cache, by some lanes.

    ``room`` has a flag for each number of a vector, all set; and for each few lanes it has room
    for a list of those, and for where the list ends.
    """
    width, size, w = np.uint64(shape[0]), np.uint64(shape[1]), np.uint64(WIDTH)
    last, step, (flags, listed, ends) = np.uint64(stop) - np.uint64(1), np.uint64(AT_ONCE), room
    for lane in range(np.uint64(start), np.uint64(stop), step):
        group = (lane - np.uint64(start)) // step
        lanes = _side_by_side(lane, last)
        ends[group] = _list_numbers(vectors, lanes, size, flags, group * size, listed)
    for first in range(np.uint64(0), width, w):
        panel = first * size
        for lane in range(np.uint64(start), np.uint64(stop), step):
            group = (lane - np.uint64(start)) // step
            lanes = _side_by_side(lane, last)
            a, b, c, d, e, f = lanes
            places = a * size, b * size, c * size, d * size, e * size, f * size
            begin, end, zero = group * size, ends[group], spread(0.0)
            sums = zero, zero, zero, zero, zero, zero
            if end - begin == size:  # a loop of its own takes less time
                for k in range(size):
                    sums = _add(sums, vectors, places, k, load(panels, panel + k * w))
            else:
                for i in range(begin, end):
                    k = np.uint64(listed[i])
                    sums = _add(sums, vectors, places, k, load(panels, panel + k * w))
            x, y, z, p, q, r = sums
            store(products, a * width + first, x)
            store(products, b * width + first, y)
            store(products, c * width + first, z)
            if AT_ONCE > THREE:
                store(products, d * width + first, p)
                store(products, e * width + first, q)
                store(products, f * width + first, r)
