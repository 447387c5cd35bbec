"""Nengo's signals, with one copy per lane."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from nengo.builder.operator import Operator
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.function import LaneFunctions


class LaneSignals(Mapping):
    """The arrays of Nengo's signals: ``(lanes, *shape)`` if they can change, else ``shape``.

    Views of a signal are views of its array, as in Nengo's own ``SignalDict``.

    Parameters
    ----------
    operators : iterable of Operator
        All operators of a model; their signals are created.
    lanes : int
    changing : set of Signal
        Signals that change although no operator writes them.
    shared : set of Signal
        Signals that are equal in all lanes although operators write them.
    functions : LaneFunctions, optional
        The functions of all hosts, so that they share the same objects in each lane.
    constants : dict of {Signal: array}, optional
        Values of signals that nobody writes, for all blocks of lanes: the first one adds them.

    Attributes
    ----------
    written : set of Signal
        Those that operators write, or that change.
    """

    def __init__(
        self,
        operators: Iterable[Operator],
        lanes: int,
        changing: Iterable[Signal] = (),
        shared: Iterable[Signal] = (),
        functions: LaneFunctions | None = None,
        constants: dict[Signal, Any] | None = None,
    ) -> None:
        self.lanes = lanes
        self._constants = {} if constants is None else constants
        operators = list(operators)
        self.functions = LaneFunctions(lanes, operators) if functions is None else functions
        written = {
            signal.base for op in operators for signal in op.sets + op.incs + op.updates
        } | {signal.base for signal in changing}
        self.written = written
        self.per_lane = written - {signal.base for signal in shared}
        bases = {signal.base for op in operators for signal in op.all_signals}
        self._arrays = {signal: self._create(signal) for signal in bases | written}

    def _create(self, signal: Signal) -> Any:
        value = signal.initial_value
        if signal.sparse or signal not in self.written:
            if signal not in self._constants:
                self._constants[signal] = _apart(value)
            return self._constants[signal]
        if signal not in self.per_lane:
            return np.array(value)
        return np.repeat(value[None], self.lanes, axis=0)

    def __getitem__(self, signal: Signal) -> np.ndarray:
        array = self._arrays.get(signal)
        if array is not None:
            return array
        array = self._arrays[signal.base]
        lead = (self.lanes,) if signal.base in self.per_lane else ()
        if array.size == 0:
            return np.zeros(lead + signal.shape, dtype=signal.dtype)
        return np.ndarray(
            shape=lead + signal.shape,
            dtype=signal.dtype,
            buffer=array,
            offset=signal.offset,
            strides=array.strides[: len(lead)] + signal.strides,
        )

    def __iter__(self) -> Iterator[Signal]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def aligned(self, signal: Signal, ndim: int) -> np.ndarray:
        """Return an array that broadcasts with others: a lane axis, then ``ndim`` axes."""
        array = self[signal]
        if signal.base not in self.per_lane:
            return array
        return np.expand_dims(array, tuple(range(1, 1 + ndim - signal.ndim)))

    def by_lane(self, signal: Signal) -> np.ndarray:
        """Return ``(lanes, *shape)`` values, also of a signal that is the same in all lanes."""
        array = self[signal]
        if signal.base in self.per_lane:
            return array
        return np.broadcast_to(array, (self.lanes, *signal.shape))

    def move(self, signal: Signal, place: np.ndarray) -> None:
        """Move a whole signal to another array of the same size."""
        array = place.reshape(self._arrays[signal].shape)
        array[...] = self._arrays[signal]
        self._arrays[signal] = array

    def lane(self, lane: int) -> "OneLane":
        """Return a view of one lane, as the signals for Nengo's operators."""
        return OneLane(self, lane)

    def reset(self, some: Iterable[Signal]) -> None:
        """Return some signals that are written to their initial values."""
        for signal in some:
            array = self._arrays[signal]
            if isinstance(array, np.ndarray):  # no sparse matrix
                array[...] = signal.initial_value


def _apart(value: Any) -> Any:
    """Copy a constant, which may be one of the built parameters, or an array of the user's."""
    if hasattr(value, "allocate"):  # a sparse matrix of Nengo's
        return value.allocate()
    copied = value.copy()
    if isinstance(copied, np.ndarray):
        copied.setflags(write=False)
    return copied


class OneLane(Mapping):
    """The signals of one lane, for ``Operator.make_step``."""

    def __init__(self, signals: LaneSignals, lane: int) -> None:
        self._signals = signals
        self._lane = lane

    def __getitem__(self, signal: Signal) -> np.ndarray:
        array = self._signals[signal]
        if signal.base not in self._signals.per_lane:
            return array
        return (
            array[self._lane : self._lane + 1].reshape(signal.shape)
            if (signal.ndim == 0)
            else array[self._lane]
        )

    def __iter__(self) -> Iterator[Signal]:
        return iter(self._signals)

    def __len__(self) -> int:
        return len(self._signals)
