"""Models that are no chain, on the command line."""

import json

import numpy as np
import pytest

from nengo_dense import DenseGraph, evaluate, predict
from nengo_dense.cli.main import main

pytestmark = pytest.mark.usefixtures("few_updates")

TIME = ["--presentation-time", "0.03"]
QUICK = {"presentation_time": 0.03, "progress_bar": False}


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", x=rng.uniform(-1, 1, (24, 7)), y=rng.randint(3, size=24))
    return tmp_path


def save_model(keras, heads):
    """Save a model with two inputs, a residual branch and some heads."""
    layers = keras.layers
    first, second = keras.Input((3,), name="first"), keras.Input((4,), name="second")
    h = layers.Dense(8, "tanh")(layers.Concatenate()([first, layers.Dense(6, "relu")(second)]))
    h = layers.Add()([h, layers.Dense(8, "relu")(h)])
    ends = [layers.Dense(n, head, name=name)(h) for name, n, head in heads]
    model = keras.Model([first, second], ends if len(ends) > 1 else ends[0])
    weights = np.random.RandomState(0)  # Keras 2 warns for ever after a seed of its own
    model.set_weights([0.4 * weights.normal(size=w.shape) for w in model.get_weights()])
    model.save("model.keras")


TWO = [("kind", 3, "softmax"), ("traits", 2, "sigmoid")]


def test_a_model_with_two_inputs_and_two_heads_is_converted_checked_and_run(folder, capsys):
    save_model(pytest.importorskip("keras", reason="the model is of Keras"), TWO)
    calibrated = ["model.keras", "--calibrate", "data.npz", *TIME]
    assert main(["convert", *calibrated, "-o", "graph.npz"]) == 0
    assert "<DenseGraph 'model': 3 + 4 → " in capsys.readouterr().out
    graph, x = DenseGraph.load("graph.npz"), np.load("data.npz")["x"]
    assert (list(graph.inputs), list(graph.outputs)) == (["first", "second"], ["kind", "traits"])
    assert main(["check", "graph.npz", "--calibrate", "data.npz", "--json", "report.json"]) == 0
    assert "runs on Loihi: 0 error" in capsys.readouterr().out
    assert json.loads((folder / "report.json").read_text())
    assert main(["predict", "graph.npz", "--data", "data.npz", *TIME, "-o", "y.npz"]) == 0
    assert "y.kind and y.traits, 24 samples" in capsys.readouterr().out
    expected = predict(graph, {"first": x[:, :3], "second": x[:, 3:]}, **QUICK)
    with np.load("y.npz") as found:
        for name, outputs in expected.items():
            np.testing.assert_array_equal(found[f"y.{name}"], outputs)


def test_arrays_apart_are_evaluated_by_the_models_own_names(folder, capsys, rng):
    save_model(pytest.importorskip("keras", reason="the model is of Keras"), TWO)
    with np.load("data.npz") as data:
        x, y = data["x"], {"kind": data["y"], "traits": rng.randint(2, size=(24, 2))}
    apart = {"x_test.first": x[:, :3], "x_test.second": x[:, 3:]}
    apart |= {f"y_test.{name}": given for name, given in y.items()}
    np.savez("apart.npz", **apart)
    calibrated = ["--calibrate", "data.npz"]
    assert main(["convert", "model.keras", *calibrated, *TIME, "-o", "graph.npz"]) == 0
    data = ["--data", "apart.npz", *TIME]
    assert main(["evaluate", "graph.npz", *data, "--html", "e.html", "--json", "e.json"]) == 0
    printed = capsys.readouterr().out
    assert "testing on x_test of apart.npz (24 × 7) and y_test.kind and y_test.traits" in printed
    expected = evaluate(DenseGraph.load("graph.npz"), x, y, **QUICK)
    assert expected.summary() in printed
    assert json.loads((folder / "e.json").read_text()) == expected.to_dict()
    assert "<h2>traits</h2>" in (folder / "e.html").read_text()
    assert main(["predict", "graph.npz", *data, "-o", "y.npz"]) == 0
    assert main(["evaluate", "model.keras", *calibrated, *data, "--json", "l.json"]) == 0
    printed = capsys.readouterr().out
    for name in (
        "fitted activations",
        "chip, integers",
        "traits",
        "dense",
        "gaps: kind",
    ):
        assert name in printed
    found = json.loads((folder / "l.json").read_text())
    for name, one in expected.to_dict()["outputs"].items():
        assert found["evaluation"]["outputs"][name]["metrics"] == one["metrics"]


def test_tasks_and_classes_are_named_by_output(folder, capsys):
    save_model(pytest.importorskip("keras", reason="the model is of Keras"), TWO)
    x = np.load("data.npz")["x"]
    kinds = np.array(["<=1", "=2", ">2"])[np.arange(24) % 3]
    np.savez("named.npz", first=x[:, :3], second=x[:, 3:], kind=kinds, traits=x[:, :2] > 0)
    common = ["evaluate", "model.keras", "--data", "named.npz", *TIME]
    given = ["--task", "traits=regression", "--classes", "kind=<=1,=2,>2"]
    assert main([*common, *given]) == 0
    printed = capsys.readouterr().out
    assert "kind: accuracy" in printed
    assert "traits: R2" in printed
    for wrong, message in (
        (["--classes", "<=1,=2,>2"], "classes: must be a dict by output"),
        (["--task", "kinds=regression"], "--task: must be one of"),
        ([*given, *given[:2]], "--task: is given more than once; give it for each of the outputs"),
    ):
        assert main([*common, *wrong]) == 2
        assert message in capsys.readouterr().err


def test_a_model_with_one_head_is_evaluated_and_exported(folder, capsys):
    save_model(pytest.importorskip("keras", reason="the model is of Keras"), TWO[:1])
    calibrated = ["model.keras", "--calibrate", "data.npz", *TIME]
    assert main(["evaluate", *calibrated, "--data", "data.npz"]) == 0
    printed = capsys.readouterr().out
    assert "on 24 samples, 30 ms each, target 'sim'" in printed
    assert main(["convert", *calibrated, "-o", "graph.npz"]) == 0
    with np.load("data.npz") as data:
        result = evaluate(DenseGraph.load("graph.npz"), data["x"], data["y"], **QUICK)
    assert result.summary().splitlines()[0] in printed
    assert main(["export", "graph.npz", "-o", "graph.c"]) == 0
    assert (folder / "graph.c").exists()
    with np.load("data.npz") as data:
        np.savez("apart.npz", **{"x.first": data["x"][:, :3], "x.second": data["x"][:, 3:]})
    assert main(["export", "graph.npz", "-o", "graph.c", "--data", "apart.npz"]) == 0
    with np.load("graph.c.vectors.npz") as vectors, np.load("data.npz") as data:
        np.testing.assert_array_equal(vectors["samples"], data["x"][:16])
