"""What a model's outputs are to be, other than one class: values, sets of labels, weights."""

from typing import Any

import numpy as np

from nengo_dense.arguments import finite_array
from nengo_dense.array_like import check_real, to_array
from nengo_dense.exceptions import invalid
from nengo_dense.output_names import order_of_columns

#: Magnitudes of values whose errors can be measured, and that can be tuned: squares and cubes of
#: smaller ones are 0, of larger ones infinite, and the same is true of sums over samples.
LEAST_MAGNITUDE, MOST_MAGNITUDE = 1e-75, 1e75


def check_values(
    y: Any, n: int, n_out: int, attr: str = "y", names: np.ndarray | None = None
) -> np.ndarray:
    """Return wanted values as (n, n_out) floats; one output may also have (n,).

    Parameters
    ----------
    y : array_like
    n, n_out : int
        Samples and outputs.
    attr : str, optional
        For messages.
    names : (n_out,) ndarray, optional
        Of the outputs; the columns of a data frame are found by them.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another shape, text, masked values, NaN or infinity.

    Warns
    -----
    UserWarning
        The columns of a data frame may belong to the outputs in another order.
    """
    values = to_array(y, attr)
    check_real(values, attr, None)
    if values.ndim == 1 and n_out == 1:
        values = values[:, np.newaxis]
    elif values.ndim > 2:
        values = values.reshape(len(values), -1)
    if values.shape != (n, n_out):
        either = f"({n}, {n_out})" if n_out > 1 else f"({n},) or ({n}, 1)"
        raise invalid(
            f"must have shape {either}, a value for each of {n} samples and each output of the "
            f"stack; got {np.shape(y) or values.shape}",
            attr,
        )
    _check_finite(values, attr)
    order = order_of_columns(y, n_out, names, attr)
    return finite_array(values if order is None else values[:, order], (n, n_out), attr)


def check_magnitudes(
    values: np.ndarray, attr: str = "y", use: str = "errors are measured for"
) -> np.ndarray:
    """Return values, (n, n_out), that are to be computed with, which ``use`` says.

    Raises
    ------
    nengo.exceptions.ValidationError
        Squares of a column's values are none of the numbers that there are.
    """
    largest = np.abs(values).max(axis=0)
    strange = (largest > MOST_MAGNITUDE) | ((largest < LEAST_MAGNITUDE) & (largest > 0))
    if strange.any():
        raise invalid(
            f"has values up to {largest[strange][0]:.3g}, and {use} those of "
            f"{LEAST_MAGNITUDE:g} to {MOST_MAGNITUDE:g}. Give model and values in another unit",
            attr,
        )
    return values


def check_label_sets(
    y: Any, n: int, n_out: int, attr: str = "y", names: np.ndarray | None = None
) -> np.ndarray:
    """Return which labels are right for each sample, (n, n_out) bools, of rows of 0 and 1.

    Parameters are those of `check_values`.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another shape, or anything but 0 and 1.
    """
    values = check_values(y, n, n_out, attr, names)
    if not is_binary(values):
        row = int(((values != 0) & (values != 1)).any(axis=1).argmax())
        raise invalid(
            f"must be rows of 0 and 1, a column for each label, but row {row} is "
            f"{values[row].tolist()}; scikit-learn's MultiLabelBinarizer makes such rows",
            attr,
        )
    right: np.ndarray = values == 1
    return right


def is_binary(values: np.ndarray) -> bool:
    """Tell whether there is nothing but 0 and 1."""
    return bool(((values == 0) | (values == 1)).all())


def check_sample_weight(weights: Any, n: int) -> np.ndarray | None:
    """Return the weight of each sample, (n,), or None for None.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another number of them, one below 0, all 0, or a sum that is infinite.
    """
    if weights is None:
        return None
    found = finite_array(weights, (n,), "sample_weight")
    if found.min() < 0 or not found.any():
        raise invalid(
            f"must be at least 0, and not all 0, got {found.min():g} to {found.max():g}",
            "sample_weight",
        )
    with np.errstate(over="ignore"):
        total = found.sum()
    if not np.isfinite(total):
        raise invalid("must add up to a finite number; make all smaller", "sample_weight")
    return found


def _check_finite(values: np.ndarray, attr: str) -> None:
    try:
        finite = np.isfinite(np.asarray(values, dtype=np.float64)).all(axis=1)
    except (TypeError, ValueError):
        return  # `finite_array` says what these are
    if not finite.all():
        raise invalid(
            f"has no finite value for {np.count_nonzero(~finite)} of {len(values)} samples, first "
            f"for sample {int(finite.argmin())}: {values[int(finite.argmin())].tolist()}. Leave "
            "these samples out",
            attr,
        )
