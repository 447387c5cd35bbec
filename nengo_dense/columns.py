"""Names of features, as data frames have them: in another order they are other inputs.

Numbers for names, as of a data frame made of an array, say an order and nothing else.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, product
from numbers import Real
from typing import Any

import numpy as np

from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show

#: Where the names that a network knows are from.
WHERE = "in calibration or training"
#: Begins the names of features of which only their axis has one.
AXIS = "axis "
#: A name for each feature, None for one without.
Names = tuple[str | None, ...]
#: Values of an input, or of each of several, in their order.
Sizes = int | Mapping[str, int]


def column_names(x: Any, attr: str, sizes: Sizes) -> Names | None:
    """Return the names of a data frame's columns; None where there are none, or other than these.

    Names are texts, numbers and dates, and tuples of them, and are returned as texts. Arrays of
    xarray have the names of their last axis, or of several axes where these are the features.

    Parameters
    ----------
    x : object
        A data frame, a list of them or of their rows, or a mapping of such things by input.
    attr : str
        For messages.
    sizes : int or mapping of str to int
        Number of features, or that of each input, in their order.

    Raises
    ------
    nengo.exceptions.ValidationError
        The data frames of a list have other columns than its first, or the same in another order.

    Examples
    --------
    >>> column_names([[1.0, 2.0]], "x", 2) is None
    True
    """
    if isinstance(sizes, Mapping):
        if not isinstance(x, Mapping):
            return column_names(x, attr, sum(sizes.values()))
        if set(x) != set(sizes):
            return None
        parts = [column_names(x[name], name, n) or (None,) * n for name, n in sizes.items()]
        names = tuple(chain.from_iterable(parts))
        return names if any(names) else None
    if isinstance(x, list | tuple) and x and _columns(x[0], sizes):
        first = column_names(x[0], attr, sizes)
        for index, part in enumerate(x):
            check_columns(part, first, f"{attr}[{index}]", f"in {attr}[0]", sizes)
        return first
    texts = [_text(name) for name in _columns(x, sizes)]
    return tuple(texts) if len(texts) == sizes and None not in texts else None


def _text(name: Any) -> str | None:
    if isinstance(name, tuple):
        parts = [_text(part) for part in name]
        return None if None in parts else f"({', '.join(filter(None, parts))})"
    is_name = isinstance(name, str | Real | date | np.datetime64) and not isinstance(name, bool)
    return str(name) if is_name else None


def _columns(x: Any, n: int) -> list[Any]:
    """Return what names ``n`` features of an object, if anything does."""
    try:
        if hasattr(x, "coords") and hasattr(x, "ndim"):
            return _of_axes(x, n)
        # Arrow, data frames, one row of these, named tuples
        for attr in ("column_names", "columns", "index", "_fields"):
            names = getattr(x, attr, None)
            if names is not None and not callable(names):
                return list(names)
        return []
    except Exception:  # whatever attributes of these names are elsewhere
        return []


def _of_axes(x: Any, n: int) -> list[Any]:
    """Return the names of the last axes of xarray's arrays, as many as make ``n`` features."""
    first, last = x.dims[0], x.dims[-1]
    if last in x.coords and len(x.coords[last]) == n:
        return list(x.indexes[last])
    turned = x.ndim == 2 and first in x.coords and len(x.coords[first]) == n
    for k in range(1, x.ndim - (not turned)):
        if np.prod(x.shape[k:]) == n:
            axes = zip(x.dims[k:], x.shape[k:], strict=True)
            places = product(*([f"{dim} {i}" for i in range(size)] for dim, size in axes))
            return [", ".join(place) for place in places]
    is_named = x.ndim == 2 and x.shape[-1] == n and last != "dim_1"  # xarray's own names
    return _along(last, n) if is_named and not turned else []


def _along(axis: str, n: int) -> list[Any]:
    """Return names of features that are along an axis and have none of their own."""
    return [f"{AXIS}{axis}: {i}" for i in range(n)]


