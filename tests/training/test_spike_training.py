"""`fit` through time: needs no TensorFlow, learns, and says what does not go with it."""

import sys

import nengo
import numpy as np
import pytest
from data_frame import Frame
from nengo.exceptions import BuildError, ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.conversion.tuning import tuning
from nengo_dense.evaluation import evaluate
from nengo_dense.exceptions import ConversionError
from nengo_dense.layers.stack import DenseStack
from nengo_dense.training import fit

QUICK = {"through_time": True, "effort": "fast", "seed": 0, "progress_bar": False}
SHOWN = {"presentation_time": 0.012, "progress_bar": False}


def make(n_out=2, readout="softmax", **options):
    given = {"max_rate": 400.0, "synapse": [0.002, None], "seed": 0, **options}
    return DenseStack([12, 8, n_out], 3, readout=readout, **given)


@pytest.fixture
def rings(rng):
    """Two classes that no plane divides."""
    x = rng.uniform(-1, 1, size=(400, 3))
    return x, (np.linalg.norm(x, axis=1) > 0.95).astype(int)


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_a_stack_learns_what_it_did_not_know_without_tensorflow(rings, encoding):
    synapse = [0.002] * (1 + (encoding == "spikes")) + [None]
    stack, (x, y) = make(encoding=encoding, synapse=synapse), rings
    before = evaluate(stack, x, y, **SHOWN).accuracy
    known = set(sys.modules)
    result = fit(stack, x, y, presentation_time=0.012, **QUICK)
    assert not {"tensorflow", "nengo_dl"} & (set(sys.modules) - known)
    after = evaluate(stack, x, y, **SHOWN).accuracy
    assert after > max(before, y.mean(), 1 - y.mean()) + 0.15
    held_back = result.history["val_accuracy"]
    assert held_back[result.best_epoch] > held_back[0] + 0.05
    assert str(result).startswith(f"judgement {result.best_epoch + 1} of {result.n_epochs}: ")
    assert stack.tuned.presentation_time == pytest.approx(0.012)


