"""Histories keep what was written, whole or in sum."""

import threading

import numpy as np
import pytest
from nengo.exceptions import SimulationError

from nengo_dense.emulator.history import History


def filled(history, pieces, values, first=1):
    history.reserve(first, sum(pieces))
    start = 0
    for n in pieces:
        history.write(first + start, values[:, start : start + n])
        start += n


def same(values):
    return values


@pytest.mark.parametrize("pieces", [[12], [5, 7], [1, 10, 1]])
@pytest.mark.parametrize("period", [1, 3, 2.5])
def test_every_period_is_kept(pieces, period, rng):
    values = rng.normal(size=(2, 12, 4))
    history = History(period, True, same)
    filled(history, pieces, values)
    kept = values[:, np.arange(1, 13) % period < 1]
    np.testing.assert_array_equal(history.values(), kept)
    filled(history, [12], values, first=13)
    later = values[:, np.arange(13, 25) % period < 1]
    np.testing.assert_array_equal(history.values(), np.concatenate([kept, later], axis=1))


def test_what_is_not_kept_leaves_its_last_value_and_its_sum():
    values = np.arange(2 * 6 * 3, dtype=np.uint8).reshape(2, 6, 3) % 2
    history = History(1, False, lambda x: x * 0.5)
    filled(history, [4, 2], values)
    np.testing.assert_array_equal(history.values(), values[:, -1:] * 0.5)
    np.testing.assert_array_equal(history.total(), values.sum(axis=1) * 0.5)


@pytest.mark.parametrize("period", [1, 3])
def test_an_observer_is_given_every_piece_finished_and_in_order(period, rng):
    seen = []
    values = rng.normal(size=(2, 12, 3))
    history = History(period, False, lambda x: 2 * x, lambda *piece: seen.append(piece))
    filled(history, [5, 1, 6], values)
    stored = np.arange(1, 13) % period < 1
    pieces = [(1, slice(0, 5)), (6, slice(5, 6)), (7, slice(6, 12))]
    expected = [(first, 2 * values[:, part][:, stored[part]]) for first, part in pieces]
    expected = [(first, part) for first, part in expected if part.shape[1]]
    assert [first for first, _ in seen] == [first for first, _ in expected]
    for (_, mine), (_, part) in zip(seen, expected, strict=True):
        np.testing.assert_array_equal(mine, part)
    np.testing.assert_allclose(history.total(), 2 * values[:, stored].sum(axis=1), rtol=1e-12)


def test_room_of_an_interrupted_run_is_not_read(rng):
    values = rng.normal(size=(2, 4, 3))
    history = History(1, True, same)
    history.reserve(1, 9)
    history.write(1, values)
    np.testing.assert_array_equal(history.values(), values)


def test_a_run_after_an_interrupted_one_begins_where_that_ended(rng):
    values = rng.normal(size=(2, 6, 3))
    history = History(1, True, same)
    history.reserve(1, 9)
    history.write(1, values[:, :2])
    history.reserve(3, 4)
    history.write(3, values[:, 2:])
    np.testing.assert_array_equal(history.values(), values)


def test_reading_during_a_run_changes_nothing(rng):
    values = rng.normal(size=(2, 12, 3))
    history = History(1, True, same)
    filled(history, [4], values[:, :4])
    history.reserve(5, 8)
    for step in range(4, 12):
        history.write(step + 1, values[:, step : step + 1])
        np.testing.assert_array_equal(history.values(), values[:, : step + 1])
        np.testing.assert_allclose(history.total(), values[:, : step + 1].sum(axis=1))
    np.testing.assert_array_equal(history.values(), values)


def test_a_small_part_does_not_keep_the_whole_in_memory(rng):
    recorded = rng.normal(size=(2, 5, 100))
    history = History(1, True, same)
    filled(history, [5], recorded[..., :1])
    assert not np.shares_memory(history.values(), recorded)
    whole = History(1, True, same)
    filled(whole, [5], recorded)
    assert np.shares_memory(whole.values(), recorded)


def test_nothing_written_is_empty():
    for keep in (True, False):
        history = History(1, keep, same)
        assert history.values().shape == (0,)
        assert history.total().shape == (0,)


def test_values_cannot_be_written(rng):
    history = History(1, True, same)
    filled(history, [3], rng.normal(size=(1, 3, 2)))
    with pytest.raises(ValueError, match="read-only"):
        history.values()[...] = 0


def test_more_values_than_there_is_memory_for_are_refused_with_the_way_out():
    history = History(1, True, same)
    history.reserve(1, 10**15)
    with pytest.raises(SimulationError, match=r"in 2 lanes and 1000000000000000 steps.*GiB, more"):
        history.write(1, np.zeros((2, 1, 3)))


def test_a_reader_waits_while_another_thread_writes():
    history = History(1, True)
    filled(history, [4], np.ones((1, 4, 2)))
    read = []
    reader = threading.Thread(target=lambda: read.append(history.total()))
    with history.turn:
        reader.start()
        reader.join(0.05)
        assert not read
    reader.join()
    np.testing.assert_array_equal(read, [[[4.0, 4.0]]])
