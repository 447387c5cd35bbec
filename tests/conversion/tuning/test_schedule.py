import numpy as np
import pytest

from nengo_dense.conversion.tuning.schedule import COOLING, FINAL_SHARE, MOST_COOLING, Schedule


def test_step_size_rises_then_falls():
    schedule = Schedule()
    shares = [schedule.share(n, n / 200) for n in range(1, 201)]
    top = int(np.argmax(shares))
    assert 10 <= top <= 20
    assert np.all(np.diff(shares[:top]) > 0)
    assert np.all(np.diff(shares[top:]) < 0)
    assert shares[-1] == pytest.approx(FINAL_SHARE)
    assert schedule.share(300, 1.5) == pytest.approx(FINAL_SHARE)


def test_a_schedule_that_cools_goes_on_from_where_it_is_and_ends_sooner():
    schedule, slow = Schedule(), Schedule()
    schedule.cool(0.6)
    assert schedule.share(100, 0.6) == pytest.approx(slow.share(100, 0.6))
    assert slow.share(100, 0.7) > schedule.share(100, 0.7)
    schedule.cool(0.7)  # has no further effect
    assert schedule.place(0.6 + COOLING - 0.01) < 1
    assert schedule.place(0.6 + COOLING) == pytest.approx(1)
    assert schedule.share(100, 0.9) == pytest.approx(FINAL_SHARE)


def test_a_schedule_that_cools_early_ends_early():
    schedule = Schedule()
    schedule.cool(0.1)
    assert schedule.place((1 + MOST_COOLING) * 0.1 - 0.01) < 1
    assert schedule.place((1 + MOST_COOLING) * 0.1) == 1


def test_a_schedule_near_its_end_is_not_stretched():
    schedule = Schedule()
    schedule.cool(0.9)
    assert schedule.place(0.95) == 0.95
    assert schedule.place(1.0) == 1


def test_a_schedule_may_cool_at_its_end():
    schedule = Schedule()
    schedule.cool(1.0)
    assert schedule.place(1.0) == 1
