"""Translate a host's operators to instructions, if all of them can be, and make its plan."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import Copy, DotInc, Operator, Reset, SimPyFunc, TimeUpdate
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.synapses import LinearFilter

from nengo_dense.emulator.host.channel import Channels, Receiver, SpikeSender
from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.operators import times
from nengo_dense.emulator.host.plan import (
    Charge,
    Content,
    Firing,
    Plan,
    Steady,
    Total,
    check_charge,
)
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Kind
from nengo_dense.neurons import known


@dataclass(frozen=True, eq=False)
class Act:
    """An instruction whose vectors do not have places yet; see `.instruction.Instruction`."""

    kind: Kind
    size: int
    target: Signal | Total | None = None
    source: Content | None = None
    state: Content | None = None
    a: float = 0.0
    b: float = 0.0
    end: SpikeSender | Receiver | None = None
    total: Total | None = None


def make_plan(
    groups: list[OperatorGroup],
    channels: Channels,
    probed: Iterable[Signal],
    dt: float,
    summed: Iterable[Signal] = (),
) -> Plan | None:
    """Make the plan of a host; None if an operator has no instruction.

    Parameters
    ----------
    groups : list of OperatorGroup
        In the order in which they run.
    channels : Channels
    probed : iterable of Signal
        Signals of the host's probes whose values are kept.
    dt : float
        Step in seconds.
    summed : iterable of Signal, optional
        Signals of those probes that only need the sum.
    """
    clock = next((op for g in groups for op in g.operators if type(op) is TimeUpdate), None)
    sources = [group for group in groups if _is_source(group, channels)]
    moving = _find_moving(groups, sources)
    kept = _moving_bases(probed, moving)
    totals = {signal: Total(signal.size) for signal in _moving_bases(summed, moving)}
    others = [g for g in groups if g not in sources and clock not in g.operators]
    steady = [group for group in others if group.pure and not group.writes & moving]
    operators = [op for group in others if group not in steady for op in group.operators]
    acts: list[Act] = []
    for op in operators:
        translate = _TRANSLATIONS.get(type(op))
        act = None if translate is None else translate(op, channels, moving, dt)
        if act is None:
            return None
        acts.append(act)
    acts += [Act(Kind.KEEP, signal.size, source=signal) for signal in kept]
    acts += [Act(Kind.ADD, total.size, total, signal) for signal, total in totals.items()]
    acts = _add_both(_filter_received(_fuse(_needed(_send_originals(acts)))))
    if clock is None or not all(map(_fits, acts)):
        return None
    places = _give_places(acts)
    instructions = _instruct(acts, places)
    return Plan(
        clock=clock,
        sources=sources,
        steady=steady,
        moving=moving,
        places=places,
        receivers=_receivers(acts),
        kept=kept,
        totals=totals,
        firing=_find_firing(acts, instructions),
        instructions=Instructions.of(instructions),
        dt=dt,
    )


def _is_source(group: OperatorGroup, channels: Channels) -> bool:
    """Whether a group computes values from time alone."""
    op: Any = group.operators[0]
    if type(op) is SimProcess:
        return op.input is None and channels.end(op.process) is None
    return type(op) is SimPyFunc and op.x is None


def _find_moving(groups: list[OperatorGroup], sources: list[OperatorGroup]) -> set[Signal]:
    """Find the signals that may change from step to step although the data does not."""
    candidates = [group for group in groups if group not in sources]
    moving: set[Signal] = set()
    while True:
        more = {
            signal
            for group in candidates
            if not group.pure or group.reads & moving
            for signal in group.writes
        }
        if more <= moving:
            return moving
        moving |= more


def _moving_bases(signals: Iterable[Signal], moving: set[Signal]) -> list[Signal]:
    """List the moving signals that signals are, or are views of, each once."""
    return list(dict.fromkeys(signal.base for signal in signals if signal.base in moving))


def _reset(op: Reset, channels: Channels, moving: set[Signal], dt: float) -> Act:
    return Act(Kind.SET, op.dst.size, op.dst, a=op.value)


def _copy(op: Copy, channels: Channels, moving: set[Signal], dt: float) -> Act | None:
    whole = op.src_slice is None and op.dst_slice is None and op.src.shape == op.dst.shape
    return Act(Kind.ADD, op.dst.size, op.dst, _read(op.src, moving)) if op.inc and whole else None


def _dot(op: DotInc, channels: Channels, moving: set[Signal], dt: float) -> Act | None:
    reads = {op.A.base, op.X.base}
    if reads & moving or op.A.ndim != 2 or op.X.ndim != 1:
        return None  # a product of moving signals needs BLAS, lane by lane

    def product(signals: LaneSignals) -> np.ndarray:
        matrix, vector = signals[op.A], signals[op.X]
        if vector.ndim == 1:
            return np.dot(matrix, vector)
        return times(matrix, vector)

    return Act(Kind.ADD, op.Y.size, op.Y, Steady(op.Y.size, reads, product))


def _neurons(op: SimNeurons, channels: Channels, moving: set[Signal], dt: float) -> Act | None:
    neuron_type: Any = op.neurons
    firing = known(neuron_type).firing
    if firing is None or list(op.state) != ["voltage"] or op.J.base in moving:
        return None

    lowest = -np.inf if firing.signed else 0.0

    def charge(signals: LaneSignals) -> np.ndarray:
        charge = np.maximum(signals[op.J], lowest) * dt
        check_charge(charge, firing.counts)
        return charge

    size, height = op.output.size, neuron_type.amplitude / dt
    source, voltage = Charge(size, {op.J.base}, charge, lowest, dt), op.state["voltage"]
    return Act(Kind.FIRE, size, op.output, source, voltage, height, float(firing.counts))


def _process(op: SimProcess, channels: Channels, moving: set[Signal], dt: float) -> Act | None:
    end = channels.end(op.process)
    if isinstance(end, SpikeSender):
        return Act(Kind.SEND, end.size, source=_read(op.input, moving), end=end)
    if isinstance(end, Receiver) and op.mode == "set":
        return Act(Kind.RECEIVE, op.output.size, op.output, end=end)
    linear = type(op.process).make_step is LinearFilter.make_step
    if end is not None or not linear or op.mode != "update" or list(op.state) != ["X"]:
        return None
    state = np.zeros(op.state["X"].shape)
    step = op.process.make_step(op.input.shape, op.output.shape, dt, None, {"X": state})
    if type(step) not in (LinearFilter.OneX, LinearFilter.OneXScalar):
        return None
    source, size = _read(op.input, moving), op.output.size
    return Act(Kind.FILTER, size, op.output, source, op.state["X"], step.a, step.b)


def _read(signal: Signal, moving: set[Signal]) -> Content:
    """Return the content that an act reads: a moving signal, or the values of a steady one."""
    if signal.base in moving:
        return signal
    return Steady(signal.size, {signal.base}, lambda signals: signals[signal])


_TRANSLATIONS: dict[type[Operator], Callable[[Any, Channels, set[Signal], float], Act | None]] = {
    Reset: _reset,
    Copy: _copy,
    DotInc: _dot,
    SimNeurons: _neurons,
    SimProcess: _process,
}


def _send_originals(acts: list[Act]) -> list[Act]:
    """Send the output of neurons directly instead of a copy of it."""
    writers: dict[Content | None, list[Act]] = {}
    for act in acts:
        writers.setdefault(act.target, []).append(act)
    fired = {act.target for act in acts if act.kind == Kind.FIRE}

    def original(content: Content | None) -> Content | None:
        written = writers.get(content, []) if isinstance(content, Signal) else []
        if [(act.kind, act.a) for act in written] != [(Kind.SET, 0), (Kind.ADD, 0)]:
            return content
        source = written[1].source
        return source if _whole(source) in fired else content

    return [
        replace(act, source=original(act.source)) if act.kind == Kind.SEND else act for act in acts
    ]


def _needed(acts: list[Act]) -> list[Act]:
    """Leave out acts whose results are neither sent, kept nor summed, directly or indirectly."""
    seen: set[Any] = set()
    while True:
        needed = [
            act
            for act in acts
            if act.kind in (Kind.SEND, Kind.KEEP)
            or isinstance(act.target, Total)
            or {_whole(act.target), act.state} & seen
        ]
        read = {_whole(content) for act in needed for content in (act.source, act.state)} - {None}
        if read <= seen:
            return needed
        seen |= read


def _fuse(acts: list[Act]) -> list[Act]:
    """Join firing, sending and a total, if nothing else reads the neurons' output or state."""
    readers: dict[Content | None, list[Act]] = {}
    for act in acts:
        readers.setdefault(_whole(act.source), []).append(act)
    fused, done = [], set()
    for act in acts:
        first, *others = readers.get(act.target, [act])
        whole = act.kind == Kind.FIRE and first.kind == Kind.SEND and first.source is act.target
        totals = [other.target for other in others if isinstance(other.target, Total)]
        if whole and len(others) == len(totals) <= 1 and act.state not in readers:
            kind = Kind.FIRE_SEND_AND_ADD if totals else Kind.FIRE_AND_SEND
            fused.append(replace(act, kind=kind, end=first.end, total=next(iter(totals), None)))
            done.update([first, *others])
        else:
            fused.append(act)
    return [act for act in fused if act not in done]


