"""Hosts that do nothing but fire, filter, add and pass on are instructions; others are not."""

import nengo
import numpy as np
import pytest
from host_network import make_network
from nengo.builder.signal import Signal

from nengo_dense.emulator import Simulator
from nengo_dense.emulator.host.translation import Act, _add_both, _filter_received
from nengo_dense.loihi.kernel.instruction import Kind


def plans_of(net):
    with Simulator(net, progress_bar=False, kernel="numpy") as sim:
        return {name: host.plan for name, host in sim._machine.blocks[0].hosts.items()}


def kinds(plan):
    return [instruction.kind.name for instruction in plan.instructions.read()]


def test_neurons_that_only_the_chip_listens_to_fire_and_send():
    plan = plans_of(make_network())["host_pre"]
    (instruction,) = plan.instructions.read()
    assert (instruction.kind, instruction.size) == (Kind.FIRE_AND_SEND, 6)
    assert instruction.a == 0.5 / 0.001
    assert not plan.kept
    assert plan.steady


def test_a_readout_is_filters_and_a_sum():
    plan = plans_of(make_network())["host"]
    assert sorted(kinds(plan)) == sorted(
        ["FILTER_RECEIVED", "FILTER_RECEIVED", "ADD_BOTH", "ADD", "KEEP"]
    )
    assert len(plan.receivers) == 2
    assert [signal.size for signal in plan.kept] == [2]


def test_a_filter_is_read_before_it_goes_on_as_in_nengo():
    order = kinds(plans_of(make_network())["host"])
    assert order.index("FILTER_RECEIVED") > max(order.index("ADD"), order.index("ADD_BOTH"))


def vectors(n):
    return [Signal(np.zeros(3), name=str(i)) for i in range(n)]


def test_what_is_received_is_only_filtered_as_it_is_read_if_nothing_else_reads_it():
    received, filtered, state, total = vectors(4)
    receive, low_pass = (
        Act(Kind.RECEIVE, 3, received),
        Act(Kind.FILTER, 3, filtered, received, state),
    )
    (joined,) = _filter_received([receive, low_pass])
    assert (joined.kind, joined.source) == (Kind.FILTER_RECEIVED, received)
    for other in (Act(Kind.KEEP, 3, source=received), Act(Kind.ADD, 3, total, received)):
        acts = [receive, low_pass, other]
        assert _filter_received(acts) == acts
    part = Act(Kind.FILTER, 2, filtered, received[1:], state)
    assert _filter_received([receive, part]) == [receive, part]


def test_two_sources_are_added_at_once_if_they_stay_as_they_are_until_then():
    total, one, other, state, more = vectors(5)
    begin = Act(Kind.SET, 3, total)
    adds = [Act(Kind.ADD, 3, total, source) for source in (one, other, more)]
    both, last = _add_both([begin, *adds])
    assert (both.kind, both.source, both.state) == (Kind.ADD_BOTH, one, other)
    assert last is adds[2]
    for between in (
        Act(Kind.FILTER, 3, one, more, state),
        Act(Kind.FILTER, 3, more, other, one),
        Act(Kind.KEEP, 3, source=total),
    ):
        acts = [begin, adds[0], between, adds[1]]
        assert _add_both(acts) == acts
    part = [begin, Act(Kind.ADD, 2, total, more[1:]), adds[1]]
    assert _add_both(part) == part
    assert _add_both([begin, adds[0]]) == [begin, adds[0]]


def test_parts_of_a_population_are_sent_without_a_copy():
    plan = plans_of(make_network(parts=True))["host_pre"]
    fire, *sends = plan.instructions.read()
    assert fire.kind == Kind.FIRE
    assert sorted((i.kind, i.size, i.width, i.first, i.column) for i in sends) == [
        (Kind.SEND, 3, 6, 1, 0),
        (Kind.SEND, 6, 6, 0, 3),
    ]
    assert {i.source for i in sends} == {fire.target}


def test_what_is_probed_is_kept_and_its_neurons_fire_apart_from_sending():
    net = make_network()
    with net:
        nengo.Probe(net.hidden.neurons)
        nengo.Probe(net.hidden.neurons, "voltage")
    assert kinds(plans_of(net)["host_pre"]) == ["FIRE", "SEND", "KEEP", "KEEP"]


@pytest.mark.parametrize(("twice", "expected"), [(False, "FIRE_SEND_AND_ADD"), (True, "FIRE")])
def test_neurons_whose_output_is_only_summed_do_all_at_once(twice, expected):
    net = make_network(parts=twice)
    with net:
        nengo.Probe(net.hidden.neurons)
    with Simulator(net, progress_bar=False, keep_history=False, kernel="numpy") as sim:
        plan = sim._machine.blocks[0].hosts["host_pre"].plan
    first = next(plan.instructions.read())
    assert first.kind.name == expected
    (total,) = plan.totals.values()
    assert twice or plan.places[total] == first.target + first.size


def test_a_copy_that_is_probed_is_made():
    net = make_network()
    with net:
        copy = nengo.Node(size_in=6)
        nengo.Connection(net.hidden.neurons, copy, synapse=None)
        nengo.Probe(copy)
    assert sorted(kinds(plans_of(net)["host_pre"])) == ["ADD", "FIRE", "KEEP", "SEND", "SET"]


def test_a_source_that_computes_must_be_replaced():
    net = make_network()
    net.source.output = lambda t: np.full(3, t)
    assert len(plans_of(net)["host_pre"].sources) == 1
    assert not plans_of(make_network())["host_pre"].sources


def add_function(net):
    node = nengo.Node(lambda t, x: x, size_in=6)
    nengo.Connection(net.hidden.neurons, node, synapse=None)


def add_strided_probe(net):
    nengo.Probe(net.hidden.neurons[::2])


def add_alpha(net):
    node = nengo.Node(size_in=6)
    nengo.Connection(net.hidden.neurons, node, synapse=nengo.Alpha(0.01))
    nengo.Probe(node)


def add_product(net):
    node = nengo.Node(size_in=1)
    nengo.Connection(net.hidden.neurons, node, transform=np.ones((1, 6)), synapse=0.01)
    nengo.Probe(node)


@pytest.mark.parametrize("add", [add_function, add_strided_probe, add_alpha, add_product])
def test_a_host_that_does_anything_else_has_no_plan(add):
    net = make_network()
    with net:
        add(net)
    assert plans_of(net)["host_pre"] is None


@pytest.mark.parametrize("arguments", [{"name": "lif"}, {"synapse": 0.01}])
def test_neurons_that_no_instruction_runs_have_no_plan(arguments):
    assert plans_of(make_network(**arguments))["host_pre"] is None


@pytest.mark.parametrize("summed", [False, True])
def test_neurons_whose_voltage_is_probed_do_not_run_ahead_of_it(summed):
    net = make_network()
    with net:
        nengo.Probe(net.hidden.neurons, "voltage")
    with Simulator(net, progress_bar=False, keep_history=not summed, kernel="numpy") as sim:
        plan = sim._machine.blocks[0].hosts["host_pre"].plan
    assert kinds(plan) == ["FIRE", "SEND", "ADD" if summed else "KEEP"]
