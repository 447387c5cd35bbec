"""A probe's values from several blocks of lanes, put together."""

import threading
from dataclasses import dataclass

import numpy as np

from nengo_dense.emulator.history import History
from nengo_dense.emulator.sole_use import in_turn
from nengo_dense.loihi.kernel.memory import Memory


class Gathering:
    """Collects a probe's values from all blocks of lanes, then hands them to its history.

    Parameters
    ----------
    history : History
    lanes : int
        In all blocks.
    size : int
        Of a value.
    """

    def __init__(self, history: History, lanes: int, size: int) -> None:
        self.history = history
        self.lanes = lanes
        self.size = size
        self.turn = threading.RLock()  # blocks may run in threads
        self._memory = Memory()
        self.clear()

    def clear(self) -> None:
        """Forget what was collected."""
        self._values: np.ndarray | None = None
        self._sums: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def numbers_per_step(self) -> int:
        """(int) Numbers in a step of all lanes that it keeps in memory itself."""
        own = not self.history.only_sums and not self._room_is_kept
        return self.lanes * self.size if own else 0

    @property
    def _room_is_kept(self) -> bool:
        """Whether the history has room for values before they are written."""
        return self.history.keep and self.history.period == 1

    def put(self, lanes: slice, values: np.ndarray) -> None:
        """Collect all (lanes, n_steps, *shape) values of some lanes; of all lanes, as they are."""
        if len(values) == self.lanes:
            self._values = values
        else:
            self._room(*values.shape[1:], dtype=values.dtype)[lanes] = values

    @in_turn
    def _room(self, n_steps: int, *shape: int, dtype: np.dtype) -> np.ndarray:
        """Make room once for all lanes' values: where they are kept, if they are."""
        if self._values is None and self._room_is_kept:
            self._values = self.history.room(self.lanes, n_steps, shape, dtype)
        elif self._values is None:
            room = self._memory.empty((n_steps, self.lanes, *shape), dtype)
            self._values = room.swapaxes(0, 1)
        return self._values

    def put_sums(self, lanes: slice, added: np.ndarray, last: np.ndarray) -> None:
        """Collect the sum of the values of some lanes, and the last: (lanes, *shape) arrays."""
        if len(added) == self.lanes:
            self._sums = added, last
        else:
            for whole, part in zip(self._room_of_sums(added, last), (added, last), strict=True):
                whole[lanes] = part

    @in_turn
    def _room_of_sums(self, added: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Make room once for the sums and last values of all lanes."""
        if self._sums is None:
            shape = (self.lanes, *added.shape[1:])
            self._sums = np.empty(shape, dtype=added.dtype), np.empty(shape, dtype=last.dtype)
        return self._sums

    def hand_on(self, first_step: int) -> None:
        """Give the history what all blocks have put; ``first_step`` is its first, from 1."""
        if self._values is not None:
            self.history.write(first_step, self._values)
        elif self._sums is not None:
            self.history.add(*self._sums)
        self.clear()


@dataclass(frozen=True)
class Share:
    """The part of a probe's values that one block of lanes computes.

    Attributes
    ----------
    gathering : Gathering
    lanes : slice
        Of the block.
    """

    gathering: Gathering
    lanes: slice

    @property
    def only_sums(self) -> bool:
        """(bool) As of `.history.History`."""
        return self.gathering.history.only_sums

    def write(self, first_step: int, values: np.ndarray) -> None:
        """Hand on the (lanes, n_steps, *shape) values of some steps; nobody changes them later."""
        self.gathering.put(self.lanes, values)

    def add(self, added: np.ndarray, last: np.ndarray) -> None:
        """Hand on the sum of some steps' values, and the last: (lanes, *shape) arrays."""
        self.gathering.put_sums(self.lanes, added, last)
