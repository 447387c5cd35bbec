"""A host whose steps are a list of instructions: a kernel makes many of them in one go.

Most hosts do little while their data holds: neurons fire and send spikes to the chip, and what the
chip sends back is filtered and added up. A host that does nothing else has a `Plan`, made in
`.translation`. A kernel follows it for a *stretch*: steps in which no data changes. The arithmetic
is that of Nengo's operators, number by number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from nengo.builder.operator import TimeUpdate
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.channel import Channels, Receiver
from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.alignment import aligned
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.instruction import Instructions, Stretch


@dataclass(frozen=True, eq=False)
class Steady:
    """A vector that holds as long as the data does; computed before a stretch.

    Attributes
    ----------
    size : int
        Numbers of one lane.
    reads : set of Signal
        Bases of the signals that it depends on.
    values : callable
        Takes `LaneSignals`; returns a (lanes, size) or (size,) array.
    """

    size: int
    reads: set[Signal]
    values: Callable[[LaneSignals], np.ndarray]


#: What lies in the vectors that instructions read and write.
Content: TypeAlias = Signal | Steady


@dataclass(frozen=True)
class Plan:
    """A host as instructions.

    Attributes
    ----------
    clock : TimeUpdate
    sources : list of OperatorGroup
        Compute something from time alone: the plan holds only while data replaces them.
    steady : list of OperatorGroup
        Depend on data alone: run before the kernel does, where the data has changed.
    moving : set of Signal
        All that may change from step to step.
    places : dict of {Content: int}
        Where each vector begins for one lane, in order.
    receivers : list of Receiver
        In the order of what they receive.
    kept : list of Signal
        What is kept for probes, in order.
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
    receivers: list[Receiver]
    kept: list[Signal]
    instructions: Instructions
    dt: float

    def lay_out(self, signals: LaneSignals) -> np.ndarray:
        """Make the array of all vectors, one after another; its signals live there from now on."""
        lanes = signals.lanes
        vectors = aligned(np.zeros(lanes * sum(content.size for content in self.places)))
        for content, place in self.places.items():
            if isinstance(content, Signal):
                signals.move(content, vectors[lanes * place : lanes * (place + content.size)])
        return vectors

    def reads(self) -> set[Signal]:
        """Find what the steady vectors depend on."""
        steady = [content for content in self.places if isinstance(content, Steady)]
        return set().union(*(content.reads for content in steady))

    def prepare(self, signals: LaneSignals, vectors: np.ndarray) -> None:
        """Compute the steady vectors."""
        for content, place in self.places.items():
            if isinstance(content, Steady):
                part = vectors[signals.lanes * place : signals.lanes * (place + content.size)]
                part.reshape(signals.lanes, content.size)[...] = content.values(signals)

    def follow(
        self,
        kernel: Kernel,
        signals: LaneSignals,
        vectors: np.ndarray,
        channels: Channels,
        n_steps: int,
    ) -> dict[Signal, np.ndarray]:
        """Make some steps in one go.

        Parameters
        ----------
        kernel : Kernel
        signals : LaneSignals
        vectors : (n,) float64 array
            From `lay_out`, prepared; overwritten with what is after the last step.
        channels : Channels
            At the first step.
        n_steps : int

        Returns
        -------
        kept : dict of {Signal: (lanes, n_steps, size) array}
        """
        lanes = signals.lanes
        step, time = signals[self.clock.step], signals[self.clock.time]
        times = [((step + (k + 1)) * self.dt).item() for k in range(n_steps)]
        stretch = Stretch(
            lanes=lanes,
            n_steps=n_steps,
            vectors=vectors,
            received=_join([receiver.values(times) for receiver in self.receivers]),
            kept=np.empty(n_steps * lanes * sum(signal.size for signal in self.kept)),
            spikes=channels.spikes,
            first_step=channels.step,
        )
        kernel.follow(self.instructions, stretch)
        step[...] += n_steps
        time[...] = step * self.dt
        kept, start = {}, 0
        for signal in self.kept:
            values = stretch.kept[start : start + n_steps * lanes * signal.size]
            kept[signal] = values.reshape(n_steps, lanes, signal.size).swapaxes(0, 1)
            start += values.size
        return kept


def _join(arrays: list[np.ndarray]) -> np.ndarray:
    """Put arrays one after another."""
    flat = [np.asarray(array, dtype=np.float64).ravel() for array in arrays]
    return flat[0] if len(flat) == 1 else np.concatenate([np.zeros(0), *flat])
