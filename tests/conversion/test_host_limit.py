"""Neurons on the host fire once a step at most, and what the model says stays."""

import numpy as np

from nengo_dense.conversion.chain import Chain
from nengo_dense.conversion.host_limit import LIMIT, hold_host_rates
from nengo_dense.layers import DenseStack


def chain(rng, encoding):
    weights = [rng.randn(6, 3), rng.randn(5, 6), rng.randn(2, 5)]
    stack = DenseStack([6, 5, 2], 3, weights=weights, encoding=encoding, max_rate=900, seed=0)
    return Chain(stack, 0.001)


def outputs(chain, x):
    for w, b in zip(chain.weights[:-1], chain.biases[:-1], strict=True):
        x = np.maximum(x @ w.T + b, 0)
    return x @ chain.weights[-1].T + chain.biases[-1]


def test_fast_neurons_are_slowed_and_read_by_larger_weights(rng):
    tuned, x = chain(rng, "host"), 3 * rng.randn(50, 3)
    before = outputs(tuned, x)
    assert (x @ tuned.weights[0].T).max() > 2
    hold_host_rates(tuned, x)
    assert (x @ tuned.weights[0].T + tuned.biases[0]).max() <= 1
    np.testing.assert_allclose(outputs(tuned, x), before)


def test_slow_neurons_stay_as_they_are(rng):
    tuned = chain(rng, "host")
    before = tuned.weights[0].copy()
    hold_host_rates(tuned, 1e-3 * rng.randn(50, 3))
    np.testing.assert_array_equal(tuned.weights[0], before)
    assert LIMIT < 1


def test_an_encoder_is_left_alone(rng):
    tuned = chain(rng, "spikes")
    before = tuned.weights[0].copy()
    hold_host_rates(tuned, 100 * rng.randn(50, 3))
    np.testing.assert_array_equal(tuned.weights[0], before)
