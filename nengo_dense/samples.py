"""Samples and labels: accepted forms, and messages for everything else."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nengo_dense.arguments import finite_array, random_state
from nengo_dense.array_like import check_real, is_missing, to_array
from nengo_dense.exceptions import invalid
from nengo_dense.notices import notify
from nengo_dense.output_names import (
    as_it_is,
    as_text,
    columns_of_classes,
    find,
    listed,
    order_of_numbers,
    whole_number,
)

#: What to do about samples with gaps, after a message.
FILL_IN = ". Fill in what is missing first, for example with scikit-learn's SimpleImputer"
REGRESSION = "Where outputs are to meet values, nengo_dense.evaluate takes a value for each of {}."


def check_inputs(x: Any, n_in: int, attr: str) -> np.ndarray:
    """Return samples as a (batch, n_in) array of floats; more dimensions are flattened.

    Raises
    ------
    nengo.exceptions.ValidationError
        There are no samples, the width is wrong, or values are masked, NaN or infinite.
    """
    if isinstance(x, str | bytes):
        raise invalid(f"must be an array, got text, {x[:60]!r}; load the file first", attr)
    array = check_width(to_array(x, attr), x, n_in, attr)
    return finite_array(array, array.shape, attr, way_out=FILL_IN)


def join_inputs(x: Mapping[str, Any], sizes: Mapping[str, int]) -> np.ndarray:
    """Return the samples of several inputs one after the other, (batch, n_in).

    Parameters
    ----------
    x : mapping of str to (batch, n) array_like
        Each input by its name.
    sizes : mapping of str to int
        Values of each input, in their order.

    Raises
    ------
    nengo.exceptions.ValidationError
        An input that is missing or unknown, or samples that do not fit one another.
    """
    if set(x) != set(sizes):
        raise invalid(
            f"must have an array for each of the inputs {', '.join(sizes)}, got "
            f"{', '.join(map(str, x))}",
            "x",
        )
    parts = [check_inputs(x[name], n, name) for name, n in sizes.items()]
    if len({len(part) for part in parts}) > 1:
        raise invalid(
            f"must have as many samples for each input, got {[len(part) for part in parts]}", "x"
        )
    return np.concatenate(parts, axis=1)


def check_width(array: np.ndarray, given: Any, n_in: int, attr: str) -> np.ndarray:
    """Return samples as (batch, n_in), a view of the array, or raise a ValidationError.

    Parameters
    ----------
    array : (batch, ...) ndarray
    given : object
        What the array was made of, for the message.
    n_in : int
    attr : str
        For messages.
    """
    shape = array.shape
    flat = (shape[0], int(np.prod(shape[1:]))) if len(shape) > 1 else shape
    if len(flat) != 2 or flat[0] == 0 or flat[1] != n_in:
        hint = ""
        if array.dtype.names:
            hint = ", with fields; numpy.lib.recfunctions.structured_to_unstructured makes columns"
        elif shape == (n_in,):
            hint = f"; if this is a single sample, give {attr}[None]"
        elif isinstance(given, tuple):
            hint = "; give inputs alone, without labels"
        raise invalid(
            f"must have shape (batch, {n_in}) with at least one sample, as the model's first "
            f"layer has {n_in} inputs; got {shape}{hint}",
            attr,
        )
    return array.reshape(flat)


def check_labels(
    y: Any,
    n: int,
    n_classes: int,
    attr: str = "y",
    classes: np.ndarray | None = None,
    *,
    named_in: str | None = "",
) -> np.ndarray:
    """Return true classes as an (n,) array of output indices, counted from 0.

    Parameters
    ----------
    y : (n,) or (n, n_classes) array_like
        Labels as in the training of the source model, or one-hot rows in the order of the outputs.
        The columns of a data frame are matched by name, if the names are classes.
    n, n_classes : int
        Number of samples, and of the model's outputs.
    attr : str, optional
        For messages.
    classes : (n_classes,) ndarray, optional
        The class of each output. Without it, labels are indices.
    named_in : str or None, optional
        What takes ``classes=`` instead of the function that was called, for advice; None if
        nothing does.

    Raises
    ------
    nengo.exceptions.ValidationError
        The number of labels is not that of samples, a label is not a class, rows are not one-hot,
        or there is a single output.

    Warns
    -----
    UserWarning
        Numbers are taken as indices, because the classes are text.

    Examples
    --------
    >>> check_labels(["cat", "cat"], 2, 3, classes=np.array(["ape", "bee", "cat"]))
    array([2, 2])
    """
    if n_classes < 2:
        raise invalid(
            f"needs at least 2 outputs to choose among. {REGRESSION.format('them')}", attr
        )
    labels = to_array(y, attr)
    if labels.dtype.names:
        check_real(labels, attr)
    # (n, 1) and NengoDL's (n, 1, 1) too
    inner = [size for size in labels.shape[1:] if size != 1]
    labels = labels.reshape([*labels.shape[:1], *inner])
    if labels.ndim == 2:
        if classes is None:
            order = order_of_numbers(y, n_classes)
        else:
            order = columns_of_classes(y, classes, attr)
        if order is not None or labels.shape[1] == n_classes:
            rows = _from_one_hot(labels, attr)
            return _all_of_them(rows if order is None else order[rows], n, n_classes, attr)
    labels = _all_of_them(labels, n, n_classes, attr)
    values = _values(labels)
    if classes is not None:
        return _by_name(values, classes, attr)
    return _by_index(values, n_classes, attr, named_in)


def fill_up(values: np.ndarray, multiple: int) -> np.ndarray:
    """Repeat samples, (n, ...), from the start until their number is a multiple."""
    n = -(-len(values) // multiple) * multiple
    return values if n == len(values) else values[np.arange(n) % len(values)]


def hold_back(n: int, n_held_back: int, seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Divide ``n`` samples at random into training samples and held-back samples.

    Returns
    -------
    rest, held_back : (n - n_held_back,), (n_held_back,) ndarray of int
        Their indices.
    """
    order = random_state(seed).permutation(n)
    return order[n_held_back:], order[:n_held_back]


