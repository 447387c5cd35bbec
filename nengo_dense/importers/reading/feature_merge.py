"""How several tensors become one, or several features of one: by the layouts of their elements."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from nengo_dense.importers.form.operation import Affine, Operation, UnfitError
from nengo_dense.importers.reading.feature_layout import Layout, moved

#: Features of which the largest may be taken: each but one needs a rectifier after the others.
MOST_OF_MAXIMUM = 64


def broadcast(layouts: Sequence[Layout]) -> tuple[Layout, list[np.ndarray]]:
    """Bring tensors to the shape that they have together, as arithmetic does.

    Returns
    -------
    layout : Layout
    rows : list of ndarray of int
        Which features each tensor has then.

    Raises
    ------
    UnfitError
        They have none, or different samples come together.
    """
    shape = np.broadcast_shapes(*(layout.shape for layout in layouts))
    found = [moved(np.broadcast_to(la.places, shape), la.n, la.n_samples) for la in layouts]
    return with_same_samples([each for each, _ in found]), [rows for _, rows in found]


def with_same_samples(layouts: Sequence[Layout]) -> Layout:
    """Return the layout of tensors that have the same shape, and the same samples in its places.

    Raises
    ------
    UnfitError
        Different samples come together.
    """
    first = layouts[0]
    if any(not np.array_equal(other.samples, first.samples) for other in layouts):
        raise UnfitError("it brings different samples together")
    return first


def joined(
    layouts: Sequence[Layout], join: Callable[[list[np.ndarray]], np.ndarray]
) -> tuple[Layout, np.ndarray]:
    """Put tensors one after the other.

    Parameters
    ----------
    layouts : sequence of Layout
    join : callable
        Puts arrays of these shapes together.

    Returns
    -------
    layout : Layout
    rows : ndarray of int
        Which of all features come where, if those of the tensors are numbered one after the other.
    """
    total, start, parts = sum(layout.n for layout in layouts), 0, []
    for layout in layouts:
        samples, features = np.divmod(layout.places, layout.n)
        parts.append(samples * total + start + features)
        start += layout.n
    return moved(join(parts), total, layouts[0].n_samples)


def groups(
    layout: Layout, axes: Iterable[int] | None, keepdims: bool
) -> tuple[Layout, list[np.ndarray]]:
    """Find which features become one along axes.

    Parameters
    ----------
    layout : Layout
    axes : iterable of int or None
        All if None.
    keepdims : bool
        Whether the axes stay, with one element each.

    Returns
    -------
    layout : Layout
    rows : list of (n,) ndarray of int
        The first feature of each of the n groups, then the second, ...

    Raises
    ------
    UnfitError
        A group has features of several samples.
    """
    rank = len(layout.shape)
    places = sorted({int(axis) % rank for axis in axes}) if axes is not None else list(range(rank))
    shape = [1 if at in places else n for at, n in enumerate(layout.shape)]
    shape = shape if keepdims else [n for at, n in enumerate(shape) if at not in places]
    last = np.moveaxis(layout.places, places, range(rank - len(places), rank))
    last = last.reshape(-1, int(np.prod([layout.shape[at] for at in places])))
    if np.any(last // layout.n != last[:, :1] // layout.n):
        raise UnfitError("it makes one value of several samples; keep them apart")
    found = [moved(column.reshape(shape), layout.n, layout.n_samples) for column in last.T]
    return found[0][0], [rows for _, rows in found]


def added(rows: Sequence[np.ndarray], n: int, label: str, *, mean: bool) -> list[Operation]:
    """Return the sum or the mean of the features in each group, of `n`."""
    matrix = np.zeros((len(rows[0]), n))
    for each in rows:
        np.add.at(matrix, (np.arange(len(each)), each), 1.0)
    return [Affine(matrix / (len(rows) if mean else 1), None, label)]


def check_group(n: int) -> None:
    """Raise an UnfitError if the largest of so many features takes too many rectifiers."""
    if n > MOST_OF_MAXIMUM:
        raise UnfitError(
            f"it takes the largest of {n} values, more than {MOST_OF_MAXIMUM}; train with "
            "smaller groups"
        )
