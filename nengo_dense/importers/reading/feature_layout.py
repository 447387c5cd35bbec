"""Where the features of a sample lie in a tensor, whose axes may be any.

What moves elements is run once on their numbers: a transposition, a slice or a reshape then tells
for each place which feature of which sample came there, whatever its settings mean.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nengo_dense.importers.form.operation import Affine, Operation, UnfitError

#: Samples that a layout is followed with, where a graph takes any number: an odd number that
#: nothing else has, so that what mixes samples shows.
N_SAMPLES = 37

#: Elements of a constant that is computed; a small file must not demand terabytes.
MAX_ELEMENTS = 2**24

#: Elements of a tensor that is followed, of all samples: they are sorted at every move.
MAX_FOLLOWED = 2**20

#: Weights of a matrix that moves features, 256 MiB: eight times what a core takes inputs from.
MAX_MATRIX = 2**25


@dataclass(frozen=True, eq=False)
class Layout:
    """The sample that each element of a tensor belongs to.

    A sample's features are numbered in the order of the tensor's elements.

    Parameters
    ----------
    samples : ndarray of int
        In the shape of the tensor.
    n : int
        Features of a sample.
    """

    samples: np.ndarray
    n: int

    @classmethod
    def of_input(cls, shape: tuple[int, ...]) -> "Layout":
        """Return that of an input whose first axis is that of the samples."""
        n = int(np.prod(shape[1:]))
        return cls(np.arange(shape[0]).repeat(n).reshape(shape), n)

    @classmethod
    def of_one(cls, shape: tuple[int, ...]) -> "Layout":
        """Return that of an input which is one sample, without an axis for more."""
        return cls(np.zeros(shape, dtype=np.int64), int(np.prod(shape)))

    @property
    def shape(self) -> tuple[int, ...]:
        """(tuple of int) The tensor's."""
        return self.samples.shape

    @property
    def n_samples(self) -> int:
        """(int) How many samples it is followed with."""
        return self.samples.size // self.n

    @cached_property
    def places(self) -> np.ndarray:
        """(ndarray of int) Of each element, ``sample * n + feature``."""
        order = np.argsort(self.samples, axis=None, kind="stable")
        found = np.empty(self.samples.size, dtype=np.int64)
        found[order] = np.arange(self.samples.size)
        return found.reshape(self.shape)

    def table(self, values: np.ndarray) -> np.ndarray:
        """Return a value an element as a row a sample: (n_samples, n)."""
        order = np.argsort(self.samples, axis=None, kind="stable")
        rows: np.ndarray = values.ravel()[order].reshape(self.n_samples, self.n)
        return rows

    def vector(self, values: np.ndarray) -> np.ndarray:
        """Spread a constant over the features, as NumPy broadcasts it over the tensor.

        Returns
        -------
        values : () or (n,) ndarray

        Raises
        ------
        UnfitError
            It differs between samples, or has another shape.
        """
        values = np.asarray(values, dtype=np.float64)
        if values.size == 1:
            return values.reshape(())
        try:
            rows = self.table(np.broadcast_to(values, self.shape))
        except ValueError:
            rows = np.empty((0, 0))
        if not len(rows) or not np.array_equal(rows, np.broadcast_to(rows[0], rows.shape)):
            raise UnfitError(
                f"a constant of shape {values.shape} is not one per feature of {self.shape[1:]}"
            )
        row: np.ndarray = rows[0]
        return row

    def is_by_sample(self) -> bool:
        """Tell whether its first axis is that of the samples, in order."""
        if self.n_samples == 1:
            return True
        expected = Layout.of_input(self.shape) if self.shape else None
        return expected is not None and np.array_equal(expected.samples, self.samples)


def as_batch(layout: Layout) -> Layout:
    """Return a layout; an UnfitError if the samples do not lie one after the other in it."""
    if not layout.is_by_sample():
        raise UnfitError("it needs the samples along the first axis")
    return layout


def moved(places: np.ndarray, n: int, n_samples: int) -> tuple[Layout, np.ndarray]:
    """Tell what a tensor holds after its elements were moved.

    Parameters
    ----------
    places : ndarray of int
        ``sample * n + feature`` of what each element was before.
    n : int
        Features that a sample had before.
    n_samples : int

    Returns
    -------
    layout : Layout
    rows : (n_after,) ndarray of int
        Which feature each one was.

    Raises
    ------
    UnfitError
        It holds other features of one sample than of another.
    """
    samples, features = np.divmod(places, n)
    counts = np.bincount(samples.ravel(), minlength=n_samples)
    if places.size == 0 or np.any(counts != counts[0]):
        raise UnfitError("it does not take the same features of each sample")
    layout = Layout(samples, int(counts[0]))
    table = layout.table(features)
    if np.any(table != table[0]):
        raise UnfitError("it does not take the same features of each sample")
    return layout, table[0]


def selection(rows: np.ndarray, n: int, label: str) -> list[Operation]:
    """Return what gives these features of `n`, nothing if they are all in their order.

    Raises
    ------
    UnfitError
        Its matrix would be too large.
    """
    if np.array_equal(rows, np.arange(n)):
        return []
    if len(rows) * n > MAX_MATRIX:
        raise UnfitError(
            f"it moves {len(rows)} of {n} features, a matrix of more than {MAX_MATRIX} "
            "values; move them before they enter the model"
        )
    matrix = np.zeros((len(rows), n))
    matrix[np.arange(len(rows)), rows] = 1.0
    return [Affine(matrix, None, label)]


def along_last(dense: Affine, n: int) -> Affine:
    """Return a dense layer that works along the last axis of several, for all features.

    Its weights are shared by all that lies along that axis: a block of them for each.

    Parameters
    ----------
    dense : Affine
        Along the last axis.
    n : int
        Features of a sample, in the order of its elements.

    Raises
    ------
    UnfitError
        Its matrix would be too large.
    """
    weights = np.asarray(dense.weights, dtype=np.float64)
    n_blocks = n // weights.shape[1]
    if n_blocks == 1:
        return dense
    if weights.size * n_blocks**2 > MAX_MATRIX:
        raise UnfitError(
            f"its weights, shared by {n_blocks} vectors along the last axis, make a matrix of "
            f"more than {MAX_MATRIX} values; flatten before it"
        )
    bias = None if dense.bias is None else np.tile(np.asarray(dense.bias), n_blocks)
    return Affine(np.kron(np.eye(n_blocks), weights), bias, dense.label)
