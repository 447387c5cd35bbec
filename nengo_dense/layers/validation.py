"""Checks of arguments that say what was got, what the limit is, and what to do."""

from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from nengo.utils.numpy import is_integer


def count(value: Any, attr: str, obj: object) -> int:
    """Return a whole number of at least 1, or raise a ValidationError."""
    if not is_integer(value) or value < 1:
        raise ValidationError(f"must be a whole number of at least 1, got {value!r}", attr, obj)
    return int(value)


def positive(value: Any, attr: str, obj: object, unit: str = "") -> float:
    """Return a finite number above zero, or raise a ValidationError."""
    number = float(finite_array(value, (), attr, obj))
    if number <= 0:
        raise ValidationError(f"must be above 0{unit and ' '}{unit}, got {number:g}", attr, obj)
    return number


def presentation_steps(presentation_time: Any, dt: Any, obj: object) -> int:
    """Return the number of steps that a presentation lasts, or raise a ValidationError.

    Parameters
    ----------
    presentation_time, dt : float
        Seconds; a presentation must last at least half a step, and is rounded to whole ones.
    obj : object
        For messages.
    """
    seconds = positive(presentation_time, "presentation_time", obj, "seconds")
    step = positive(dt, "dt", obj, "seconds")
    n_steps = round(seconds / step)
    if n_steps < 1:
        raise ValidationError(
            f"must be at least one step of {step:g} seconds, got {seconds:g}",
            "presentation_time",
            obj,
        )
    return n_steps


def finite_array(
    value: Any, shape: tuple[int, ...], attr: str, obj: object, fill: bool = False
) -> np.ndarray:
    """Return a new array of finite floats in the given shape.

    With ``fill``, a single number fills the shape.

    Raises
    ------
    nengo.exceptions.ValidationError
        Not real numbers, another shape (a transposed one is recognised), NaN or infinity.
    """
    try:
        if np.iscomplexobj(value):
            raise TypeError("complex values have no meaning here")
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as err:
        raise ValidationError(
            f"must be numbers of shape {shape}, got {type(value).__name__} ({err})", attr, obj
        ) from err
    if array.shape != shape and not (fill and array.ndim == 0):
        hint = ""
        if array.ndim == 2 and array.T.shape == shape:
            hint = "; Nengo's orientation is (n_out, n_in), so transpose it (Keras's is the other)"
        raise ValidationError(f"must have shape {shape}, got {array.shape}{hint}", attr, obj)
    n_bad = np.count_nonzero(~np.isfinite(array))
    if n_bad:
        raise ValidationError(
            f"{n_bad} of {array.size} values are NaN or infinite; every value must be finite",
            attr,
            obj,
        )
    return np.array(np.broadcast_to(array, shape))


def random_state(seed: int | None, obj: object) -> np.random.RandomState:
    """Return a source of random numbers, or raise a ValidationError for an impossible seed."""
    try:
        return np.random.RandomState(seed)
    except (TypeError, ValueError) as err:
        raise ValidationError(
            f"must be None or a whole number from 0 to {2**32 - 1}, got {seed!r}", "seed", obj
        ) from err


def one_each(value: Any, n: int, attr: str, obj: object) -> list:
    """Return a list of ``n`` items from such a list or from one item for all.

    Strings and neuron types count as single items.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()  # a number where there are no dimensions
    if isinstance(value, list | tuple):
        items = list(value)
        if len(items) != n:
            raise ValidationError(
                f"must be one value, or {n} of them in a list, got {len(items)}", attr, obj
            )
        return items
    return [value] * n


def choice(value: Any, options: tuple[str, ...], attr: str, obj: object) -> str:
    """Return a word that is among the options, or raise a ValidationError."""
    if value not in options:
        raise ValidationError(
            f"must be one of {', '.join(map(repr, options))}, got {value!r}", attr, obj
        )
    return str(value)


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
