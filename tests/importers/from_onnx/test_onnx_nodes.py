"""Values of single ONNX nodes, against onnx's reference evaluator."""

import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model

pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")

from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

#: What stands between the input, (n, 6), and two dense layers.
BODIES = {
    "leaky": "h = MatMul(x, W) a = PRelu(h, slopes) y = MatMul(a, V)",
    "one slope": "h = MatMul(x, W) a = PRelu(h, slope) y = MatMul(a, V)",
    "selu": "h = MatMul(x, W) a = Selu(h) y = MatMul(a, V)",
    "selu of its own": "h = MatMul(x, W) a = Selu<alpha = 0.7, gamma = 1.5>(h) y = MatMul(a, V)",
    "elu": "h = MatMul(x, W) a = Elu<alpha = 0.3>(h) y = MatMul(a, V)",
    "scaler": "s = ai.onnx.ml.Scaler<offset = [1.0, -2.0, 0.5, 0.0, 3.0, 1.5], "
    "scale = [2.0, 0.5, 1.0, 4.0, 0.25, 1.0]>(x) h = MatMul(s, W) a = Relu(h) y = MatMul(a, V)",
    "scaler of one number": "s = ai.onnx.ml.Scaler<offset = [1.0], scale = [0.5]>(x) "
    "h = MatMul(s, W) a = Relu(h) y = MatMul(a, V)",
    "columns": "s = ai.onnx.ml.ArrayFeatureExtractor(x, columns) h = MatMul(s, U) a = Relu(h) "
    "y = MatMul(a, V)",
}


@pytest.fixture
def model_of(rng):
    def make(body):
        head = '<ir_version: 8, opset_import: ["" : 17, "ai.onnx.ml" : 3]> g'
        model = parser.parse_model(f"{head} (double[n, 6] x) => (double[n, 3] y) {{{body}}}")
        constants = {
            "W": rng.normal(size=(6, 5)),
            "U": rng.normal(size=(3, 5)),
            "V": rng.normal(size=(5, 3)),
            "slopes": rng.uniform(0.1, 0.9, size=5),
            "slope": np.array([0.2]),
            "other": np.array([0.3]),
            "columns": np.array([4, 0, 5]),
        }
        taken = {name for node in model.graph.node for name in node.input}
        for name in taken & constants.keys():
            model.graph.initializer.append(numpy_helper.from_array(constants[name], name))
        return model

    return make


def test_a_product_with_a_vector_is_one_value_a_sample(rng):
    head = '<ir_version: 8, opset_import: ["" : 17]> g (double[n, 2, 6] x) => (double[n, 2] y)'
    model = parser.parse_model(head + " {h = MatMul(x, W) a = Relu(h) y = MatMul(a, v)}")
    for name, values in {"W": rng.normal(size=(6, 5)), "v": rng.normal(size=5)}.items():
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    x = rng.normal(size=(9, 2, 6))
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(forward(read_model(model), x.reshape(9, 12))[-1], wanted)


@pytest.mark.parametrize("name", BODIES)
def test_values_are_those_of_the_evaluator(name, model_of, rng):
    model, x = model_of(BODIES[name]), 2 * rng.normal(size=(40, 6))
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
    source = read_model(model)
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=1e-6, atol=1e-6)
    source.compare()
    assert source.compared.startswith("compared on")


def test_a_selu_at_the_end_is_one_layer(model_of, rng):
    source = read_model(model_of("h = MatMul(x, W) a = MatMul(h, V) y = Selu<gamma = 2.0>(a)"))
    assert [layer.label for layer in source] == ["h+a"]


def test_numbers_are_dequantized_by_the_scale_that_quantized_them(model_of):
    body = "h = MatMul(x, W) q = QuantizeLinear(h, slope) d = DequantizeLinear(q, other) "
    with pytest.raises(ConversionError, match="has another scale or zero point than 'q'"):
        read_model(model_of(f"{body} y = MatMul(d, V)"))


