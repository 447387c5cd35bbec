"""Many steps of a host layer in one go, while its input does not change.

During a presentation the first layer's input current is constant, and all that its neurons do is
send spikes to the chip. A host whose only changing parts are such neurons can be run for as long
as the data stays the same, without a step of Nengo's operators. The neurons' arithmetic is the
same, number by number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import Copy, Operator, Reset, SimPyFunc, TimeUpdate
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.channel import ErrorSender, SpikeSender
from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel.contract import Fire

#: Neuron types that can be run ahead, by module and name: whether negative currents count, and
#: whether a spike takes one from the voltage (or resets it to zero).
KINDS = {
    ("nengo.neurons", "SpikingRectifiedLinear"): (False, True),
    ("nengo.neurons", "RegularSpiking"): (True, True),
    ("nengo_loihi.neurons", "LoihiSpikingRectifiedLinear"): (True, False),
}


@dataclass
class Firing:
    """A population that only sends spikes to the chip.

    Attributes
    ----------
    op : SimNeurons
    signed, subtracts : bool
        See `KINDS`.
    senders : list of (SpikeSender, slice)
        With the neurons that each sends.
    """

    op: SimNeurons
    signed: bool
    subtracts: bool
    senders: list[tuple[SpikeSender, slice]] = field(default_factory=list)


@dataclass
class Burst:
    """What has to be done to run a host ahead.

    Attributes
    ----------
    clock : TimeUpdate
    steady : list of OperatorGroup
        Run at most once, before the neurons.
    sources : list of OperatorGroup
        Must be replaced by data.
    firings : list of Firing
    """

    clock: TimeUpdate
    steady: list[OperatorGroup]
    sources: list[OperatorGroup]
    firings: list[Firing]


def find_burst(
    groups: list[OperatorGroup],
    senders: Mapping[int, SpikeSender | ErrorSender],
    probed: Iterable[Signal],
) -> Burst | None:
    """Find out whether a host can be run ahead.

    Parameters
    ----------
    groups : list of OperatorGroup
        In their order.
    senders : dict of {int: SpikeSender or ErrorSender}
        By ``id`` of the process in their place.
    probed : iterable of Signal
        Signals of the host's probes.

    Returns
    -------
    burst : Burst or None
    """
    clock = None
    steady: list[OperatorGroup] = []
    sources: list[OperatorGroup] = []
    firings: dict[Signal, Firing] = {}
    copies: dict[Signal, Signal] = {}
    hidden: set[Signal] = set()
    for group in groups:
        first = group.operators[0]
        if type(first) is TimeUpdate:
            clock = first
        elif _is_source(group):
            sources.append(group)
        elif group.pure and not group.reads & (firings.keys() | copies.keys()):
            steady.append(group)
        elif type(first) is SimNeurons:
            firing = _as_firing(group)
            if firing is None or group.reads & (firings.keys() | copies.keys()):
                return None
            firings[first.output] = firing
            hidden |= group.writes - {first.output}
        elif not _add_follower(group, firings, copies, senders):
            return None
    if clock is None or not firings or {s.base for s in probed} & (copies.keys() | hidden):
        return None
    return Burst(clock, steady, sources, list(firings.values()))


def _as_firing(group: OperatorGroup) -> Firing | None:
    """Describe a population, if it is of a kind that can be run ahead."""
    op: Any = group.operators[0]
    kind = KINDS.get((type(op.neurons).__module__, type(op.neurons).__name__))
    signals = [op.output, *op.state.values()]
    plain = all(s.dtype == np.float64 and s.ndim == 1 and not s.is_view for s in signals)
    if kind is None or len(group.operators) > 1 or list(op.state) != ["voltage"] or not plain:
        return None
    return Firing(op, *kind) if op.J.dtype == np.float64 and op.J.ndim == 1 else None


def _is_source(group: OperatorGroup) -> bool:
    """Whether a group computes something from time alone."""
    op = group.operators[0]
    if type(op) is SimProcess:
        return op.input is None
    return type(op) is SimPyFunc and op.x is None


def _add_follower(
    group: OperatorGroup,
    firings: dict[Signal, Firing],
    copies: dict[Signal, Signal],
    senders: Mapping[int, SpikeSender | ErrorSender],
) -> bool:
    """Note a copy of a population's output, or its sending; False if the group is neither."""
    copied = _copied(group.operators)
    if copied is not None:
        target, source = copied
        copies[target] = source
        return source.base in firings
    op: Any = group.operators[0]
    sender = senders.get(id(op.process)) if type(op) is SimProcess else None
    if not isinstance(sender, SpikeSender):
        return False
    source = copies.get(op.input, op.input)
    if source.base not in firings or source.ndim != 1 or source.elemstrides != (1,):
        return False
    part = slice(source.elemoffset, source.elemoffset + source.size)
    firings[source.base].senders.append((sender, part))
    return True


def _copied(operators: list[Operator]) -> tuple[Signal, Signal] | None:
    """Target and source, if all that a group does is to set a signal to another."""
    if len(operators) != 2 or type(operators[0]) is not Reset or type(operators[1]) is not Copy:
        return None
    reset, copy = operators
    whole = copy.src_slice is None and copy.dst_slice is None and copy.inc
    if reset.value != 0 or not whole or copy.dst is not reset.dst or copy.dst.is_view:
        return None
    return (copy.dst, copy.src) if copy.src.shape == copy.dst.shape else None


def run_firing(
    firing: Firing,
    signals: LaneSignals,
    dt: float,
    first_step: int,
    n_steps: int,
    fire: Fire,
    keep: bool,
) -> np.ndarray:
    """Run a population for some steps, and send its spikes.

    Returns
    -------
    values : (lanes, n_steps, n_neurons) array
        Its output in every step; empty unless ``keep``.
    """
    op = firing.op
    n = op.output.size
    lanes = signals.lanes
    whole = [sender for sender, part in firing.senders if part == slice(0, n)]
    if whole:
        spikes, step, column = whole[0].spikes, first_step, whole[0].part.start
    else:
        spikes, step, column = np.empty((lanes, n_steps, n), dtype=np.uint8), 0, 0
    assert spikes is not None, "Machine sets the array before the host runs"
    values = np.empty((lanes, n_steps, n) if keep else (lanes, 0, 0))
    fire(
        np.ascontiguousarray(signals[op.J]),
        signals[op.state["voltage"]],
        signals[op.output],
        dt,
        op.neurons.amplitude / dt,
        firing.signed,
        firing.subtracts,
        n_steps,
        spikes,
        step,
        column,
        values,
    )
    fired = spikes[:, step : step + n_steps, column : column + n]
    for sender, part in firing.senders:
        if sender not in whole[:1]:
            assert sender.spikes is not None, "Machine sets the array before the host runs"
            sender.spikes[:, first_step : first_step + n_steps, sender.part] = fired[..., part]
    return values