def test_labels_are_those_of_the_stack(rings):
    x, y = rings
    one, other = make(classes=["in", "out"]), make()
    how = {"presentation_time": 0.012, **QUICK}
    fit(one, x, np.array(["in", "out"])[y], **how)
    fit(other, x, y, **how)
    for a, b in zip(one.weights, other.weights, strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("readout", ["linear", "sigmoid"])
def test_values_and_sets_of_labels_are_learnt_too(rng, readout):
    x = rng.uniform(-1, 1, size=(300, 3))
    values = np.stack([x[:, 0] + np.abs(x[:, 1]), x[:, 1] - x[:, 2]], axis=1)
    y = values if readout == "linear" else (values > 0.3).astype(int)
    stack = make(readout=readout, max_rate=200.0)
    before = evaluate(stack, x, y, **SHOWN).score
    result = fit(stack, x, y, presentation_time=0.03, **QUICK)
    found = evaluate(stack, x, y, presentation_time=0.03, progress_bar=False)
    assert found.score > max(before + 0.3, 0.4)
    assert ("val_error" in result.history) == (readout == "linear")
    assert "judgement" in result._repr_html_()


@pytest.mark.parametrize("readout", ["linear", "sigmoid"])
def test_columns_of_values_and_labels_are_found_by_name(rng, readout):
    x, found = rng.uniform(-1, 1, size=(200, 3)), []
    y = (x[:, :2] > 0).astype(int)
    for given in (y, Frame(["b", "a"], y[:, ::-1])):
        stack = make(readout=readout, classes=["a", "b"])
        fit(stack, x, given, presentation_time=0.03, **QUICK)
        found.append(stack.weights)
    for one, other in zip(*found, strict=True):
        assert_array_equal(one, other)


def test_sequences_are_learnt_by_what_changes(rng):
    """The first frame and the last one alone say nothing: both orders occur."""
    up = np.linspace(-1, 1, 6)[:, np.newaxis] * np.ones(3)
    y = rng.randint(2, size=120)
    level = np.where(y, 1.0, 0.2)
    turned = rng.randint(2, size=120)
    x = [(up[::-1] if t else up) * scale for t, scale in zip(turned, level, strict=True)]
    x = [part[: rng.randint(4, 7)] + 0.05 * rng.randn(1, 3) for part in x]
    stack = make()
    fit(stack, x, y, presentation_time=0.036, **QUICK)
    result = evaluate(stack, x, y, presentation_time=0.036, progress_bar=False)
    assert result.accuracy > 0.85


def test_what_cannot_be_learnt_is_said(rng):
    """A spike in 17 presentations."""
    x = rng.uniform(-1, 1, size=(400, 3))
    y = (x[:, 0] > 0).astype(int) + 2 * (x[:, 1] > 0)
    stack = make(n_out=4, max_rate=5.0)
    with pytest.warns(UserWarning, match="learned hardly more than one answer"):
        fit(stack, x, y, presentation_time=0.012, **QUICK)


def test_inputs_far_from_one_that_the_chip_cannot_store_are_told_so(rings):
    with pytest.raises(ConversionError, match="Bring the inputs to about 1 first"):
        fit(make(), 1e9 * rings[0], rings[1], presentation_time=0.012, **QUICK)


def test_steps_to_weights_that_the_chip_cannot_store_are_taken_back(rings, monkeypatch):
    lost = iter([False] * 3 + [True] + [False] * 1000)
    real = tuning.loss_and_gradient

    def answer(*args, **how):
        if next(lost):
            raise BuildError("no such threshold")
        return real(*args, **how)

    monkeypatch.setattr(tuning, "loss_and_gradient", answer)
    result = fit(make(), *rings, presentation_time=0.012, **QUICK)
    assert result.n_epochs > 10
    assert max(result.history["val_accuracy"]) > 0.7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dropout": 0.5}, "dropout: is for training with NengoDL, and does not go with through"),
        ({"epochs": 3}, "epochs: is for training with NengoDL"),
        ({"validation": 0.2}, "validation: is for training with NengoDL"),
        ({"effort": "more"}, "effort: must be one of"),
        ({"presentation_time": 0.003}, "presentation_time: must be more than 4 steps"),
        ({"presentation_time": 12}, "presentation_time: is 12 seconds, that is 12000 steps"),
        ({"x": None}, "x: must be samples, got None"),
        (
            {"x": np.arange(1200.0).reshape(400, 3) * 1e160},
            "x: has values up to 1.2e.163, and training computes with",
        ),
        ({"x": np.ones((5, 3))}, "x: must have at least 20 samples"),
        ({"y": np.full(400, 7)}, "y: must be within 0 and 1"),
        ({"y": ["in", "out"] * 200}, r"is text, .* with classes=\[\.\.\.\] in DenseStack;"),
        ({"y": [1, 2] * 200}, r"from 1, give classes=range\(1, 3\) to DenseStack"),
        ({"through_time": False, "presentation_time": None}, "effort: goes with through_time"),
        ({"through_time": False, "effort": None}, "presentation_time: goes with through_time"),
        (
            {"stack": {"readout": "tanh"}, "y": np.full((400, 2), 3.0)},
            "y: has numbers from 3 to 3, and a tanh readout gives values between -1 and 1",
        ),
        ({"stack": {"synapse": 0.002}}, "synapse: must be None at the readout"),
        ({"stack": {"neuron_type": nengo.LIFRate()}}, "neuron_type: must be Spiking"),
    ],
)
def test_what_does_not_go_with_it_is_refused(rings, change, message):
    given = {"x": rings[0], "y": rings[1], "presentation_time": 0.012, **QUICK, **change}
    stack = make(**given.pop("stack", {}))
    before = [w.copy() for w in stack.weights]
    with pytest.raises(ValidationError, match=message):
        fit(stack, given.pop("x"), given.pop("y"), **given)
    for a, b in zip(before, stack.weights, strict=True):
        assert_array_equal(a, b)
