"""What tuning could not bring near to the source model is said."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from nengo_dense.conversion import convert, network_tuning
from nengo_dense.conversion.network_tuning import FAR_SHARE, FAR_VALUES
from nengo_dense.conversion.tuning.judgement import judge
from nengo_dense.exceptions import ConversionError

QUICK = {"effort": "fast", "presentation_time": 0.02, "progress_bar": False}


def make_model(rng, n_out):
    sizes = [(16, 6), (12, 16), (n_out, 12)]
    return [(rng.normal(size=size) / np.sqrt(size[1]), np.zeros(size[0])) for size in sizes]


def forward(layers, x):
    for weights, bias in layers[:-1]:
        x = np.maximum(x @ weights.T + bias, 0)
    return x @ layers[-1][0].T + layers[-1][1]


@pytest.mark.parametrize("n_out", [1, 3])
def test_inputs_with_heavy_tails_are_no_silent_loss(n_out):
    # seeds with which it is far beyond chance, on any processor
    model, draws = make_model(np.random.RandomState(2), n_out), np.random.RandomState(3)
    heavy = draws.standard_cauchy(size=(500, 6))
    with pytest.warns(UserWarning, match="are much larger than all others") as caught:
        stack = convert(model, calibration=heavy, **QUICK)
    (said,) = caught
    assert Path(said.filename) == Path(__file__)
    share = int(re.search(r"(\d+)%", str(said.message))[1])
    assert share == pytest.approx(stack.tuned.gap, abs=0.5)
    assert stack.tuned.judged == 75
    assert n_out > 1 or share > 100 * FAR_VALUES
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(model, calibration=draws.normal(size=(500, 6)), **QUICK)


@pytest.mark.parametrize("rare, is_said", [(0.08, True), (0.002, False)])
def test_one_answer_for_all_is_far_off_where_classes_are_unequal(rare, is_said, monkeypatch):
    def same(circuit, fit, held_back, goals, **how):
        circuit.weights[-1][...] = 0
        return [judge(circuit, held_back, goals)]

    monkeypatch.setattr(network_tuning, "tune", same)
    layers, x = make_model(np.random.RandomState(1), 2), np.random.RandomState(3).randn(4000, 6)
    logits = forward(layers, x)
    layers[-1][1][1] = np.quantile(logits[:, 0] - logits[:, 1], 1 - rare) + 1
    layers[-1][1][0] = 1
    layers[-1] = (*layers[-1], "softmax")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stack = convert(layers, calibration=x, **QUICK)
    assert stack.tuned.gap < 100 * FAR_SHARE
    said = ["where one answer for all would differ in 8%" in str(w.message) for w in caught]
    assert said == [True] * is_said


@pytest.mark.parametrize("n, of", [(200, "on calibration data"), (4000, "on held-back")])
def test_few_held_back_samples_are_told_of_by_all(n, of, monkeypatch):
    def turned(circuit, fit, held_back, goals, **how):
        circuit.biases[-1][0] += 10
        return [judge(circuit, held_back, goals)]

    monkeypatch.setattr(network_tuning, "tune", turned)
    layers, x = make_model(np.random.RandomState(1), 2), np.random.RandomState(3).randn(n, 6)
    logits = forward(layers, x)
    layers[-1][1][0] = -np.quantile(logits[:, 0] - logits[:, 1], 0.18)
    layers[-1] = (*layers[-1], "softmax")
    with pytest.warns(UserWarning, match=f"differ in 1[5-9]% of the samples .* {of}"):
        convert(layers, calibration=x, **QUICK)


@pytest.mark.parametrize("task", [None, "classification"])
def test_values_further_off_than_their_mean_are_told_of_unless_they_are_classes(
    task, monkeypatch, recwarn
):
    def shifted(circuit, fit, held_back, goals, **how):
        for bias in circuit.biases[-1:]:
            bias += 10  # which changes no order
        return [judge(circuit, held_back, goals)]

    monkeypatch.setattr(network_tuning, "tune", shifted)
    layers, x = make_model(np.random.RandomState(1), 2), np.random.RandomState(3).randn(200, 6)
    warnings.simplefilter("always")
    convert(layers, calibration=x, task=task, **QUICK)
    said = [str(w.message) for w in recwarn if "as values are off by" in str(w.message)]
    assert len(said) == (task is None)
    assert all("name task='classification'" in message for message in said)


@pytest.mark.parametrize("small, n_few", [(0.01, "2"), (0.5, None)])
def test_values_that_hardly_vary_are_named_where_answers_are_far_off(small, n_few):
    rng = np.random.RandomState(2)
    model, heavy = make_model(rng, 5), np.random.RandomState(3).standard_cauchy(size=(500, 6))
    model[-1][0][:2] *= small
    with pytest.warns(UserWarning, match="are off by") as caught:
        convert(model, calibration=heavy, task="regression", **QUICK)
    found = re.search(r"(\d+) of its 5 values vary by less than 10%", str(caught[0].message))
    assert (found and found[1]) == n_few


@pytest.mark.parametrize("scale", [1e-200, 1e100, 1e160])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_outputs_too_large_or_small_to_compute_with_are_refused(scale, task, rng):
    layers = [(rng.randn(8, 4), np.zeros(8)), (scale * rng.randn(3, 8), np.zeros(3))]
    with pytest.raises(ConversionError, match=r"'output' reach .* tuning computes with 1e-75 to"):
        convert(layers, calibration=rng.randn(60, 4), effort="fast", task=task)
    convert(layers, calibration=rng.randn(60, 4), tune=False)


@pytest.mark.parametrize("how", [{}, {"task": "classification"}])
def test_logits_too_large_for_a_softmax_are_refused(how, rng):
    head = () if how else ("softmax",)
    layers = [(rng.randn(8, 4), np.zeros(8)), (1e25 * rng.randn(3, 8), np.zeros(3), *head)]
    with pytest.raises(
        ConversionError, match=r"'output' reach .* tuning computes with .* to 1e\+15"
    ):
        convert(layers, calibration=rng.randn(60, 4), **QUICK, **how)
