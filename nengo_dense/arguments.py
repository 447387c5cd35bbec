"""Checks of arguments that say what was got, what the limit is, and what to do."""

from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from nengo.utils.numpy import is_integer

#: Limits of what counts as a positive number, so that products and quotients of three are finite.
LEAST, MOST = 1e-100, 1e100
#: Steps in one presentation; all of them are held in memory.
MOST_STEPS = 10**6
#: Kinds of arrays that are not taken for numbers.
KINDS = {"c": "complex values", "U": "texts", "S": "bytes", "M": "dates", "m": "durations"}


def count(value: Any, attr: str, obj: object) -> int:
    """Return a whole number of at least 1, or raise a ValidationError."""
    if not is_integer(value) or value < 1:
        raise ValidationError(f"must be a whole number of at least 1, got {value!r}", attr, obj)
    return int(value)


def positive(value: Any, attr: str, obj: object, unit: str = "") -> float:
    """Return a number above zero, of a size that can be computed with, or raise a ValidationError.

    Raises
    ------
    nengo.exceptions.ValidationError
        No number, one that is not above 0, or one below 1e-100 or above 1e100.
    """
    number = float(finite_array(value, (), attr, obj))
    unit = unit and f" {unit}"
    if number <= 0:
        raise ValidationError(f"must be above 0{unit}, got {number:g}", attr, obj)
    if not LEAST <= number <= MOST:
        raise ValidationError(
            f"must be from {LEAST:g} to {MOST:g}{unit}, got {number:g}", attr, obj
        )
    return number


def flag(value: Any, attr: str, obj: object) -> bool:
    """Return True or False, or raise a ValidationError for anything that is neither."""
    if not isinstance(value, bool | np.bool_):
        raise ValidationError(f"must be True or False, got {value!r}", attr, obj)
    return bool(value)


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
    if n_steps > MOST_STEPS:
        raise ValidationError(
            f"must be at most {MOST_STEPS} steps of {step:g} seconds, got {seconds:g}",
            "presentation_time",
            obj,
        )
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
        Not real numbers (text and dates neither, though NumPy would turn some into numbers),
        another shape (a transposed one is recognised), NaN or infinity.
    """
    try:
        array = np.array(value)
        kind = KINDS.get(array.dtype.kind)
        if array.dtype.kind == "O" and any(isinstance(v, str | bytes) for v in array.ravel()):
            kind = KINDS["U"]
        if kind is not None:
            raise TypeError(f"{kind} have no meaning here")
        array = array.astype(np.float64)
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
    if not isinstance(value, str) or value not in options:
        raise ValidationError(
            f"must be one of {', '.join(map(repr, options))}, got {value!r}", attr, obj
        )
    return str(value)
