"""Names of outputs, and which output a label, or a column of a data frame, is of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.exceptions import invalid
from nengo_dense.notices import notify

#: Most names of classes in a message.
MOST_NAMES = 10


def find(values: list[Any], names: Sequence[Any], read: Callable[[Any], Any]) -> np.ndarray:
    """Return the index of each value, after ``read``, among the names; -1 if it is missing."""
    places = {name: index for index, name in enumerate(names)}

    def place(value: Any) -> int:
        try:
            return places.get(read(value), -1)
        except TypeError:  # a list, or another object that cannot be compared with a name
            return -1

    return np.array([place(value) for value in values], dtype=int)


def as_it_is(label: Any) -> Any:
    """Return a label."""
    return label


def as_text(label: Any) -> str:
    """Return a label as text, the same for 7 and 7.0."""
    whole = None if isinstance(label, bool) else whole_number(label)
    return str(label if whole is None else whole)


def whole_number(value: Any) -> int | None:
    """Return a whole number as an int, and anything else as None."""
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if is_whole else None


def columns_of_classes(
    y: Any, classes: np.ndarray, attr: str, *, are_known: bool = True
) -> np.ndarray | None:
    """Return the class of each column of a data frame, if the columns' names are classes.

    Names may begin with the same text, as those of ``pandas.get_dummies`` do. Numbers may be
    indices of outputs.

    Parameters
    ----------
    y : object
    classes : (n_classes,) ndarray
    attr : str
        For messages.
    are_known : bool, optional
        Whether the classes are more than the numbers of the outputs.

    Returns
    -------
    order : (n_columns,) ndarray of int, or None
        Index of a class for each column.

    Warns
    -----
    UserWarning
        There is a column for each of several known classes, and their names are others.
    """
    columns = [as_text(column) for column in _column_labels(y)]
    if not columns:
        return None
    names = [as_text(name) for name in classes.tolist()]
    alike = names if len(columns) > 1 else [columns[0]]  # a single name may end in any number
    beginnings = {columns[0].removesuffix(name) for name in alike if columns[0].endswith(name)}
    for beginning in sorted(beginnings, key=len):
        order = find(columns, [beginning + name for name in names], as_it_is)
        if order.min() >= 0:
            return order
    found = order_of_numbers(y, len(names))
    if found is None and are_known and 1 < len(columns) == len(names):
        notify(
            f"The columns of {attr} are named {listed(columns)}, which are not the classes, "
            f"{listed(names)}: they are taken by place, {columns[0]!r} for {names[0]!r} to "
            f"{columns[-1]!r} for {names[-1]!r}. If that is right, give {attr}.to_numpy().",
            stacklevel=3,
        )
    return found


def is_of_first(y: Any, classes: np.ndarray, attr: str) -> bool:
    """Tell whether a table's single column has the name of the first of two classes.

    A table made of an array has a 0 for a name, whatever it is of.

    Parameters
    ----------
    y, classes, attr
        As for `columns_of_classes`.

    Warns
    -----
    UserWarning
        The name is 0, and the first class is, too.
    """
    order = columns_of_classes(y, classes, attr)
    is_first = order is not None and order.tolist() == [0]
    if is_first and as_text(_column_labels(y)[0]) == "0":
        notify(
            f"The column of {attr} is named 0, as that of any table made of an array, and is "
            f"taken for the second class, 1. If that is right, give {attr}.to_numpy(), and "
            f"otherwise 1 - {attr}.to_numpy().",
            stacklevel=3,
        )
        return False
    return is_first


def order_of_columns(y: Any, n_out: int, names: np.ndarray | None, attr: str) -> np.ndarray | None:
    """Return which column of a data frame is of which output, if names of outputs tell it.

    Parameters
    ----------
    y : object
    n_out : int
    names : (n_out,) ndarray or None
        Of the outputs. Their own numbers are no names.
    attr : str
        For messages.

    Returns
    -------
    order : (n_out,) ndarray of int, or None
        A column for each output; None if columns are taken by place.

    Warns
    -----
    UserWarning
        Columns are taken by place, though their names tell of another order.
    """
    if names is not None and len(names) == n_out and names.tolist() != list(range(n_out)):
        order = columns_of_classes(y, names, attr)
        is_whole = order is not None and len(set(order.tolist())) == n_out
        return np.argsort(order) if is_whole and order is not None else None
    order = order_of_numbers(y, n_out)
    if order is not None and (np.diff(order) < 0).any():
        columns = _column_labels(y)
        notify(
            f"The columns of {attr} are named {listed(columns)}, and are taken by place: "
            f"{columns[0]!r} for the first output to {columns[-1]!r} for the last. If that is "
            f"right, give {attr}.to_numpy().",
            stacklevel=3,
        )
    return None


def _column_labels(y: Any) -> list[Any]:
    """List what names the columns of a table; nothing for whatever is none."""
    names = getattr(y, "column_names", None)  # Arrow's, whose columns are the values
    columns = names if isinstance(names, list) else getattr(y, "columns", ())
    return list(columns) if isinstance(columns, Iterable) else []


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of several tables after one another, with the names of their columns."""

    columns: list[Any]
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """(tuple of int) As of an array."""
        return self.values.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype)


def with_columns_of(parts: Any, joined: np.ndarray, attr: str) -> Any:
    """Return the rows of a list of tables with the names of their columns, if they have any.

    Raises
    ------
    nengo.exceptions.ValidationError
        They have different names, or in another order.
    """
    names = [_column_labels(part) for part in parts]
    if not names[0]:
        return joined
    for i, others in enumerate(names):
        if others != names[0]:
            raise invalid(
                f"has tables with different columns: {listed(names[0])} at first, and "
                f"{listed(others)} for sequence {i}",
                attr,
            )
    return Table(names[0], joined)


def order_of_numbers(y: Any, n_classes: int) -> np.ndarray | None:
    """Return the index of each column of a data frame whose names are numbers, from the least."""
    try:
        numbers = np.array([float(str(name)) for name in _column_labels(y)])
    except ValueError:  # other names, or none
        return None
    is_order = len(numbers) == len(np.unique(numbers)) == n_classes
    return np.argsort(np.argsort(numbers)) if is_order else None


def listed(names: list[Any]) -> str:
    """List names; only the first few, if there are many."""
    words = ", ".join(map(repr, names[:MOST_NAMES]))
    return words if len(names) <= MOST_NAMES else f"{words} and {len(names) - MOST_NAMES} more"