def test_weights_in_blocks_are_read_block_by_block(rng):
    """Version 21 has them; against the definition, as not every evaluator knows them."""
    integers = rng.randint(-100, 100, size=(6, 5)).astype(np.int8)
    scales, zeros = rng.uniform(0.01, 0.1, size=(2, 5)), rng.randint(-9, 9, size=(2, 5))
    body = (
        "w = DequantizeLinear<axis = 0, block_size = 4>(Q, scales, zeros) h = MatMul(x, w) "
        "a = Relu(h) y = MatMul(a, V)"
    )
    head = '<ir_version: 10, opset_import: ["" : 21]> g'
    model = parser.parse_model(f"{head} (double[n, 6] x) => (double[n, 3] y) {{{body}}}")
    last = rng.normal(size=(5, 3))
    constants = {"Q": integers, "scales": scales, "zeros": zeros.astype(np.int8), "V": last}
    for name, array in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    x, blocks = rng.normal(size=(20, 6)), [0, 0, 0, 0, 1, 1]
    weights = (integers - zeros[blocks]) * scales[blocks]
    values = forward(read_model(model), x)[-1]
    np.testing.assert_allclose(values, np.maximum(x @ weights, 0) @ last, atol=1e-10)


def test_a_choice_between_graphs_is_all_that_is_refused(model_of):
    model = model_of(
        "h = MatMul(x, W) r = Relu(h) t = Constant<value = bool {1}>() y = If(t)<"
        "then_branch = yes () => (double[n, 3] a) { a = MatMul(r, V) }, "
        "else_branch = no () => (double[n, 3] b) { b = MatMul(h, V) }>"
    )
    with pytest.raises(ConversionError, match="'y': If is not supported; it chooses") as caught:
        read_model(model)
    assert len(caught.value.problems) == 1


def test_casts_between_precisions_explain_what_they_round(rng):
    head = '<ir_version: 8, opset_import: ["" : 17]> g (float[n, 6] x) => (float[n, 3] y)'
    body = "h = MatMul(x, W) c = Cast<to = 10>(h) d = Cast<to = 1>(c) a = Relu(d) y = MatMul(a, V)"
    model = parser.parse_model(f"{head} {{{body}}}")
    for name, size in {"W": (6, 5), "V": (5, 3)}.items():
        array = rng.normal(size=size).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    source = read_model(model)
    source.compare(30 * rng.normal(size=(200, 6)))
    assert source.compared.startswith("compared on 200")


@pytest.mark.parametrize("alpha", [0.0, -0.2])
def test_a_hard_sigmoid_that_does_not_rise_is_refused(alpha, model_of):
    with pytest.raises(ConversionError, match=f"slope must be above 0, got {alpha:g}"):
        read_model(model_of(f"y = HardSigmoid<alpha = {alpha}>(x)"))


@pytest.mark.parametrize("opset", [13, 17, 19, 21])
def test_quantizers_of_every_version_are_compared(opset, model_of):
    model = model_of(
        "w = DequantizeLinear<axis = 1>(Q, scales, zeros) h = MatMul(x, w) a = Relu(h) "
        "q = QuantizeLinear(a, tenth, zero) d = DequantizeLinear(q, tenth, zero) y = MatMul(d, V)"
    )
    fill(
        model,
        Q=np.arange(-15, 15, dtype=np.int8).reshape(6, 5),
        scales=np.float64([0.02, 0.05, 0.1, 0.01, 0.03]),
        zeros=np.zeros(5, np.int8),
        tenth=np.float64(0.1),
        zero=np.uint8(0),
    )
    model.opset_import[0].version = opset
    with pytest.warns(UserWarning, match="each value may differ from the source's by up to half"):
        source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on")


def fill(model, **arrays):
    for name, array in arrays.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))


def test_a_quantizer_of_inputs_whose_limits_are_left_out_is_said(model_of):
    model = model_of(
        "q = QuantizeLinear(x, tenth, zero) d = DequantizeLinear(q, tenth, zero) "
        "h = MatMul(d, W) a = Relu(h) y = MatMul(a, V)"
    )
    fill(model, tenth=np.float64(0.1), zero=np.uint8(128))
    with pytest.warns(UserWarning, match=r"of its inputs \(q\) is left out: .* cuts them off"):
        read_model(model)


