"""Operators that run or are skipped together."""

from collections.abc import Iterable
from dataclasses import dataclass

from nengo.builder.operator import Operator
from nengo.builder.signal import Signal
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph

from nengo_dense.emulator.host.operators import Step, has_effect, is_pure


@dataclass(eq=False)
class OperatorGroup:
    """Operators that run, or are skipped, together.

    Attributes
    ----------
    operators : list of Operator
        In Nengo's order.
    reads, writes : set of Signal
        The signals that the group reads and writes (for a view, its base).
    pure : bool
        Whether the group may be skipped if no signal that it reads has changed.
    steps : list of Step
    done : int
        Time of its last run, in the count of `.host.Host`.
    """

    operators: list[Operator]
    reads: set[Signal]
    writes: set[Signal]
    pure: bool
    steps: list[Step]
    done: int = -1


def group_operators(order: list[Operator]) -> list[OperatorGroup]:
    """Group operators that write the same signal; sort the groups so that each can run as a whole.

    There may be no such order: two signals may be written in parts, each from parts of the other.
    Then every operator is its own group, and none is skipped.
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
        all(is_pure(op) for op in operators)
        and not reads & writes
        # an increment without a set accumulates from step to step
        and all(signal in begun or signal.base in begun for op in operators for signal in op.incs)
    )
    return OperatorGroup(operators, reads, writes, pure, [])


def live_groups(groups: list[OperatorGroup], probed: Iterable[Signal]) -> list[OperatorGroup]:
    """Leave out unused groups: those without a side effect whose results nothing reads.

    Parameters
    ----------
    groups : list of OperatorGroup
    probed : iterable of Signal
    """
    seen = {signal.base for signal in probed}
    live: set[int] = set()
    while True:
        added = [
            group
            for group in groups
            if id(group) not in live
            and (group.writes & seen or any(has_effect(op) for op in group.operators))
        ]
        if not added:
            return [group for group in groups if id(group) in live]
        for group in added:
            live.add(id(group))
            seen |= group.reads
