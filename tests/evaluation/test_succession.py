"""What is shown step by step, against the same put together sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nengo_dense.batches import check_batches
from nengo_dense.evaluation.succession import SHOWN_STEPS, Succession


def make(lengths, n_steps, gap):
    """Return a succession, and what it shows by hand, (n_lanes, n_steps, 2)."""
    lengths = sorted(lengths, reverse=True)
    x = np.random.RandomState(0).uniform(0.1, 1, (sum(lengths), 2))
    lanes = np.split(np.arange(len(x)), np.cumsum(lengths)[:-1])
    places = [np.array([lane[i] for lane in lanes if i < len(lane)]) for i in range(lengths[0])]
    end = lengths[0] * (n_steps + gap) + 7
    by_hand = np.zeros((len(lanes), end, 2))
    for row, lane in zip(by_hand, lanes, strict=True):
        for i, number in enumerate(lane):
            row[i * (n_steps + gap) :][:n_steps] = x[number]
        if not gap:
            row[len(lane) * n_steps :] = x[lane[-1]]
    return Succession(check_batches(x, 2, "x"), places, n_steps, gap), by_hand


cases = st.lists(st.integers(1, 9), min_size=1, max_size=4)
times = st.sampled_from([1, 2, 5, 47, 48, 49, 100])


@given(cases, times, st.sampled_from([0, 1, 3, 48, 60]), st.data())
def test_parts_are_what_is_shown_step_by_step(lengths, n_steps, gap, data):
    shown, by_hand = make(lengths, n_steps, gap)
    end = by_hand.shape[1]
    first = data.draw(st.integers(0, end - 1))
    last = data.draw(st.integers(first + 1, end))
    at = first
    for begin, stop in shown.parts(first, last):
        assert begin == at, "parts follow one another"
        assert stop - begin > 1 or last - first == 1
        values = shown.values(begin, stop)
        assert values.shape[1] in (1, stop - begin)
        np.testing.assert_array_equal(
            np.broadcast_to(values, by_hand[:, begin:stop].shape), by_hand[:, begin:stop]
        )
        at = stop
    assert at == last


@given(cases, times, st.sampled_from([0, 1, 3]), st.integers(0, 9))
def test_marks_are_ends_and_some_samples_before(lengths, n_steps, gap, wait):
    shown, _ = make(lengths, n_steps, gap)
    ends = shown.lengths * shown.period + wait
    marks = shown.marks(ends)
    assert set(ends) <= set(marks)
    assert all(mark in ends or mark % shown.period == 0 for mark in marks)
    apart = np.diff([0, *marks])
    assert (apart > 0).all()
    if (np.diff(np.unique(ends)) != 1).all() and ends.min() > 1:
        assert (apart > 1).all()
    assert apart.max() <= 2 * max(SHOWN_STEPS, shown.period) + shown.period + wait + 1


def test_a_sample_that_is_shown_for_long_is_passed_on_as_one_step():
    """Whoever is given one value for all steps multiplies once."""
    shown, _ = make([3, 2], 100, 1)
    parts = list(shown.parts(0, 303))
    assert parts == [(0, 100), (100, 202), (202, 303)]
    assert shown.values(0, 100).shape[1] == 1
    shown, _ = make([3, 2], 10, 500)
    assert list(shown.parts(0, 1030)) == [
        (0, 10),
        (10, 510),
        (510, 520),
        (520, 1020),
        (1020, 1030),
    ]


@pytest.mark.parametrize("size", [1, 2**30])
def test_values_are_made_for_as_many_steps_as_fit_in_memory(size, monkeypatch):
    monkeypatch.setattr("nengo_dense.evaluation.succession.SHOWN_BYTES", size)
    shown, _ = make([40, 40], 5, 0)
    sizes = [stop - begin for begin, stop in shown.parts(0, 200)]
    assert sizes == ([50, 50, 50, 50] if size == 1 else [200])
