import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.answer import deadlines, frame_windows


def test_deadlines_are_a_quarter_a_half_and_all_and_weigh_one_together():
    windows = deadlines(100, 3)
    assert [window.stop for window in windows] == [25, 50, 100]
    assert [window.early for window in windows] == [True, True, False]
    assert sum(window.weight for window in windows) == pytest.approx(1)
    assert [window.start for window in windows] == [2, 5, 10]


def test_deadlines_before_anything_is_known_are_left_out():
    assert [window.stop for window in deadlines(20, 3)] == [10, 20]
    assert [window.stop for window in deadlines(9, 4)] == [9]


def test_too_short_a_presentation_is_refused():
    with pytest.raises(ValidationError, match=r"more than 8 steps for 4 populations.*got 8"):
        deadlines(8, 4)


def test_a_frame_that_is_over_before_its_spikes_are_seen_is_refused():
    with pytest.raises(
        ValidationError, match=r"3 steps, and its first spikes need 3 .*\(5 in .*more than 3\."
    ):
        frame_windows(5, 3, 3)
    assert [window.stop for window in frame_windows(5, 4, 3)] == [4, 8, 12, 16, 20]
