"""What is shown step by step where samples, or frames, follow one another side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nengo_dense.batches import Batches

#: Memory in bytes for the values of a part of a run, and the steps of which such parts consist:
#: products treat as many together (see `Machine.pieces`).
SHOWN_BYTES, SHOWN_STEPS = 2**26, 48


@dataclass(frozen=True, eq=False)
class Succession:
    """Samples one after another in each lane. Memory is bounded, however many there are.

    After the last sample of a lane nothing is shown if there are gaps, and else that sample on.

    Parameters
    ----------
    samples : Batches
    places : list of (n_lanes,) ndarray of int
        For each place in the lanes the numbers of the samples there. In later places there may be
        fewer: the first lanes have the most samples.
    n_steps : int
        Steps that a sample is shown.
    gap : int, optional
        Steps without input after it.

    Examples
    --------
    >>> from nengo_dense.batches import check_batches
    >>> samples = check_batches(np.array([[1.0], [2.0], [3.0]]), 1, "x")
    >>> shown = Succession(samples, [np.array([0, 1]), np.array([2])], 2)
    >>> shown.lengths, shown.values(0, 5)[..., 0]
    (array([2, 1]), array([[1., 1., 3., 3., 3.],
           [2., 2., 2., 2., 2.]]))
    """

    samples: Batches
    places: list[np.ndarray]
    n_steps: int
    gap: int = 0

    @property
    def period(self) -> int:
        """(int) Steps from one sample to the next."""
        return self.n_steps + self.gap

    @cached_property
    def lengths(self) -> np.ndarray:
        """((n_lanes,) array of int) Samples of each lane, falling."""
        counts = np.array([len(rows) for rows in self.places])
        return np.count_nonzero(counts > np.arange(counts[0])[:, np.newaxis], axis=1)

    @cached_property
    def _numbers(self) -> np.ndarray:
        """The sample of each lane in each place, (n_lanes, n_places), the last one held."""
        found = np.empty((len(self.lengths), len(self.places)), dtype=np.intp)
        held = self.places[0].copy()
        for i, rows in enumerate(self.places):
            held[: len(rows)] = rows
            found[:, i] = held
        return found

    @cached_property
    def _changes(self) -> np.ndarray:
        """Steps, rising, before which something else is shown, the first one left out."""
        begins = np.arange(len(self.places) + 1) * self.period
        return np.unique(np.concatenate([begins, begins[:-1] + self.n_steps]))[1:]

    def marks(self, ends: np.ndarray) -> np.ndarray:
        """Return steps, rising, at which to stop: the ends of lanes, and of samples before.

        Samples count whose times are together long enough for a run. No two marks are one step
        apart, if no ends are, as a run of one step rounds otherwise (see `Machine.pieces`).
        """
        ends = np.unique(ends)
        some = -(-SHOWN_STEPS // self.period) * self.period
        between = np.arange(some, ends[-1], some)
        near = np.abs(between[:, np.newaxis] - ends).min(axis=1, initial=ends[-1])
        return np.unique(np.concatenate([between[near > 1], ends]))

    def parts(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Divide steps into parts that each show one thing for long, or fit in memory.

        No part has one step, unless there is only one.
        """
        n_bytes = 8 * self._numbers.shape[0] * self.samples.take(self.places[0][:1]).size
        most = max(1, SHOWN_BYTES // (n_bytes * SHOWN_STEPS)) * SHOWN_STEPS
        inside = self._changes[(self._changes > first) & (self._changes < last)].tolist()
        begin, start = first, first
        for stop in [*inside, last]:
            if stop - start >= SHOWN_STEPS and start - begin > 1:
                yield begin, start
                begin = start
            enough = stop - begin >= (SHOWN_STEPS if begin == start else most)
            if enough and last - stop != 1:
                yield begin, stop
                begin = stop
            start = stop
        if begin < last:
            yield begin, last

    def values(self, first: int, last: int) -> np.ndarray:
        """Return what lanes show in some steps, (n_lanes, steps or 1, size_in).

        There is one step where what they show stays the same.
        """
        steps = np.arange(first, last)
        stays = np.searchsorted(self._changes, [first, last - 1], side="right")
        if stays[0] == stays[1]:
            steps = steps[:1]
        place = np.minimum(steps // self.period, len(self.places) - 1)
        used, at = np.unique(place, return_inverse=True)
        values = self.samples.take(self._numbers[:, used].ravel())
        values = values.reshape(len(self.lengths), len(used), -1)[:, at]
        if self.gap:
            is_over = steps >= self.lengths[:, np.newaxis] * self.period
            values[is_over | (steps % self.period >= self.n_steps)] = 0
        return values
