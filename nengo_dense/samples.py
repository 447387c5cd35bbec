"""Samples and labels: what is accepted as such, and what is said of everything else."""

from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import finite_array


def check_inputs(x: Any, n_in: int, attr: str) -> np.ndarray:
    """Return samples as a (batch, n_in) array of floats; more dimensions are flattened.

    Raises
    ------
    nengo.exceptions.ValidationError
        No samples, another width, NaN or infinity.
    """
    try:
        shape = np.shape(x)
    except ValueError as err:
        raise ValidationError(
            f"must be one array of shape (batch, {n_in}), got a {type(x).__name__} of different "
            "shapes; give inputs alone, without labels",
            attr=attr,
        ) from err
    flat = (shape[0], int(np.prod(shape[1:]))) if len(shape) > 1 else shape
    if len(flat) != 2 or flat[0] == 0 or flat[1] != n_in:
        raise ValidationError(
            f"must have shape (batch, {n_in}) with at least one sample, as the model's first "
            f"layer has {n_in} inputs; got {shape}",
            attr=attr,
        )
    return finite_array(np.reshape(x, flat), flat, attr, None)


def check_labels(y: Any, n: int, n_classes: int, attr: str = "y") -> np.ndarray:
    """Return right classes as an (n,) array of indices.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another number of labels than samples, a label that is no class, rows that are not
        one-hot, a single output.
    """
    y = np.asarray(y)
    if n_classes < 2:
        raise ValidationError("needs a stack with at least 2 outputs to choose among", attr=attr)
    if y.ndim == 2 and y.shape[1] == n_classes:
        y = _from_one_hot(y, attr)
    y = y.reshape(-1) if y.shape == (n, 1) else y
    if y.shape != (n,):
        raise ValidationError(
            f"must have shape ({n},) of class indices, or ({n}, {n_classes}) one-hot, to match "
            f"{n} samples; got {y.shape}",
            attr=attr,
        )
    real = y.dtype.kind in "biuf"
    if not real or np.any(y != np.floor(y)):
        wrong = y[y != np.floor(y)][0] if real else y[0]
        raise ValidationError(
            f"must be class indices 0 to {n_classes - 1}, got {y.dtype} such as {wrong!r}; "
            "np.unique(y, return_inverse=True) numbers any labels",
            attr=attr,
        )
    if y.min() < 0 or y.max() >= n_classes:
        raise ValidationError(
            f"must be within 0 and {n_classes - 1} for {n_classes} outputs, got {y.min():g} to "
            f"{y.max():g}",
            attr=attr,
        )
    return y.astype(int)


def _from_one_hot(rows: np.ndarray, attr: str) -> np.ndarray:
    """Return the classes that one-hot rows mark, or raise a ValidationError."""
    marked = rows == 1
    wrong = (marked.sum(axis=1) != 1) | ((rows != 0) & ~marked).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValidationError(
            f"must be class indices or one-hot rows, a single 1 and zeros, but row {row} is "
            f"{rows[row].tolist()}; of probabilities take y.argmax(axis=1)",
            attr=attr,
        )
    return marked.argmax(axis=1)
