"""Names of features, as data frames have them: in another order they are other inputs.

Numbers for names, as of a data frame made of an array, say an order and nothing else.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from numbers import Integral
from typing import Any

import numpy as np

from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show

#: A name for each feature, None for one without.
Names = tuple[str | None, ...]


def column_names(x: Any, attr: str, sizes: Mapping[str, int] | None = None) -> Names | None:
    """Return the names of a data frame's columns; None where there are none, or other than these.

    Names are texts and whole numbers, which are returned as texts.

    Parameters
    ----------
    x : object
        A data frame, a list of them, or a mapping of such things by input.
    attr : str
        For messages.
    sizes : mapping of str to int, optional
        Values of each input, in their order, where there may be several.

    Raises
    ------
    nengo.exceptions.ValidationError
        The data frames of a list have other columns than its first, or the same in another order.

    Examples
    --------
    >>> column_names([[1.0, 2.0]], "x") is None
    True
    """
    if isinstance(x, Mapping):
        if sizes is None or set(x) != set(sizes):
            return None
        parts = [column_names(x[name], name) or (None,) * n for name, n in sizes.items()]
        names = tuple(chain.from_iterable(parts))
        return names if any(names) else None
    if isinstance(x, list | tuple) and x and _columns(x[0]):
        first = column_names(x[0], attr)
        for index, part in enumerate(x):
            check_columns(part, first, f"{attr}[{index}]", f"in {attr}[0]")
        return first
    texts = [_text(name) for name in _columns(x)]
    return tuple(texts) if texts and None not in texts else None


def _text(name: Any) -> str | None:
    is_name = isinstance(name, str | Integral) and not isinstance(name, bool)
    return str(name) if is_name else None


def _columns(x: Any) -> list[Any]:
    try:
        return list(getattr(x, "columns", ()))
    except Exception:  # whatever an attribute of this name is elsewhere
        return []


def check_columns(
    x: Any,
    known: Names | None,
    attr: str,
    where: str,
    sizes: Mapping[str, int] | None = None,
) -> None:
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

    Examples
    --------
    >>> check_columns([[1.0, 2.0]], ("a", "b"), "x", "in calibration")
    """
    if isinstance(x, Mapping) and known is not None and sizes is not None and set(x) == set(sizes):
        start = 0
        for name, n in sizes.items():
            check_columns(x[name], known[start : start + n], name, where)
            start += n
        return
    names = column_names(x, attr)
    if names is not None and known is not None and len(names) == len(known):
        _compare(names, known, attr, where)


def _compare(names: Names, known: Names, attr: str, where: str) -> None:
    both = [pair for pair in zip(names, known, strict=True) if None not in pair]
    wrong = [i for i, (name, other) in enumerate(both) if name != other]
    if not wrong:
        return
    i, order = wrong[0], show(list(known))
    numbered = any(all(name.isdecimal() for name in side) for side in zip(*both, strict=True))
    differs = f"column {i} is {show(names[i])}, and was {show(known[i])} there"
    if Counter(name for name, _ in both) == Counter(other for _, other in both):
        code = "" if numbered or order.endswith("...") else f", as {attr}[{order}] does"
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


def as_names(names: Any, n: int) -> Names | None:
    """Return names of ``n`` features as a tuple, or None where these are no such names."""
    if not isinstance(names, Sequence | np.ndarray) or isinstance(names, str) or len(names) != n:
        return None
    found = tuple(names)
    return found if all(isinstance(name, str | None) for name in found) else None
