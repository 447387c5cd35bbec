"""Ways through a network, walked by hand."""

import nengo
import nengo_loihi
import numpy as np
import pytest

from nengo_dense.checks.facts.connectivity import graph
from nengo_dense.checks.facts.way import Ways
from nengo_dense.checks.untouched import untouched


@pytest.fixture
def net():
    """``source -> a -> b <-> c -> out``, ``a -> d``, ``one -> out``, and ``e`` alone."""
    with nengo.Network(seed=0) as net:
        net.source = nengo.Node([0.5])
        net.one = nengo.Node([1.0])
        net.a, net.b, net.c, net.d, net.e = (nengo.Ensemble(4, 1, label=name) for name in "abcde")
        net.out = nengo.Node(lambda t, x: None, size_in=1)
        for pre, post in (
            (net.source, net.a),
            (net.a, net.b),
            (net.b, net.c),
            (net.c, net.b),
            (net.c, net.out),
            (net.a, net.d),
            (net.one, net.out),
        ):
            nengo.Connection(pre, post)
    return net


def ways(net):
    with untouched(net):
        return Ways(graph.compute(net))


def test_reach_goes_along_the_links_and_past_nothing_closed(net):
    found = ways(net)
    assert found.reach([net.a]) == {net.a, net.b, net.c, net.d, net.out}
    assert found.reach([net.a], frozenset([net.c])) == {net.a, net.b, net.d}
    assert found.reach([net.a], frozenset([net.a])) == set()
    assert found.reach([net.e]) == {net.e}


def test_ways_begin_where_nothing_arrives(net):
    assert set(ways(net).beginnings()) == {net.source, net.one}


def test_ways_end_where_nothing_goes_on(net):
    assert sorted(map(str, ways(net).ends())) == sorted(map(str, [{net.d}, {net.out}]))


def test_loop_is_one_end(net):
    net.connections.pop(4)  # c -> out
    ends = ways(net).ends()
    assert {net.b, net.c} in ends
    assert {net.out} in ends  # of the host's own link
    assert len(ends) == 3


def test_neighbourhood_goes_both_ways(net):
    found = ways(net)
    assert found.neighbourhood(net.out) == set(net.all_objects) - {net.e, *net.connections}
    with net:
        other = nengo.Ensemble(4, 1)
        nengo.Connection(net.e, other)
    assert ways(net).neighbourhood(other) == {net.e, other}


def test_only_what_passes_the_chip_is_carried(net):
    found = ways(net)
    assert found.over_the_chip() == {net.a, net.b, net.c, net.d, net.out}
    assert found.over_the_chip(frozenset([net.c])) == {net.a, net.b, net.d}
    nengo_loihi.add_params(net)
    net.config[net.a].on_chip = False
    assert ways(net).over_the_chip(frozenset([net.b])) == {net.d}


def test_errors_that_teach_lead_nowhere(net):
    with net:
        learned = nengo.Connection(
            net.a, net.out, function=np.square, learning_rule_type=nengo.PES()
        )
        error = nengo.Node(size_in=1)
        nengo.Connection(net.source, error)
        nengo.Connection(error, learned.learning_rule)
    found = ways(net)
    assert learned.learning_rule not in found.objects
    assert found.reach([error]) == {error}


def test_network_without_links_has_no_ways():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1)
    found = ways(net)
    assert found.ends() == []
    assert found.beginnings() == []
    assert found.over_the_chip() == set()