def _all_of_them(labels: np.ndarray, n: int, n_classes: int, attr: str) -> np.ndarray:
    """Return labels if there is one for each sample, or raise a ValidationError."""
    if labels.shape == (n,):
        return labels
    hint = ""
    if labels.ndim == 2 and len(labels) == n:
        hint = "; one-hot rows have a column for each output, also for classes without samples"
    raise invalid(
        f"must have shape ({n},) of labels, or ({n}, {n_classes}) one-hot, to match {n} samples; "
        f"got {labels.shape}{hint}",
        attr,
    )


def _values(labels: np.ndarray) -> list[Any]:
    """Return labels as Python numbers and text, which compare by value."""
    if labels.dtype.kind == "S":
        labels = decoded(labels)
    return [decoded(np.array(v)).item() if isinstance(v, bytes) else v for v in labels.tolist()]


def decoded(labels: np.ndarray) -> np.ndarray:
    """Return bytes, as HDF5 and IDX files have text, as text."""
    return np.char.decode(labels, "utf-8", "replace")


def _by_name(values: list[Any], classes: np.ndarray, attr: str) -> np.ndarray:
    """Find each label among the classes, by its value or by its text."""
    names = classes.tolist()
    is_known = len(names) == 2 and (classes.dtype.kind not in "iuf" or set(names) == {0, 1})
    if not is_known and not {"False", "True"} <= set(names):
        _check_no_truth_values(values, f"the classes {listed(names)}", attr)
    for read in (as_it_is, as_text):
        indices = find(values, [read(name) for name in names], read)
        if indices.min() >= 0:
            return indices
    numbers = [whole_number(value) for value in values]
    if classes.dtype.kind == "U" and all(i is not None and 0 <= i < len(names) for i in numbers):
        kind = "truth values" if any(isinstance(v, bool) for v in values) else "numbers"
        notify(
            f"{attr} has {kind}, while the classes are text: they are taken for indices of "
            f"outputs, 0 for {names[0]!r} to {len(names) - 1} for {names[-1]!r}. To be sure, give "
            "the labels themselves.",
            stacklevel=3,
        )
        return np.array(numbers, dtype=int)
    wrong = values[int(find(values, names, as_it_is).argmin())]
    raise invalid(f"has {wrong!r}, which is no class of the model; they are {listed(names)}", attr)


def _check_no_truth_values(values: list[Any], classes: str, attr: str) -> None:
    """Raise a ValidationError for truth values, which Python takes for 0 and 1."""
    if any(isinstance(value, bool | np.bool_) for value in values):
        raise invalid(
            f"has truth values, which say nothing of {classes}; give labels, or rows with a truth "
            "value for each class",
            attr,
        )


def _by_index(values: list[Any], n_classes: int, attr: str, named_in: str | None) -> np.ndarray:
    """Return labels that are indices; raise a ValidationError with advice for other labels."""
    if n_classes > 2:
        _check_no_truth_values(values, f"{n_classes} classes", attr)
    indices = [_index(value, n_classes, attr, named_in) for value in values]
    low, high = min(indices), max(indices)
    if low < 0 or high >= n_classes:
        way = "subtract 1" if named_in is None else f"give classes=range(1, {n_classes + 1})"
        to = f" to {named_in}" if named_in else ""
        from_one = f". If the model counts its classes from 1, {way}{to}"
        raise invalid(
            f"must be within 0 and {n_classes - 1} for {n_classes} outputs, got {low} to {high}"
            f"{from_one if (low, high) == (1, n_classes) else ''}",
            attr,
        )
    return np.array(indices, dtype=int)


def _index(value: Any, n_classes: int, attr: str, named_in: str | None) -> int:
    """Return a label that is an index, or raise a ValidationError."""
    if isinstance(value, str):
        raise invalid(
            f"is text, such as {value!r}, and which output that is, is not known. "
            f"{_name_them(named_in)}; it is known of models that store it, as scikit-learn's do",
            attr,
        )
    if is_missing(value):
        raise invalid(
            f"has no label for some samples, but {value!r}; leave out samples without a label",
            attr,
        )
    if (index := whole_number(value)) is None:
        raise invalid(
            f"must be class indices 0 to {n_classes - 1}, got values such as {value!r}. "
            f"{REGRESSION.format(f'its {n_classes} outputs')}",
            attr,
        )
    return index


def _name_them(named_in: str | None) -> str:
    """Say how to say which output a class is."""
    if named_in is None:
        return "Give numbers of outputs, from 0"
    where = f"in {named_in}" if named_in else "or, on the command line, --classes A,B,..."
    return (
        "Say what each output stands for, in the order of the outputs, with classes=[...] " + where
    )


def _from_one_hot(rows: np.ndarray, attr: str) -> np.ndarray:
    """Return the column of the 1 in each one-hot row, or raise a ValidationError."""
    marked = rows == 1
    wrong = (marked.sum(axis=1) != 1) | ((rows != 0) & ~marked).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise invalid(
            f"must be labels or one-hot rows, a single 1 and zeros, but row {row} is "
            f"{rows[row].tolist()}; of probabilities take y.argmax(axis=1)",
            attr,
        )
    classes: np.ndarray = marked.argmax(axis=1)
    return classes
