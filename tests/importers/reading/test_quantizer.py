"""Quantization-aware models: weights as they are deployed, activations within their limits."""

import warnings

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model
from nengo_dense.importers.reading.quantizer import Quantizer

pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")

from onnx import helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

QONNX = "qonnx.custom_op.general"


def written(body, domain=QONNX, opset=17, **constants):
    """Write a graph of one input with QONNX's operators and constants in double precision."""
    head = f'<ir_version: 8, opset_import: ["" : {opset}, "{domain}" : 1]>'
    body = body.replace("Q:", f"{domain}.")
    model = parser.parse_model(f"{head} g (float[n, 6] x) => (float[n, 3] y) {{{body}}}")
    for name, values in constants.items():
        values = np.asarray(values)
        kind = values.dtype if values.dtype.kind in "iu" else np.float32
        model.graph.initializer.append(numpy_helper.from_array(values.astype(kind), name))
    return model


def settings(model, kind, **values):
    for node in model.graph.node:
        if node.op_type == kind:
            node.attribute.extend(helper.make_attribute(k, v) for k, v in values.items())
    return model


def read_silently(model):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*activations are not")
        return read_model(model)


@pytest.fixture
def weights(rng):
    return rng.uniform(-1.5, 1.5, size=(6, 5)), rng.uniform(-1.5, 1.5, size=(5, 3))


@pytest.mark.parametrize("domain", [QONNX, "onnx.brevitas", "finn.custom_op.general"])
@pytest.mark.parametrize(
    ("signed", "narrow", "levels"),
    [(1, 1, (-7, 7)), (1, 0, (-8, 7)), (0, 0, (0, 15)), (0, 1, (0, 14))],
)
def test_weights_are_rounded_as_the_operators_say(domain, signed, narrow, levels, weights):
    body = "w = Q:Quant(W, s, z, b) a = MatMul(x, w) h = Relu(a) y = MatMul(h, V)"
    model = written(body, domain, W=weights[0], V=weights[1], s=0.2, z=0.0, b=4.0)
    source = read_model(settings(model, "Quant", signed=signed, narrow=narrow))
    step = np.float32(0.2)  # QONNX computes in single precision
    steps = np.round(np.clip(weights[0].astype(np.float32) / step, *levels))
    np.testing.assert_array_equal(source[0].weights, (steps * step).T)


def test_one_bit_is_a_sign_of_weights(weights):
    body = "w = Q:BipolarQuant(W, s) a = MatMul(x, w) h = Relu(a) y = MatMul(h, V)"
    source = read_model(written(body, W=weights[0], V=weights[1], s=0.5))
    np.testing.assert_array_equal(source[0].weights, np.where(weights[0] >= 0, 0.5, -0.5).T)


def test_a_quantized_rectifier_keeps_its_limits_and_says_what_it_drops(weights, rng):
    body = "a = MatMul(x, W) h = Relu(a) q = Q:Quant(h, s, z, b) y = MatMul(q, V)"
    model = written(body, W=weights[0], V=weights[1], s=0.25, z=0.0, b=4.0)
    settings(model, "Quant", signed=0, narrow=0)
    with pytest.warns(UserWarning, match=r"half a step: q 0\.125|half a step: .* 0\.125"):
        source = read_model(model)
    assert [layer.n_out for layer in source] == [5, 3], "the limits need no layer of their own"
    x = rng.normal(size=(50, 6))
    hidden = forward(source, x)[0]
    theirs = np.clip(np.round(np.maximum(x @ source[0].weights.T, 0) / 0.25), 0, 15) * 0.25
    assert np.abs(hidden - theirs).max() <= 0.125
    assert hidden.max() == 3.75


def test_rounding_down_is_centred(weights, rng):
    body = "a = MatMul(x, W) q = Q:Quant(a, s, z, b) y = MatMul(q, V)"
    model = written(body, W=weights[0], V=weights[1], s=0.25, z=0.0, b=4.0)
    settings(model, "Quant", signed=0, narrow=0, rounding_mode="FLOOR")
    source = read_silently(model)
    x = rng.normal(size=(50, 6))
    a = x @ weights[0].astype(np.float32)
    theirs = np.floor(np.clip(a / 0.25, 0, 15)) * 0.25
    assert np.abs(forward(source, x)[0] - theirs).max() <= 0.125 + 1e-9


