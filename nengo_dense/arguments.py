"""Checks of arguments, with messages that give the value, the limit and how to fix it."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo import Network
from nengo.exceptions import ValidationError
from nengo.utils.numpy import is_integer
from nengo.utils.progress import ProgressBar

from nengo_dense.array_like import check_real, to_array
from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show

#: Limits of positive numbers; products and quotients of three such numbers are finite.
LEAST, MOST = 1e-100, 1e100
#: Most of what is counted, as indices are.
MOST_COUNTED = 2**63 - 1
#: Largest seed of NumPy's random generators.
MOST_SEED = 2**32 - 1


def count(
    value: Any, attr: str, obj: object = None, least: int = 1, most: int = MOST_COUNTED
) -> int:
    """Return a whole number of at least ``least``, or raise a ValidationError."""
    whole = is_whole(value)
    if not whole or not least <= value <= most:
        beyond = most < MOST_COUNTED or (whole and value > most)
        limit = f" and at most {most}" if beyond else ""
        raise invalid(
            f"must be a whole number of at least {least}{limit}, got {show(value)}", attr, obj
        )
    return int(value)


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number; truth values and durations are none."""
    return is_integer(value) and not isinstance(value, bool | np.timedelta64)


def number(value: Any, attr: str, obj: object = None) -> float:
    """Return a finite number, or raise a ValidationError; True and False are none."""
    return float(quantities(value, (), attr, obj))


def positive(value: Any, attr: str, obj: object = None, unit: str = "") -> float:
    """Return a number above zero that is neither too small nor too large to compute with.

    Raises
    ------
    nengo.exceptions.ValidationError
        It is not a number, is not above 0, or is below 1e-100 or above 1e100.
    """
    found = number(value, attr, obj)
    unit = unit and f" {unit}"
    if found <= 0:
        raise invalid(f"must be above 0{unit}, got {found:g}", attr, obj)
    if not LEAST <= found <= MOST:
        raise invalid(f"must be from {LEAST:g} to {MOST:g}{unit}, got {found:g}", attr, obj)
    return found


def between(
    value: Any,
    low: float,
    high: float,
    attr: str,
    obj: object = None,
    *,
    with_low: bool = True,
    with_high: bool = True,
    unit: str = "",
) -> float:
    """Return a number between two bounds, each included or excluded.

    Raises
    ------
    nengo.exceptions.ValidationError
        It is not a number, or is outside the bounds.
    """
    found = number(value, attr, obj)
    below = found < low or (found == low and not with_low)
    if below or found > high or (found == high and not with_high):
        least = f"{'at least' if with_low else 'above'} {low:g}"
        most = f"{'at most' if with_high else 'below'} {high:g}{unit and f' {unit}'}"
        raise invalid(f"must be {least} and {most}, got {found:g}", attr, obj)
    return found


def as_floats(value: Any, attr: str, obj: object = None) -> np.ndarray:
    """Return an array of floats, the one that was given if it is one.

    Raises
    ------
    nengo.exceptions.ValidationError
        Not real numbers, or beyond what a float can hold; masked values.
    """
    given = to_array(value, attr, obj)
    check_real(given, attr, obj)
    try:
        return np.asarray(given, dtype=np.float64)
    except (OverflowError, ValueError) as err:  # Python's own numbers have no limit
        raise invalid(
            f"must be numbers that a float can hold, up to {np.finfo(float).max:.2g} ({err})",
            attr,
            obj,
        ) from err
    except MemoryError as err:
        raise _too_large(given, attr, obj) from err


def _too_large(array: np.ndarray, attr: str, obj: object) -> ValidationError:
    return invalid(
        f"must fit into memory as floats of 8 bytes, got an array of shape {array.shape}",
        attr,
        obj,
    )


def finite_array(
    value: Any,
    shape: tuple[int, ...],
    attr: str,
    obj: object = None,
    fill: bool = False,
    copy: bool = True,
    way_out: str = "",
) -> np.ndarray:
    """Return a new array of finite floats in the given shape.

    With ``fill``, a single number fills the shape. Without ``copy``, for what is copied later, it
    may be the given array. ``way_out`` says what to do about values that are not finite.

    Raises
    ------
    nengo.exceptions.ValidationError
        Values are not real numbers, the shape is wrong (the message recognises a transposed one),
        or values are masked, NaN or infinite.
    """
    array = as_floats(value, attr, obj)
    if array.shape != shape and not (fill and array.ndim == 0):
        hint = ""
        if array.ndim == 2 and array.T.shape == shape:
            hint = "; Nengo's orientation is (n_out, n_in), so transpose it (Keras's is the other)"
        raise invalid(f"must have shape {shape}, got {array.shape}{hint}", attr, obj)
    # in one order, so that the same numbers are summed in the same order, from wherever they come
    try:
        array = np.array(array, order="C") if copy else np.asarray(array, order="C")
    except MemoryError as err:
        raise _too_large(array, attr, obj) from err
    n_bad = np.count_nonzero(~np.isfinite(array))
    if n_bad:
        raise invalid(
            f"{n_bad} of {array.size} values are NaN or infinite; every value must be finite"
            f"{way_out}",
            attr,
            obj,
        )
    return array if array.shape == shape else np.full(shape, array)


