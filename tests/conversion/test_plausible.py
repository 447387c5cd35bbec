"""The weights alone tell the scale of a model that is not usual, and let others be."""

from itertools import pairwise

import numpy as np
import pytest

from nengo_dense.conversion.plausible import Plausible
from nengo_dense.conversion.scaling import busy
from nengo_dense.importers.form.spec import DenseSpec, forward

SIZES = [20, 30, 24, 5]


@pytest.fixture
def weights(rng):
    """As training leaves them: somewhat larger than they started."""
    return [
        1.4 * rng.randn(n_out, n_in) * np.sqrt(2 / (n_in + n_out))
        for n_in, n_out in pairwise(SIZES)
    ]


@pytest.fixture
def biases(rng):
    return [0.2 * rng.randn(n) for n in SIZES[1:]]


def make_specs(weights, biases):
    pairs = list(zip(weights, biases, strict=True))
    return [DenseSpec(w, b, "relu") for w, b in pairs[:-1]] + [DenseSpec(*pairs[-1])]


def scaled(weights, biases, first, second):
    """Scale the hidden layers' values; the output stays."""
    w, b = [x.copy() for x in weights], [x.copy() for x in biases]
    w[0], b[0] = w[0] * first, b[0] * first
    w[1], b[1] = w[1] * (second / first), b[1] * second
    w[2] = w[2] / second
    return make_specs(w, b)


def assert_of_the_right_size(specs, x):
    real = [busy(values, 99.9) for values in forward(specs, x)[:-1]]
    for guess, value in zip(Plausible.of(specs).activations, real, strict=True):
        assert value / 5 < guess < value * 5


def test_a_usual_model_keeps_the_usual_rates(weights, biases):
    values = Plausible.of(make_specs(weights, biases))
    assert values.factors == [1.0, 1.0]
    np.testing.assert_array_equal(values.input_scale, 1.0)


@pytest.mark.parametrize("no_biases", [False, True])
@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_size_of_the_outputs_says_nothing(weights, biases, factor, no_biases):
    weights[-1] = weights[-1] * factor
    if no_biases:
        biases = [np.zeros_like(b) for b in biases]
    assert Plausible.of(make_specs(weights, biases)).factors == [1.0, 1.0]


@pytest.mark.parametrize(
    "first, second", [(1e-5, 1), (1e-2, 1), (50, 1), (1e4, 1), (1, 1e-3), (1, 300), (40, 40)]
)
def test_layers_on_another_scale_are_found(rng, weights, biases, first, second):
    specs = scaled(weights, biases, first, second)
    assert_of_the_right_size(specs, rng.randn(300, SIZES[0]))
    factors = Plausible.of(specs).factors
    assert [factor != 1 for factor in factors] == [first != 1, second != 1]


@pytest.mark.parametrize("deviation, mean", [(64.0, 0.0), (3.0, 10.0), (1e-3, 0.0)])
def test_a_scaler_folded_into_the_first_layer_is_none_of_the_layers_business(
    rng, weights, biases, deviation, mean
):
    x = mean + deviation * rng.randn(300, SIZES[0])
    biases[0] = biases[0] - weights[0].sum(axis=1) * (mean / deviation)
    weights[0] = weights[0] / deviation
    specs = make_specs(weights, biases)
    assert_of_the_right_size(specs, x)
    values = Plausible.of(specs)
    assert values.factors == [1.0, 1.0]
    # four times the scale is what full rate says
    covered = 4 * np.median(values.input_scale)
    assert 0.3 * np.abs(x).max() < covered < 3 * np.abs(x).max()


def test_inputs_without_weights_have_no_scale(weights, biases):
    weights[0][:, [2, 5]] = 0.0
    weights[0][:, 6] = 1e-12
    values = Plausible.of(make_specs(weights, biases))
    assert values.factors == [1.0, 1.0]
    np.testing.assert_array_equal(values.input_scale, 1.0)
