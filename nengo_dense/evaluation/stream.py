"""Samples that follow one another without a reset, as on a running chip."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from nengo_dense.array_like import to_array
from nengo_dense.duration import whole_steps
from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show

#: Fewest samples of one of several streams side by side, so that it matters little that the first
#: one of each has nothing before it.
LEAST_SAMPLES = 50


@dataclass(frozen=True, eq=False)
class Stream:
    """In which order samples follow one another, in how many streams side by side.

    Every stream has its part of the order, and all parts are as long, give or take a sample.

    Attributes
    ----------
    gap : int
        Steps without input after each sample.
    order : (n,) ndarray of int
        Numbers of the samples.
    n_streams : int
    delay : int
        Steps from the end of a sample to its answer, when its spikes have come through.
    """

    gap: int
    order: np.ndarray
    n_streams: int
    delay: int = 0

    @classmethod
    def of(
        cls, n: int | None, gap: Any, order: Any, dt: float, most: int, delay: int = 0
    ) -> "Stream":
        """Check how samples follow one another; the arguments are those of `evaluate`.

        Parameters
        ----------
        n : int or None
            Samples; None if they are given in batches.
        gap, order
            As in `evaluate`.
        dt : float
        most : int
            Most streams.
        delay : int, optional
            As in the attributes.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        steps = whole_steps(gap, dt, "gap")
        if n is None:
            raise invalid(
                "must be one array (or a numpy.memmap) where samples follow one another in "
                "parallel streams; batches come in one order alone",
                "x",
            )
        n_streams = max(1, min(most, n // LEAST_SAMPLES))
        return cls(steps, _check_order(order, n), n_streams, delay)

    @property
    def wait(self) -> int:
        """(int) Steps that a stream runs on for its last answer, after the last gap."""
        return max(self.delay - self.gap, 0)

    @property
    def last(self) -> np.ndarray:
        """((n_streams,) array of int) Number of the last sample of each stream."""
        return np.array([part[-1] for part in self._parts()])

    def _parts(self) -> list[np.ndarray]:
        return np.array_split(self.order, self.n_streams)  # longer ones first

    def groups(self, size: int, n_steps: int) -> list[list[np.ndarray]]:
        """Divide the streams into groups of at most ``size``.

        No two ends in a group are one step apart, as a run of one step rounds otherwise (see
        ``Machine.pieces``).

        Parameters
        ----------
        size : int
        n_steps : int
            Steps that a sample is shown.

        Returns
        -------
        groups : list of list of (n_streams,) ndarray of int
            For each group, and each place in its streams, the numbers of the samples there. In
            later places there may be fewer: the first streams are the longest.
        """
        parts = self._parts()
        n_longest = sum(len(part) == len(parts[0]) for part in parts)
        kinds = [parts[:n_longest], parts[n_longest:]] if n_steps + self.gap == 1 else [parts]
        groups = []
        for streams in (s[i : i + size] for s in kinds for i in range(0, len(s), size)):
            places = range(len(streams[0]))
            groups.append([np.array([s[i] for s in streams if i < len(s)]) for i in places])
        return groups


def check_no_stream(gap: Any, order: Any) -> None:
    """Raise a ValidationError for what only streams have."""
    for attr, value in (("gap", gap), ("order", order)):
        is_zero = attr == "gap" and isinstance(value, Real) and value == 0
        if value is not None and not is_zero:
            raise invalid("goes with reset=False, where samples follow one another", attr)


def _check_order(order: Any, n: int) -> np.ndarray:
    if order is None:
        return np.arange(n)
    if isinstance(order, str):
        if order == "random":
            return np.random.RandomState(0).permutation(n)
        raise invalid(
            f"must be None, 'random' or the numbers of all samples, got {show(order)}", "order"
        )
    numbers = to_array(order, "order")
    if numbers.dtype.kind not in "iu" or not np.array_equal(np.sort(numbers), np.arange(n)):
        raise invalid(
            f"must have each number from 0 to {n - 1} once, as numpy.argsort(y) has; got "
            f"{numbers.dtype} of shape {numbers.shape}",
            "order",
        )
    return numbers
