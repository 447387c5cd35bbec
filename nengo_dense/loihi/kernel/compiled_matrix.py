"""A product of all lanes' vectors with one matrix, compiled; loaded only by `.numba_kernel`.

NumPy's product is as fast, but its threads wait for more work for some time after it, busily, and
take the processors from the threads that go on (`.thread`).
"""

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled, compiles_for
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, load, multiply_add, spread, store

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
        for first in range(start, stop, MANY):
            multiply_panels(first, min(first + MANY, stop), shape, flat, numbers, target)

    over_lanes(part, lanes, lanes * panels.size)
    return products


@compiled
def multiply_panels(
    start: int,
    stop: int,
    shape: tuple[int, int],
    vectors: np.ndarray,
    panels: np.ndarray,
    products: np.ndarray,
) -> None:
    """Multiply one panel after another, which stays in the processor's cache, by some lanes."""
    width, size, w = np.uint64(shape[0]), np.uint64(shape[1]), np.uint64(WIDTH)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(THREE)
    last = np.uint64(stop) - one
    for first in range(np.uint64(0), width, w):
        panel = first * size
        for lane in range(np.uint64(start), np.uint64(stop), np.uint64(AT_ONCE)):
            a, b, c = lane, min(lane + one, last), min(lane + two, last)  # some twice at the end
            d, e, f = min(a + three, last), min(b + three, last), min(c + three, last)
            x = y = z = spread(0.0)
            p = q = r = spread(0.0)
            for k in range(size):
                numbers = load(panels, panel + k * w)
                x = multiply_add(spread(vectors[a * size + k]), numbers, x)
                y = multiply_add(spread(vectors[b * size + k]), numbers, y)
                z = multiply_add(spread(vectors[c * size + k]), numbers, z)
                if AT_ONCE > THREE:
                    p = multiply_add(spread(vectors[d * size + k]), numbers, p)
                    q = multiply_add(spread(vectors[e * size + k]), numbers, q)
                    r = multiply_add(spread(vectors[f * size + k]), numbers, r)
            store(products, a * width + first, x)
            store(products, b * width + first, y)
            store(products, c * width + first, z)
            if AT_ONCE > THREE:
                store(products, d * width + first, p)
                store(products, e * width + first, q)
                store(products, f * width + first, r)
