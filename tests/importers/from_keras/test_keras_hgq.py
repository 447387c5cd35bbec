"""Models of HGQ2 from their configurations and weights, against what HGQ2 0.2.0 computed."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.from_keras.keras_graph import KerasLayer, Step
from nengo_dense.importers.from_keras.keras_hgq_quantizer import FixedPoint
from nengo_dense.importers.from_keras.keras_model import read_architecture
from nengo_dense.importers.from_keras.keras_weights import names_of

X = [-2.6, -2.125, -1.0, -0.375, -0.125, 0.0, 0.1, 0.125, 0.375, 1.9, 2.0, 3.3]

#: Way of rounding, of overflowing, sign bits -> quarters that HGQ2 0.2.0 made of X, with one
#: integer bit and two fractional ones.
QUARTERS = {
    ("RND", "SAT", 1): [-8, -8, -4, -1, 0, 0, 0, 1, 2, 7, 7, 7],
    ("RND", "SAT_SYM", 1): [-7, -7, -4, -1, 0, 0, 0, 1, 2, 7, 7, 7],
    ("RND", "WRAP", 1): [6, -8, -4, -1, 0, 0, 0, 1, 2, -8, -8, -3],
    ("TRN", "SAT", 1): [-8, -8, -4, -2, -1, 0, 0, 0, 1, 7, 7, 7],
    ("RND_CONV", "SAT", 0): [0, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7, 7],
    ("TRN_ZERO", "WRAP", 0): [6, 0, 4, 7, 0, 0, 0, 0, 1, 7, 0, 5],
    ("RND_ZERO", "SAT", 1): [-8, -8, -4, -1, 0, 0, 0, 0, 1, 7, 7, 7],
    ("RND_INF", "SAT", 1): [-8, -8, -4, -2, -1, 0, 0, 1, 2, 7, 7, 7],
    ("RND_MIN_INF", "SAT", 1): [-8, -8, -4, -2, -1, 0, 0, 0, 1, 7, 7, 7],
}


def config(rounding="RND", overflow="SAT", kind="kif", class_name="QuantizerConfig", **more):
    settings = {"q_type": kind, "round_mode": rounding, "overflow_mode": overflow, **more}
    return {"class_name": class_name, "config": settings}


def bits(whole, fraction, sign=1):
    """Return the weights of a "kif" quantizer that saturates."""
    return [np.float32(whole), np.float32(fraction), np.uint8(sign) + np.zeros_like(whole, "u1")]


@pytest.mark.parametrize("case", QUARTERS, ids=str)
def test_weights_are_rounded_as_the_package_does(case):
    rounding, overflow, sign = case
    quantizer = FixedPoint.read(config(rounding, overflow), lambda: bits([1], [2], sign))
    np.testing.assert_array_equal(4 * quantizer.rounded(np.float32(X)), QUARTERS[case])


@pytest.mark.parametrize(
    ("kind", "order"),
    [("kif", "kif"), ("kif", "ifk"), ("kif", "fkis"), ("kbi", "kbi"), ("kbi", "bik")],
)
def test_the_bits_are_found_in_any_order_in_which_keras_writes_them(kind, order):
    found = {"k": np.uint8([1]), "i": np.float32([1.2]), "f": np.float32([1.8])}
    found |= {"b": np.float32([3.0]), "s": np.float32(0.01)}
    quantizer = FixedPoint.read(config("TRN", kind=kind), lambda: [found[key] for key in order])
    np.testing.assert_array_equal(4 * quantizer.rounded(np.float32(X)), QUARTERS["TRN", "SAT", 1])


def test_weights_without_bits_are_zero_and_scales_are_done_last():
    declared = config(scaler=0.5, affine=[4.0, 1.0])
    quantizer = FixedPoint.read(declared, lambda: bits([1, -9], [2, 8]))
    np.testing.assert_array_equal(quantizer.rounded(np.float32([[0.3, 0.3]])), [[2.0, 1.0]])


@pytest.mark.parametrize(
    ("declared", "match"),
    [
        (config(kind="float"), "of the type 'float'; only fixed point is read"),
        (config(bw_mapper={"class_name": "Mine"}), "bw_mapper of its own"),
        (config("UP"), "rounds by UP"),
        (config(overflow="WRAP_SM"), "overflows by WRAP_SM"),
    ],
)
def test_other_quantizers_are_named(declared, match):
    with pytest.raises(ValueError, match=match):
        FixedPoint.read(declared, lambda: bits([1], [2]))


def test_a_quantizer_whose_bits_cannot_be_told_apart_is_refused():
    with pytest.raises(ValueError, match="has 3 weight arrays, of which none is k"):
        FixedPoint.read(config(), lambda: [np.float32([1])] * 3)


def test_bits_that_single_precision_does_not_hold_are_refused():
    quantizer = FixedPoint.read(config(), lambda: bits([1], [200]))
    with pytest.raises(ValueError, match="has bits beyond single precision"):
        quantizer.rounded(np.float32([0.5]))


def layer(class_name, name, inbound, module="hgq.layers", **settings):
    settings = {"name": name, "enable_iq": True, "enable_oq": False, **settings}
    tensors = [{"config": {"keras_history": [each, 0, 0]}} for each in inbound]
    node = {"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}
    return {
        **{"class_name": class_name, "module": module, "name": name},
        **{"config": settings, "inbound_nodes": [node]},
    }


def dense(name, inbound, units, **settings):
    settings = {"kq_conf": config(), "bq_conf": config(), "iq_conf": config(), **settings}
    given = {"units": units, "activation": "linear", "use_bias": True, **settings}
    return layer("QDense", name, inbound, **given)


def read(layers, arrays):
    """Read a functional model whose weights are given by layer and quantizer."""
    first = layer("InputLayer", "in", ["in"], "keras.layers", batch_shape=[None, 4])
    first["inbound_nodes"] = []
    end = layers[-1]["name"]
    model = {"layers": [first, *layers]}
    model |= {"input_layers": [["in", 0, 0]], "output_layers": [[end, 0, 0]]}
    architecture = json.loads(json.dumps({"class_name": "Functional", "config": model}))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*activations are not")
        return read_architecture(
            "a model", architecture, lambda each: arrays[(each.label, *each.part[:1])]
        )


@pytest.fixture
def arrays(rng):
    def quarters(*shape):
        return (rng.randint(-7, 8, size=shape) / 4).astype(np.float32)

    counts = [np.float32(1e-5), np.int64(3)]  # what HGQ2 counts bits with
    found = {}
    for name, (n_in, n_out) in {"a": (4, 3), "b": (3, 3), "c": (3, 2)}.items():
        found[name,] = [quarters(n_in, n_out), quarters(n_out), *counts]
        found[name, "kq"] = found[name, "bq"] = bits([1], [2])
        found[name, "iq"] = bits(np.full((1, n_in), 9), np.full((1, n_in), 4))
    return found


def test_what_lies_on_the_levels_comes_out_exactly(arrays, rng):
    layers = [
        dense("a", ["in"], 3, activation="relu"),
        dense("b", ["a"], 3, activation="relu"),
        layer("QAdd", "add", ["a", "b"], iq_confs=[config(), config()]),
        dense("c", ["add"], 2),
    ]
    arrays["add", "iq"] = arrays["b", "iq"]
    source = read(layers, arrays)
    x = rng.randint(-8, 8, size=(30, 4)).astype(float)
    a, b, c = ([arrays[name,][0].astype(float), arrays[name,][1].astype(float)] for name in "abc")
    first = np.maximum(x @ a[0] + a[1], 0)
    second = np.maximum(first @ b[0] + b[1], 0)
    np.testing.assert_array_equal(source.logits(x), (first + second) @ c[0] + c[1])


def test_a_layer_without_one_of_its_arrays_is_named(arrays):
    del arrays["a",][1]
    with pytest.raises(ConversionError, match=r"'a'.* it has 1 weight arrays, not kernel, b"):
        read([dense("a", ["in"], 3)], arrays)


def test_features_without_bits_are_zero_and_limits_are_kept(arrays):
    arrays["b", "iq"] = bits([[2, -9, 1]], [[3, 8, 3]], 0)
    source = read([dense("a", ["in"], 3, activation="relu"), dense("b", ["a"], 3)], arrays)
    np.testing.assert_array_equal(source[1].weights[:, 1], np.zeros(3))
    np.testing.assert_array_equal(np.ravel(source[0].function.limits[1]), [31 / 8, 1.0, 15 / 8])


def test_what_wraps_round_is_said_and_goes_on_here(arrays):
    layers = [dense("a", ["in"], 3, activation="relu"), dense("b", ["a"], 3)]
    layers[1]["config"]["iq_conf"] = config(overflow="WRAP")
    with pytest.warns(UserWarning, match="wrap round in it, .* they go on: b$"):
        source = read(layers, arrays)
    assert source.compared == "not compared: what overflows its bits wraps round in it"
    assert source[0].activation == "relu"


def test_a_normalization_of_inputs_is_in_the_kernel_that_is_rounded(arrays):
    names = {"scale": True, "epsilon": 0.75}
    layers = [dense("a", ["in"], 3, activation="relu"), dense("b", ["a"], 3, **names)]
    layers[1]["class_name"] = "QBatchNormDense"
    kernel, bias, *counts = arrays["b",]
    mean, variance = np.float32([1, 0, -1]), np.float32([0.25, 0.25, 3.25])
    gamma = np.float32([0.5, 1, 2])
    arrays["b",] = [kernel, bias, gamma, *counts, mean, variance]
    source = read(layers, arrays)
    scaled = np.float32([0.5, 1, 1])[:, None] * kernel
    whole = np.clip(np.floor(4 * scaled + 0.5), -8, 7) / 4
    np.testing.assert_array_equal(source[1].weights, whole.T)
    np.testing.assert_array_equal(source[1].bias, np.clip(bias - mean @ kernel, -2, 1.75))


def test_a_batch_normalization_rounds_what_it_comes_to(arrays):
    settings = {"scale": False, "center": True, "epsilon": 0.75, "axis": -1}
    norm = layer("QBatchNormalization", "n", ["a"], enable_iq=False, **settings)
    norm["config"] |= {"kq_conf": config(), "bq_conf": config()}
    arrays["n",] = [np.float32([0.5, 1, 1.5]), np.ones(3, "f"), np.float32([0.25, 3.25, 8.25])]
    arrays["n", "kq"] = arrays["n", "bq"] = bits([1], [2])
    end = dense("b", ["n"], 3, iq_conf=config(kind="dummy"))
    source = read([dense("a", ["in"], 3), norm, end], arrays)
    scale, shift = np.array([1, 0.5, 0.25]), np.array([-0.5, 0.5, 1.25])
    (kernel, bias), (after, last) = (
        [each.astype(float) for each in arrays[name,][:2]] for name in "ab"
    )
    np.testing.assert_array_equal(source[0].weights, (kernel * scale @ after).T)
    np.testing.assert_array_equal(source[0].bias, (bias * scale + shift) @ after + last)


def test_tables_keep_the_function_and_its_limits(arrays):
    table = layer("QUnaryFunctionLUT", "t", ["a"], activation="tanh", iq_conf=config())
    table["config"] |= {"enable_oq": True, "oq_conf": config()}
    arrays["t", "iq"], arrays["t", "oq"] = arrays["b", "iq"], bits([0], [6])
    source = read([dense("a", ["in"], 3), table, dense("b", ["t"], 3)], arrays)
    assert any("tanh" in each.activation for each in source)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"iq_conf": config()}, "'b' rounds most of its values to fewer than four levels"),
        ({"iq_conf": config("TRN_ZERO")}, "'b' rounds most of its"),
    ],
)
def test_a_quantizer_with_few_levels_is_a_jump(change, match, arrays):
    arrays["b", "iq"] = bits([[0, 0, 8]], [[1, 1, 3]], 0)
    layers = [dense("a", ["in"], 3, activation="relu"), dense("b", ["a"], 3, **change)]
    with pytest.raises(ConversionError, match=match):
        read(layers, arrays)


def test_layers_that_have_no_form_are_named_with_a_way_out(arrays):
    softmax = layer("QSoftmax", "s", ["a"])
    with pytest.raises(ConversionError, match=r"'s' is QSoftmax of HGQ2.*logits"):
        read([dense("a", ["in"], 3), softmax], arrays)
    other = layer("QDenseT", "t", ["a"])
    with pytest.raises(ConversionError, match=r"'t' is QDenseT of HGQ2.* QDense, "):
        read([dense("a", ["in"], 3), other], arrays)


def test_weights_in_h5_files_are_found_by_the_names_of_their_quantizers():
    own = ["a/kernel", "a/bias", "a/beta"]
    quantizers = ["a/a_kq/fixed_point_quantizer_kbi/b", "a/a_bq/fixed_point_quantizer_kbi_1/b"]
    merged = [f"a/multiple_quantizers/quantizer_{n}/fixed_point_quantizer_kif/f" for n in (4, 5)]
    names = [*own, *quantizers, *merged]
    found = KerasLayer((Step("a", "QDense", 0),), {}, "hgq.layers")
    assert names_of(found, names) == own
    assert names_of(replace(found, part=("kq", "quantizer")), names) == quantizers[:1]
    second = ("iq", "quantizers", "quantizer_1", "quantizer")
    assert names_of(replace(found, part=second), names) == merged[1:]
