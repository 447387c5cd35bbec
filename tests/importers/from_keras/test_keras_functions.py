"""Functions of TensorFlow as files of Keras 2 have them, with settings, against their formulas."""

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward
from nengo_dense.importers.from_keras.keras_model import read_architecture


def entry(class_name, name, inbound, **config):
    config = {"name": name, **config}
    return {"class_name": class_name, "name": name, "config": config, "inbound_nodes": inbound}


def functional(layers):
    """Return a model from its first layer, an input, to its last one."""
    first, last = layers[0]["name"], layers[-1]["name"]
    ends = {"input_layers": [[first, 0, 0]], "output_layers": [[last, 0, 0]]}
    config = {"name": "m", "layers": layers, **ends}
    return {"class_name": "Functional", "config": config, "keras_version": "2.15.0"}


def read(function, keywords, rng, n_after=5):
    """Read a dense layer, a function of what it gives, and a dense layer."""
    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 4]),
        entry("Dense", "a", [[["x", 0, 0, {}]]], units=5, activation="linear"),
        entry("TFOpLambda", "f", [["a", 0, 0, keywords]], function=function),
        entry("Dense", "b", [[["f", 0, 0, {}]]], units=3, activation="linear"),
    ]
    sizes = {"a": (4, 5), "b": (n_after, 3)}
    weights = {
        name: [rng.normal(size=size), rng.normal(size=size[1])] for name, size in sizes.items()
    }
    source = read_architecture("a model", functional(layers), lambda each: weights[each.label])
    return source, weights


FUNCTIONS = {
    "silu": ("nn.silu", {"beta": 2.0, "name": None}, lambda z: z / (1 + np.exp(-2 * z))),
    "swish": ("nn.silu", {"beta": 1.0}, lambda z: z / (1 + np.exp(-z))),
    "leaky": ("nn.leaky_relu", {"alpha": 0.05}, lambda z: np.where(z > 0, z, 0.05 * z)),
    "leaky by itself": ("nn.leaky_relu", {}, lambda z: np.where(z > 0, z, 0.2 * z)),
    "turned": (
        "linalg.matmul",
        {"b": np.arange(25.0).reshape(5, 5).tolist(), "transpose_b": True, "adjoint_b": False},
        lambda z: z @ np.arange(25.0).reshape(5, 5).T,
    ),
    "greater": ("math.maximum", {"y": 0.25}, lambda z: np.maximum(z, 0.25)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_settings_of_functions_are_read(name, rng):
    function, keywords, compute = FUNCTIONS[name]
    source, weights = read(function, keywords, rng)
    x = 2 * rng.normal(size=(50, 4))
    (a, bias), (b, last) = weights["a"], weights["b"]
    np.testing.assert_allclose(
        forward(source, x)[-1], compute(x @ a + bias) @ b + last, atol=1e-12, rtol=1e-9
    )


def test_both_sides_of_a_crelu_are_features(rng):
    source, weights = read("nn.crelu", {"axis": -1}, rng, n_after=10)
    x = rng.normal(size=(20, 4))
    (a, bias), (b, last) = weights["a"], weights["b"]
    z = x @ a + bias
    both = np.maximum(np.concatenate([z, -z], axis=1), 0)
    np.testing.assert_allclose(forward(source, x)[-1], both @ b + last, atol=1e-12)


@pytest.mark.parametrize(
    ("function", "keywords", "match"),
    [
        ("nn.elu", {"slope": 0.3}, r"its settings \{'slope': 0.3\} are not read"),
        ("nn.crelu", {"axis": 0}, "a crelu along one axis of several"),
        ("linalg.matmul", {"b": [[1.0] * 5] * 5, "adjoint_b": True}, "a product along one axis"),
        ("linalg.matmul", {"b": [[[1.0] * 5] * 5], "transpose_b": True}, "a product along one"),
        ("gather", {"indices": [0], "axis": 1, "batch_dims": 1}, "the same for each sample"),
    ],
)
def test_settings_that_are_not_read_are_named(function, keywords, match, rng):
    with pytest.raises(ConversionError, match=match):
        read(function, keywords, rng)


@pytest.mark.parametrize("calls", [[[]], [{"args": [], "kwargs": {}}]])
def test_a_layer_that_takes_no_value_is_malformed(calls):
    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 4]),
        entry("Dense", "a", [[["x", 0, 0, {}]]], units=5, activation="relu"),
        entry("Dense", "alone", calls, units=5, activation="relu"),
        entry("Add", "sum", [[["a", 0, 0, {}], ["alone", 0, 0, {}]]]),
        entry("Dense", "b", [[["sum", 0, 0, {}]]], units=3, activation="linear"),
    ]
    with pytest.raises(ConversionError, match="layer 'alone' takes no value"):
        read_architecture("a model", functional(layers), lambda each: [])


def test_operands_that_keras_2_does_not_keep_are_no_fault_of_the_file():
    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 4]),
        entry("TFOpLambda", "tf.einsum", [["_CONSTANT_VALUE", -1, "bi,ij->bj", {}]], function="e"),
        entry("Dense", "b", [[["tf.einsum", 0, 0, {}]]], units=3, activation="linear"),
    ]
    message = "layer 'tf.einsum': Keras 2 does not keep the operands .* EinsumDense, or tf.matmul"
    with pytest.raises(ConversionError, match=message):
        read_architecture("a model", functional(layers), lambda each: [])


def test_several_results_of_a_refused_function_are_no_fault_of_the_file(rng):
    layers = [
        entry("InputLayer", "x", [], batch_input_shape=[None, 4]),
        entry("Dense", "a", [[["x", 0, 0, {}]]], units=2, activation="relu"),
        entry("TFOpLambda", "f", [["a", 0, 0, {"axis": 1}]], function="unstack"),
        entry("TFOpLambda", "g", [[["f", 0, 1, {}], ["f", 0, 0, {}]]], function="stack"),
        entry("Dense", "b", [[["g", 0, 0, {}]]], units=3, activation="linear"),
    ]
    weights = {"a": [rng.normal(size=(4, 2)), np.ones(2)], "b": [np.ones((2, 3)), np.ones(3)]}
    with pytest.raises(ConversionError, match="layer 'f': unstack is not supported") as caught:
        read_architecture("a model", functional(layers), lambda each: weights[each.label])
    assert len(caught.value.problems) == 1
    layers[2] = entry("Activation", "f", [[["a", 0, 0, {}]]], activation="relu")
    with pytest.raises(ConversionError, match="its architecture is malformed"):
        read_architecture("a model", functional(layers), lambda each: weights[each.label])
