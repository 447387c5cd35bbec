"""Many steps of a readout in one go: what the chip sent, filtered and passed on.

A host that only receives values from the chip, filters them with first-order synapses, adds
them up and is probed can be run for as many steps as the chip has run. The arithmetic is that of
Nengo's operators, number by number; only Python is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from nengo.builder.operator import Copy, DotInc, Reset, TimeUpdate
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.synapses import LinearFilter

from nengo_dense.emulator.host.channel import Receiver
from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.contract import Follow


class Kind(IntEnum):
    """What an instruction does with its target."""

    RECEIVE = 0  #: set it to what the chip sent
    FILTER = 1  #: set it to ``state = a * state + b * source``
    SET = 2  #: set it to ``a``
    ADD = 3  #: add the source, or a constant
    STORE = 4  #: keep the source for a probe


@dataclass(frozen=True)
class Instruction:
    """One thing done in every step, to all numbers of a signal."""

    kind: Kind
    target: Signal
    source: Signal | None = None
    state: Signal | None = None
    receiver: Receiver | None = None
    constant: np.ndarray | None = None
    a: float = 0.0
    b: float = 0.0


@dataclass(frozen=True)
class Readout:
    """A host as instructions.

    Attributes
    ----------
    clock : TimeUpdate
    instructions : list of Instruction
        In Nengo's order.
    """

    clock: TimeUpdate
    instructions: list[Instruction]


def find_readout(
    groups: list[OperatorGroup],
    receivers: Mapping[int, Receiver],
    probed: Iterable[Signal],
    dt: float,
) -> Readout | None:
    """Describe a host as instructions, if it is only a readout (as long as no data is fed to it).

    Parameters
    ----------
    groups : list of OperatorGroup
        In their order.
    receivers : dict of {int: Receiver}
        By ``id`` of the process in their place.
    probed : iterable of Signal
        Signals of the host's probes.
    dt : float
        Step in seconds.
    """
    clock = None
    changing = {signal for group in groups for signal in group.writes}
    instructions: list[Instruction] = []
    for op in (op for group in groups for op in group.operators):
        if type(op) is TimeUpdate:
            clock = op
            continue
        instruction = _as_instruction(op, receivers, changing, dt)
        if instruction is None:
            return None
        instructions.append(instruction)
    instructions += [Instruction(Kind.STORE, signal, source=signal) for signal in probed]
    used = [s for i in instructions for s in (i.target, i.source) if s is not None]
    plain = all(s.dtype == np.float64 and s.ndim == 1 and not s.is_view for s in used)
    written = {i.target for i in instructions if i.kind != Kind.STORE}
    receives = any(i.receiver is not None for i in instructions)
    if clock is None or not receives or not plain or not written.issuperset(used):
        return None
    return Readout(clock, instructions)


def _as_instruction(
    op: Any, receivers: Mapping[int, Receiver], changing: set[Signal], dt: float
) -> Instruction | None:
    """Turn an operator into an instruction, if it is of a kind that can be followed."""
    if type(op) is Reset:
        return Instruction(Kind.SET, op.dst, a=op.value)
    if type(op) is DotInc and op.A.ndim == 2 and not {op.A.base, op.X.base} & changing:
        product = np.dot(op.A.initial_value, op.X.initial_value)  # of a bias and its weights
        return Instruction(Kind.ADD, op.Y, constant=product)
    if type(op) is Copy and op.inc and op.src_slice is None and op.dst_slice is None:
        same = op.src.shape == op.dst.shape
        return Instruction(Kind.ADD, op.dst, source=op.src) if same else None
    if type(op) is not SimProcess:
        return None
    if id(op.process) in receivers and op.mode == "set":
        return Instruction(Kind.RECEIVE, op.output, receiver=receivers[id(op.process)])
    linear = type(op.process).make_step is LinearFilter.make_step
    if not linear or op.mode != "update" or list(op.state) != ["X"] or op.input is None:
        return None
    state = np.zeros(op.state["X"].shape)
    step = op.process.make_step(op.input.shape, op.output.shape, dt, None, {"X": state})
    if type(step) not in (LinearFilter.OneX, LinearFilter.OneXScalar):
        return None
    return Instruction(
        Kind.FILTER, op.output, source=op.input, state=op.state["X"], a=step.a, b=step.b
    )


def run_readout(
    readout: Readout, signals: LaneSignals, dt: float, n_steps: int, follow: Follow
) -> list[np.ndarray]:
    """Run a readout for some steps.

    Returns
    -------
    kept : list of (lanes, n_steps, size) array
        Of each probed signal.
    """
    lanes = signals.lanes
    places, work = _lay_out(readout.instructions, signals)
    step, time = signals[readout.clock.step], signals[readout.clock.time]
    times = [((step + (k + 1)) * dt).item() for k in range(n_steps)]
    received: list[np.ndarray] = []
    program, factors, n_received, n_kept, kept = [], [], 0, 0, []
    for i in readout.instructions:
        size = i.target.size
        source = places.get(_source_key(i), 0)
        target = places[i.target]
        if i.receiver is not None:
            values = i.receiver.values(times)
            received.append(np.asarray(values, dtype=np.float64).ravel())
            source, n_received = n_received, n_received + values.size
        if i.kind == Kind.STORE:
            kept.append((n_kept, size))
            target, n_kept = n_kept, n_kept + n_steps * lanes * size
        program.append([i.kind, target, source, places.get(i.state, 0), size])
        factors.append([i.a, i.b])
    store = np.empty(n_kept)
    follow(
        lanes,
        n_steps,
        work,
        np.concatenate(received) if len(received) > 1 else received[0],
        store,
        np.array(program, dtype=np.uint64),
        np.array(factors),
    )
    for signal, place in places.items():
        if isinstance(signal, Signal):
            array = signals[signal]
            array[...] = work[place : place + array.size].reshape(array.shape)
    step[...] += n_steps
    time[...] = step * dt
    return [
        store[place : place + n_steps * lanes * size].reshape(n_steps, lanes, size).swapaxes(0, 1)
        for place, size in kept
    ]


def _source_key(instruction: Instruction) -> Any:
    """Say by what `_lay_out` knows an instruction's source: a signal, or a constant of its own."""
    return instruction.source if instruction.constant is None else id(instruction)


def _lay_out(
    instructions: list[Instruction], signals: LaneSignals
) -> tuple[dict[Any, int], np.ndarray]:
    """Put every signal, state and constant into one long array; also return where each begins."""
    values: dict[Any, np.ndarray] = {}
    for i in instructions:
        for signal in (i.target, i.source, i.state):
            if signal is not None:
                values[signal] = signals[signal]
        if i.constant is not None:
            values[_source_key(i)] = np.tile(i.constant, signals.lanes)
    ends = np.cumsum([array.size for array in values.values()]).tolist()
    places = dict(zip(values, [0, *ends[:-1]], strict=True))
    return places, np.concatenate([array.ravel() for array in values.values()], dtype=np.float64)
