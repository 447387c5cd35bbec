"""A graph is predicted and evaluated as a stack is."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

from nengo_dense import DenseGraph, convert, evaluate, predict
from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.layers import GraphLayer, GraphOutput

QUICK = {"presentation_time": 0.03, "progress_bar": False}


def parts(heads):
    """Return two inputs, a layer on the host, one with a skip connection, and some outputs."""
    rng = np.random.RandomState(0)
    layers = [
        GraphLayer("a", {"x": rng.randn(8, 3)}, np.full(8, 0.1), on_chip=False),
        GraphLayer("b", {"a": rng.rand(6, 8) / 4, "z": rng.rand(6, 2)}),
    ]
    outputs = {
        name: GraphOutput({"a": rng.randn(2 + i, 8), "b": rng.randn(2 + i, 6)}, head=head)
        for i, (name, head) in enumerate(heads.items())
    }
    return {"inputs": {"x": 3, "z": 2}, "layers": layers, "outputs": outputs, "seed": 0}


@pytest.fixture
def x(rng):
    return {"x": rng.uniform(-1, 1, (7, 3)), "z": rng.uniform(0, 1, (7, 2))}


def test_logits_are_those_of_nengo_loihi(x):
    graph = DenseGraph(**parts({"y": "linear"}))
    found = predict(graph, x, **QUICK)
    for i in range(2):
        with nengo.Network(seed=0) as net:
            net.add(graph)
            for name, node in graph.inputs.items():
                nengo.Connection(nengo.Node(x[name][i]), node, synapse=None)
            probe = nengo.Probe(graph.logits)
        with nengo_loihi.Simulator(net, target="sim", progress_bar=False) as sim:
            sim.run_steps(30)
        ((_, means),) = RunningWindow(1, 30, 2).add(sim.data[probe][None])
        assert_array_equal(found[i], means[0, -1])


def test_inputs_by_name_are_those_side_by_side(x):
    graph = DenseGraph(**parts({"y": "softmax"}))
    joined = np.concatenate([x["x"], x["z"]], axis=1)
    assert_array_equal(predict(graph, x, **QUICK), predict(graph, joined, **QUICK))
    with pytest.raises(ValidationError, match="for each of the inputs x, z, got x"):
        predict(graph, {"x": x["x"]}, **QUICK)
    with pytest.raises(ValidationError, match=r"as many samples for each input, got \[7, 6\]"):
        predict(graph, {**x, "z": x["z"][1:]}, **QUICK)


def test_each_of_several_outputs_is_what_it_is_alone(x):
    graph = DenseGraph(**parts({"y": "softmax", "values": "tanh"}))
    found = predict(graph, x, **QUICK)
    assert list(found) == ["y", "values"]
    arguments = graph.arguments()
    for name, outputs in found.items():
        alone = {"outputs": {name: arguments["outputs"][name]}}
        assert_array_equal(outputs, predict(DenseGraph(**{**arguments, **alone}), x, **QUICK))


def test_accuracy_is_the_share_of_what_is_predicted(x):
    graph = DenseGraph(**parts({"y": "softmax"}))
    y = np.array([0, 1, 0, 1, 0, 1, 0])
    result = evaluate(graph, x, y, **QUICK)
    answers = predict(graph, x, **QUICK).argmax(axis=1)
    assert_array_equal(result.answers, answers)
    assert result.accuracy == np.mean(answers == y)
    assert [layer.label for layer in result.layers] == ["z encoder", "a", "b"]
    assert set(result.replay.show(3).spikes) == {"z encoder", "a", "b"}


@pytest.mark.filterwarnings("ignore:.*fire in nearly every step")
def test_a_residual_keras_model_decides_as_the_graph_of_it(rng):
    keras = pytest.importorskip("keras", reason="the model is of Keras")
    first = keras.Input((16,))
    h = keras.layers.Dense(20, "relu")(first)
    h = keras.layers.Add()([h, keras.layers.Dense(20, "relu")(h)])
    model = keras.Model(first, keras.layers.Dense(4, "softmax")(h))
    shapes = [
        w.shape for w in model.get_weights()
    ]  # Keras 2 warns for ever after a seed of its own
    model.set_weights([rng.normal(size=s) * np.sqrt(2 / sum(s)) * (len(s) > 1) for s in shapes])
    x = rng.uniform(0, 1, (60, 16))  # as bright as pixels of digits
    graph = convert(model, calibration=x, tune=False)
    assert isinstance(graph, DenseGraph)
    theirs = np.asarray(model.predict(x, verbose=0))
    ours = predict(graph, x, presentation_time=0.4, progress_bar=False)
    # Untuned, so not exact: eight-bit weights and whole spikes move the logits by a twentieth of
    # their spread here. Twice that is the bound, and a lead of three bounds has to be kept.
    theirs, ours = np.log(theirs), np.log(ours)
    bound = 0.1 * theirs.std()
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < bound
    best = np.sort(theirs, axis=1)
    clear = best[:, -1] - best[:, -2] > 3 * bound
    assert clear.mean() > 0.5
    assert_array_equal(ours.argmax(axis=1)[clear], theirs.argmax(axis=1)[clear])
