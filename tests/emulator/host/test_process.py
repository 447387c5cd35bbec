"""Random numbers of a process in many lanes."""

import nengo
import numpy as np
import pytest

from nengo_dense.emulator.host.process import LaneRngs


def test_every_lane_draws_what_one_lane_alone_would():
    process, rng = nengo.processes.WhiteNoise(), np.random.RandomState(3)
    expected = process.get_rng(np.random.RandomState(3)).uniform(size=4)
    lanes = LaneRngs(process, rng, 3)
    drawn = [lane.uniform(size=4) for lane in lanes]
    np.testing.assert_array_equal(drawn, [expected] * 3)
    one_on = np.random.RandomState(3)
    process.get_rng(one_on)
    assert rng.randint(2**31) == one_on.randint(2**31)


@pytest.mark.parametrize("lane", [-1, 3])
def test_there_are_no_other_lanes(lane):
    lanes = LaneRngs(nengo.processes.WhiteNoise(), np.random.RandomState(3), 3)
    with pytest.raises(IndexError, match=f"lane {lane} of 3"):
        lanes[lane]


class Doubly(nengo.processes.WhiteNoise):
    """Draws a generator in a way of its own."""

    def get_rng(self, rng):
        return np.random.RandomState(rng.randint(9) + rng.randint(9))


@pytest.mark.parametrize("process", [nengo.processes.WhiteNoise(seed=4), Doubly()])
def test_a_process_draws_its_generator_as_it_does_alone(process):
    rng, alone = np.random.RandomState(5), np.random.RandomState(5)
    lanes = LaneRngs(process, rng, 2)
    expected = process.get_rng(alone).uniform(size=4)
    np.testing.assert_array_equal([lane.uniform(size=4) for lane in lanes], [expected] * 2)
    assert rng.randint(2**31) == alone.randint(2**31)