def check_columns(x: Any, known: Names | None, attr: str, where: str, sizes: Sizes) -> None:
    """Refuse columns that are not those of before, or not in their order.

    Parameters
    ----------
    x, attr, sizes
        As for `column_names`.
    known : tuple of (str or None), or None
        Names of before. Whatever has no name, there or in ``x``, is not looked at, and neither are
        other numbers of features. Where names are numbers, other names are none of another order.
    where : str
        Where the known names are from, such as "in calibration".

    Raises
    ------
    nengo.exceptions.ValidationError
        Also where several inputs are given in a list, which does not say which is which.

    Examples
    --------
    >>> check_columns([[1.0, 2.0]], ("a", "b"), "x", "in calibration", 2)
    """
    if isinstance(sizes, Mapping) and _are_parts(x, sizes):
        inputs = ", ".join(f"{show(name)}: ..." for name in sizes)
        raise invalid(
            f"is a {type(x).__name__} with an array for each input, it seems; give them by name, "
            f"{{{inputs}}}, or one array of samples",
            attr,
        )
    if isinstance(x, Mapping) and isinstance(sizes, Mapping) and set(x) == set(sizes):
        start = 0
        for name, n in sizes.items():
            check_columns(x[name], known and known[start : start + n], name, where, n)
            start += n
        return
    names = column_names(x, attr, sizes)
    if names is None or known is None or len(names) != len(known):
        return
    axis, other = _axis_of(known), _axis_of(names)
    if axis and other and _first_axis(x) == axis != other:
        raise invalid(
            f"has its axes in another order than {where}: features are along {axis!r} there, "
            f"which is the first axis here. Give {attr}.transpose({other!r}, {axis!r}), if "
            "not just its names are mixed up",
            attr,
        )
    if not axis and not other:
        _compare(names, known, attr, where, _chosen_by(x))


def _axis_of(names: Names) -> str:
    """Return the axis that features are along, if they have no names of their own."""
    axis = (names[0] or "").removeprefix(AXIS).removesuffix(": 0")
    return axis if list(names) == _along(axis, len(names)) else ""


def _first_axis(x: Any) -> Any:
    """Return the name of the first axis of an array of xarray, or of the first of several."""
    dims = getattr(x[0] if isinstance(x, list | tuple) else x, "dims", None)
    return dims[0] if dims else None


def named_twice(names: Names | None, attr: str, sizes: Sizes) -> Iterator[str]:
    """Say that columns of the same name, of one input, are told apart by their places alone.

    Parameters
    ----------
    names, attr, sizes
        As `column_names` returns and takes them.

    Examples
    --------
    >>> list(named_twice(("a", "b"), "x", 2))
    []
    """
    start = 0
    for n in sizes.values() if isinstance(sizes, Mapping) else (sizes,):
        ours = (names or ())[start : start + n]
        start += n
        counted = Counter(filter(None, ours))
        for name in (name for name, times in counted.items() if times > 1):
            yield (
                f"{attr} has {counted[name]} columns that are called {show(name)}. They are taken "
                "by place: nothing will say so if they change places later. Give each a name of "
                "its own."
            )


def other_rows(x: Any, **others: Any) -> Iterator[str]:
    """Say that rows are taken by place though their index has them in another order.

    Parameters
    ----------
    x : object
        Samples, or a mapping of the inputs' samples.
    **others : object
        What is given for each sample, such as labels, by the names of arguments; also mappings.

    Examples
    --------
    >>> list(other_rows([[1.0], [2.0]], y=[0, 1]))
    []
    """
    known: list[Any] = []
    first = "x"
    given = {"x": x, **others}
    for attr, values in (part for item in given.items() for part in _each(*item)):
        try:
            rows = _rows(values)
            if not known:
                known, first = rows, attr
            if rows == known or Counter(rows) != Counter(known):
                continue
        except Exception:  # whatever has attributes of these names
            continue
        i = next(i for i, pair in enumerate(zip(known, rows, strict=True)) if pair[0] != pair[1])
        there = "there" if first == "x" else f"in {first}"
        yield (
            f"{attr} has the rows of the samples in another order, by their index, and is taken "
            f"by place: row {i} is {show(known[i])} {there}, and {show(rows[i])} in {attr}. If "
            f"they belong together by index, give {attr}.loc[{first}.index], and otherwise "
            f"{attr}.to_numpy()."
        )


def _each(attr: str, values: Any) -> list[tuple[str, Any]]:
    """Return what is given for each input or output, with how it is reached."""
    if isinstance(values, Mapping):
        return [(f"{attr}[{show(name)}]", part) for name, part in values.items()]
    return [(attr, values)]


