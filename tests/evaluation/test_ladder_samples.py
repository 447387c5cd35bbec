"""Sequences on every rung, the source model's too."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.evaluation import evaluate
from nengo_dense.evaluation.ladder_samples import LadderSamples, mean_logits
from nengo_dense.evaluation.rung_by_rung import ladder
from nengo_dense.importers import read_model
from nengo_dense.sequence import Sequences

LENGTHS = [6, 4, 3, 6, 2] * 4
QUICK = {"presentation_time": 0.06, "progress_bar": False}


@pytest.fixture(scope="module")
def model():
    rng = np.random.RandomState(0)
    sizes = [(16, 5), (12, 16), (3, 12)]
    return [(rng.randn(*size) / np.sqrt(size[1]), rng.rand(size[0]) / 4) for size in sizes]


@pytest.fixture(scope="module")
def x():
    rng = np.random.RandomState(1)
    return [rng.uniform(-1, 1, (length, 5)) for length in LENGTHS]


def test_labels_of_the_source_are_right_on_its_own_rung(model, x):
    sequences = Sequences.read(x, 5)
    source = read_model(model)
    logits = source.logits(sequences.frames())
    y = mean_logits(sequences, logits, 10)
    how = {"max_rate": 1000.0, "effort": "fast", **QUICK}
    report = ladder(source, x, y, **how)
    assert report.rungs[0].score == pytest.approx(1)
    assert report.evaluation.n == len(x)
    assert "20 sequences of up to 6 frames" in report.evaluation.summary()
    expected = evaluate(report.stack, x, y, **QUICK)
    assert_array_equal(report.evaluation.outputs, expected.outputs)
    by_frame = np.split(logits, np.cumsum(LENGTHS)[:-1])
    report = ladder(source, x, by_frame, per_frame=True, **how)
    assert report.rungs[0].score == 1
    assert report.n == sum(LENGTHS)


def test_what_does_not_fit_is_refused_before_anything_runs(model, x):
    source = read_model(model)

    def read(x, time=0.06, mask=None, per_frame=False):
        return LadderSamples.of(source, x, time, 0.001, mask, per_frame)

    with pytest.raises(ValidationError, match="60 steps cannot be divided among 7 frames"):
        read([np.zeros((7, 5)), np.zeros((2, 5))])
    with pytest.raises(ValidationError, match=r"30000 .* at most 25000 steps for sequences"):
        read([np.zeros((5, 5)), np.zeros((2, 5))], time=30)
    with pytest.raises(ValidationError, match=r"is 6 seconds, that is 6000 steps of 0\.001"):
        read(np.zeros((4, 5)), time=6)
    with pytest.raises(ValidationError, match="per_frame: goes with sequences"):
        read(np.zeros((4, 5)), per_frame=True)
    with pytest.raises(ValidationError, match=r"x: must have shape \(batch, 5\)"):
        read(np.zeros((4, 6)))
    with pytest.raises(ValidationError, match="has a value for each frame"):
        read(x).truths([np.zeros((length, 3)) for length in LENGTHS], None)
