import numpy as np
import pytest

from nengo_dense.evaluation import evaluate, stream_report
from nengo_dense.evaluation.rung_by_rung import ladder
from nengo_dense.evaluation.score_format import FORMATS
from nengo_dense.layers import DenseStack

QUICK = {"presentation_time": 0.03, "progress_bar": False}


def test_shares_are_in_per_cent_and_r2_is_a_number():
    accuracy, r2 = FORMATS["accuracy"], FORMATS["r2"]
    assert (accuracy.value(0.93211), r2.value(0.93211)) == ("93.21%", "0.9321")
    assert accuracy.interval((0.9, 1.0)) == "90.00% to 100.00%"
    assert r2.interval((-0.5, 0.25)) == "-0.5000 to 0.2500"
    assert (accuracy.difference(-0.0123), r2.difference(-0.0123)) == ("-1.23", "-0.0123")
    assert (accuracy.loss(0.0123), r2.loss(0.0123)) == ("1.23 points", "0.0123 in R2")
    assert (accuracy.axis, r2.axis, accuracy.scale, r2.scale) == ("accuracy (%)", "R2", 100, 1)


@pytest.fixture(scope="module")
def case():
    rng = np.random.RandomState(0)
    weights = [rng.randn(20, 6) / 2, rng.randn(12, 20) / 3, rng.randn(1, 12) / 3]
    return weights, rng.uniform(-1, 1, size=(60, 6))


def test_reports_of_values_have_no_per_cent_beside_r2(case):
    weights, x = case
    stack = DenseStack([20, 12, 1], 6, weights=weights, readout="linear", seed=1)
    y = evaluate(stack, x, np.zeros(60), task="regression", **QUICK).outputs[:, 0]
    streams = stream_report(stack, x, y, gaps=[0.0], **QUICK)
    climbed = ladder([(w, np.zeros(len(w))) for w in weights], x, y, max_rate=500.0, **QUICK)
    for report in (streams, climbed):
        head, *rows = (line for line in str(report).splitlines() if "0." in line or "R2" in line)
        assert "R2" in head
        assert "95 % interval" in head
        assert rows
        assert "points" not in str(report)
        assert "points" not in repr(report)
        assert "%" not in repr(report)
    assert "R2 1.0000 with a reset on 60 samples" in repr(streams)
    cells = str(climbed).splitlines()[1].split()
    assert cells[:2] == ["source", "model"]
    assert all("%" not in cell for cell in cells)
    last = climbed.evaluation.summary()
    assert "R2 with the source model's values as the right ones 0." in last
