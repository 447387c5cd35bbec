"""A product of all lanes' vectors with one matrix, compiled; loaded only by `.numba_kernel`.

NumPy's product is as fast, but its threads wait for more work for some time after it, busily, and
take the processors from the threads that go on (`.thread`).
"""

import numpy as np

from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.thread import over_lanes
from nengo_dense.loihi.kernel.vector import WIDTH, load, multiply_add, spread, store


def multiply_lanes(vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Multiply a matrix by the vector of each lane, adding in any order, fused or not.

    Parameters
    ----------
    vectors : (lanes, m) float64 array
    matrix : (n, m) float64 array

    Returns
    -------
    products : (lanes, n) float64 array
    """
    (lanes, m), n = vectors.shape, len(matrix)
    width = n + -n % WIDTH
    products = np.empty((lanes, width))
    flat = [np.ascontiguousarray(array).reshape(-1) for array in (vectors, matrix)]

    def part(start: int, stop: int) -> None:
        panel = aligned(np.zeros(m * WIDTH))
        multiply_panels(start, stop, (n, m), *flat, panel, products.reshape(-1))

    over_lanes(part, lanes, lanes * matrix.size)
    return products[:, :n]


@compiled
def multiply_panels(
    start: int,
    stop: int,
    shape: tuple[int, int],
    vectors: np.ndarray,
    matrix: np.ndarray,
    panel: np.ndarray,
    products: np.ndarray,
) -> None:
    """Multiply 16 rows of the matrix at a time by the vectors of some lanes, three at a time.

    ``panel`` has room for these rows, number by number; it stays in the processor's cache. More
    than three lanes' sums do not fit into 16 registers of 32 bytes.
    """
    n, m, w, one = np.uint64(shape[0]), np.uint64(shape[1]), np.uint64(WIDTH), np.uint64(1)
    last = np.uint64(stop) - one
    width = (n + w - one) // w * w
    for first in range(np.uint64(0), n, w):
        for r in range(w):
            row = min(first + r, n - one) * m  # those beyond the last row are not used
            for k in range(m):
                panel[k * w + r] = matrix[row + k]
        for lane in range(np.uint64(start), np.uint64(stop), np.uint64(3)):
            second, third = min(lane + one, last), min(lane + np.uint64(2), last)
            x = y = z = spread(0.0)
            for k in range(m):
                numbers = load(panel, k * w)
                x = multiply_add(spread(vectors[lane * m + k]), numbers, x)
                y = multiply_add(spread(vectors[second * m + k]), numbers, y)
                z = multiply_add(spread(vectors[third * m + k]), numbers, z)
            store(products, lane * width + first, x)
            store(products, second * width + first, y)
            store(products, third * width + first, z)
