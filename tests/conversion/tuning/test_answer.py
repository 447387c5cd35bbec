import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.tuning.answer import Samples, deadlines, frame_windows


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
    with pytest.raises(ValidationError, match=r"more than 8 steps, twice the.*4.*got 8"):
        deadlines(8, 4)


def test_frames_are_read_when_their_spikes_have_come_through():
    windows = frame_windows(5, 4, 3)
    assert [window.stop for window in windows] == [7, 11, 15, 19, 23]
    assert [window.start for window in windows] == [3, 7, 11, 15, 19]
    assert [window.end for window in windows] == [4, 8, 12, 16, 20]
    assert {window.n_shown for window in windows} == {4}
    assert [window.start for window in frame_windows(2, 20, 3)] == [5, 25]


@pytest.mark.parametrize("frame_steps", [1, 4, 12])
def test_what_is_wanted_of_a_frame_is_its_own(frame_steps):
    targets = np.arange(12.0).reshape(2, 3, 2)
    samples = Samples(
        np.zeros((2, 3, 4)), targets, targets[..., :1], np.array([3, 2]), frame_steps
    )
    answers = samples.answers(frame_windows(3, frame_steps, 5))
    assert [answer.rows.tolist() for answer in answers] == [[0, 1], [0, 1], [0]]
    for frame, answer in enumerate(answers):
        np.testing.assert_array_equal(answer.targets, targets[answer.rows, frame])
        np.testing.assert_array_equal(answer.labels, targets[answer.rows, frame, :1])
