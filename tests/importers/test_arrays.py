import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import DenseSpec, forward, read_model


@pytest.fixture
def weights(rng):
    return [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]


@pytest.fixture
def biases(rng):
    return [rng.normal(size=4), rng.normal(size=2)]


def test_hidden_layers_are_relu_and_the_last_is_linear(weights, biases, rng):
    specs = read_model(list(zip(weights, biases, strict=True)))
    assert [spec.activation for spec in specs] == ["relu", "linear"]
    x = rng.normal(size=(5, 3))
    hidden = np.maximum(x @ weights[0].T + biases[0], 0)
    np.testing.assert_allclose(forward(specs, x)[-1], hidden @ weights[1].T + biases[1])


@pytest.mark.parametrize("as_list", [False, True])
def test_every_way_to_write_a_layer(weights, biases, as_list):
    model = [
        (weights[0], biases[0], "relu"),
        weights[1],
        DenseSpec(np.eye(2), activation="relu"),
        (np.eye(2), None, "softmax"),
    ]
    if as_list:
        model[:2] = [[weights[0].tolist(), biases[0].tolist(), "relu"], weights[1].tolist()]
    specs = read_model(tuple(model))
    assert [spec.activation for spec in specs] == ["relu", "relu", "relu", "softmax"]
    np.testing.assert_array_equal(specs[0].weights, weights[0])
    np.testing.assert_array_equal(specs[0].bias, biases[0])
    np.testing.assert_array_equal(specs[1].bias, [0, 0])
    assert [spec.label for spec in specs] == [f"layer_{index}" for index in range(4)]


def test_explicitly_linear_hidden_layers_are_merged(weights, biases):
    (spec,) = read_model([(weights[0], biases[0], "linear"), (weights[1], biases[1])])
    np.testing.assert_allclose(spec.weights, weights[1] @ weights[0])
    np.testing.assert_allclose(spec.bias, weights[1] @ biases[0] + biases[1])


@pytest.mark.parametrize(
    ("model", "match"),
    [
        ([], "it has no layers"),
        ((np.eye(2), np.zeros(2)), r"give a layer with bias as a pair in the list: \[\(weights"),
        ([(np.eye(2), np.zeros(3))], r"bias must have shape \(2,\)"),
        ([np.eye(2), np.eye(3)], "takes 3 inputs, but the layer before it has 2 outputs"),
        ([(np.eye(2), None, "tanh")], "'layer_0': activation 'tanh' .* retrain with 'relu'"),
        ([(np.eye(2), None, 3)], "'layer_0' is malformed"),
        ([["a", 1]], "'layer_0' is malformed"),
        ([np.zeros((2, 2, 2))], r"weights must be \(n_out, n_in\)"),
        ([np.full((2, 2), np.nan)], "4 of 4 values of its weights are NaN"),
        ([[[1, 2], [3]]], "'layer_0' is malformed"),
        ([{"weights": 1}], "'layer_0' is malformed"),
    ],
)
def test_wrong_arrays_are_refused(model, match):
    with pytest.raises(ConversionError, match=match):
        read_model(model)


def test_all_wrong_layers_are_listed():
    with pytest.raises(ConversionError, match="elu") as caught:
        read_model([(np.eye(2), None, "elu"), (np.eye(2), [1.0]), (np.eye(2), None, "tanh")])
    assert len(caught.value.problems) == 3


def test_a_last_relu_is_kept(weights, biases, rng):
    source = read_model([(weights[0], biases[0]), (weights[1], biases[1], "relu")])
    assert [spec.activation for spec in source] == ["relu", "relu"]
    assert forward(source, rng.normal(size=(50, 3)))[-1].min() == 0


def test_a_long_list_of_nonsense_is_refused_at_once_and_in_few_words():
    with pytest.raises(
        ConversionError, match="and 99980 more, in the error's 'problems'"
    ) as caught:
        read_model([1] * 100_000)
    assert len(caught.value.problems) == 100_000
    assert len(str(caught.value)) < 10_000


def test_a_long_chain_of_layers_is_read():
    source = read_model([np.eye(1)] * 20_000)
    assert len(source) == 20_000
