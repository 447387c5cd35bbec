import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nengo_dense.evaluation import window as window_module
from nengo_dense.evaluation.window import RunningWindow, kept_sums


@given(
    pieces=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    window=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
)
def test_pieces_give_the_same_as_the_whole(pieces, window):
    n_steps = sum(pieces)
    values = np.random.RandomState(0).randn(3, n_steps, 2)
    ((_, whole),) = RunningWindow(3, n_steps, 2, window).add(values)
    running = RunningWindow(3, n_steps, 2, window)
    parts = [
        means
        for piece in np.split(values, np.cumsum(pieces)[:-1], axis=1)
        for _, means in running.add(piece)
    ]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    running, ends = RunningWindow(3, n_steps, 2, window), np.cumsum(pieces)
    for end, piece in zip(ends, np.split(values, ends[:-1], axis=1), strict=True):
        ((_, last),) = running.add(piece, only_last=True)
        np.testing.assert_array_equal(last, whole[:, end - 1 : end])


def test_only_sums_at_which_a_window_starts_are_kept():
    assert RunningWindow(2, 1000, 3)._sums.shape == (101, 2, 3)
    assert kept_sums(1000) == 102


def test_no_steps_have_no_means():
    ((lanes, means),) = RunningWindow(2, 5, 3).add(np.zeros((2, 0, 3)))
    assert means[lanes].shape == (2, 0, 3)


def test_means_of_long_presentations_are_made_in_blocks_that_fit(monkeypatch, rng):
    values = rng.randn(7, 40, 3)
    (whole,) = (means for _, means in RunningWindow(7, 40, 3).add(values))
    monkeypatch.setattr(window_module, "MOST_MEANS", 2 * 40 * 3)
    parts = [means for _, means in RunningWindow(7, 40, 3).add(values)]
    assert [len(part) for part in parts] == [2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
