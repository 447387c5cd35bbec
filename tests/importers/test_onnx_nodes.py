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
