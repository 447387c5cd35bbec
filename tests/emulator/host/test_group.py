"""Which operators run together, which are skipped, and which are never seen."""

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.operator import Copy, DotInc, Reset
from nengo.builder.signal import Signal
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph

from nengo_dense.emulator.host.group import group_operators, live_groups


def built(network):
    model = Model()
    model.build(network)
    order = list(toposort(operator_dependency_graph(model.operators)))
    return model, group_operators(order)


def writers(groups, signal):
    return [group for group in groups if signal.base in group.writes]


def test_all_writers_of_a_signal_are_one_group():
    with nengo.Network() as network:
        pre = [nengo.Node(1.0), nengo.Node(2.0)]
        post = nengo.Node(size_in=1)
        for node in pre:
            nengo.Connection(node, post, transform=3, synapse=None)
    model, groups = built(network)
    (group,) = writers(groups, model.sig[post]["in"])
    assert sum(type(op) is Reset for op in group.operators) == 1
    assert sum(type(op) is Copy for op in group.operators) == 2
    assert group.pure


def test_groups_come_after_what_they_read():
    with nengo.Network(seed=0) as network:
        node = nengo.Node(np.sin)
        ensemble = nengo.Ensemble(5, 1)
        output = nengo.Node(size_in=1)
        nengo.Connection(node, ensemble)
        nengo.Connection(ensemble, output, synapse=None)
    _, groups = built(network)
    place = {op: number for number, group in enumerate(groups) for op in group.operators}
    operators = [op for group in groups for op in group.operators]
    for op, followers in operator_dependency_graph(operators).items():
        for follower in followers:
            assert place[op] <= place[follower]


def test_what_accumulates_is_not_pure():
    total, part = Signal(np.zeros(2)), Signal(np.ones(2))
    (group,) = group_operators([Copy(part, total, inc=True)])
    assert not group.pure
    (group,) = group_operators([Reset(total), Copy(part, total, inc=True)])
    assert group.pure


def test_signals_written_from_parts_of_each_other_are_not_merged():
    a, b = Signal(np.zeros(2)), Signal(np.zeros(2))
    order = [Reset(a[:1]), Copy(a[:1], b[:1]), Copy(b[:1], a[1:]), Copy(a[1:], b[1:])]
    groups = group_operators(order)
    assert [group.operators for group in groups] == [[op] for op in order]
    assert not any(group.pure for group in groups)


def test_only_what_is_seen_is_live():
    x, y, z = (Signal(np.ones(2)) for _ in range(3))
    weights = Signal(np.eye(2))
    groups = group_operators([Reset(y), DotInc(weights, x, y), Reset(z), DotInc(weights, y, z)])
    assert live_groups(groups, []) == []
    assert [group.writes for group in live_groups(groups, [y])] == [{y}]
    assert [group.writes for group in live_groups(groups, [z[:1]])] == [{y}, {z}]


def test_functions_are_live_though_nobody_reads_them():
    calls = []
    with nengo.Network() as network:
        nengo.Node(lambda t: calls.append(t), size_out=0)
    _, groups = built(network)
    assert any(
        type(op).__name__ == "SimPyFunc" for g in live_groups(groups, []) for op in g.operators
    )
