"""A network that leads out of itself is refused, and the way out is said."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError

from nengo_dense.emulator import Simulator
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.membership import strangers

REST = {"voltage": nengo.dists.Choice([0])}
WAY_OUT = r"which is not part of this network. .* add its stack there: with net: net.add\(stack\)"


@pytest.fixture
def forgotten():
    """A stack that is in no network, and a network with an input and neurons."""
    stack = DenseStack([6, 5, 3], 4, seed=0)
    with nengo.Network(seed=0) as network:
        source = nengo.Node(np.ones(4), label="source")
        nengo.Ensemble(5, 1, neuron_type=nengo.SpikingRectifiedLinear(initial_state=REST))
    return network, source, stack


def test_a_stack_that_was_not_added_is_named(forgotten):
    network, source, stack = forgotten
    with network:
        nengo.Connection(source, stack.input, synapse=None)
    with pytest.raises(BuildError, match=f"to .*'input'.*, {WAY_OUT}"):
        Simulator(network, progress_bar=False)
    with network:
        network.add(stack)
    Simulator(network, progress_bar=False).close()


def test_so_is_one_that_is_only_probed(forgotten):
    network, _, stack = forgotten
    with network:
        nengo.Probe(stack.output)
    with pytest.raises(BuildError, match=f"'softmax'.*, {WAY_OUT}"):
        Simulator(network, progress_bar=False)


def test_views_neurons_and_rules_belong_to_what_they_are_of():
    with nengo.Network() as network:
        a, b = nengo.Ensemble(4, 1), nengo.Ensemble(4, 2)
        learned = nengo.Connection(a, b[1], learning_rule_type=nengo.PES())
        nengo.Connection(b[0], learned.learning_rule)
        nengo.Connection(a.neurons[:2], b.neurons[2:])
        for target in (a, b.neurons, b.neurons[1:], b[0], learned):
            nengo.Probe(target)
        nengo.Probe(learned.learning_rule, "error")
    assert list(strangers(network)) == []
    with nengo.Network() as other:
        probes = [nengo.Probe(a.neurons[1:]), nengo.Probe(learned.learning_rule, "error")]
    assert list(strangers(other)) == list(zip(probes, (a, learned), strict=True))
