"""Signals have one copy for every lane where they can differ, and one for all elsewhere."""

import numpy as np
import pytest
from nengo.builder.operator import Copy, Reset
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.signals import LaneSignals


@pytest.fixture
def constant():
    return Signal(np.arange(4.0), name="constant", readonly=True)


@pytest.fixture
def written():
    return Signal(np.ones((2, 3)), name="written")


@pytest.fixture
def signals(constant, written):
    target = Signal(np.zeros(4), name="target")
    return LaneSignals([Reset(written), Copy(constant, target)], lanes=5)


def test_what_is_written_has_a_lane_axis_and_what_is_not_has_none(signals, constant, written):
    assert signals[written].shape == (5, 2, 3)
    assert signals[constant].shape == (4,)
    assert len(signals) == 3
    assert set(signals) >= {constant, written}


def test_views_share_memory_in_every_lane(signals, written):
    view = written[1, ::2]
    signals[view][...] = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(signals[written][:, 1, [0, 2]], np.arange(10.0).reshape(5, 2))
    assert (signals[written][:, 0] == 1).all()


def test_one_lane_looks_as_in_nengo(signals, written, constant):
    lane = signals.lane(3)
    lane[written][...] = 7
    assert lane[constant] is signals[constant]
    np.testing.assert_array_equal((signals[written] == 7).all(axis=(1, 2)), np.arange(5) == 3)


def test_aligned_arrays_broadcast_against_more_axes(constant, written):
    signals = LaneSignals([Reset(written)], lanes=5, changing=[constant])
    assert signals.aligned(constant, 2).shape == (5, 1, 4)
    assert signals.aligned(written, 2).shape == (5, 2, 3)


def test_reset_returns_to_initial_values(signals, written):
    signals[written][...] = 9
    signals.reset(signals.written)
    assert (signals[written] == 1).all()


def test_shared_signals_have_no_lanes_though_they_are_written(written):
    signals = LaneSignals([Reset(written)], lanes=5, shared=[written])
    assert signals[written].shape == (2, 3)


def test_what_nobody_writes_is_one_copy_for_all_blocks():
    values, target = np.arange(4.0), Signal(np.zeros(4), name="target")
    constant, constants = Signal(values, name="constant"), {}
    blocks = [LaneSignals([Copy(constant, target)], 2, constants=constants) for _ in range(2)]
    assert blocks[0][constant] is blocks[1][constant]
    assert not np.shares_memory(blocks[0][constant], values)
    with pytest.raises(ValueError, match="read-only"):
        blocks[0][constant][...] = 1
