from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn import metrics

from nengo_dense.evaluation import MultiLabel, evaluate, predict
from nengo_dense.evaluation.score import label_sums
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.energy import Energy


def multi_label(truth, answers, **options):
    weights = options.get("sample_weight")
    weights = np.ones(len(truth)) if weights is None else weights
    return MultiLabel(
        truth=truth,
        answers=answers,
        counts_over_time=label_sums(truth, answers, weights).sum(axis=0)[np.newaxis],
        exact_match_over_time=np.ones(1),
        classes=np.array(["a<", "b", "$", "never"]),
        layers=[],
        energy=Energy(1000, 2000),
        dt=0.001,
        target="sim",
        **options,
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_measures_are_those_of_scikit_learn(rng, weighted):
    truth = rng.rand(60, 4) < 0.4
    answers = truth ^ (rng.rand(60, 4) < 0.2)
    truth[:, 3] = answers[:, 3] = False
    weights = rng.rand(60) if weighted else None
    result = multi_label(truth, answers, sample_weight=weights)
    options = {"sample_weight": weights}
    f1 = metrics.f1_score(truth, answers, average="macro", zero_division=0, **options)
    assert result.macro_f1 == pytest.approx(f1)
    assert result.macro_f1_over_time[-1] == pytest.approx(f1)
    exact = metrics.accuracy_score(truth, answers, **options)
    assert result.exact_match == pytest.approx(exact)
    for label in range(4):
        single = metrics.accuracy_score(truth[:, label], answers[:, label], **options)
        assert result.label_accuracy[label] == pytest.approx(single)
    hamming = metrics.hamming_loss(truth, answers, **options)
    assert result.metrics["label_accuracy"] == pytest.approx(1 - hamming)
    assert result.confidence_interval[0] < result.macro_f1 < result.confidence_interval[1]
    assert result.score == result.macro_f1


@pytest.fixture
def stack(rng):
    weights = [rng.randn(20, 3), rng.randn(15, 20) / 4, rng.randn(4, 15) / 4]
    return DenseStack([20, 15, 4], 3, weights=weights, readout="linear", seed=0)


def test_labels_are_given_where_logits_are_above_0(stack, rng):
    x, y = rng.rand(30, 3), rng.rand(30, 4) < 0.5
    options = {"progress_bar": False, "minibatch_size": 7}
    result = evaluate(stack, x, y, task="multilabel", presentation_time=0.04, **options)
    for steps in (12, 17, 40):
        answers = predict(stack, x, presentation_time=steps / 1000, **options) > 0
        f1 = metrics.f1_score(y, answers, average="macro", zero_division=0)
        assert result.macro_f1_over_time[steps - 1] == pytest.approx(f1)
        exact = metrics.accuracy_score(y, answers)
        assert result.exact_match_over_time[steps - 1] == pytest.approx(exact)
    np.testing.assert_array_equal(result.predictions, answers)
    np.testing.assert_array_equal(result.labels, y)


def test_agreement_is_of_single_labels(stack, rng):
    x, y = rng.rand(10, 3), rng.rand(10, 4) < 0.5
    options = {"presentation_time": 0.03, "progress_bar": False}
    outputs = predict(stack, x, **options)
    outputs[0, :2] *= -1
    result = evaluate(stack, x, y, task="multilabel", source=outputs, **options)
    assert result.agreement == pytest.approx(1 - 2 / 40)


def test_reads_as_text_html_and_picture(rng, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    truth = rng.rand(60, 4) < 0.4
    result = multi_label(truth, truth.copy())
    assert "all labels right for 100.00% (93.98% to 100.00%)" in repr(result)
    ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")
    figure = result.plot(str(tmp_path / "picture.png"))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Firing rates", "Labels", "Labels over time"]
