"""Several weights in one number. Loaded only by `.table` and compiled modules, because of numba.

Two weights in one need half as many loads, and fewer operations than widening them takes. Weights
of 8 bits are stored as ``low + 128 + 256 * high``, in 16 bits. Shifted by 8 bits to the
right, such a number is ``high``. So the sum of all numbers and the sum of all shifted ones give
both sums: ``all - 256 * high - 128 * n``, modulo ``2**16``. That is exact if both fit in 16 bits.

Four or two weights in one are bytes of as many sources' weights, which one instruction multiplies
by these sources' spikes; see `.compiled_dot`.
"""

import numpy as np

from nengo_dense.loihi.kernel.vector import WIDTH

#: Numbers of a row that are added at once: two vectors of 32, for twice as many compartments.
PACKED = 4 * WIDTH


def fits_bytes(matrix: np.ndarray) -> bool:
    """Whether no weight has more than 8 bits."""
    return bool(matrix.min(initial=0) >= -(2**7) and matrix.max(initial=0) < 2**7)


def pack_bytes(matrix: np.ndarray, together: int) -> np.ndarray:
    """Pack the weights of some sources each, of 8 bits; missing sources weigh nothing.

    Parameters
    ----------
    matrix : (n, width) int array
    together : {2, 4}

    Returns
    -------
    packed : (n / together * width,) int16 or int32 array
        Rows of some sources, in their order; the first source's weights are lowest.
    """
    whole = np.zeros((-(-len(matrix) // together), together, matrix.shape[1]), dtype=np.uint8)
    whole.reshape(-1, matrix.shape[1])[: len(matrix)] = matrix & 255
    numbers = np.ascontiguousarray(whole.swapaxes(1, 2)).view(f"<i{together}")
    return numbers.astype(f"i{together}").reshape(-1)


def pack(matrix: np.ndarray) -> tuple[np.ndarray, int]:
    """Pack the first columns of a matrix, as far as they fill `PACKED` numbers each.

    Parameters
    ----------
    matrix : (n, width) int array
        Of 16 bits at most.

    Returns
    -------
    rows : (n, n_packed + n_left) int16 array
        In each vector of packed numbers, 32 lower and 32 higher columns; then the columns left.
    n_packed : int
        0 if a weight has more than 8 bits.
    """
    whole = matrix.shape[1] // (2 * PACKED) * 2 * PACKED
    if not whole or not fits_bytes(matrix):
        return matrix.astype(np.int16), 0
    low, high = np.moveaxis(matrix[:, :whole].reshape(len(matrix), -1, 2, 2 * WIDTH), 2, 0)
    packed = (low + 2**7 + 2**8 * high).reshape(len(matrix), whole // 2)
    return np.concatenate([packed, matrix[:, whole:]], axis=1).astype(np.int16), whole // 2
