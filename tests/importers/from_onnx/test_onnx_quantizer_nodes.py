"""Quantizers of ONNX between the layers of a model, and at both of its ends."""

from dataclasses import replace

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import read_model

pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")

from onnx import TensorProto, defs, helper, numpy_helper

DIFFERS = "each value may differ from the source's by up to half"

#: Before this version of the operators the type of the levels is that of the zero point alone.
needs_output_dtype = pytest.mark.skipif(
    defs.onnx_opset_version() < 21, reason="onnx has types of few bits since 1.16"
)


@pytest.fixture
def model_of(rng):
    arrays = {
        "W": rng.normal(size=(6, 5)),
        "V": rng.normal(size=(5, 3)),
        "step": np.array(0.05),
        "other": np.array(0.07),
        "zero": np.array(100, np.uint8),
    }

    def make(*nodes, output="y", opset=19, **more):
        graph = helper.make_graph(
            [helper.make_node(kind, taken, [given], **how) for kind, taken, given, how in nodes],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 6])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", 3])],
            [
                numpy_helper.from_array(a.astype("f") if a.dtype.kind == "f" else a, name)
                for name, a in arrays.items()
            ],
        )
        graph.initializer.extend(more.values())
        opsets = [helper.make_opsetid("", opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9 + (opset > 20))

    return make


def pair(taken, given, step="step", zero=("zero",), **settings):
    """Return a quantizer and what takes it back."""
    return [
        ("QuantizeLinear", [taken, step, *zero], f"{given}_q", settings),
        ("DequantizeLinear", [f"{given}_q", step, *zero], given, {}),
    ]


def dense(taken, weights, given):
    return ("MatMul", [taken, weights], given, {})


@needs_output_dtype
@pytest.mark.parametrize("kind", ["UINT8", "INT8", "INT16", "INT4", "UINT4"])
def test_the_type_of_levels_may_be_a_setting(kind, model_of, rng):
    how = {"output_dtype": getattr(TensorProto, kind)}
    quantizer = pair("h", "d", zero=(), **how)
    model = model_of(dense("x", "W", "h"), *quantizer, dense("d", "V", "y"), opset=21)
    with pytest.warns(UserWarning, match=DIFFERS):
        source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on 252")
    bits = int(kind.lstrip("UINT"))
    low = 0 if kind.startswith("U") else -(2 ** (bits - 1))
    levels = np.array([low, low + 2**bits - 1]) * np.float32(0.05)
    np.testing.assert_allclose(source[0].function(np.array([-1e9, 1e9])), levels)


@needs_output_dtype
def test_a_zero_point_may_have_few_bits(model_of):
    zero = helper.make_tensor("few", TensorProto.INT4, [], [3])
    quantizer = pair("h", "d", zero=("few",))
    nodes = dense("x", "W", "h"), *quantizer, dense("d", "V", "y")
    with pytest.warns(UserWarning, match=DIFFERS):
        source = read_model(model_of(*nodes, opset=21, few=zero))
    levels = np.array([-11, 4]) * np.float32(0.05)
    np.testing.assert_allclose(source[0].function(np.array([-1e9, 1e9])), levels)


@needs_output_dtype
def test_levels_that_are_further_and_further_apart_are_refused(model_of):
    quantizer = pair("h", "d", zero=(), output_dtype=TensorProto.FLOAT8E4M3FN)
    nodes = dense("x", "W", "h"), *quantizer, dense("d", "V", "y")
    with pytest.raises(ConversionError, match=r"type float8e4m3fn, .* before its quantization"):
        read_model(model_of(*nodes, opset=21))


def test_steps_as_outputs_are_refused(model_of):
    nodes = dense("x", "W", "h"), ("Relu", ["h"], "a", {}), dense("a", "V", "b"), *pair("b", "y")
    with pytest.raises(ConversionError, match="output 'y_q' is in steps of 'y_q'; end the model"):
        read_model(model_of(*nodes, output="y_q"))


def read_quantized(model):
    with pytest.warns(UserWarning, match=r"the quantizer of its inputs \(.*\) is left out"):
        return read_model(model)


HIDDEN = [dense("d", "W", "h"), ("Relu", ["h"], "a", {})]


def test_a_model_that_rounds_its_inputs_is_compared_on_rounded_ones(model_of, rng):
    source = read_quantized(model_of(*pair("x", "d"), *HIDDEN, dense("a", "V", "y")))
    x = rng.normal(size=(40, 6))
    source.compare(x)
    assert source.compared.startswith("compared on 40 calibration inputs"), source.compared
    source.compare()
    assert float(source.compared.rpartition(" ")[2]) < 1e-4
    source.layers[0] = replace(source.layers[0], weights=1.01 * source.layers[0].weights)
    with pytest.raises(ConversionError, match="other outputs than the model itself"):
        source.compare(x)


def test_one_input_rounded_to_different_levels_is_not_compared(model_of):
    nodes = *pair("x", "d"), *pair("x", "e", "other"), *HIDDEN, dense("e", "W", "i")
    source = read_quantized(model_of(*nodes, ("Add", ["a", "i"], "s", {}), dense("s", "V", "y")))
    assert source.compared == "not compared: the quantizer of its inputs is left out"


@pytest.mark.parametrize(
    "domain, kind, match",
    [
        ("", "DynamicQuantizeLinear", "was before its quantization, the chip's own is done here"),
        ("", "QLinearMatMul", "was before its quantization, the chip's own is done here"),
        ("com.microsoft", "QGemm", "whose quantizer writes it; .* with QuantFormat.QDQ"),
        ("com.microsoft", "QuickGelu", "whose optimizer writes it"),
    ],
)
def test_arithmetic_in_whole_numbers_is_named(domain, kind, match, model_of):
    node = (kind, ["x"], "h", {"domain": domain})
    model = model_of(node, ("Relu", ["h"], "a", {}), dense("a", "V", "y"))
    with pytest.raises(ConversionError, match=match):
        read_model(model)


def probabilities(kind, *after):
    return [
        dense("x", "W", "h"),
        ("Relu", ["h"], "r", {}),
        dense("r", "V", "z"),
        (kind, ["z"], "p", {}),
        *after,
    ]


@pytest.mark.parametrize("kind", ["Softmax", "Sigmoid"])
def test_probabilities_that_are_rounded_at_the_end_are_read_before_it(kind, model_of, rng):
    step = numpy_helper.from_array(np.array(0.9 / 255, "f"), "fine")
    none = numpy_helper.from_array(np.array(0, np.uint8), "none")
    after = pair("p", "y", "fine", ("none",))
    with pytest.warns(UserWarning, match=r"outputs \(y_q\) is left out: .* of 0.00353, up to 0.9"):
        source = read_model(model_of(*probabilities(kind, *after), fine=step, none=none))
    source.compare()
    assert source.compared.startswith("compared on")
    plain = read_model(model_of(*probabilities(kind), output="p"))
    x = rng.normal(size=(20, 6))
    assert source.head == plain.head == kind.lower()
    np.testing.assert_array_equal(source.logits(x), plain.logits(x))


def test_probabilities_cut_off_below_a_half_are_no_probabilities(model_of):
    step = numpy_helper.from_array(np.array(0.4 / 255, "f"), "fine")
    none = numpy_helper.from_array(np.array(0, np.uint8), "none")
    after = pair("p", "y", "fine", ("none",))
    with pytest.raises(ConversionError, match="a softmax must be the last operation"):
        read_model(model_of(*probabilities("Softmax", *after), fine=step, none=none))