def test_the_quantizer_of_the_inputs_is_left_out(weights):
    body = "i = Q:Quant(x, s, z, b) a = MatMul(i, W) h = Relu(a) y = MatMul(h, V)"
    model = written(body, W=weights[0], V=weights[1], s=0.25, z=0.0, b=8.0)
    with pytest.warns(
        UserWarning, match=r"quantizer of its inputs \(i\) is left out: .*cuts them"
    ):
        source = read_model(settings(model, "Quant", signed=1, narrow=0))
    assert len(source) == 2
    source.compare()
    assert source.compared.startswith("compared on 252 random inputs")


@pytest.mark.parametrize(
    ("operator", "bits"), [("Q:BipolarQuant(a, s)", 1.0), ("Q:Quant(a, s, z, b)", 1.0)]
)
def test_sign_activations_are_refused_by_name(operator, bits, weights):
    body = f"a = MatMul(x, W) q = {operator} y = MatMul(q, V)"
    model = written(body, W=weights[0], V=weights[1], s=1.0, z=0.0, b=bits)
    with pytest.raises(ConversionError, match="'q' gives only signs, so that it jumps"):
        read_model(model)


def test_few_levels_are_a_jump(weights):
    body = "a = MatMul(x, W) q = Q:Quant(a, s, z, b) y = MatMul(q, V)"
    model = written(body, W=weights[0], V=weights[1], s=1.0, z=0.0, b=2.0)
    with pytest.raises(ConversionError, match="rounds to fewer than four levels"):
        read_model(settings(model, "Quant", signed=1, narrow=1))


def test_roundings_that_are_not_known_are_named(weights):
    body = "w = Q:Quant(W, s, z, b) a = MatMul(x, w) h = Relu(a) y = MatMul(h, V)"
    model = written(body, W=weights[0], V=weights[1], s=0.2, z=0.0, b=4.0)
    with pytest.raises(ConversionError, match="it rounds by 'SIDEWAYS'; known are ROUND"):
        read_model(settings(model, "Quant", rounding_mode="SIDEWAYS"))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"b": 0.0}, "number of bits must be 1 to 52"),
        ({"b": 1e9}, "number of bits must be 1 to 52"),
        ({"s": 0.0}, "its step must be above 0"),
        ({"s": np.nan}, "its step must be above 0"),
    ],
)
def test_settings_that_mean_nothing_are_named(values, match, weights):
    body = "w = Q:Quant(W, s, z, b) a = MatMul(x, w) h = Relu(a) y = MatMul(h, V)"
    constants = {"W": weights[0], "V": weights[1], "s": 0.2, "z": 0.0, "b": 4.0, **values}
    with pytest.raises(ConversionError, match=match):
        read_model(written(body, **constants))


def test_pairs_of_quantize_and_dequantize_are_compared_with_the_evaluator(weights, rng):
    body = (
        "w = DequantizeLinear(W8, s, zs) a = MatMul(x, w) h = Relu(a) "
        "q = QuantizeLinear(h, s, zu) d = DequantizeLinear(q, s, zu) y = MatMul(d, V)"
    )
    model = written(
        body,
        W8=np.round(weights[0] * 40).astype(np.int8),
        V=weights[1],
        s=0.025,
        zs=np.int8(0),
        zu=np.uint8(3),
        opset=19,
    )
    source = read_silently(model)
    x = rng.normal(size=(50, 6)).astype(np.float32)
    theirs = ReferenceEvaluator(model).run(None, {"x": x})[0]
    assert (
        np.abs(forward(source, x)[-1] - theirs).max() <= 0.0125 * np.abs(weights[1]).sum(0).max()
    )
    source.compare(x)
    assert source.compared.startswith("compared on 50")
    assert [layer.n_out for layer in source] == [5, 3]


def test_a_quantizer_gives_its_levels_only(rng):
    quantizer = Quantizer(0.5, -3.0, 3.0)
    values = quantizer.rounded(rng.normal(size=1000) * 3)
    assert set(values) == set(np.arange(-3, 4) * 0.5)
    np.testing.assert_array_equal(quantizer.rounded(values), values)
