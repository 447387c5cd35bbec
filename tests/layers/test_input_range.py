"""Inputs that are shifted or smaller than in calibration are told; ordinary samples are not."""

import re

import numpy as np
import pytest

from nengo_dense.layers.input_range import InputRange


@pytest.fixture
def calibration(rng):
    """Values of several distributions, one of which does not move."""
    return np.stack([rng.normal(size=400), rng.beta(2, 5, 400), rng.uniform(size=400)], axis=1)


def range_of(x):
    return InputRange(x.min(axis=0), x.max(axis=0))


@pytest.mark.parametrize("n", [20, 100, 400])
def test_samples_of_the_same_distribution_are_no_difference(calibration, rng, n):
    x = np.stack([rng.normal(size=n), rng.beta(2, 5, n), rng.uniform(size=n)], axis=1)
    known = range_of(calibration)
    assert known.differences(x) == []
    assert known.differences(x / 2) == []
    assert range_of(calibration[:30]).differences(x) == []


@pytest.mark.parametrize("signs", [(-1, -1, -1), (1, 1, 1), (1, -1, 1)])
def test_shifted_inputs_are_told(calibration, signs):
    known = range_of(calibration)
    x = calibration[:100] + 0.5 * np.array(signs) * (known.high - known.low)
    (said,) = known.differences(x)
    assert "which are shifted" in said
    assert re.search(r"Input \d is outside most often, with \S+ to \S+ instead of", said)
    assert said.endswith("calibration data like these.")
    assert known.differences(x[:19]) == []  # too few to tell
    assert known.differences(x, n=1) == []


def test_shares_are_of_inputs_that_move(calibration):
    still = np.concatenate([calibration, np.zeros((400, 20))], axis=1)
    shift = [4.0, 0.5, 0.5] + 20 * [0.0]
    (said,) = range_of(still).differences(still + shift)
    assert "which are shifted" in said
    assert InputRange(np.zeros(2), np.zeros(2)).differences(np.zeros((30, 2))) == []


def test_a_fifth_of_the_range_is_told_and_half_of_it_is_none(calibration):
    known = range_of(calibration - calibration.mean(axis=0))
    x = calibration - calibration.mean(axis=0)
    (said,) = known.differences(x / 5)
    assert "no input takes more than 0.2 of its range" in said
    assert known.differences(x / 2) == []
    assert known.differences(x[:100] / 5) == []  # of few values that may be chance
    assert len(known.differences(x[:100] / 11)) == 1


def test_one_side_alone_counts_only_where_the_other_is_not_reached(calibration):
    x = calibration * [1, 1, 1.9] - [0, 0, 0.45]  # beyond both ends of the third
    assert range_of(calibration).differences(x) == []
