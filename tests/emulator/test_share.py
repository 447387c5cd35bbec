"""Blocks of lanes hand in their parts of a probe's values in any order, and none is lost."""

import itertools

import numpy as np
import pytest

from nengo_dense.emulator.history import History
from nengo_dense.emulator.share import Gathering, Share

BLOCKS = [slice(0, 2), slice(2, 3), slice(3, 6)]
VALUES = np.random.RandomState(0).normal(size=(6, 9, 2))


def hand_in(history, parts, order=BLOCKS):
    """Hand in some steps at a time, from all blocks."""
    gathering = Gathering(history, len(VALUES), VALUES.shape[2])
    shares = [Share(gathering, lanes) for lanes in order]
    history.reserve(1, sum(parts))
    for start, stop in itertools.pairwise(np.cumsum([0, *parts])):
        for share in shares:
            if share.only_sums:
                part = VALUES[share.lanes, start:stop]
                share.add(part.sum(axis=1), part[:, -1])
            else:
                share.write(start + 1, VALUES[share.lanes, start:stop])
        gathering.hand_on(start + 1)
    return gathering


@pytest.mark.parametrize("order", list(itertools.permutations(BLOCKS)))
@pytest.mark.parametrize("parts", [[9], [4, 5], [2, 3, 1, 3]])
@pytest.mark.parametrize("period", [1, 2, 2.5])
def test_kept_values_are_those_of_all_lanes(order, parts, period):
    history = History(period, True)
    hand_in(history, parts, order)
    steps = np.arange(1, 10)
    np.testing.assert_array_equal(history.values(), VALUES[:, steps % period < 1])


@pytest.mark.parametrize("parts", [[9], [4, 5]])
def test_sums_and_the_last_value_are_those_of_all_lanes(parts):
    history = History(1, False)
    hand_in(history, parts)
    np.testing.assert_allclose(history.total(), VALUES.sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(history.values(), VALUES[:, -1:])


def test_an_observer_sees_all_lanes_of_a_part_and_may_keep_them():
    seen = []
    hand_in(History(1, False, observer=lambda first, x: seen.append((first, x))), [2, 3, 1, 3])
    assert [first for first, _ in seen] == [1, 3, 6, 7]
    np.testing.assert_array_equal(np.concatenate([x for _, x in seen], axis=1), VALUES)


def whole_run(blocks, values):
    """Hand in a whole run; return what is kept of it, and where it was put together."""
    history = History(1, True)
    gathering = Gathering(history, 6, 2)
    history.reserve(1, 9)
    for lanes in blocks:
        Share(gathering, lanes).write(1, values[lanes])
    room = gathering._values
    gathering.hand_on(1)
    return history.values(), room


def test_values_of_a_whole_run_are_not_copied_once_they_are_together():
    kept, room = whole_run(BLOCKS, VALUES)
    assert np.shares_memory(kept, room)


def test_a_block_of_all_lanes_is_not_copied():
    values = VALUES.copy()
    kept, _ = whole_run([slice(0, 6)], values)
    assert np.shares_memory(kept, values)


def test_what_a_broken_run_left_is_forgotten():
    history = History(1, True)
    gathering = Gathering(history, 6, 2)
    history.reserve(1, 9)
    Share(gathering, BLOCKS[0]).write(1, VALUES[BLOCKS[0]])
    gathering.clear()
    gathering.hand_on(1)
    assert history.values().size == 0


@pytest.mark.parametrize(
    ("history", "own"),
    [
        (History(1, True), 0),
        (History(1, False), 0),
        (History(2, True), 12),
        (History(1, False, observer=print), 12),
    ],
)
def test_only_values_that_are_not_kept_need_more_memory(history, own):
    assert Gathering(history, 6, 2).numbers_per_step == own
