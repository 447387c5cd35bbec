"""Times as steps: what is rounded to which number, and what is no time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import ValidationError

from nengo_dense import duration


def refused(match, function, *args, **kwargs):
    with pytest.raises(ValidationError, match=match):
        function(*args, **kwargs)


@given(n=st.integers(1, 10**6), dt=st.sampled_from([1e-4, 5e-4, 1e-3, 0.02, 1.0]))
def test_whole_steps_come_back_from_their_time(n, dt):
    assert duration.whole_steps(n * dt, dt, "t") == n
    assert duration.presentation_steps(n * dt, dt) == n


def test_times_are_rounded_to_the_nearest_step():
    assert duration.whole_steps(0.0014, 0.001, "t") == 1
    assert duration.whole_steps(0.0004, 0.001, "t") == 0
    assert duration.whole_steps(0, 0.001, "t") == 0


@pytest.mark.parametrize(
    ("seconds", "dt", "message"),
    [
        (-1, 1e-3, "t: must be positive or 0 seconds, got -1"),
        (1e300, 1e-3, r"t: must be at most 2147483647 steps of 0\.001 seconds, got 1e\+300"),
        (1e300, 1e-100, r"t: must be at most 2147483647 steps of 1e-100 seconds"),
        (1, 0, "dt: must be above 0 seconds, got 0"),
        (np.nan, 1, "t: 1 of 1 values are NaN"),
    ],
)
def test_times_without_a_number_of_steps_are_refused(seconds, dt, message):
    refused(message, duration.whole_steps, seconds, dt, "t")


def test_a_presentation_lasts_a_step():
    refused(
        r"presentation_time: must be at least one step of 0\.001 seconds, got 0\.0002",
        duration.presentation_steps,
        0.0002,
        0.001,
    )
    refused("presentation_time: must be above 0 seconds", duration.presentation_steps, 0, 0.001)


@pytest.mark.parametrize(("seconds", "dt"), [(1e99, 1e-3), (1.0, 1e-99), (1001, 1e-3)])
def test_a_presentation_is_no_longer_than_memory_holds(seconds, dt):
    assert duration.presentation_steps(1000, 1e-3) == 10**6
    refused(
        "presentation_time: must be at most 1000000 steps",
        duration.presentation_steps,
        seconds,
        dt,
    )


def test_a_sample_is_shown_for_some_thousand_steps_at_most():
    assert duration.check_still(5000, 0.001) == ""
    assert duration.check_still(50_000, 0.001, n_frames=10) == ""
    refused(
        "presentation_time: is 50 seconds, that is 50000 steps of 0.001, and must be at most 5000 "
        "steps for a sample that stays the same. It is in seconds, 0.05 for 50 ms. ",
        duration.check_still,
        50_000,
        0.001,
    )
    refused("at most 10000 steps for sequences of 2 frames", duration.check_still, 10_001, 1, 2)
    assert "shown for 50 seconds, that is 5000 steps" in duration.check_still(5000, 0.01)


def test_a_time_in_milliseconds_is_said_by_its_name():
    assert duration.unusual_time(5.0, 0.001) == ""
    assert "shown for 100 seconds, that is 100000 steps" in duration.unusual_time(100, 0.001)
    assert duration.unusual_time(20, 0.001, "gap") == (
        "After every sample there are 20 seconds without input, that is 20000 steps: if "
        "milliseconds are meant, give gap=0.02."
    )
