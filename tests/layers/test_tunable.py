"""A record of tuning holds for the weights that were tuned."""

import pickle

import nengo
import numpy as np
import pytest

from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.layers.tuning_record import TuningRecord

RECORD = TuningRecord(0.1, 0.001, "host", input_low=[0, 0], input_high=[1, 1], data="0123")


def stack():
    return DenseStack([5, 4, 3], 2, tuned=RECORD, seed=0)


def graph():
    layers = [GraphLayer("a", {"x": np.eye(2)}, on_chip=False), GraphLayer("b", {"a": np.eye(2)})]
    output = GraphOutput({"b": np.eye(2), "a": np.ones((2, 2))})
    return DenseGraph({"x": 2}, layers, {"y": output}, tuned=RECORD, seed=0)


def set_layer(network):
    layer = network.layers[1]
    layer.set_parameters(layer.weights / 2, layer.bias)


def set_bias(network):
    layer = network.layers[0]
    layer.set_parameters(layer.weights, layer.bias + 1)


def as_freeze_params(network):
    connection = network.all_connections[-1]
    connection.transform = np.array(connection.transform.init) + 1


def in_place(network):
    network.layers[0].ensemble.gain[...] *= 2


def neurons(network):
    network.layers[0].ensemble.neuron_type = nengo.LIF()


def synapse(network):
    filtered = [c for c in network.all_connections if c.synapse is not None]
    filtered[0].synapse = 0.1


CHANGES = [set_layer, set_bias, in_place, as_freeze_params, neurons, synapse]


@pytest.mark.parametrize("make", [stack, graph])
@pytest.mark.parametrize("change", CHANGES)
def test_other_weights_have_no_record(make, change):
    network = make()
    assert network.tuned.data == RECORD.data
    assert network.altered == ""
    change(network)
    assert network.tuned is None
    assert "is another since then" in network.altered
    network.tuned = None  # it is meant
    assert network.altered == ""


@pytest.mark.parametrize("make", [stack, graph])
def test_a_network_made_of_its_arguments_keeps_the_record(make):
    network = make()
    again = type(network)(**network.arguments())
    assert again.tuned is network.tuned


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"max_rate": 100}, "gain of <Ensemble 'layer1'>"),
        ({"max_rate": [250, 251]}, "gain of <Ensemble 'layer2'>"),
        ({"synapse": 0.01}, "synapse of"),
        ({"synapse": [0.005, None]}, "synapse of <Connection readout.weights>"),
        ({"synapse": nengo.Alpha(0.005)}, "synapse of"),
        ({"neuron_type": nengo.LIF()}, "gain of <Ensemble 'layer1'>"),
        ({"encoding": "chip"}, ""),  # the record itself tells
        ({"encoding": "spikes", "synapse": 0.005}, ""),
        ({"label": "other", "classes": ["a", "b", "c"], "seed": 1}, ""),
    ],
)
def test_other_arguments_than_those_tuned_are_told(change, name):
    other = DenseStack(**{**stack().arguments(), **change})
    assert (name in other.altered) if name else other.altered == ""
    assert (other.tuned is None) == bool(name)


def test_one_weight_of_many_is_told():
    network = DenseStack([400, 300, 3], 2, tuned=RECORD, seed=0)
    weights = network.layers[1].weights
    weights[7, 100] += 0.1
    network.layers[1].connection.transform = weights
    assert "transform of <Connection layer2.weights>" in network.altered


def test_one_of_several_outputs_alone_keeps_the_record():
    layers = [GraphLayer("a", {"x": np.eye(2)}, on_chip=False)]
    outputs = {name: GraphOutput({"a": np.eye(2)}) for name in "yz"}
    arguments = DenseGraph({"x": 2}, layers, outputs, tuned=RECORD, seed=0).arguments()
    one = DenseGraph(**{**arguments, "outputs": {"z": outputs["z"]}})
    assert one.altered == ""
    assert one.tuned is arguments["tuned"]


