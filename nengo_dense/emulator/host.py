"""What runs beside the chip: Nengo's operators, in Nengo's order, on all lanes at once.

All operators that write one signal form a group. A group whose operators depend on their inputs
alone (`.operators.PURE`) and whose inputs did not change is skipped: during a presentation the
input is constant, and so is everything computed from it without neurons or synapses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from nengo.builder import Model
from nengo.builder.operator import Operator
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph

from nengo_dense.emulator.operators import PURE, Step, make_step
from nengo_dense.emulator.process import ProcessSteps
from nengo_dense.emulator.signals import LaneSignals


@dataclass
class OperatorGroup:
    """Operators that are skipped or run together.

    Attributes
    ----------
    operators : list of Operator
        In Nengo's order.
    reads, writes : set of Signal
        Bases of the signals.
    pure : bool
        Whether the group may be skipped if no signal that it reads changed.
    steps : list of Step
    done : int
        When it last ran, counted as in `Host`.
    """

    operators: list[Operator]
    reads: set[Signal]
    writes: set[Signal]
    pure: bool
    steps: list[Step]
    done: int = -1


class Host:
    """One of nengo-loihi's host models, in all lanes.

    Parameters
    ----------
    model : nengo.builder.Model
    lanes : int
    sources : list of Signal
        Outputs of nodes without input, which data may replace.
    processes : ProcessSteps
    """

    def __init__(
        self, model: Model, lanes: int, sources: Sequence[Signal], processes: ProcessSteps
    ) -> None:
        self.model = model
        self._processes = processes
        order = [
            op
            for op in toposort(operator_dependency_graph(model.operators))
            if hasattr(op, "make_step")
        ]
        self._order = order
        self.signals = LaneSignals(
            model.operators, lanes, changing=sources, shared=(model.step, model.time)
        )
        self._groups = group_operators(order)
        self._written_by = {signal: group for group in self._groups for signal in group.writes}

    def reset(self, seed: int) -> None:
        """Return to the state before the first step, with fresh random numbers."""
        rng = np.random.RandomState(seed)
        self.signals.reset()
        steps = {}
        for op in self._order:
            make = self._processes.make_step if type(op) is SimProcess else make_step
            steps[op] = make(op, self.signals, self.model.dt, rng)
        for group in self._groups:
            group.steps = [steps[op] for op in group.operators]
            group.done = -1
        self._now = 0
        self._changed: dict[Signal, int] = dict.fromkeys(self.signals, 0)
        self._replaced: set[int] = set()

    def replace(self, signals: Sequence[Signal]) -> None:
        """Stop writing signals for a run, because the caller will.

        Signals that are constant otherwise return to their value if they are not replaced.
        """
        self._replaced = {
            id(self._written_by[signal.base])
            for signal in signals
            if signal.base in self._written_by
        }

    def restore(self, signal: Signal) -> None:
        """Give a signal that no operator writes its initial value."""
        if signal.base not in self._written_by:
            self.signals[signal][...] = signal.initial_value
        self.touch(signal)

    def touch(self, signal: Signal) -> None:
        """Note that the caller changed a signal."""
        self._now += 1
        self._changed[signal.base] = self._now

    def step(self) -> None:
        """Advance by one step."""
        with np.errstate(invalid="raise", divide="ignore"):
            for group in self._groups:
                if group.pure and all(self._changed[s] <= group.done for s in group.reads):
                    continue
                if id(group) in self._replaced:
                    continue
                self._run(group)

    def _run(self, group: OperatorGroup) -> None:
        results = [step() for step in group.steps]
        self._now += 1
        group.done = self._now
        if not all(result is False for result in results):
            for signal in group.writes:
                self._changed[signal] = self._now


def group_operators(order: list[Operator]) -> list[OperatorGroup]:
    """Group operators by what they write, in an order in which the groups can run whole.

    If there is none (two signals that are written in parts, each from parts of the other), every
    operator is a group of its own and none is ever skipped.
    """
    number_of = _number_groups(order)
    members: dict[int, list[Operator]] = {}
    for op in order:
        members.setdefault(number_of[op], []).append(op)
    after: dict[int, set[int]] = {number: set() for number in members}
    for op, followers in operator_dependency_graph(order).items():
        after[number_of[op]] |= {number_of[f] for f in followers} - {number_of[op]}
    try:
        return [_make_group(members[number]) for number in toposort(after)]
    except ValueError:
        singles = [_make_group([op]) for op in order]
        for group in singles:
            group.pure = False
        return singles


def _number_groups(order: list[Operator]) -> dict[Operator, int]:
    """Give operators that write the same signal the same number (union-find)."""
    parent = list(range(len(order)))

    def find(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    owner: dict[Signal, int] = {}
    for number, op in enumerate(order):
        for signal in op.sets + op.incs + op.updates:
            other = owner.setdefault(signal.base, number)
            parent[find(number)] = find(other)
    return {op: find(number) for number, op in enumerate(order)}


def _make_group(operators: list[Operator]) -> OperatorGroup:
    reads = {signal.base for op in operators for signal in op.reads}
    writes = {signal.base for op in operators for signal in op.sets + op.incs + op.updates}
    begun = {signal for op in operators for signal in op.sets}
    pure = (
        all(type(op) in PURE for op in operators)
        and not reads & writes
        # an increment without a set accumulates from step to step
        and all(signal in begun or signal.base in begun for op in operators for signal in op.incs)
    )
    return OperatorGroup(operators, reads, writes, pure, [])
