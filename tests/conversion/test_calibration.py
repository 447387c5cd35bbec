import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.calibration import Calibration, divide
from nengo_dense.conversion.request import Data
from nengo_dense.conversion.tuning.answer import Samples


def calibrated(x, n_in, **given):
    how = {"labels": None, "mask": None, "by_frame": False, "n_steps": 60, "dt": 0.001, **given}
    return Calibration.of(Data(x, **how), n_in)


def test_accepts_images(rng):
    assert calibrated(rng.rand(30, 2, 3), 6).rows.shape == (30, 6)


@pytest.mark.parametrize(
    "x,match",
    [
        (np.ones((50, 3)), "must have shape .batch, 4."),
        (np.random.RandomState(0).rand(19, 4), "at least 20 samples.*got 19"),
        (np.ones((50, 4)), "all 50 samples are the same"),
        (np.full((50, 4), np.nan), "200 of 200 values are NaN"),
        ((np.ones((50, 4)), np.ones(50)), "must be one array.*inputs alone, without labels"),
    ],
)
def test_refuses_what_says_nothing(x, match):
    with pytest.raises(ValidationError, match=match):
        calibrated(x, 4)


@pytest.mark.parametrize("n,n_held_back", [(20, 3), (1000, 150), (20_000, 1000)])
def test_every_sample_either_teaches_or_judges(n, n_held_back):
    samples = Samples(np.arange(n)[:, None], 2 * np.arange(n)[:, None])
    fit, judge = divide(samples, seed=4)
    assert len(judge) == n_held_back
    np.testing.assert_array_equal(np.sort(np.concatenate([fit.x, judge.x]), axis=0), samples.x)
    np.testing.assert_array_equal(fit.targets, 2 * fit.x)
