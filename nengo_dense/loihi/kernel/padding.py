"""Rows filled up to whole vectors."""

import numpy as np

from nengo_dense.loihi.kernel.alignment import flat_view


def padded(array: np.ndarray, width: int) -> np.ndarray:
    """Fill the last axis with zeros up to a multiple of ``width``.

    An array that is whole already is not copied, if it is contiguous.
    """
    excess = -array.shape[-1] % width
    if not excess:
        return np.ascontiguousarray(array)
    whole = np.zeros((*array.shape[:-1], array.shape[-1] + excess), dtype=array.dtype)
    whole[..., : array.shape[-1]] = array
    return whole


def flat_rows(array: np.ndarray, width: int) -> tuple[np.ndarray, int]:
    """Lay rows one behind the other, and say how far apart they begin.

    Columns of a larger array stay where they are, if a row of them is whole vectors.

    Parameters
    ----------
    array : (lanes, n_steps, n) ndarray
    width : int
        Of a vector.

    Returns
    -------
    flat : 1-D ndarray
    apart : int
    """
    _, n_steps, n = array.shape
    lane, row, one = (stride // array.itemsize for stride in array.strides)
    if not array.size or n % width or one != 1 or lane != n_steps * row:
        array = padded(array, width)
        return array.reshape(-1), array.shape[-1]
    return flat_view(array), row
