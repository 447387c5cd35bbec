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
from nengo_dense.emulator.kernel.contract import Follow


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
    places, n_work = _place(readout.instructions, lanes)
    step, time = signals[readout.clock.step], signals[readout.clock.time]
    work = np.empty(n_work)
    for signal, place in places.items():
        if isinstance(signal, Signal):
            work[place : place + lanes * signal.size] = signals[signal].ravel()
    received: list[np.ndarray] = []
    program, factors, n_received, n_kept, kept = [], [], 0, 0, []
    for instruction in readout.instructions:
        size = instruction.target.size
        source = 0 if instruction.source is None else places[instruction.source]
        target = 0 if instruction.kind == Kind.STORE else places[instruction.target]
        state = 0 if instruction.state is None else places[instruction.state]
        if instruction.constant is not None:
            source = places[id(instruction)]
            work[source : source + lanes * size] = np.tile(instruction.constant, lanes)
        if instruction.receiver is not None:
            times = [((step + (k + 1)) * dt).item() for k in range(n_steps)]
            values = instruction.receiver.values(times)
            received.append(np.asarray(values, dtype=np.float64).ravel())
            source, n_received = n_received, n_received + values.size
        if instruction.kind == Kind.STORE:
            kept.append((n_kept, size))
            target, n_kept = n_kept, n_kept + n_steps * lanes * size
        program.append([instruction.kind, target, source, state, size])
        factors.append([instruction.a, instruction.b])
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


def _place(
    instructions: list[Instruction], lanes: int
) -> tuple[dict[Signal | int, int], int]:
    """Give every signal, state and constant (by its instruction) a place in one long array."""
    places: dict[Signal | int, int] = {}
    n_work = 0
    for instruction in instructions:
        keys: list[Any] = [instruction.target, instruction.source, instruction.state]
        keys.append(None if instruction.constant is None else id(instruction))
        for key in keys:
            if key is not None and key not in places:
                places[key] = n_work
                n_work += lanes * (key.size if isinstance(key, Signal) else instruction.target.size)
    return places, n_work