@pytest.mark.parametrize("opset", [8, 12])
def test_an_old_softmax_is_over_all_axes_after_its_own(opset, model_of, rng):
    model = model_of("a = Relu(x) p = MatMul(a, P) r = Reshape(p, shape) y = Softmax(r)")
    fill(model, shape=np.array([-1, 2, 3]), P=2 * np.eye(6))
    model.opset_import[0].version = opset
    source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on")
    x = rng.normal(size=(7, 6))
    powers = np.exp(2 * np.maximum(x, 0))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(forward(source, x)[-1], expected, rtol=1e-12)


def old(model, opset=6):
    model.opset_import[0].version = opset
    return model


@pytest.mark.parametrize("kind", ["Add", "Mul", "PRelu"])
def test_values_broadcast_along_another_axis_in_versions_before_7(kind, rng):
    settings = "" if kind == "PRelu" else "<broadcast = 1, axis = 1>"
    model = parser.parse_model(
        '<ir_version: 3, opset_import: ["" : 6]> g (double[n, 3, 3] x) => (double[n, 2] y) '
        f"{{s = {kind}{settings}(x, v) f = Flatten(s) r = Relu(f) y = MatMul(r, W)}}"
    )
    fill(model, v=rng.normal(size=3), W=rng.normal(size=(9, 2)))
    with pytest.raises(ConversionError, match="'s' broadcasts along an axis that is not the last"):
        read_model(model)
    if kind != "PRelu":
        model.graph.node[0].attribute[1].i = 2  # the last
        x = rng.normal(size=(4, 9))
        v, weights = (numpy_helper.to_array(tensor) for tensor in model.graph.initializer)
        shifted = {"Add": np.add, "Mul": np.multiply}[kind](x.reshape(4, 3, 3), v)
        expected = np.maximum(shifted.reshape(4, 9), 0) @ weights
        np.testing.assert_allclose(forward(read_model(model), x)[-1], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("body", "opset"),
    [
        ("b, m, v, m2, v2 = BatchNormalization(h, slopes, slopes, slopes, slopes)", 9),
        ("b = BatchNormalization<is_test = 0>(h, slopes, slopes, slopes, slopes)", 6),
        ("b = Dropout<is_test = 0>(h)", 6),
    ],
)
def test_old_nodes_that_train_are_refused(body, opset, model_of):
    model = model_of(f"h = MatMul(x, W) {body} a = Relu(b) y = MatMul(a, V)")
    model.opset_import[0].version = opset
    with pytest.raises(ConversionError, match="'b' is in training mode; export for evaluation"):
        read_model(model)


def test_a_product_and_a_value_of_the_model_are_added(model_of, rng):
    model = model_of(
        "h = MatMul(x, W) a = Relu(h) g = Gemm<alpha = 0.5, beta = 2.0>(a, S, h) r = Relu(g) "
        "y = MatMul(r, V)"
    )
    fill(model, S=rng.normal(size=(5, 5)))
    x = rng.normal(size=(9, 6))
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
    source = read_model(model)
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=1e-9)
    source.compare()
    assert source.compared.startswith("compared on")


def test_weights_that_are_cast_are_rounded(model_of, rng):
    model = model_of(
        "u = Cast<to = 10>(W) w = Cast<to = 11>(u) h = MatMul(x, w) a = Relu(h) y = MatMul(a, V)"
    )
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    x = rng.normal(size=(9, 6))
    rounded = found["W"].astype(np.float16).astype(np.float64)
    expected = np.maximum(x @ rounded, 0) @ found["V"]
    np.testing.assert_allclose(forward(read_model(model), x)[-1], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("h = MatMul(x, nowhere) a = Relu(h) y = MatMul(a, V)", "takes 'nowhere', which nothing"),
        ("q, r = Mystery(x) h = MatMul(r, W) y = MatMul(h, V)", "'q': Mystery is not supported"),
        (
            "h = MatMul(x, W) a = com.microsoft.Gelu(h) y = MatMul(a, V)",
            "'a': Gelu is of onnxruntime alone",
        ),
    ],
)
def test_the_node_that_cannot_be_read_is_named(body, match, model_of):
    with pytest.raises(ConversionError, match=match):
        read_model(model_of(body))
