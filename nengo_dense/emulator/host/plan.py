"""The plan of a host: a list of instructions, with which a kernel computes many steps at once.

Most hosts do little while their data does not change: neurons fire and send spikes to the chip,
and values from the chip are filtered and added. If a host does nothing else, `.translation` makes
a `Plan`. A kernel runs it for a *stretch*: a number of steps in which no data changes (see
`.course`). The arithmetic is that of Nengo's operators, number by number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from nengo.builder.operator import TimeUpdate
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.channel import Receiver
from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.signals import LaneSignals
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

    @cached_property
    def before(self) -> list[Steady]:
        """(list of Steady) The vectors that are computed before a stretch."""
        return [content for content in self.places if isinstance(content, Steady)]

    @cached_property
    def reads(self) -> set[Signal]:
        """(set of Signal) What those depend on."""
        return set().union(*(content.reads for content in self.before))

    def readers(self, signals: set[Signal]) -> list[Steady]:
        """Find the steady vectors that depend on some signals."""
        return [content for content in self.before if content.reads & signals]
