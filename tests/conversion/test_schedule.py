import numpy as np
import pytest

from nengo_dense.conversion.schedule import COOLING, FINAL_SHARE, Schedule


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
    schedule.cool(0.4)
    assert schedule.share(100, 0.4) == pytest.approx(slow.share(100, 0.4))
    assert slow.share(100, 0.5) > schedule.share(100, 0.5)
    schedule.cool(0.5)  # has no further effect
    assert schedule.place(0.4 + COOLING - 0.01) < 1
    assert schedule.place(0.4 + COOLING) == pytest.approx(1)
    assert schedule.share(100, 0.7) == pytest.approx(FINAL_SHARE)


def test_a_schedule_near_its_end_is_not_stretched():
    schedule = Schedule()
    schedule.cool(0.9)
    assert schedule.place(0.95) == 0.95
