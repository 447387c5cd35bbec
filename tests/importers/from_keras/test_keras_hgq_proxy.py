"""Proxy models of HGQ 1 from files, against the fixed-point arithmetic that they stand for."""

import json

import h5py
import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model
from nengo_dense.importers.from_keras.keras_hgq_proxy import fixed_point

X = [-2.6, -2.125, -1.0, -0.375, -0.125, 0.0, 0.1, 0.125, 0.375, 1.9, 2.0, 3.3]


def bits(sign, whole, fraction):
    """Return the weights of a quantizer, all of whose numbers include the sign."""
    sign, whole, fraction = (np.atleast_1d(np.int8(n)) for n in (sign, whole, fraction))
    return [sign, sign + whole + fraction, sign + whole]


@pytest.mark.parametrize(
    ("rounding", "overflow", "sign", "quarters"),
    [
        ("RND", "SAT", 1, [-8, -8, -4, -1, 0, 0, 0, 1, 2, 7, 7, 7]),
        ("TRN", "SAT_SYM", 1, [-7, -7, -4, -2, -1, 0, 0, 0, 1, 7, 7, 7]),
        ("TRN", "WRAP", 0, [5, 7, 4, 6, 7, 0, 0, 0, 1, 7, 0, 5]),
        ("RND_CONV", "SAT", 0, [0, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7, 7]),
    ],
)
def test_values_are_rounded_and_overflow_as_fixed_point_does(rounding, overflow, sign, quarters):
    quantizer = fixed_point({"RND": rounding, "SAT": overflow}, bits(sign, 1, 2))
    np.testing.assert_array_equal(4 * quantizer.rounded(np.float32(X)), quarters)


@pytest.mark.parametrize(
    ("settings", "arrays", "match"),
    [
        ({"RND": "UP", "SAT": "SAT"}, bits(1, 1, 2), "rounds by UP"),
        ({"RND": "TRN", "SAT": "SAT_ZERO"}, bits(1, 1, 2), "overflows by SAT_ZERO"),
        ({"RND": "TRN", "SAT": "SAT"}, bits(1, 1, 2)[:2], "2 weight arrays, not 3"),
        ({"RND": "TRN", "SAT": "SAT"}, bits(2, 1, 2), "signs of more than one bit"),
    ],
)
def test_other_quantizers_are_named(settings, arrays, match):
    with pytest.raises(ValueError, match=match):
        fixed_point(settings, arrays)


def entry(class_name, before, config):
    name = config["name"]
    inbound = [[[before, 0, 0, {}]]] if before else []
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": inbound}


def quantizer(name, before, rounding="TRN", overflow="SAT"):
    settings = {"RND": rounding, "SAT": overflow, "shape": [1], "overrides": {}, "fusible": True}
    return entry("HGQ>FixedPointQuantizer", before, {"name": name, "dtype": "float32", **settings})


def dense(name, before, units):
    return entry("Dense", before, {"name": name, "units": units, "activation": "linear"})


def write(path, layers, weights):
    """Write a functional model of Keras 2, its weights by layer."""
    first = entry("InputLayer", "", {"name": "in", "batch_input_shape": [None, 4]})
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
    config = {"name": "m", "layers": [first, *layers], **ends}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        file.attrs["keras_version"] = "2.15.0"
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"w{n}:0".encode() for n in range(len(arrays))]
            for number, array in enumerate(arrays):
                group[f"w{number}:0"] = array
    return path


@pytest.fixture
def chain(rng):
    """Return a chain as a proxy has it, and its weights."""
    layers = [
        quantizer("q", "in", "RND"),
        dense("a", "q", 3),
        quantizer("a_quantizer", "a"),
        entry("ReLU", "a_quantizer", {"name": "r"}),
        quantizer("a_relu_quantizer", "r"),
        dense("b", "a_relu_quantizer", 2),
    ]
    quarters = lambda *shape: (rng.randint(-7, 8, size=shape) / 4).astype(np.float32)  # noqa: E731
    weights = {"a": [quarters(4, 3), quarters(3)], "b": [quarters(3, 2), quarters(2)]}
    weights |= {"q": bits(1, 4, 3), "a_quantizer": bits(1, 7, 4)}
    return layers, weights | {"a_relu_quantizer": bits([[0] * 3], [[7] * 3], [[4] * 3])}


@pytest.mark.filterwarnings("ignore:.*activations are not")
def test_rounding_to_the_same_levels_again_changes_nothing_more(chain, tmp_path, rng):
    layers, weights = chain
    source = read_model(write(tmp_path / "m.h5", layers, weights))
    x = rng.randint(-8, 8, size=(50, 4)) / 4
    (a, bias), (b, last) = ([w.astype(float) for w in weights[name]] for name in "ab")
    # a floor is half a step lower than what it takes, on average
    hidden = np.maximum(x @ a + bias - 2**-5, 0)
    np.testing.assert_array_equal(forward(source, x)[-1], hidden @ b + last)


@pytest.mark.filterwarnings("ignore:.*activations are not")
def test_features_without_bits_are_zero(chain, tmp_path):
    layers, weights = chain
    weights["a_relu_quantizer"] = bits([[0, 0, 0]], [[7, 0, 7]], [[4, 0, 4]])
    source = read_model(write(tmp_path / "m.h5", layers, weights))
    np.testing.assert_array_equal(source[1].weights[:, 1], np.zeros(2))


@pytest.mark.filterwarnings("ignore:.*activations are not")
def test_what_wraps_round_is_said(chain, tmp_path):
    layers, weights = chain
    layers[2] = quantizer("a_quantizer", "a", overflow="WRAP")
    with pytest.warns(UserWarning, match="wrap round in it, .* they go on: a_quantizer$"):
        read_model(write(tmp_path / "m.h5", layers, weights))


@pytest.mark.parametrize(
    ("class_name", "match"),
    [
        ("HDense", r"'a' is HDense of HGQ 1, not read; .* save HGQ.proxy.to_proxy_model"),
        ("UnaryLUT", r"'a' is UnaryLUT of HGQ 1, not read; make the proxy without"),
    ],
)
def test_layers_as_they_are_trained_are_named_with_a_way_out(class_name, match, chain, tmp_path):
    layers, weights = chain
    layers[1]["class_name"] = f"HGQ>{class_name}"
    with pytest.raises(ConversionError, match=match):
        read_model(write(tmp_path / "m.h5", layers, weights))
