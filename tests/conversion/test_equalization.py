"""Exact changes: the model computes what it did."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.conversion.equalization import OTHER_SCALE, equalize, fold_constants
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.spec import DenseSpec, forward


@pytest.fixture
def specs(rng):
    return [
        DenseSpec(rng.randn(8, 5), rng.randn(8), "relu", "first"),
        DenseSpec(rng.randn(6, 8), rng.randn(6), "relu", "second"),
        DenseSpec(rng.randn(3, 6), rng.randn(3), "softmax", "readout"),
    ]


def changed(spec, **values):
    return DenseSpec(
        values.get("weights", spec.weights),
        values.get("bias", spec.bias),
        spec.activation,
        spec.label,
    )


def assert_same_output(before, after, rng, **tolerance):
    x = rng.randn(40, 5)
    assert_allclose(forward(after, x)[-1], forward(before, x)[-1], **(tolerance or {"rtol": 1e-9}))


def test_constant_neurons_move_into_the_next_biases(specs, rng):
    weights = specs[0].weights.copy()
    weights[[1, 4]] = 0
    bias = specs[0].bias.copy()
    bias[[1, 4]] = [2.5, -1.0]
    specs[0] = changed(specs[0], weights=weights, bias=bias)
    folded = fold_constants("model", specs)
    assert [spec.n_out for spec in folded] == [6, 6, 3]
    assert_same_output(specs, folded, rng)


def test_neurons_that_nobody_reads_are_left_out_and_so_are_those_before_them(specs, rng):
    last = specs[2].weights.copy()
    last[:, [0, 3]] = 0
    middle = specs[1].weights.copy()
    middle[[1, 2, 4, 5], 7] = 0  # read by the two alone
    specs[1:] = [changed(specs[1], weights=middle), changed(specs[2], weights=last)]
    folded = fold_constants("model", specs)
    assert [spec.n_out for spec in folded] == [7, 4, 3]
    assert_same_output(specs, folded, rng)


def test_other_models_stay_as_they_are(specs):
    for function in (lambda s: fold_constants("model", s), equalize):
        for before, after in zip(specs, function(specs), strict=True):
            assert_array_equal(before.weights, after.weights)
            assert_array_equal(before.bias, after.bias)
            assert (before.activation, before.label) == (after.activation, after.label)


@pytest.mark.parametrize(
    "index, message",
    [(0, "first: all input weights are zero"), (2, "second: all weights that read it are zero")],
)
def test_a_model_that_says_nothing_is_refused_by_layer(specs, index, message):
    specs[index] = changed(specs[index], weights=np.zeros_like(specs[index].weights))
    with pytest.raises(ConversionError, match=f"The model cannot.*\n.*{message}.*collapsed"):
        fold_constants("The model", specs)


def test_neurons_that_are_dead_for_several_reasons_are_refused(specs):
    weights = specs[0].weights.copy()
    weights[:4] = 0
    following = specs[1].weights.copy()
    following[:, 4:] = 0
    specs[:2] = [changed(specs[0], weights=weights), changed(specs[1], weights=following)]
    with pytest.raises(ConversionError, match="first: the input or the output weights of every"):
        fold_constants("The model", specs)


@pytest.mark.parametrize("scale", [1e-5, 1e-3, 20.0, 1e6])
def test_a_neuron_on_another_scale_comes_back_and_says_the_same(specs, rng, scale):
    weights, bias = specs[0].weights.copy(), specs[0].bias.copy()
    weights[2] *= scale
    bias[2] *= scale
    following = specs[1].weights.copy()
    following[:, 2] /= scale
    odd = [changed(specs[0], weights=weights, bias=bias), changed(specs[1], weights=following)]
    odd.append(specs[2])
    equal = equalize(odd)
    size = np.abs(equal[0].weights).max(axis=1)
    assert size.max() / size.min() < OTHER_SCALE
    assert_same_output(odd, equal, rng)
    factors = odd[0].weights[2] / equal[0].weights[2]
    assert_array_equal(np.log2(factors) % 1, 0)


def test_a_neuron_that_is_only_quiet_stays_quiet(specs):
    """Small input weights alone are no scale: its values are small, and read as such."""
    weights = specs[0].weights.copy()
    weights[2] *= 1e-4
    specs[0] = changed(specs[0], weights=weights)
    assert_array_equal(equalize(specs)[0].weights, weights)