def _users(signal: Content | None, acts: list[Act]) -> list[Act]:
    """List the acts that read or write a vector, or a part of it."""
    return [
        act
        for act in acts
        if signal in (act.target, act.total, _whole(act.source), _whole(act.state))
    ]


def _filter_received(acts: list[Act]) -> list[Act]:
    """Filter what the chip sent as it is read, where nothing else reads it."""
    joined = list(acts)
    for act in acts:
        first, *others = _users(act.target, acts)
        if (act.kind, first) == (Kind.RECEIVE, act) and len(others) == 1:
            (then,) = others
            if then.kind == Kind.FILTER and then.source is act.target:
                both = replace(then, kind=Kind.FILTER_RECEIVED, end=act.end)
                joined = [both if each is then else each for each in joined if each is not act]
    return joined


def _add_both(acts: list[Act]) -> list[Act]:
    """Begin a sum with its first two sources, where these are whole and do not change between."""
    joined = list(acts)
    for act in acts:
        first, *others = _users(act.target, acts)
        if (act.kind, first) != (Kind.SET, act) or len(others) < 2:
            continue
        one, other, *_ = others
        adds = all(
            each.kind == Kind.ADD
            and each.target is act.target
            and _whole(each.source) is each.source
            for each in (one, other)
        )
        between = acts[acts.index(one) : acts.index(other)]
        if adds and not any(one.source in (each.target, each.state) for each in between):
            both = replace(act, kind=Kind.ADD_BOTH, source=one.source, state=other.source)
            joined = [both if each is other else each for each in joined]
            joined = [each for each in joined if each not in (act, one)]
    return joined


