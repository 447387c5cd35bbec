"""New weights and biases go into the very cores of a built network."""

import nengo
import numpy as np
import pytest
from divided_network import divided
from nengo.exceptions import BuildError, ValidationError
from numpy.testing import assert_array_equal
from same_model import assert_same_model, numbers

from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.float_model import Trouble

# the decoders of a small ensemble are weak beside its threshold
pytestmark = pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")


def test_exchanged_parameters_are_those_of_a_network_built_with_them(rng):
    bias, weights = rng.uniform(0.1, 1, 20), 0.01 * rng.normal(size=(20, 6))
    first, second = divided(decoded=False), divided(weights, decoded=False)
    second.wide.bias = bias
    floats = build_floats(first, 0.001)
    floats.set_bias(first.wide, bias)
    floats.set_weights(first.host, first.wide, weights)
    theirs = build_floats(second, 0.001)
    assert len(theirs.model.blocks) == 6
    assert_same_model(floats.model, theirs.model)
    assert_same_model(floats.integers().model, theirs.integers().model)


def test_weights_between_divided_layers_reach_every_core(rng):
    net, again = divided(), divided()
    weights = 0.01 * rng.normal(size=(30, 20))
    conn = next(c for c in again.all_connections if c.pre_obj == again.wide.neurons)
    conn.transform = weights
    floats = build_floats(net, 0.001)
    floats.set_weights(net.wide, net.last, weights)
    assert_same_model(floats.model, build_floats(again, 0.001).model)


def test_axons_that_shared_equal_weights_part_when_these_differ(rng):
    net = divided(weights=np.ones((20, 6)))
    floats = build_floats(net, 0.001)
    (synapse,) = floats.model.objs[net.wide]["in"][0].synapses
    assert len(synapse.weights) == 1  # nengo-loihi stores equal rows of a divided layer once
    weights = 0.01 * rng.normal(size=(20, 6))
    floats.set_weights(net.host, net.wide, weights)
    again = build_floats(divided(weights=weights), 0.001)
    assert_same_model(floats.model, again.model)


def test_integers_made_before_stay_as_they_are(rng):
    net = divided()
    floats = build_floats(net, 0.001)
    before = floats.integers()
    kept = [np.concatenate([w.ravel() for w in value]) for name, value in numbers(before.model)
            if name.endswith(".weights") and name.startswith("synapse")]  # fmt: skip
    floats.set_weights(net.host, net.wide, rng.normal(size=(20, 6)))
    floats.set_bias(net.wide, rng.normal(size=20))
    now = [np.concatenate([w.ravel() for w in value]) for name, value in numbers(before.model)
           if name.endswith(".weights") and name.startswith("synapse")]  # fmt: skip
    for a, b in zip(kept, now, strict=True):
        assert_array_equal(a, b)


def test_weights_of_another_shape_are_refused():
    net = divided()
    with pytest.raises(ValidationError, match=r"shape \(20, 6\) for the connection from.*host"):
        build_floats(net, 0.001).set_weights(net.host, net.wide, np.ones((6, 20)))


def test_two_connections_between_the_same_neurons_are_refused():
    net = divided()
    with net:
        nengo.Connection(net.host.neurons, net.wide.neurons, transform=np.ones((20, 6)))
    with pytest.raises(BuildError, match=r"host.*wide.*has 2 synapses on LoihiBlock"):
        build_floats(net, 0.001).set_weights(net.host, net.wide, np.ones((20, 6)))


def test_neurons_that_are_not_connected_are_refused():
    net = divided()
    with pytest.raises(BuildError, match=r"host.*last.*has 0 synapses on LoihiBlock"):
        build_floats(net, 0.001).set_weights(net.host, net.last, np.ones((30, 6)))


@pytest.mark.parametrize("part", ["slice", "sparse"])
def test_connections_that_are_not_dense_are_refused(part):
    net = divided()
    with net:
        post = nengo.Ensemble(6, 1, neuron_type=net.wide.neuron_type)
        if part == "slice":
            nengo.Connection(net.host.neurons[:3], post.neurons, transform=np.ones((6, 3)))
        else:
            transform = nengo.Sparse((6, 6), indices=[[0, 1], [3, 5]])
            nengo.Connection(net.host.neurons, post.neurons, transform=transform)
    with pytest.raises(BuildError, match="is not dense, so a matrix cannot replace its weights"):
        build_floats(net, 0.001).set_weights(net.host, post, np.ones((6, 6)))


def test_a_trouble_without_words_is_called_by_its_type():
    assert Trouble(None, AssertionError()).text == "AssertionError without a message"
    assert Trouble(None, ValueError("no such thing")).text == "no such thing"
