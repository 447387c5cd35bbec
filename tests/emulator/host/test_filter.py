"""Filters of many lanes round as Nengo's filter of one lane."""

import nengo
import numpy as np
import pytest

from nengo_dense.emulator.host.filter import make_lane_filter

SYNAPSES = {
    "lowpass": nengo.Lowpass(0.005),
    "alpha": nengo.Alpha(0.01),
    "passthrough": nengo.synapses.LinearFilter([0.7], [1.0], analog=False),
    "general": nengo.synapses.LinearFilter([1, 0.3, 0.2], [1, -0.5, 0.1], analog=False),
    "third order": nengo.synapses.LinearFilter([1], [1e-6, 3e-4, 3e-2, 1]),
    "triangle": nengo.Triangle(0.004),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("name", list(SYNAPSES))
def test_lanes_equal_nengo(name, size, dtype, rng):
    lanes, n_steps, dt, synapse = 5, 30, 0.001, SYNAPSES[name]
    x = rng.normal(size=(n_steps, lanes, size))
    one = synapse.make_state((size,), (size,), dt, dtype=dtype)
    state = {key: np.repeat(value[None], lanes, axis=0) for key, value in one.items()}
    step = make_lane_filter(synapse, (size,), dt, state, [None] * lanes)
    ours = np.array([np.array(step(dt * k, values)) for k, values in enumerate(x)])
    for lane in range(lanes):
        state = synapse.make_state((size,), (size,), dt, dtype=dtype)
        alone = synapse.make_step((size,), (size,), dt, None, state)
        expected = np.array([alone(dt * k, v).flatten() for k, v in enumerate(x[:, lane])])
        np.testing.assert_array_equal(ours[:, lane], expected)


def test_filters_of_ones_own_type_may_seem_equal():
    class Louder(nengo.synapses.LinearFilter):
        def __init__(self, factor):
            super().__init__([1.0], [1.0], analog=False)
            self.factor = factor

        def _get_ss(self, *args, **kwargs):
            a, b, c, d = super()._get_ss(*args, **kwargs)
            return a, b, c, self.factor * d

    for factor in (2.0, 3.0, 2.0):
        state = {"X": np.zeros((4, 0, 1))}
        step = make_lane_filter(Louder(factor), (1,), 0.001, state, [None] * 4)
        np.testing.assert_array_equal(step(0.0, np.ones((4, 1))), np.full((4, 1), factor))


def test_what_is_not_linear_keeps_a_state_for_each_lane():
    class Count(nengo.Process):
        def make_state(self, shape_in, shape_out, dt, dtype=None):
            return {"n": np.zeros(1)}

        def make_step(self, shape_in, shape_out, dt, rng, state):
            def step(t, x):
                state["n"] += x[0] > 0
                return state["n"] * np.ones(shape_out)

            return step

    state = {"n": np.zeros((2, 1))}
    step = make_lane_filter(Count(), (3,), 0.001, state, [None, None])
    x = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    step(0.0, x)
    np.testing.assert_array_equal(step(0.001, x), [[2, 2, 2], [0, 0, 0]])
