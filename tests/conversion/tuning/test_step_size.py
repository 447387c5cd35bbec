from types import SimpleNamespace

import numpy as np
import pytest

from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import Judgement
from nengo_dense.conversion.tuning.step_size import (
    KNOWING,
    LEARNING_RATE,
    LEARNING_RATE_OF_VALUES,
    MODERATE_RATE,
    RETREAT,
    SURER,
    USUAL_DEPTH,
    Steps,
    first_rate,
    is_too_large,
)


@pytest.fixture
def goals(rng):
    return Goals.for_targets(rng.randn(20, 3), ["softmax"])


def judged(loss, gap=0.0):
    return Judgement(loss, (gap,), (0.0,), np.zeros((2, 1)))


def rate(goals, nats, n_steps=25, haste=1.0, by_rate=False):
    return first_rate(goals, judged(nats * goals.unit), n_steps, haste, by_rate)


def test_first_steps_are_as_large_as_the_loss_and_larger_by_rate(goals):
    assert rate(goals, 0.3) == pytest.approx(0.3 * LEARNING_RATE)
    assert rate(goals, 0.3, by_rate=True) == pytest.approx(0.3 * LEARNING_RATE * SURER)


def test_they_are_larger_yet_where_there_is_nothing_to_destroy(goals):
    """Where twice as much is lost as by a stack that knows something, they are so four times."""
    assert rate(goals, KNOWING) == pytest.approx(KNOWING * LEARNING_RATE)
    assert rate(goals, 2 * KNOWING) == pytest.approx(2 * KNOWING * LEARNING_RATE * 4)


def test_few_updates_raise_them_but_not_beyond_moderate_ones(goals):
    small = MODERATE_RATE / LEARNING_RATE / 10
    assert rate(goals, small, haste=3.0) == pytest.approx(3 * rate(goals, small))
    assert rate(goals, small, haste=30.0) == MODERATE_RATE
    assert rate(goals, 2 * KNOWING, haste=3.0) == rate(goals, 2 * KNOWING) > MODERATE_RATE


def test_those_of_values_follow_the_steps_of_a_presentation(rng):
    values = Goals.for_targets(rng.randn(20, 3), ["linear"], task="regression")
    for loss in (0.01, 10.0):
        found = rate(values, loss, n_steps=100, haste=2.0)
        assert found == pytest.approx(2 * LEARNING_RATE_OF_VALUES / 10)


@pytest.mark.parametrize(
    ("loss", "gap", "expected"),
    [
        (1.0, 0.01, False),  # as before
        (1.2, 0.01, True),  # a larger loss
        (0.9, 0.3, True),  # many answered otherwise
        (0.5, 0.3, False),  # so, at a much lower loss
    ],
)
def test_steps_were_too_large_where_they_lost_what_there_was(loss, gap, expected):
    assert is_too_large(judged(loss, gap), judged(1.0, 0.01), 400) is expected


def test_where_little_was_right_there_is_nothing_to_lose():
    assert not is_too_large(judged(0.9, 0.9), judged(1.0, 0.5), 400)


def taken(parameters, steps, used=0.5, n=60):
    """Return how far the last of many steps along one direction led."""
    for _ in range(n):
        before = parameters[1].copy()
        steps.take([np.ones_like(array) for array in parameters], used)
    return float(np.abs(parameters[1] - before).max())


def circuit(depth):
    """Return all that steps read of a circuit: one output of two values, of three inputs."""
    weights = [np.ones((2, 3))]
    parts = SimpleNamespace(layers=[])
    return SimpleNamespace(weights=weights, biases=[np.zeros(2)], parts=parts, depth=depth)


def walk(depth=1, retreats=0, used=0.5):
    made = circuit(depth)
    parameters = [*made.weights, *made.biases]
    steps = Steps(made, parameters, 0.1)
    for _ in range(retreats):
        taken(parameters, steps)
        steps.retreat()
    return taken(parameters, steps, used)


def test_steps_shrink_with_the_layers_that_slopes_go_through():
    assert walk(USUAL_DEPTH) == pytest.approx(walk(1))
    assert walk(2 * USUAL_DEPTH) == pytest.approx(walk(1) / 2)


def test_they_shrink_with_each_retreat_and_along_the_schedule():
    assert walk(retreats=2) == pytest.approx(walk() * RETREAT**2)
    assert walk(used=0.9) < walk(used=0.5) / 2
