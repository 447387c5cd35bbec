"""What was changed in a stack's objects is saved, or saving is refused."""

from dataclasses import replace

import nengo
import numpy as np
import pytest
from nengo.dists import Choice
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.saved import load


def stack(**settings):
    return nengo_dense.DenseStack([8, 6, 3], 4, seed=0, **settings)


def graph(**settings):
    rng = np.random.RandomState(0)
    layers = [
        GraphLayer("a", {"x": rng.randn(5, 4)}, np.ones(5), on_chip=False),
        GraphLayer("b", {"a": rng.randn(6, 5), "x": rng.randn(6, 4)}, np.ones(6)),
    ]
    outputs = {"y": GraphOutput({"a": rng.randn(2, 5), "b": rng.randn(2, 6)}, np.ones(2))}
    return nengo_dense.DenseGraph({"x": 4}, layers, outputs, **settings)


def between(net):
    return next(c for c in net.connections if c.post_obj is net.layers[1].input)


def readout(net):
    return [c for c in net.connections if isinstance(c.pre_obj, nengo.ensemble.Neurons)][-1]


def ones(net):
    return next(node for node in net.nodes if isinstance(node.output, np.ndarray))


def add(net):
    with net:
        nengo.Connection(nengo.Node([1.0] * 6), net.layers[1].neurons, synapse=None)


def add_within(net):
    """Where neither the network itself nor what it had holds the connection."""
    with net, nengo.Network():
        nengo.Connection(nengo.Node([1.0] * 6), net.layers[1].neurons, synapse=None)


def add_to_a_layer(net):
    with net.layers[1]:
        nengo.Connection(nengo.Node([1.0] * 6), net.layers[1].neurons, synapse=None)


CHANGES = {
    "synapse": (lambda net: setattr(between(net), "synapse", 0.1), "the synapse of .* changed"),
    "gain": (
        lambda net: setattr(net.layers[1].ensemble, "gain", 2 * net.layers[1].ensemble.gain),
        "the gain of .* changed",
    ),
    "neuron_type": (
        lambda net: setattr(net.layers[1].ensemble, "neuron_type", nengo.LIF()),
        "the (gain|neuron_type) of .* changed",
    ),
    "transform": (
        lambda net: setattr(between(net), "transform", 2.0),
        "the transform of .* changed",
    ),
    "taken out": (lambda net: net.connections.remove(between(net)), "one of the connections"),
    "added": (add, "<Connection .* was added"),
    "added within": (add_within, "<Connection .* was added"),
    "added to a layer": (add_to_a_layer, "<Connection .* was added"),
    "noise": (
        lambda net: setattr(net.layers[1].ensemble, "noise", nengo.processes.WhiteNoise()),
        "the noise of .* changed",
    ),
    "output of a node": (
        lambda net: setattr(net.layers[0].input, "output", lambda t, x: 2 * x),
        "the output of .* changed",
    ),
    "value of a node": (
        lambda net: setattr(ones(net), "output", np.array([2.0])),
        "the output of .* changed",
    ),
    "placement": (
        lambda net: setattr(
            net.layers[1], "placement", replace(net.layers[1].placement, on_chip=False)
        ),
        "the placement of .* changed",
    ),
    "learns": (
        lambda net: setattr(readout(net), "learning_rule_type", nengo.PES()),
        "the learning_rule_type of .* changed",
    ),
}


@pytest.mark.parametrize("make", [stack, graph])
@pytest.mark.parametrize("change", CHANGES)
def test_what_would_be_lost_is_not_saved(make, change, tmp_path):
    net = make()
    path = tmp_path / "net.npz"
    net.save(path)
    before = path.read_bytes()
    makes, says = CHANGES[change]
    makes(net)
    with pytest.raises(ValidationError, match=f"{says}.*, which is not among its arguments"):
        net.save(path)
    assert path.read_bytes() == before


def test_what_would_be_lost_is_not_trained(rng):
    net, x = stack(synapse=[0.002, None]), rng.uniform(size=(40, 4))
    between(net).synapse = 0.1
    with pytest.raises(ValidationError, match="the synapse of"):
        nengo_dense.training.fit(net, x, np.arange(40) % 3, through_time=True)


def test_what_would_be_lost_is_not_exported(tmp_path):
    net = stack(synapse=[0.002, None])
    net.readout_connection.synapse = 0.1  # the file's readout would have none
    with pytest.raises(ValidationError, match=r"the synapse of .* was changed"):
        net.export(tmp_path / "net.c", presentation_time=0.02, samples=np.ones((2, 4)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
@pytest.mark.parametrize(
    "neuron_type",
    [
        nengo.LIF(tau_ref=0.001),
        nengo.LIF(min_voltage=-3, initial_state={"voltage": Choice([0])}),
        nengo.SpikingRectifiedLinear(),
    ],
)
def test_what_can_be_told_is_saved(encoding, neuron_type, tmp_path, rng):
    net = stack(encoding=encoding, neuron_type=neuron_type, max_rate=[100, 150], readout="tanh")
    net.layers[0].connection.transform = rng.normal(size=(8, 4))
    net.layers[1].ensemble.bias = rng.normal(size=6)
    net.bias_connection.transform = rng.normal(size=(3, 1))
    with net:  # what asks of the stack, or gives to its input, is no part of it
        nengo.Probe(net.logits)
        nengo.Connection(nengo.Node([1.0] * 4), net.input, synapse=None)
        nengo.Connection(net.output, nengo.Node(size_in=3))
    net.save(tmp_path / "net.npz")
    found = load(tmp_path / "net.npz")
    for mine, other in zip(
        (*net.weights, *net.biases), (*found.weights, *found.biases), strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-12)


def test_a_subclass_with_arguments_of_its_own_is_saved(tmp_path):
    class Small(nengo_dense.DenseStack):
        def __init__(self, n):
            super().__init__([n, 3], 2, seed=0)

    Small(4).save(tmp_path / "net.npz")
    assert load(tmp_path / "net.npz").units == [4, 3]


def test_what_was_said_of_a_stack_is_not_said_again(tmp_path):
    with pytest.warns(UserWarning, match="A synapse of 3 seconds"):
        net = stack(synapse=3.0)
    net.save(tmp_path / "net.npz")  # a warning is an error here


def test_single_numbers_that_were_frozen_are_saved(tmp_path):
    """NengoDL's freeze_params turns a (1, 1) array into a scalar."""
    layers = [GraphLayer("a", {"x": [[1.0]]}, [0.0])]
    net = nengo_dense.DenseGraph({"x": 1}, layers, {"y": GraphOutput({"a": [[2.0]]}, [0.0])})
    for connection in net.connections:
        if np.size(getattr(connection.transform, "init", ())) == 1:
            connection.transform = float(connection.transform.init.item())
    net.save(tmp_path / "net.npz")
    weights = load(tmp_path / "net.npz").arguments()["outputs"]["y"].weights
    np.testing.assert_array_equal(weights["a"], [[2.0]])
