import json
from dataclasses import replace

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation import evaluate, stream_report
from nengo_dense.layers import DenseStack

OPTIONS = {"presentation_time": 0.03, "progress_bar": False}


@pytest.fixture(scope="module")
def case():
    rng = np.random.RandomState(0)
    weights = [rng.randn(20, 6) / 2, rng.randn(12, 20) / 3, rng.randn(4, 12) / 3]
    stack = DenseStack([20, 12, 4], 6, weights=weights, synapse=0.02, seed=1, label="four")
    x = rng.uniform(-1, 1, size=(120, 6))
    y = evaluate(stack, x, np.zeros(120), **OPTIONS).answers
    return stack, x, y


@pytest.fixture(scope="module")
def report(case):
    return stream_report(*case, gaps=[0.0, 0.15], **OPTIONS)


def test_losses_are_against_a_reset(report):
    assert report.reset.score == 1
    assert report.gaps == [0.0, 0.15]
    assert min(report.losses) > 5  # nothing leaks out of an integrating neuron in a gap
    for lost, stream in zip(report.losses, report.streams, strict=True):
        # where the labels are the answers with a reset, agreement and accuracy are one
        assert stream.agreement == stream.accuracy == pytest.approx(1 - lost / 100)


def test_the_shortest_gap_that_loses_little_is_recommended(report):
    assert report.recommended_gap is None
    assert "try longer ones" in repr(report)
    right = report.reset.answers_over_time
    good = [replace(stream, answers_over_time=right) for stream in report.streams]
    both = replace(report, streams=[good[1], report.streams[1], good[0]])
    assert both.recommended_gap == 0.0
    assert replace(report, streams=[report.streams[0], good[1]]).recommended_gap == 0.15
    assert "a gap of 0 ms loses less than 0.1 points" in repr(both)


def test_a_loss_that_chance_can_bring_about_is_said_to_be_one(report):
    """Without a reset two of 120 answers become wrong, and one becomes right."""
    answers = report.reset.answers_over_time.copy()
    answers[:3, -1] = (answers[:3, -1] + 1) % 4
    labels = report.reset.truth.copy()
    labels[0] = answers[0, -1]
    reset = replace(report.reset, truth=labels)
    stream = replace(report.streams[0], truth=labels, answers_over_time=answers)
    few = replace(report, reset=reset, streams=[stream, report.streams[1]])
    assert few.losses[0] == pytest.approx(100 / 120)
    assert few.recommended_gap is None
    assert repr(few).endswith("a gap of 0 ms loses 0.83 points, which may be chance>")


def test_reads_as_text_and_json(report):
    lines = str(report).splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["between", "reset", "0", "150"]
    assert lines[1].split()[-2] == "30"
    assert lines[3].split()[-2] == "180"
    found = json.loads(report.to_json())
    assert found["losses"] == report.losses
    assert found["streams"][1]["gap"] == 0.15


def test_draws_a_picture_and_a_page(report, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    figure = report.plot(str(tmp_path / "streams.png"))
    assert figure.axes[0].get_title() == "On a running chip"
    report.save_html(tmp_path / "streams.html")
    assert "Streams of four" in (tmp_path / "streams.html").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gaps": []}, "gaps: must have at least one"),
        ({"gaps": b"x"}, "gaps: must be"),
        ({"gaps": np.zeros((3, 4))}, r"gaps: must be one row of gaps, .* shape \(3, 4\)"),
        ({"gaps": np.array(-1.0)}, "gaps: must be positive or 0 seconds"),
        ({"gaps": np.array([True, False])}, r"gaps: must be numbers, got array\(\[ True, False"),
        ({"gaps": [0.1, True]}, r"gaps: must be numbers, got \[0.1, True\]"),
        ({"gaps": [0.1, -0.1]}, "gaps: must be positive or 0 seconds"),
        ({"reset": True}, "reset: is what this report chooses itself"),
    ],
)
def test_impossible_gaps_are_refused_before_anything_runs(case, options, message):
    with pytest.raises(ValidationError, match=message):
        stream_report(*case, **options)
