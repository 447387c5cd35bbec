"""The plan of a host: a list of instructions, with which a kernel computes many steps at once.

Most hosts do little while their data does not change: neurons fire and send spikes to the chip,
and values from the chip are filtered and added. If a host does nothing else, `.translation` makes
a `Plan`. A kernel runs it for a *stretch*: a number of steps in which no data changes. The
arithmetic is that of Nengo's operators, number by number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from nengo.builder.operator import TimeUpdate
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.channel import Channels, Receiver
from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Stretch


@dataclass(frozen=True, eq=False)
class Steady:
    """A vector that only changes when the data changes; computed before a stretch.

    Attributes
    ----------
    size : int
        Length of the vector in one lane.
    reads : set of Signal
        Signals that it depends on (for a view, its base).
    values : callable
        Takes `LaneSignals`; returns a (lanes, size) or (size,) array.
    """

    size: int
    reads: set[Signal]
    values: Callable[[LaneSignals], np.ndarray]


@dataclass(frozen=True, eq=False)
class Charge(Steady):
    """What neurons integrate in each step: a current times ``dt``.

    Attributes
    ----------
    lowest : float
        A current below it counts as it: 0, or ``-inf``.
    dt : float
        Step in seconds.
    """

    lowest: float
    dt: float


def check_charge(charge: np.ndarray, counts: bool) -> None:
    """Refuse what kernels differ in: an infinite charge, of which no whole number can be taken.

    Parameters
    ----------
    charge : array
    counts : bool
        Whether neurons spike once for each whole 1 of voltage; others are set to zero.

    Raises
    ------
    FloatingPointError
        As by Nengo, where such neurons fire.
    """
    if counts and np.isinf(charge).any():
        raise FloatingPointError("invalid value encountered in subtract")


@dataclass(frozen=True, eq=False)
class Total:
    """The sum of a signal's values in all steps of a stretch.

    Attributes
    ----------
    size : int
        Length of the vector in one lane.
    """

    size: int


#: The content of a vector that instructions read or write.
Content: TypeAlias = Signal | Steady | Total
#: Runs some instructions of a stretch before the others; returns those.
Begin: TypeAlias = Callable[[Stretch], Instructions]


@dataclass(frozen=True)
class Firing:
    """Neurons that fire by a steady input; nothing else reads their voltage.

    Attributes
    ----------
    charge : Charge
        Its instruction's source.
    voltage : Signal
        Its instruction's state.
    instruction : Instruction
    """

    charge: Charge
    voltage: Signal
    instruction: Instruction


@dataclass(frozen=True)
class Plan:
    """A host as instructions.

    Attributes
    ----------
    clock : TimeUpdate
    sources : list of OperatorGroup
        Groups that compute values from time alone. The plan is valid only if data replaces them.
    steady : list of OperatorGroup
        Groups that depend on data alone. They run before the kernel, if the data has changed.
    moving : set of Signal
        Signals that may change in every step.
    places : dict of {Content: int}
        Start of each vector for one lane, in order.
    receivers : dict of {Signal: Receiver}
        What gets values from the chip, in the order of the vectors that are received.
    kept : list of Signal
        Signals kept for probes, in order.
    totals : dict of {Signal: Total}
        Signals of which probes only need the sum.
    firing : list of Firing
    instructions : Instructions
        In Nengo's order.
    dt : float
        Step in seconds.
    """

    clock: TimeUpdate
    sources: list[OperatorGroup]
    steady: list[OperatorGroup]
    moving: set[Signal]
    places: dict[Content, int]
    receivers: dict[Signal, Receiver]
    kept: list[Signal]
    totals: dict[Signal, Total]
    firing: list[Firing]
    instructions: Instructions
    dt: float

    def lay_out(self, signals: LaneSignals) -> np.ndarray:
        """Make the array of all vectors, one after another; the signals use it from now on."""
        lanes = signals.lanes
        vectors = aligned(np.zeros(lanes * sum(content.size for content in self.places)))
        for content in self.places:
            if isinstance(content, Signal):
                signals.move(content, self._vector(content, lanes, vectors))
        return vectors

    @cached_property
    def before(self) -> list[Steady]:
        """(list of Steady) The vectors that are computed before a stretch."""
        return [content for content in self.places if isinstance(content, Steady)]

    @cached_property
    def reads(self) -> set[Signal]:
        """(set of Signal) What those depend on."""
        return set().union(*(content.reads for content in self.before))

    @cached_property
    def kept_sizes(self) -> list[int]:
        """(list of int) Numbers of each kept signal in a step of one lane."""
        return [signal.size for signal in self.kept]

    def readers(self, signals: set[Signal]) -> list[Steady]:
        """Find the steady vectors that depend on some signals."""
        return [content for content in self.before if content.reads & signals]

    def prepare(
        self, signals: LaneSignals, vectors: np.ndarray, done: Steady | None = None
    ) -> None:
        """Compute the steady vectors, but the one that has been."""
        for content in self.before:
            if content is not done:
                self._vector(content, signals.lanes, vectors)[...] = content.values(signals)

    def follow(
        self,
        kernel: Kernel,
        signals: LaneSignals,
        vectors: np.ndarray,
        channels: Channels,
        n_steps: int,
        begin: Begin | None = None,
    ) -> tuple[dict[Signal, np.ndarray], dict[Signal, np.ndarray]]:
        """Compute some steps at once.

        Parameters
        ----------
        kernel : Kernel
        signals : LaneSignals
        vectors : (n,) float64 array
            From `lay_out`, prepared; overwritten with the values after the last step.
        channels : Channels
            At the first of these steps.
        n_steps : int
        begin : callable, optional
            Runs some instructions, and returns those that are left.

        Returns
        -------
        kept : dict of {Signal: (lanes, n_steps, size) array}
        sums : dict of {Signal: (lanes, size) array}
            The next stretch writes over these.
        """
        lanes = signals.lanes
        step, time = signals[self.clock.step], signals[self.clock.time]
        first = int(step) + 1
        received = [each.values(first, n_steps) for each in self.receivers.values()]
        for signal, (now, _) in zip(self.receivers, received, strict=True):
            signals[signal][...] = now
        stretch = Stretch(
            lanes=lanes,
            n_steps=n_steps,
            vectors=vectors,
            received=_join([later for _, later in received]),
            kept=channels.memory.empty((n_steps * lanes * sum(self.kept_sizes),), np.float64),
            spikes=channels.spikes,
            first_step=channels.step,
        )
        sums = {
            signal: self._vector(total, lanes, vectors) for signal, total in self.totals.items()
        }
        for total in sums.values():
            total[...] = 0
        left = self.instructions if begin is None else begin(stretch)
        if len(left.places):
            kernel.follow(left, stretch)
        step[...] += n_steps
        time[...] = step * self.dt
        kept, start = {}, 0
        for signal, size in zip(self.kept, self.kept_sizes, strict=True):
            values = stretch.kept[start : start + n_steps * lanes * size]
            kept[signal] = values.reshape(n_steps, lanes, size).swapaxes(0, 1)
            start += values.size
        return kept, sums

    def _vector(self, content: Content, lanes: int, vectors: np.ndarray) -> np.ndarray:
        """Return the vectors of all lanes: (lanes, size)."""
        place, size = self.places[content], content.size
        return vectors[lanes * place : lanes * (place + size)].reshape(lanes, size)


def _join(arrays: list[np.ndarray]) -> np.ndarray:
    """Join arrays, one after another."""
    flat = [np.asarray(array, dtype=np.float64).ravel() for array in arrays]
    return flat[0] if len(flat) == 1 else np.concatenate(flat) if flat else np.zeros(0)