def _receivers(acts: list[Act]) -> dict[Signal, Receiver]:
    """Find what gets values from the chip."""
    found = {}
    for act in acts:
        signal = act.source if act.kind == Kind.FILTER_RECEIVED else act.target
        if isinstance(signal, Signal) and isinstance(act.end, Receiver):
            found[signal] = act.end
    return found


def _find_firing(acts: list[Act], instructions: list[Instruction]) -> list[Firing]:
    """Find the neurons that fire by a steady input, and whose voltage nothing else reads."""
    read = {_whole(act.source) for act in acts}
    read |= {_whole(act.state) for act in acts if act.kind == Kind.ADD_BOTH}
    return [
        Firing(act.source, act.state, instruction)
        for act, instruction in zip(acts, instructions, strict=True)
        if isinstance(act.source, Charge)
        and isinstance(act.state, Signal)
        and act.state not in read
    ]


def _whole(content: Content | None) -> Content | None:
    """Return the whole vector that a content is a part of, or the content itself."""
    return content.base if isinstance(content, Signal) else content


def _fits(act: Act) -> bool:
    """Whether an act's vectors can be parts of one array of float64."""
    written = [content for content in (act.target, act.state) if isinstance(content, Signal)]
    if any(signal.is_view or signal.dtype != np.float64 for signal in written):
        return False
    if isinstance(act.target, Signal) and act.target.ndim != 1:
        return False
    source = act.source
    if not isinstance(source, Signal):
        return True
    return source.dtype == source.base.dtype == np.float64 and source.elemstrides == (1,)


def _give_places(acts: list[Act]) -> dict[Content, int]:
    """Assign places to the vectors of all acts, one after another: a total's behind its target."""
    places: dict[Content, int] = {}
    size = 0
    for act in acts:
        for content in (act.target, act.total, _whole(act.source), act.state):
            if content is not None and content not in places:
                places[content] = size
                size += content.size
    return places


def _instruct(acts: list[Act], places: dict[Content, int]) -> list[Instruction]:
    """Turn acts into instructions."""
    place: dict[Content | None, int] = {None: 0, **places}
    instructions = []
    received = kept = 0
    for act in acts:
        instruction = Instruction(
            kind=act.kind,
            size=act.size,
            target=place[act.target],
            source=place[_whole(act.source)],
            state=place[act.state],
            a=act.a,
            b=act.b,
        )
        if isinstance(act.source, Signal):
            width, first = act.source.base.size, act.source.elemoffset
            instruction = instruction._replace(width=width, first=first)
        if isinstance(act.end, SpikeSender):
            instruction = instruction._replace(column=act.end.first)
        elif act.kind == Kind.RECEIVE:
            instruction = instruction._replace(source=received)
            received += act.size
        elif act.kind == Kind.FILTER_RECEIVED:
            instruction = instruction._replace(column=received)
            received += act.size
        elif act.kind == Kind.KEEP:
            instruction = instruction._replace(target=kept)
            kept += act.size
        instructions.append(instruction)
    return instructions
