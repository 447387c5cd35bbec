"""Samples that are read in batches: arrays, files mapped into memory, and whatever yields parts.

Nothing is held in memory beside the batch that is looked at, so that there may be more samples
than memory holds.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Any

import numpy as np

from nengo_dense.array_like import to_array
from nengo_dense.columns import WHERE, Names, check_columns
from nengo_dense.exceptions import invalid
from nengo_dense.samples import FILL_IN, check_inputs, check_width

#: Memory in bytes for the values that are looked at together, while an array is checked.
LOOK_BYTES = 2**26
#: Most samples in a `Batches.glance`.
GLANCE = 10_000


class Batches(ABC):
    """Samples in batches of any size.

    Attributes
    ----------
    n : int or None
        Samples in all; None where only the end will tell.
    """

    n: int | None

    def doubt(self) -> str:
        """Say, after all were read, what is doubtful of their order; empty if nothing is."""
        return ""

    @abstractmethod
    def of(self, size: int) -> Iterator[np.ndarray]:
        """Yield all samples, (size, n_in) float arrays of which the last may have fewer rows."""

    @abstractmethod
    def glance(self) -> np.ndarray:
        """Return some samples, (at most `GLANCE`, n_in), from the whole set where it is there."""

    @abstractmethod
    def take(self, rows: Any) -> np.ndarray:
        """Return the samples of the given numbers, (len(rows), n_in).

        Raises
        ------
        nengo.exceptions.ValidationError
            They are not kept.
        """


def check_batches(x: Any, n_in: int, attr: str, columns: Names | None = None) -> Batches:
    """Return samples as `Batches`.

    Parameters
    ----------
    x : (n, n_in) array_like, or iterable of such arrays
        An array is looked at as a whole, without a copy of it: also a ``numpy.memmap``. What has
        no length of its own or is no sequence (a generator, a loader of PyTorch's) yields parts,
        which are looked at when they come.
    n_in : int
        Values of a sample; more dimensions are flattened.
    attr : str
        For messages.
    columns : tuple of (str or None), optional
        Names of the columns in calibration, which those of batches are held against.

    Raises
    ------
    nengo.exceptions.ValidationError
        As in `nengo_dense.samples.check_inputs`; nothing to iterate over.
    """
    return _Stream(x, n_in, attr, columns) if _yields_parts(x) else _Array(x, n_in, attr)


def _yields_parts(x: Any) -> bool:
    """Tell an iterable of batches from everything that becomes one array."""
    arrays = isinstance(x, str | bytes | Sequence | Set | Mapping) or any(
        hasattr(x, name) for name in ("__array__", "__dataframe__", "shape", "__array_interface__")
    )
    return isinstance(x, Iterable) and not arrays


class _Array(Batches):
    def __init__(self, x: Any, n_in: int, attr: str) -> None:
        plain = type(x) in (np.ndarray, np.memmap) and x.dtype.kind in "biuf"
        if not plain:
            x = check_inputs(x, n_in, attr)
        self._x = check_width(x, x, n_in, attr)
        self.n = len(self._x)
        self._attr = attr
        self._n_in = n_in
        if plain:
            for _ in self.of(max(1, LOOK_BYTES // (8 * n_in))):  # which looks at every value
                continue

    def of(self, size: int) -> Iterator[np.ndarray]:
        for first in range(0, len(self._x), size):
            yield self._checked(self._x[first : first + size], first)

    def glance(self) -> np.ndarray:
        return self._checked(self._x[:: max(1, -(-len(self._x) // GLANCE))], 0)

    def take(self, rows: Any) -> np.ndarray:
        return self._checked(self._x[rows], 0)

    def _checked(self, part: np.ndarray, first: int) -> np.ndarray:
        values = np.array(part, dtype=np.float64)
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            raise invalid(
                f"has NaN or infinite values in sample {first + int(finite.argmin())}; every "
                f"value must be finite{FILL_IN}",
                self._attr,
            )
        return values


class _Stream(Batches):
    def __init__(self, x: Any, n_in: int, attr: str, columns: Names | None) -> None:
        self.n = None
        self._columns = columns
        self._n_in = n_in
        self._attr = attr
        self._x = x
        self._rest = iter(x)
        try:
            self._first = self._checked(next(self._rest))
        except StopIteration:
            raise invalid("yields no batch of samples", attr) from None
        self._read = False

    def of(self, size: int) -> Iterator[np.ndarray]:
        if self._read:
            raise invalid("was read to its end and cannot be read again", self._attr)
        self._read = True
        held: list[np.ndarray] = []
        n_held = 0
        for part in chain([self._first], map(self._checked, self._rest)):
            held.append(part)
            n_held += len(part)
            while n_held >= size:
                whole = np.concatenate(held)
                yield whole[:size]
                held, n_held = [whole[size:]], n_held - size
        if n_held:
            yield np.concatenate(held)

    def glance(self) -> np.ndarray:
        return self._first[:GLANCE]

    def doubt(self) -> str:
        if self._rest is self._x:  # which is read once
            return ""
        try:
            again = self._checked(next(iter(self._x)))
        except Exception:  # it ends, or fails: what there is cannot be read twice
            return ""
        if np.array_equal(again, self._first):
            return ""
        return (
            f"{self._attr} yields other samples each time that it is read, as a loader with "
            "shuffle=True does. Labels and outputs are in the order of this one time, which they "
            "may not be meant for: give samples that always come in the same order."
        )

    def take(self, rows: Any) -> np.ndarray:
        raise invalid("was given in batches that are not kept; give one array", self._attr)

    def _checked(self, part: Any) -> np.ndarray:
        if isinstance(part, tuple | list) and len(part) == 2 and _looks_labelled(part):
            raise invalid(
                "yields pairs, of inputs and labels as it seems; give inputs alone, as "
                "(inputs for inputs, labels in loader) does",
                self._attr,
            )
        if isinstance(part, tuple | list) and len(part) == 1 and np.ndim(part[0]) > 1:
            part = part[0]  # as loaders yield whose samples are alone
        if getattr(part, "shape", None) == (self._n_in,):
            raise invalid(
                f"yields samples one by one, of {self._n_in} values each; give batches, as "
                f"numpy.stack(list({self._attr})) does, or a data set's .batch(256)",
                self._attr,
            )
        attr = f"a batch of {self._attr}"
        check_columns(part, self._columns, attr, WHERE, self._n_in)
        return check_inputs(part, self._n_in, attr)


def _looks_labelled(part: Any) -> bool:
    """Tell a pair of two arrays with as many rows from a batch of two samples."""
    one, other = (np.shape(to_array(item, "x")) for item in part)
    return bool(one) and len(one) > 1 and one[:1] == other[:1] and one != other