def quantities(
    value: Any, shape: tuple[int, ...], attr: str, obj: object = None, fill: bool = False
) -> np.ndarray:
    """Return what `finite_array` returns, but of numbers alone: truth values are a mask.

    ``bias=True`` is not a bias of one, and gaps of ``[True, False]`` are not a second and none.

    Raises
    ------
    nengo.exceptions.ValidationError
        As of `finite_array`, or there is a truth value.
    """
    refuse_truth(value, attr, obj)
    return finite_array(value, shape, attr, obj, fill)


def refuse_truth(value: Any, attr: str, obj: object = None) -> None:
    """Raise a ValidationError where there are truth values in the place of quantities."""
    items = value if isinstance(value, list | tuple) else [value]
    single = any(isinstance(item, bool | np.bool_) for item in items)
    if single or to_array(value, attr, obj).dtype == bool:
        noun = "numbers" if np.ndim(value) else "a number"
        shown = str(bool(value)) if isinstance(value, np.bool_) else show(value)
        raise invalid(f"must be {noun}, got {shown}", attr, obj)


def check_seed(value: Any, obj: object = None) -> int | None:
    """Return a seed, or None to draw one later; raise a ValidationError for any other value."""
    whole = is_whole(value)
    if value is not None and not (whole and 0 <= value <= MOST_SEED):
        raise invalid(
            f"must be None or a whole number from 0 to {MOST_SEED}, got {show(value)}", "seed", obj
        )
    return None if value is None else int(value)


def random_state(value: int | None, obj: object = None) -> np.random.RandomState:
    """Return a random generator, or raise a ValidationError for an invalid seed."""
    return np.random.RandomState(check_seed(value, obj))


def one_each(value: Any, n: int, attr: str, obj: object = None) -> list[Any]:
    """Return a list of ``n`` items, from a list or from a single item for all.

    Strings and neuron types count as single items.
    """
    if isinstance(value, np.ndarray) and (value.ndim == 0 or len(value) == n):
        value = value.tolist()  # a number where there are no dimensions
    if isinstance(value, list | tuple | np.ndarray):
        if len(value) != n:
            raise invalid(
                f"must be one value, or {n} of them in a list, got {len(value)}", attr, obj
            )
        return list(value)
    return [value] * n


def choice(value: Any, options: tuple[str, ...], attr: str, obj: object = None) -> str:
    """Return a string that is one of the options, or raise a ValidationError."""
    if not isinstance(value, str) or value not in options:
        words = ", ".join(map(repr, options))
        raise invalid(f"must be one of {words}, got {show(value)}", attr, obj)
    return str(value)


def flag(value: Any, attr: str, obj: object = None) -> bool:
    """Return True or False, or raise a ValidationError for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise invalid(f"must be True or False, got {show(value)}", attr, obj)
    return bool(value)


def is_added(value: Any, obj: object = None) -> bool:
    """Tell whether a new network goes into the open one, from its ``add_to_container``."""
    if value is None:
        return bool(Network.context)
    return flag(value, "add_to_container", obj)


def list_of(value: Any, kind: type, attr: str, obj: object = None) -> list[Any]:
    """Return a list of values of a kind, or raise a ValidationError."""
    if isinstance(value, list | tuple) and all(isinstance(part, kind) for part in value):
        return list(value)
    raise invalid(f"must be a list of {kind.__name__}, got {show(value)}", attr, obj)


def dict_of(value: Any, kind: type, attr: str, obj: object = None) -> dict[str, Any]:
    """Return a dict from names to values of a kind, or raise a ValidationError."""
    if isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(part, kind) for name, part in value.items()
    ):
        return dict(value)
    things = "values" if kind is object else kind.__name__
    raise invalid(f"must be a dict of {things} by name, got {show(value)}", attr, obj)


def check_fitted(value: Any, obj: object = None) -> dict[str, float]:
    """Return the errors of fitted activations by layer, or raise a ValidationError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid(f"must be a dict of errors by layer, got {show(value)}", "fitted", obj)
    return {str(name): number(error, "fitted", obj) for name, error in value.items()}


def check_progress_bar(value: Any, obj: object = None) -> bool | ProgressBar:
    """Return a value for Nengo's progress tracker, or raise a ValidationError.

    True shows a bar at a terminal or in a notebook, but not in a file.
    """
    if value is None or isinstance(value, bool | np.bool_):
        is_seen = "IPython" in sys.modules or (sys.stdout is not None and sys.stdout.isatty())
        return bool(value) and is_seen
    if not isinstance(value, ProgressBar):
        raise invalid(
            f"must be True, False or a nengo.utils.progress.ProgressBar, got {show(value)}",
            "progress_bar",
            obj,
        )
    return value
