"""Rows filled up to whole vectors."""

import numpy as np


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
