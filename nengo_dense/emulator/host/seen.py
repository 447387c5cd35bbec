"""A probe's values during a part of a run: all of them, or their sum and the last."""

from abc import ABC, abstractmethod

import numpy as np
from nengo.builder.signal import Signal

from nengo_dense.emulator.history import History
from nengo_dense.emulator.share import Share


class Seen(ABC):
    """A probe's values in the present part of a run.

    Parameters
    ----------
    history : History or Share
        Gets them.
    signal : Signal
        Has a lane's value.
    lanes : int
    """

    def __init__(self, history: History | Share, signal: Signal, lanes: int) -> None:
        self._history = history
        self._shape = (lanes, *signal.shape)
        self._dtype = signal.dtype
        self._values: np.ndarray | None = None

    @staticmethod
    def of(history: History | Share, signal: Signal, lanes: int) -> "Seen":
        """Choose what a history needs."""
        return (SeenSum if history.only_sums else SeenValues)(history, signal, lanes)

    def begin(self, n_steps: int) -> None:
        """Expect the values of so many steps."""
        self._n_steps, self._values = n_steps, None

    @abstractmethod
    def hold(self, step: int, n_steps: int, value: np.ndarray) -> None:
        """See the same (lanes, *shape) value in some steps, from ``step`` (from 0) on."""

    @abstractmethod
    def finish(self, first_step: int) -> None:
        """Hand everything to the history; ``first_step`` is the first one's, over all runs."""


class SeenValues(Seen):
    """All values. In memory, steps come before lanes."""

    def hold(self, step: int, n_steps: int, value: np.ndarray) -> None:
        """Keep the value in each step."""
        self._room()[:, step : step + n_steps] = value[:, np.newaxis]

    def keep(self, step: int, values: np.ndarray) -> None:
        """Keep (lanes, n_steps, *shape) values; if they are all, without a copy."""
        if values.shape[1] == self._n_steps:
            self._values = values
        else:
            self._room()[:, step : step + values.shape[1]] = values

    def _room(self) -> np.ndarray:
        if self._values is None:
            lanes, *shape = self._shape
            values = np.empty((self._n_steps, lanes, *shape), dtype=self._dtype)
            self._values = values.swapaxes(0, 1)
        return self._values

    def finish(self, first_step: int) -> None:
        """Hand the values on."""
        values, self._values = self._room(), None  # nobody else is to hold their memory
        self._history.write(first_step, values)


class SeenSum(Seen):
    """The sum of all values, and the last."""

    def hold(self, step: int, n_steps: int, value: np.ndarray) -> None:
        """Add the value as often as there are steps."""
        for _ in range(n_steps):
            self.add(value, value)

    def add(self, added: np.ndarray, last: np.ndarray) -> None:
        """Add the sum of some steps' values."""
        if self._values is None:
            dtype = np.result_type(self._dtype, np.int64)
            self._values = np.zeros(self._shape, dtype=dtype)
        self._values += added
        self._last = last

    def finish(self, first_step: int) -> None:
        """Hand sum and last value on."""
        assert self._values is not None, "a part of a run has steps"
        self._history.add(self._values, self._last)
        self._values = None
