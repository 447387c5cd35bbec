"""A frame's stack does for its own inputs what the stack does for the user's."""

import numpy as np
import pytest

from nengo_dense.conversion.frame import Frame
from nengo_dense.layers import DenseStack


def values(weights, biases, x):
    return x @ np.asarray(weights[0]).T + biases[0]


@pytest.fixture
def x(rng):
    return rng.randn(40, 3) * [1, 100, 0.01] + [0, 500, 3]


@pytest.fixture
def stack(rng):
    weights = [rng.randn(6, 3), rng.randn(5, 6), rng.randn(2, 5)]
    return DenseStack([6, 5, 2], 3, weights=weights, seed=0)


def test_inputs_are_standardised_and_the_first_layer_makes_up_for_it(stack, x):
    frame = Frame.of(stack, x, 0.001)
    inputs = frame.inputs(x)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(inputs.std(axis=0), 1)
    np.testing.assert_allclose(
        values(frame.stack.weights, frame.stack.biases, inputs),
        values(stack.weights, stack.biases, x),
    )


def test_parameters_come_back_as_they_were(stack, x):
    frame = Frame.of(stack, x, 0.001)
    weights, biases = frame.restore(frame.stack.weights, frame.stack.biases)
    for a, b in zip([*weights, *biases], [*stack.weights, *stack.biases], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


def test_an_input_that_never_changes_is_only_shifted(stack):
    x = np.ones((40, 3)) * [1, 2, 3]
    np.testing.assert_array_equal(Frame.of(stack, x, 0.001).scale, 1)
