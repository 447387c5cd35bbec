"""The links are those of nengo-loihi's own splitter, with names."""

import warnings

import nengo
import nengo_loihi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nengo_dense.checks.facts.connectivity import graph
from nengo_dense.checks.naming import Names
from nengo_dense.checks.untouched import untouched
from nengo_dense.loihi.membership import base


def links(net):
    with untouched(net):
        found = graph.compute(net)
    return sorted((str(base(link.pre)), str(base(link.post))) for link in found.links)


def nengo_loihi_s(net):
    with untouched(net), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "Combining two Lowpass synapses"
        split = nengo_loihi.builder.network.Split(net)
    conns = (set(net.all_connections) | split.passthrough.to_add) - split.passthrough.to_remove
    return sorted((str(base(conn.pre)), str(base(conn.post))) for conn in conns)


@settings(max_examples=40)
@given(data=st.data())
def test_links_equal_the_splitter_s(data):
    with nengo.Network(seed=0) as net:
        ensembles = [nengo.Ensemble(2, 2, label=f"e{i}") for i in range(3)]
        nodes = [nengo.Node(size_in=2, label=f"n{i}") for i in range(4)]
        ends = ensembles + nodes
        n = data.draw(st.integers(1, 9))
        for _ in range(n):
            pre, post = data.draw(st.sampled_from(ends)), data.draw(st.sampled_from(ends))
            part = data.draw(st.sampled_from([slice(None), slice(0, 1), slice(1, 2)]))
            init = data.draw(st.sampled_from([np.eye(2), np.array([[1.0, 0], [0, 0]]), None]))
            if part != slice(None) or init is None:
                nengo.Connection(pre[part], post[part], synapse=None)
            else:
                nengo.Connection(pre, post, transform=init, synapse=None)
        for node in nodes:
            if data.draw(st.booleans()):
                nengo.Probe(node)
    nengo_loihi.add_params(net)
    for ensemble in ensembles:
        net.config[ensemble].on_chip = data.draw(st.booleans())
    assert links(net) == nengo_loihi_s(net)


def test_what_the_host_sends_back_is_found_through_any_number_of_its_objects():
    with nengo.Network(seed=0) as net:
        sender, *others = (
            nengo.Node(lambda t, x: x, size_in=1, label=label) for label in ("sender", "x", "y")
        )
        near, far, behind = (nengo.Ensemble(2, 1, label=label) for label in ("near", "far", "on"))
        for pre, post in (
            (sender, near), (sender, others[0]), (others[0], others[1]), (others[1], far),
            (others[1], sender), (far, behind),
        ):  # fmt: skip
            nengo.Connection(pre, post)
    with untouched(net):
        found = graph.compute(net)
    assert found.reentries(sender) == [near, far]
    assert found.reentries(others[1]) == [far, near]


def test_ring_of_passthrough_nodes_stays():
    with nengo.Network(seed=0) as net:
        a, b = nengo.Node(size_in=1, label="a"), nengo.Node(size_in=1, label="b")
        ens = nengo.Ensemble(2, 1, label="ens")
        nengo.Connection(ens, a)
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(b, a, synapse=0.1)
        nengo.Connection(b, ens)
    assert links(net) == nengo_loihi_s(net)
    assert len(links(net)) == 4


@pytest.mark.parametrize(
    "pick, name",
    [
        (lambda net: net, "top"),
        (lambda net: net.ensembles[0], "labelled"),
        (lambda net: net.ensembles[1], "held"),
        (lambda net: net.ensembles[2], "listed[0]"),
        (lambda net: net.ensembles[3], "ensembles[3]"),
        (lambda net: net.networks[0].ensembles[0], "sub.inner"),
        (lambda net: net.networks[0].ensembles[1], "sub"),
        (lambda net: net.ensembles[4], "labelled (ensembles[4])"),
        (lambda net: net.ensembles[1].neurons, "held.neurons"),
        (lambda net: net.ensembles[1][:1], "held[:1]"),
        (lambda net: net.ensembles[1][[0, 0]], "held[0, 0]"),
        (lambda net: net.ensembles[1].neurons[::-1], "held.neurons[::-1]"),
        (lambda net: net.ensembles[1].neurons[[0, 1, 0, 1]], "held.neurons[0, 1, 0, 1]"),
        (lambda net: net.ensembles[1].neurons[[0, 1, 0, 1, 0]], "held.neurons[...]"),
        (lambda net: net.connections[0], "held.neurons -> sub.inner"),
        (lambda net: net.connections[1], "wire"),
        (lambda net: net.connections[2].learning_rule, "learner.learning_rule"),
    ],
)
def test_objects_are_called_as_their_author_calls_them(pick, name):
    with nengo.Network(label="top") as net:
        nengo.Ensemble(2, 1, label="labelled")
        net.held = nengo.Ensemble(2, 1)
        net.listed = [nengo.Ensemble(2, 1)]
        nengo.Ensemble(2, 1)
        nengo.Ensemble(2, 1, label="labelled")
        with nengo.Network(label="sub") as sub:
            sub.inner = nengo.Ensemble(2, 1)
            nengo.Ensemble(2, 1, label="sub")
        nengo.Connection(net.held.neurons, sub.inner, transform=np.ones((1, 2)))
        nengo.Connection(net.held, sub.inner, label="wire")
        nengo.Connection(
            net.held, sub.inner, label="learner", learning_rule_type=nengo.PES(), synapse=0.1
        )
    assert Names(net)(pick(net)) == name
    with net:
        net.add(sub)  # once more
    assert Names(net)(pick(net)) == name
