import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense import DenseGraph, DenseStack
from nengo_dense.conversion import scaling
from nengo_dense.conversion.tuning.effort import EFFORTS, Effort
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import Activation, Affine
from nengo_dense.importers.source_graph import SourceGraph

rng = np.random.RandomState(0)
X = {"first": rng.uniform(-1, 1, (100, 3)), "second": rng.uniform(-1, 1, (100, 4))}


def dense(name, n_in, n_out, seed, bias=0.0):
    draw = np.random.RandomState(seed)
    return Affine(draw.randn(n_out, n_in) / np.sqrt(n_in), bias + 0.1 * draw.randn(n_out), name)


def source(activation="relu", bias=0.0):
    nodes = [
        GraphNode("first", width=3, label="first"),
        GraphNode("second", width=4, label="second"),
        GraphNode("joined", ("first", "second"), [], Merge("concat")),
        GraphNode("a", ("joined",), [dense("a", 7, 12, 0), Activation(activation, "a")]),
        GraphNode("b", ("a",), [dense("b", 12, 12, 1, bias), Activation(activation, "b")]),
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
    assert all(encoder.layer.start == 0.5 for encoder in graph.encoders.values())
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


def errors(model, graph, n_steps):
    """Return each output's error on the chip's integers, in standard deviations of the logits."""
    wanted, found = model.form.logits(model.joined(X)), logits(graph, n_steps, 100)
    return np.array([np.std(found[name] - wanted[name]) / np.std(wanted[name]) for name in wanted])


@pytest.fixture
def quick(monkeypatch):
    """Return arguments for tuning with a few updates alone."""
    monkeypatch.setitem(EFFORTS, "fast", Effort(1, 12, 12))
    return {"presentation_time": 0.02, "effort": "fast", "progress_bar": False}


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_tuning_brings_every_output_closer_on_the_chips_integers(encoding, monkeypatch):
    model = source("tanh")
    how = {"calibration": X, "encoding": encoding, "presentation_time": 0.03}
    untuned = nengo_dense.convert(model, tune=False, **how)
    monkeypatch.setattr(scaling, "ENCODER_START", 0.0)  # half a spike does a part without tuning
    before = nengo_dense.convert(model, tune=False, **how)
    monkeypatch.undo()
    after = nengo_dense.convert(model, progress_bar=False, **how)
    assert (errors(model, after, 30) < 0.7 * errors(model, before, 30)).all()
    assert (errors(model, after, 30) < errors(model, untuned, 30)).all()
    assert after.tuned.presentation_time == pytest.approx(0.03)
    assert (after.tuned.encoding, after.tuned.effort) == (encoding, "normal")
    np.testing.assert_array_equal(after.tuned.input_low, model.joined(X).min(axis=0))
    assert 0 < after.tuned.gap < 100


def test_the_same_seed_gives_the_same_graph(quick):
    made = (nengo_dense.convert(source(), calibration=X, seed=3, **quick) for _ in range(2))
    first, second = made
    for a, b in zip(first.layers, second.layers, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.bias, b.bias)


def test_the_record_of_tuning_is_kept_until_the_weights_change(tmp_path, quick):
    graph = nengo_dense.convert(source(), calibration=X, **quick)
    graph.save(tmp_path / "graph.npz")
    kept = DenseGraph.load(tmp_path / "graph.npz")
    assert (kept.tuned.gap, kept.tuned.data) == (graph.tuned.gap, graph.tuned.data)
    np.testing.assert_array_equal(kept.tuned.input_high, graph.tuned.input_high)
    parts = kept.arguments()
    kept.set_parameters(parts["layers"], parts["outputs"])
    assert kept.tuned is None


def test_labels_of_the_only_softmax_need_no_name(quick):
    labels = source().form.logits(source().joined(X))["y"].argmax(axis=1)
    graphs = [
        nengo_dense.convert(source(), calibration=X, labels=given, **quick)
        for given in (labels, {"y": labels}, None)
    ]
    first, second, without = (graph.layers[0].weights for graph in graphs)
    np.testing.assert_array_equal(first, second)
    assert (first != without).any()


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ({"z": np.zeros(100, int)}, "outputs that end in a softmax, here y; got labels for z"),
        (np.zeros(99, int), r"must have shape \(100,\)"),
        (np.full(100, 7), "7"),
    ],
)
def test_labels_that_fit_no_output_are_refused(labels, match):
    with pytest.raises(ValidationError, match=match):
        nengo_dense.convert(source(), calibration=X, labels=labels)


def test_labels_of_several_outputs_need_their_names():
    nodes = [
        GraphNode("x", width=3, label="x"),
        GraphNode("h", ("x",), [dense("h", 3, 8, 0), Activation("relu", "h")]),
        GraphNode("y", ("h",), [dense("y", 8, 3, 1), Activation("softmax", "y")]),
        GraphNode("z", ("h",), [dense("z", 8, 2, 2), Activation("softmax", "z")]),
    ]
    model = SourceGraph("The model", nodes, {"y": "y", "z": "z"})
    with pytest.raises(
        ValidationError, match=r"a dict of labels by output.*of y, z there do y, z"
    ):
        nengo_dense.convert(model, calibration=X["first"], labels=np.zeros(100, int))


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
        ({"neuron_type": [nengo.LIF()]}, "of a graph must be one type for all layers"),
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
    with pytest.raises(ConversionError, match="no activation stands before its last layers"):
        nengo_dense.convert(SourceGraph("The model", nodes, {"y": "y", "z": "z"}))


def test_stacks_stay_stacks():
    layers = [rng.randn(4, 3), rng.randn(4, 4), rng.randn(2, 4)]
    assert isinstance(nengo_dense.convert(layers), DenseStack)


def test_a_graph_of_neurons_with_a_refractory_period_has_a_rate_that_it_allows():
    lif = nengo.LIF(tau_ref=0.004)
    graph = nengo_dense.convert(source(), calibration=X, neuron_type=lif, tune=False)
    assert {layer.max_rate for layer in graph.layers if layer.on_chip} == {150.0}


def test_numbers_of_a_graph_that_the_chip_cannot_store_are_refused_by_layer():
    with pytest.raises(ConversionError, match=r"b: has a largest weight .* bias of 1e\+09"):
        nengo_dense.convert(source(bias=1e9))