def _rows(x: Any) -> list[Any]:
    """Return the names of the rows of a data frame or series of pandas."""
    return list(x.index) if hasattr(x, "iloc") else []


def read_in_two_ways(x: Any, sizes: Sizes, attr: str) -> str:
    """Say that samples could be an array for each input, side by side; empty if they could not.

    Parameters
    ----------
    x : object
        Samples, which are as many as there are inputs.
    sizes, attr
        As for `column_names`.

    Examples
    --------
    >>> read_in_two_ways(np.ones((2, 2, 5)), {"a": 5, "b": 5}, "x")
    "x of shape (2, 2, 5) is taken for 2 samples with all inputs, not ... {'a': ..., 'b': ...}."
    """
    if not isinstance(sizes, Mapping) or len(sizes) < 2:
        return ""
    n, shape = len(sizes), getattr(x, "shape", ())
    if isinstance(x, list | tuple) and len(x) == n:
        try:
            shape = np.shape(x)
        except (TypeError, ValueError):  # rows of different lengths
            return ""
    if not isinstance(shape, tuple) or shape[:2] != (n, n):
        return ""
    if any(np.prod(shape[2:]) != n_in for n_in in sizes.values()):
        return ""
    inputs = ", ".join(f"{show(name)}: ..." for name in sizes)
    return (
        f"{attr} of shape {tuple(shape)} is taken for {n} samples with all inputs, not for an "
        f"array of {n} samples for each input. If it is that, give them by name, {{{inputs}}}."
    )


def _are_parts(x: Any, sizes: Mapping[str, int]) -> bool:
    """Tell arrays for several inputs, in any order, from samples or sequences in a list."""
    if not isinstance(x, list | tuple) or len(x) != len(sizes) or len(sizes) < 2:
        return False
    shapes = [getattr(part, "shape", ()) for part in x]
    known = [shape for shape in shapes if isinstance(shape, tuple) and len(shape) > 1]
    widths = [int(np.prod(shape[1:])) for shape in known]
    return sorted(widths) == sorted(sizes.values())


def _chosen_by(x: Any) -> bool:
    """Tell whether texts in brackets choose columns, as ``x[["a", "b"]]`` of data frames."""
    names = list(getattr(x, "columns", ()))
    return bool(names) and all(isinstance(name, str) for name in names)


def _compare(names: Names, known: Names, attr: str, where: str, by_text: bool) -> None:
    both = [pair for pair in zip(names, known, strict=True) if None not in pair]
    wrong = [i for i, (name, other) in enumerate(both) if name != other]
    if not wrong:
        return
    i, order = wrong[0], show(list(known))
    numbered = any(all(map(_is_number, side)) for side in zip(*both, strict=True))
    differs = f"column {i} is {show(names[i])}, and was {show(known[i])} there"
    if Counter(name for name, _ in both) == Counter(other for _, other in both):
        is_clear = len(set(known)) == len(known)  # each name chooses one column
        shown = by_text and is_clear and not numbered and not order.endswith("...")
        code = f", as {attr}[{order}] does" if shown else ""
        raise invalid(
            f"has its columns in another order than {where}: {differs}. Put them in that "
            f"order{code}",
            attr,
        )
    if numbered:
        return
    raise invalid(
        f"has other columns than {where}: {differs}. If they are the same in spite of their "
        f"names, give them without names, as {attr}.to_numpy() does",
        attr,
    )


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def check_names(names: Any, n: int, obj: object) -> Names | None:
    """Return names of a network's ``n`` inputs as a tuple; None for None.

    Raises
    ------
    nengo.exceptions.ValidationError
        They are other than texts and None, or another number.
    """
    found = as_names(names, n)
    if found is None and names is not None:
        raise invalid(f"must be {n} names of inputs, got {show(names)}", "columns", obj)
    return found


def as_names(names: Any, n: int) -> Names | None:
    """Return names of ``n`` features as a tuple, or None where these are no such names."""
    if not isinstance(names, Sequence | np.ndarray) or isinstance(names, str) or len(names) != n:
        return None
    found = tuple(names)
    return found if all(isinstance(name, str | None) for name in found) else None
