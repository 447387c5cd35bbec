"""Labels and calibration data that are not the source model's are told by its own answers."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from nengo_dense.conversion import convert

QUICK = {"effort": "fast", "presentation_time": 0.02, "progress_bar": False}
N = 400


def scores(layers, x):
    for weights, bias, *_ in layers[:-1]:
        x = np.maximum(x @ weights.T + bias, 0)
    return x @ layers[-1][0].T + layers[-1][1]


@pytest.fixture(scope="module")
def model():
    """Three classes, each the answer to some samples."""
    rng = np.random.RandomState(0)
    layers = [(rng.randn(12, 4), np.zeros(12)), (rng.randn(3, 12), np.zeros(3))]
    shift = -scores(layers, rng.randn(N, 4)).mean(axis=0)
    return [layers[0], (layers[1][0], shift, "softmax")]


@pytest.fixture(scope="module")
def x():
    return np.random.RandomState(1).randn(N, 4)


@pytest.fixture(scope="module")
def y(model, x):
    found = scores(model, x).argmax(axis=1)
    assert np.bincount(found, minlength=3).min() > N // 10
    return found


def said(model, x, labels=None, **more):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        convert(model, x, labels=labels, **QUICK, **more)
    found = [each for each in caught if "model itself" in str(each.message)]
    found += [each for each in caught if str(each.message).startswith("Labels")]
    assert all(Path(each.filename) == Path(__file__) for each in found)
    return list(dict.fromkeys(str(each.message) for each in found))


def test_labels_and_samples_of_the_model_bring_no_word(model, x, y):
    assert said(model, x, y) == []
    wrong = np.random.RandomState(2).rand(N) < 0.5  # an inaccurate model is none of others' labels
    assert said(model, x, np.where(wrong, (y + 1) % 3, y)) == []


@pytest.mark.parametrize("form", [np.asarray, np.eye(3).__getitem__])
def test_shuffled_labels_are_said(model, x, y, form):
    shuffled = np.random.RandomState(3).permutation(y)
    (found,) = said(model, x, form(shuffled))
    counts = np.bincount(y, minlength=3) / N
    assert f"those of {(shuffled == y).mean():.1%} of the model's own answers" in found
    assert f"shuffled ones would be of {counts @ counts:.1%}" in found


def test_outputs_of_a_graph_are_told_apart(model, x, y):
    keras = pytest.importorskip("keras")
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(12, "relu", name="hidden")(inputs)
    outputs = {
        name: keras.layers.Dense(3, "softmax", name=name)(hidden) for name in ("one", "other")
    }
    graph = keras.Model(inputs, outputs)
    for name, (weights, bias, *_) in zip(
        ("hidden", "one", "other"), [*model, model[1]], strict=True
    ):
        graph.get_layer(name).set_weights([weights.T, bias])
    assert said(graph, x, {"one": y, "other": y}) == []
    shuffled = np.random.RandomState(3).permutation(y)
    (found,) = said(graph, x, {"one": y, "other": shuffled})
    assert found.startswith("Labels at output 'other' are those of")


def test_other_orders_and_labels_from_1_are_said(model, x, y):
    (found,) = said(model, x, (y + 1) % 3)
    assert found.startswith("Labels 0, 1, 2 are mostly answered as 2, 0, 1: so taken, 100% of")
    some = y < 2
    (found,) = said(model, x[some], y[some] + 1)
    assert "answers of the model itself are one below their label" in found


def test_samples_of_another_scale_than_in_training_are_said(model, x):
    (found,) = said(model, 2550 * x)
    best = np.sort(2550 * scores([model[0], (model[1][0], model[1][1] / 2550)], x), axis=1)
    middle = np.median(best[:, -1] - best[:, -2])
    assert f"odds are e^{middle:.0f} to 1 or more" in found
    assert said(model, 2550 * x, task=None, tune=False) == []  # no answer is held against it


def test_a_single_sigmoid_is_held_against_its_middle(model, x):
    single = [model[0], (model[1][0][:1], model[1][1][:1], "sigmoid")]
    assert said(single, x) == []
    (found,) = said(single, 1000 * x)
    assert "far surer of its answers than trained ones" in found


def test_one_class_for_all_samples_is_said(model, x, y):
    others = [model[0], (model[1][0], model[1][1] + [0, 100, 0], "softmax")]
    (found,) = said(others, x, y)
    assert found.startswith("The model itself answers class 1 for all 400 calibration samples")
    assert said(others, x[:99], y[:99]) == []
