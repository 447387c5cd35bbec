import json

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation import decision_curve, evaluate, predict
from nengo_dense.layers import DenseStack

OPTIONS = {"presentation_time": 0.05, "progress_bar": False}


@pytest.fixture(scope="module")
def case():
    rng = np.random.RandomState(0)
    weights = [rng.randn(20, 6) / 2, rng.randn(30, 20) / 3, rng.randn(4, 30) / 3]
    stack = DenseStack([20, 30, 4], 6, weights=weights, seed=1, label="four")
    x = rng.uniform(-1, 1, size=(200, 6))
    values = x
    for w in weights:
        values = np.maximum(values @ w.T, 0) if len(w) > 4 else values @ w.T
    return stack, x, values.argmax(axis=1)


@pytest.fixture(scope="module")
def result(case):
    return evaluate(*case, decision="margin", **OPTIONS)


def test_leads_are_sums_over_the_window(case, result):
    stack, x, _ = case
    linear = DenseStack(**{**stack.arguments(), "readout": "linear"})
    first, second = np.sort(predict(linear, x, **OPTIONS), axis=1)[:, :-3:-1].T
    np.testing.assert_allclose(result.leads_over_time[:, -1], (first - second) * 45, rtol=1e-5)
    assert result.leads_over_time.dtype == np.float32


def test_answers_come_at_the_first_step_with_the_margin(result):
    margin = float(np.median(result.leads_over_time))
    decision = result.at_margin(margin)
    for i in range(len(decision.times)):
        ahead = np.flatnonzero(result.leads_over_time[i] >= margin)
        step = ahead[0] if len(ahead) else 49
        assert decision.times[i] == pytest.approx((step + 1) / 1000)
        assert decision.predictions[i] == result.predictions_over_time[i, step]
    assert decision.accuracy == np.mean(decision.predictions == result.labels)
    assert decision.latency == pytest.approx(decision.times.mean())
    share = decision.latency / 0.05
    assert decision.joules == pytest.approx(result.energy.joules * share)
    low, high = decision.confidence_interval
    assert low < decision.accuracy < high


def test_extreme_margins_answer_at_once_and_at_the_end(result):
    assert result.at_margin(0).latency == pytest.approx(0.001)
    late = result.at_margin(1e9)
    assert late.latency == pytest.approx(0.05)
    assert late.accuracy == result.accuracy


def test_deadlines_are_accuracy_over_time(result):
    for step in (1, 20, 50):
        decision = result.at_deadline(step / 1000)
        assert decision.accuracy == result.accuracy_over_time[step - 1]
        assert decision.latency == pytest.approx(step / 1000)


def test_the_margin_loses_no_more_than_asked(result):
    for lost in (0, 1, 10):
        margin = result.margin_for(lost)
        assert result.at_margin(margin).accuracy >= result.accuracy - lost / 100 - 1e-9
    assert result.at_margin(result.margin_for(10)).latency < 0.05


def test_a_curve_chooses_by_other_data(case):
    stack, x, y = case
    curve = decision_curve(stack, x[:100], y[:100], calibration=(x[100:], y[100:]), **OPTIONS)
    seen = evaluate(stack, x[100:], y[100:], decision="margin", **OPTIONS)
    assert curve.chosen == seen.margin_for(0.1)
    assert curve.decision.latency < 0.05
    assert len(curve.by_deadline) == 50
    latencies = [decision.latency for decision in curve.by_margin]
    assert latencies == sorted(latencies)
    found = json.loads(curve.to_json())
    assert found["chosen"]["accuracy"] == curve.decision.accuracy
    assert str(curve).splitlines()[1].startswith("margin")
    assert str(curve).splitlines()[-2].split()[:3] == ["deadline", "50", "ms"]


def test_a_curve_is_drawn(case, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    stack, x, y = case
    curve = decision_curve(stack, x[:50], y[:50], calibration=(x[50:], y[50:]), **OPTIONS)
    curve.plot(str(tmp_path / "curve.png"))
    curve.save_html(tmp_path / "curve.html")
    assert "Decisions of four" in (tmp_path / "curve.html").read_text()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.at_margin(-1), "margin: must be at least 0"),
        (lambda r: r.at_deadline(0.06), "seconds: must be at most 50 steps"),
        (lambda r: r.at_deadline(0), "seconds: must be above 0"),
    ],
)
def test_impossible_rules_are_refused(result, ask, message):
    with pytest.raises(ValidationError, match=message):
        ask(result)


def test_margins_are_for_classes_whose_leads_were_kept(case):
    stack, x, y = case
    plain = evaluate(stack, x[:5], y[:5], **OPTIONS)
    with pytest.raises(ValidationError, match="decision: must be 'margin'"):
        plain.at_margin(1)
    with pytest.raises(ValidationError, match="decision: must be one of 'window', 'margin'"):
        evaluate(stack, x, y, decision="first")
    linear = DenseStack(**{**stack.arguments(), "readout": "linear"})
    with pytest.raises(ValidationError, match="'margin' is for classes, and this is a regression"):
        evaluate(linear, x, x[:, :4], decision="margin")
    with pytest.raises(ValidationError, match="calibration: must be a pair"):
        decision_curve(stack, x, y, calibration=x)
    with pytest.raises(ValidationError, match="decision: is what this curve chooses itself"):
        decision_curve(stack, x, y, calibration=(x, y), decision="margin")
