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


def finite_array(
    value: Any, shape: tuple[int, ...], attr: str, obj: object, fill: bool = False
) -> np.ndarray:
    """Return a new array of finite floats in the given shape.

    With ``fill``, a single number fills the shape.

    Raises
    ------
    nengo.exceptions.ValidationError
        Not numbers, another shape (a transposed one is recognised), NaN or infinity.
    """
    try:
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


def one_each(value: Any, n: int, attr: str, obj: object) -> list:
    """Return a list of ``n`` items from such a list or from one item for all.

    Strings and neuron types count as single items.
    """
    if isinstance(value, list | tuple | np.ndarray):
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
    shape = np.shape(x)
    flat = (shape[0], int(np.prod(shape[1:]))) if len(shape) > 1 else shape
    if len(flat) != 2 or flat[0] == 0 or flat[1] != n_in:
        raise ValidationError(
            f"must have shape (batch, {n_in}) with at least one sample, as the model's first "
            f"layer has {n_in} inputs; got {shape}",
            attr=attr,
        )
    return finite_array(np.reshape(x, flat), flat, attr, None)
