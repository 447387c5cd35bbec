"""Whatever holds numbers -> an array of them."""

from typing import Any

import numpy as np


def real_array(values: Any) -> np.ndarray:
    """Return numbers as a new array of float64.

    Parameters
    ----------
    values : array_like
        Also tensors, on any device and with a gradient, and sparse matrices.

    Raises
    ------
    TypeError
        Complex numbers, or something that is no number.
    ValueError
        A masked array with masked values, which stand for no number; or rows of several lengths.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    elif hasattr(values, "toarray"):
        values = values.toarray()
    if np.ma.is_masked(values):
        n_masked = int(np.ma.count_masked(values))
        raise ValueError(
            f"{n_masked} of {np.size(values)} values are masked; give numbers for them, "
            "values.filled(0) for example"
        )
    if np.iscomplexobj(values):
        raise TypeError("complex values have no meaning here")
    return np.array(values, dtype=np.float64)
