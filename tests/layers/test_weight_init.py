"""How weights are drawn when none are given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.weight_init import GlorotUniform


@given(n_out=st.integers(1, 60), n_in=st.integers(1, 60), seed=st.integers(0, 100))
def test_weights_stay_within_glorots_limit(n_out, n_in, seed):
    weights = GlorotUniform().sample(n_out, n_in, rng=np.random.RandomState(seed))
    assert weights.shape == (n_out, n_in)
    assert np.abs(weights).max() <= np.sqrt(6 / (n_in + n_out))


def test_variance_is_two_over_fan_in_plus_fan_out():
    weights = GlorotUniform().sample(400, 600, rng=np.random.RandomState(0))
    assert weights.var() == pytest.approx(2 / 1000, rel=0.01)


def test_is_the_default_of_a_layer():
    expected = GlorotUniform().sample(7, 5, rng=np.random.RandomState(3))
    np.testing.assert_array_equal(DenseLayer(7, 5, seed=3).weights, expected)
