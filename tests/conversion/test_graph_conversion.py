import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense import DenseGraph, DenseStack
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.graph_folding import GraphNode, Merge
from nengo_dense.importers.operation import Activation, Affine
from nengo_dense.importers.source_graph import SourceGraph

rng = np.random.RandomState(0)
X = {"first": rng.uniform(-1, 1, (100, 3)), "second": rng.uniform(-1, 1, (100, 4))}


def dense(name, n_in, n_out, seed):
    draw = np.random.RandomState(seed)
    return Affine(draw.randn(n_out, n_in) / np.sqrt(n_in), 0.1 * draw.randn(n_out), name)


def source(activation="relu"):
    nodes = [
        GraphNode("first", width=3, label="first"),
        GraphNode("second", width=4, label="second"),
        GraphNode("joined", ("first", "second"), [], Merge("concat")),
        GraphNode("a", ("joined",), [dense("a", 7, 12, 0), Activation(activation, "a")]),
        GraphNode("b", ("a",), [dense("b", 12, 12, 1), Activation(activation, "b")]),
        GraphNode("c", ("a", "b"), [], Merge("sum")),
        GraphNode("y", ("c",), [dense("y", 12, 3, 2), Activation("softmax", "y")]),
        GraphNode("z", ("c",), [dense("z", 12, 2, 3), Activation("sigmoid", "z")]),
    ]
    return SourceGraph("The model", nodes, {"y": "y", "z": "z"})


def logits(graph, n_steps, samples):
    with nengo.Network(seed=0) as net:
        net.add(graph)
        nodes = {name: nengo.Node(np.zeros(n)) for name, n in graph.sizes.items()}
        for name, node in nodes.items():
            nengo.Connection(node, graph.inputs[name], synapse=None)
        probes = {name: nengo.Probe(node) for name, node in graph.readouts.items()}
    with nengo_dense.Simulator(net, minibatch_size=samples, progress_bar=False) as sim:
        shown = {n: np.repeat(X[k][:samples, None], n_steps, 1) for k, n in nodes.items()}
        sim.run_steps(n_steps, data=shown)
        return {k: sim.data[p][:, n_steps // 5 :].mean(axis=1) for k, p in probes.items()}


@pytest.mark.parametrize("encoding", ["auto", "host", "spikes"])
def test_a_graph_on_the_chips_integers_answers_as_the_model_does(encoding):
    model = source()
    graph = nengo_dense.convert(model, calibration=X, encoding=encoding, tune=False)
    assert isinstance(graph, DenseGraph)
    assert [layer.on_chip for layer in graph.layers] == [encoding == "spikes", True]
    wanted = model.form.logits(model.joined(X))
    for name, values in logits(graph, 400, 10).items():
        off = values - wanted[name][:10]
        assert np.sqrt(np.mean(off**2)) < 0.2 * wanted[name].std(), name


def test_smooth_activations_of_a_graph_are_fitted():
    graph = nengo_dense.convert(source("tanh"), calibration=X, tune=False, activation_error=0.03)
    assert set(graph.fitted) == {"a", "b"}
    assert max(graph.fitted.values()) <= 0.03
    assert graph.layers[0].ensemble.n_neurons > 24


def test_without_calibration_rates_are_those_of_a_usual_layer():
    graph = nengo_dense.convert(source())
    assert [layer.max_rate for layer in graph.layers] == [250.0, 250.0]
    assert graph.label is None


def test_that_a_graph_is_not_tuned_is_said():
    with pytest.warns(UserWarning, match="its weights are not tuned.*tune=False"):
        nengo_dense.convert(source(), calibration=X)


def test_inside_a_network_the_graph_is_added_to_it():
    with nengo.Network() as net:
        graph = nengo_dense.convert(source())
    assert net.networks == [graph]
    assert len(net.all_nodes) == len(graph.all_nodes)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"encoding": "chip"}, "of a graph must be one of auto, host, spikes"),
        ({"target": "lava"}, "must be 'loihi' for a graph"),
        ({"labels": [0, 1]}, "a graph is not tuned; leave them out"),
        ({"calibration": {"first": X["first"]}}, "for each of the inputs first, second, got fir"),
        ({"calibration": np.zeros((30, 5))}, "must be|5"),
    ],
)
def test_what_a_graph_does_not_have_is_refused_by_name(arguments, match):
    with pytest.raises(ValidationError, match=match):
        nengo_dense.convert(source(), **arguments)


def test_a_graph_without_neurons_is_refused():
    nodes = [
        GraphNode("x", width=3, label="x"),
        GraphNode("y", ("x",), [dense("y", 3, 2, 0)]),
        GraphNode("z", ("x",), [dense("z", 3, 2, 1)]),
    ]
    with pytest.raises(ConversionError, match="it has no activation, so that it is one matrix"):
        nengo_dense.convert(SourceGraph("The model", nodes, {"y": "y", "z": "z"}))


def test_stacks_stay_stacks():
    layers = [rng.randn(4, 3), rng.randn(4, 4), rng.randn(2, 4)]
    assert isinstance(nengo_dense.convert(layers), DenseStack)
