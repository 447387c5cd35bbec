import numpy as np
import pytest
import scipy.sparse
from nengo.exceptions import ValidationError

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
        ([(np.eye(2), np.zeros(3))], r"bias must have shape \(2,\) .* got \(3,\)$"),
        ([(np.ones((2, 3)), np.zeros(3))], r"\(n_in, n_out\), as Keras's, give weights\.T"),
        ([np.eye(2), np.eye(3)], "takes 3 inputs, but the layer before it has 2 outputs"),
        ([(np.eye(2), None, "sine"), np.eye(2)], "'layer_0': activation 'sine' is not supported"),
        ([(np.eye(2), None, 3)], r"'layer_0' is malformed .* give it as \(weights, bias,"),
        ([["a", 1]], "'layer_0': weights: must be numbers, got texts such as 'a'"),
        ([np.eye(2) * 1j], "'layer_0': weights: must be numbers, got complex values"),
        ([(np.eye(2), ["a", "b"])], "'layer_0': bias: must be numbers, got texts such as 'a'"),
        ([np.zeros((2, 2, 2))], r"weights must be \(n_out, n_in\)"),
        ([np.full((2, 2), np.nan)], "4 of 4 values of its weights are NaN"),
        ([[[1, 2], [3]]], "'layer_0': weights: must be one array, got .* different shapes"),
        ([{"weights": 1}], "'layer_0': weights: must be a number or an array, got dict"),
    ],
)
def test_wrong_arrays_are_refused(model, match):
    with pytest.raises(ConversionError, match=match):
        read_model(model)


def test_all_wrong_layers_are_listed():
    with pytest.raises(ConversionError, match="sine") as caught:
        read_model([(np.eye(2), None, "sine"), (np.eye(2), [1.0]), (np.eye(2), None, "cos")])
    assert len(caught.value.problems) == 3


def test_a_last_relu_is_kept(weights, biases, rng):
    source = read_model([(weights[0], biases[0]), (weights[1], biases[1], "relu")])
    assert [spec.activation for spec in source] == ["relu", "relu"]
    assert forward(source, rng.normal(size=(50, 3)))[-1].min() == 0


def test_a_long_list_of_nonsense_is_refused_in_few_words():
    with pytest.raises(
        ConversionError, match="and 4980 more, in the error's 'problems'"
    ) as caught:
        read_model([1] * 5_000)
    assert len(caught.value.problems) == 5_000
    assert len(str(caught.value)) < 10_000


def test_a_long_chain_of_layers_is_read():
    source = read_model([np.eye(1)] * 10_000)
    assert len(source) == 10_000


def test_more_layers_than_chips_can_hold_are_refused_at_once():
    with pytest.raises(ConversionError, match="100000 layers, more than the limit of 10000"):
        read_model([1] * 100_000)


def test_masked_weights_are_refused_and_an_empty_mask_is_none(weights):
    masked = np.ma.masked_less(weights[0], 0)
    n = np.count_nonzero(weights[0] < 0)
    with pytest.raises(ConversionError, match=rf"'layer_0': weights: {n} of 12 values are mask"):
        read_model([(masked, None)])
    with pytest.raises(ConversionError, match="1 of 4 values are masked"):
        read_model([(weights[0], np.ma.masked_equal([1.0, 2.0, 3.0, 4.0], 2))])
    with pytest.raises(ValidationError, match=f"DenseSpec.weights: {n} of 12 values are mask"):
        DenseSpec(masked)
    (spec,) = read_model([(np.ma.array(weights[0]), None)])
    np.testing.assert_array_equal(spec.weights, weights[0])


@pytest.mark.parametrize("kind", ["csr_matrix", "coo_array", "csc_array"])
def test_sparse_weights_are_read(kind, weights, biases):
    matrix = getattr(scipy.sparse, kind)(weights[0])
    specs = read_model([(matrix, biases[0]), weights[1]])
    np.testing.assert_array_equal(specs[0].weights, weights[0])
    (spec,) = read_model([matrix])
    np.testing.assert_array_equal(spec.weights, weights[0])
    np.testing.assert_array_equal(DenseSpec(matrix).weights, weights[0])


def test_tensors_are_read_with_their_gradient_and_type(weights, biases):
    torch = pytest.importorskip("torch", reason="tensors of PyTorch")
    pairs = [
        (torch.tensor(w, requires_grad=True), torch.nn.Parameter(torch.tensor(b)))
        for w, b in zip(weights, biases, strict=True)
    ]
    for spec, w, b in zip(read_model(pairs), weights, biases, strict=True):
        np.testing.assert_array_equal(spec.weights, w)
        np.testing.assert_array_equal(spec.bias, b)
    (spec,) = read_model([torch.eye(3, dtype=torch.bfloat16, requires_grad=True)])
    np.testing.assert_array_equal(spec.weights, np.eye(3))


def test_the_arrays_given_are_copied(weights):
    (spec,) = read_model([weights[0]])
    weights[0][0, 0] = 77
    assert spec.weights[0, 0] != 77