def test_what_is_added_leaves_the_record():
    network = stack()
    n = network.layers[0].ensemble.n_neurons
    with network:
        nengo.Connection(nengo.Node([1, 1]), network.input)
        extra = nengo.Ensemble(10, 1)
        nengo.Connection(network.layers[0].neurons, extra.neurons, transform=np.ones((10, n)))
        nengo.Connection(extra, extra)
    assert network.altered == ""


@pytest.mark.parametrize("make", [stack, graph])
@pytest.mark.parametrize(
    "ends",
    [
        lambda n: (n.layers[0].neurons, n.layers[1].neurons),  # beside the one there is
        lambda n: (n.layers[1].neurons, n.layers[1].ensemble.neurons),
        lambda n: (n.input, n.logits),
        lambda n: (n.layers[0].neurons, n.layers[1].input),  # the very same again
    ],
)
def test_a_connection_added_to_what_was_tuned_is_told(make, ends):
    network = make()
    with network, nengo.Network():
        pre, post = ends(network)
        nengo.Connection(pre, post, transform=np.ones((post.size_in, pre.size_out)))
    assert network.tuned is None
    assert "<Connection from " in network.altered
    assert "was added since then" in network.altered


@pytest.mark.parametrize("make", [stack, graph])
def test_a_file_keeps_what_was_tuned(make, tmp_path):
    network = make()
    path = tmp_path / "network.npz"
    network.save(path)
    assert type(network).load(path).altered == ""
    layer = network.layers[1]
    layer.set_parameters(layer.weights / 2, layer.bias)
    network.save(path)
    loaded = type(network).load(path)
    assert loaded.tuned is None
    assert loaded.altered == network.altered != ""


@pytest.mark.parametrize("make", [stack, graph])
@pytest.mark.parametrize("copied", [lambda n: n.copy(), lambda n: pickle.loads(pickle.dumps(n))])
def test_copies_keep_the_record_and_lose_it_alone(make, copied):
    network = make()
    other = copied(network)
    assert other.tuned.presentation_time == RECORD.presentation_time
    set_layer(other)
    assert other.tuned is None
    assert network.tuned.data == RECORD.data


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("ensemble", "gain", nengo.dists.Uniform(0, 1)),
        ("ensemble", "bias", None),
        ("connection", "transform", nengo.Sparse((1, 1), init=[[2.0]], indices=[[0, 0]])),
        ("connection", "transform", nengo.transforms.NoTransform(1)),
    ],
)
def test_what_is_no_array_any_more_has_no_record(part, name, value):
    network = DenseStack([1, 1, 2], 2, tuned=RECORD, seed=0)
    setattr(getattr(network.layers[1], part), name, value)
    assert network.tuned is None


def test_the_same_weights_again_keep_the_record():
    network = stack()
    layer = network.layers[0]
    layer.connection.transform = layer.weights
    assert network.tuned.data == RECORD.data


def test_rounding_as_freeze_params_does_keeps_the_record():
    record = TuningRecord(0.1, 0.001, "host", input_low=[0], input_high=[1], data="0123")
    network = DenseStack([1, 1, 2], 1, tuned=record, seed=0)
    for layer in network.layers:
        layer.connection.transform = float(np.float32(layer.weights.item()))
        layer.ensemble.bias = np.float32(layer.ensemble.bias)
    assert network.tuned.data == record.data


@pytest.mark.parametrize("make", [stack, graph])
def test_connections_within_are_not_those_of_a_surrounding_configuration(make):
    with nengo.Network() as surrounding:
        surrounding.config[nengo.Connection].transform = 2.0
        surrounding.config[nengo.Connection].synapse = 0.1
        inner = make()
    for mine, other in zip(inner.all_connections, make().all_connections, strict=True):
        assert mine.synapse == other.synapse
        init, expected = (getattr(c.transform, "init", None) for c in (mine, other))
        np.testing.assert_array_equal(init, expected)
