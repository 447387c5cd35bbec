"""ONNX graphs with branches, and nodes that move features, against onnx's reference evaluator."""

import numpy as np
import pytest

from nengo_dense.budget import Limit
from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers import SourceGraph, forward, read_model
from nengo_dense.importers.from_onnx import onnx_graph

pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")

from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator


@pytest.fixture
def constants(rng):
    """Return what gives a model constants: floats for a shape, or the values themselves."""

    def fill(model, **shapes):
        for name, shape in shapes.items():
            is_shape = isinstance(shape, tuple)
            values = rng.normal(size=shape) if is_shape else np.asarray(shape)
            values = values if values.dtype.kind == "i" else values.astype(np.float32)
            model.graph.initializer.append(numpy_helper.from_array(values, name))
        return model

    return fill


def parsed(signature, body, opset=17):
    """Write a model in onnx's own notation."""
    return parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]> g {signature} {{{body}}}'
    )


def assert_same(model, rng, *shapes, n=11):
    """Assert that a model is read as what the evaluator computes, to 1e-9 of it, and compared."""
    doubles = type(model)()
    doubles.CopyFrom(model)
    for tensor in doubles.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float64), tensor.name))
    inputs = [rng.normal(size=(n, *shape)) for shape in shapes]
    names = [value.name for value in doubles.graph.input]
    theirs = ReferenceEvaluator(doubles).run(None, dict(zip(names, inputs, strict=True)))
    source = read_model(model)
    ours = forward(source, np.concatenate([x.reshape(n, -1) for x in inputs], axis=1))[-1]
    ours = list(ours.values()) if isinstance(ours, dict) else [ours]
    for ours_one, theirs_one in zip(ours, theirs, strict=True):
        expected = theirs_one.reshape(n, -1)
        assert expected.std() > 1e-3, "a constant output would hide a wrong conversion"
        np.testing.assert_allclose(ours_one, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    source.compare()
    assert source.compared.startswith("compared on"), source.compared
    return source


XY = "(float[n, 6] x) => (float[n, 3] y)"
END = "h = Relu(a) y = MatMul(h, V)"

BODIES = {
    "residual": "a0 = MatMul(x, W) r = Relu(a0) a = Add(r, x) " + END,
    "difference": "a0 = MatMul(x, W) r = Tanh(a0) a = Sub(x, r) " + END,
    "sum of three": "a0 = MatMul(x, W) r = Relu(a0) a = Sum(r, x, a0, b) " + END,
    "mean": "a0 = MatMul(x, W) r = Relu(a0) a = Mean(r, x) " + END,
    "largest": "a0 = MatMul(x, W) a = Max(a0, x, b) " + END,
    "smallest": "a0 = MatMul(x, W) a = Min(a0, b, x) " + END,
    "largest of a group": "a0 = MatMul(x, W) p = Reshape(a0, t) a1 = ReduceMax<axes = [2], "
    "keepdims = 0>(p) y = MatMul(a1, U)",
    "mean of a group": "p = Reshape(x, t) m = ReduceMean<axes = [1]>(p) f = Flatten(m) "
    "h = Relu(f) y = MatMul(h, T)",
    "thresholded at zero": "a0 = MatMul(x, W) a = ThresholdedRelu<alpha = 0.0>(a0) " + END,
    "pool": "p = Reshape(x, t) m = GlobalAveragePool(p) f = Flatten(m) y = MatMul(f, U)",
    "broadcast": "a0 = MatMul(x, O) a1 = Sigmoid(a0) a = Sub(x, a1) " + END,
    "joined": "r = Relu(x) c = Concat<axis = 1>(x, r) a0 = MatMul(c, Z) h = Relu(a0) "
    "y = MatMul(h, V)",
    "joined along another axis": "p = Reshape(x, t) q = Neg(p) c = Concat<axis = 2>(p, q) "
    "f = Flatten(c) a0 = MatMul(f, Z) h = Relu(a0) y = MatMul(h, V)",
    "joined with itself": "c = Concat<axis = -1>(x, x) a0 = MatMul(c, Z) h = Relu(a0) "
    "y = MatMul(h, V)",
    "slices": "p = Slice(x, i0, i2, i1) q = Slice(x, i2, i9, i1, i1) a0 = Concat<axis = 1>(q, p) "
    "a = MatMul(a0, W) " + END,
    "slice with steps back": "p = Slice(x, i9, im9, i1, im1) a = MatMul(p, W) " + END,
    "split": "p, q = Split<axis = 1>(x, s) r = Relu(q) a = Concat<axis = 1>(r, p) " + END,
    "chosen": "p = Gather<axis = 1>(x, g) a = MatMul(p, W) " + END,
    "transposed image": "p = Reshape(x, t) q = Transpose<perm = [0, 2, 1]>(p) f = Flatten(q) "
    "a = MatMul(f, W) " + END,
    "axes of one": "u = Unsqueeze(x, i2) q = Squeeze(u, i2) a = MatMul(q, W) " + END,
    "normalized along another axis": "u = Unsqueeze(x, i2) n = BatchNormalization(u, b, b, b, k) "
    "q = Squeeze(n, i2) a = MatMul(q, W) " + END,
    "from the left": "xt = Transpose(x) m = MatMul(W, xt) mt = Transpose(m) a = Identity(mt) "
    + END,
    "turned": "xt = Transpose(x) a = Gemm<transA = 1>(xt, W, b) " + END,
    "shape from the input": "k0 = Shape(x) k1 = Gather<axis = 0>(k0, i0) k2 = Concat<axis = 0>"
    "(k1, i3, i2) p = Reshape(x, k2) f = Flatten(p) a = MatMul(f, W) " + END,
    "constants of constants": "W1 = Transpose(W) W2 = Mul(W1, b) s1 = Sqrt(k) b1 = Div(b, s1) "
    "a0 = MatMul(x, W2) a = Add(a0, b1) " + END,
    "scaled weights": "W1 = MatMul(W, W) W2 = Neg(W1) a = MatMul(x, W2) " + END,
    "limits after a rectifier": "a0 = MatMul(x, W) r = Relu(a0) a = Clip(r, , one) "
    "y = MatMul(a, V)",
    "silu": "a0 = MatMul(x, W) g0 = Sigmoid(a0) a = Mul(a0, g0) y = MatMul(a, V)",
    "mish": "a0 = MatMul(x, W) p = Softplus(a0) q = Tanh(p) a = Mul(a0, q) y = MatMul(a, V)",
    "softsign": "a0 = MatMul(x, W) p = Abs(a0) q = Add(p, one) a = Div(a0, q) y = MatMul(a, V)",
    "repeated": "p = Slice(x, i0, i2, i1) r = Tile(p, rep) a = MatMul(r, W) " + END,
}


@pytest.mark.parametrize("name", BODIES)
def test_branches_and_moves_compute_what_the_graph_does(name, rng, constants):
    model = constants(
        parsed(XY, BODIES[name]),
        W=(6, 6), V=(6, 3), U=(3, 3), O=(6, 1), Z=(12, 6), T=(2, 3), b=(6,),
        k=rng.uniform(0.5, 2, 6), one=np.float64(1.0),
        t=[-1, 3, 2], s=[2, 4], g=[5, 0, 0, 3, 1, 2],
        i0=[0], i1=[1], i2=[2], i3=[3], i9=[9], im1=[-1], im9=[-9], rep=[1, 3],
    )  # fmt: skip
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [t for t in model.graph.initializer if t.name not in used]:
        model.graph.initializer.remove(tensor)
    assert_same(model, rng, (6,))


def test_the_largest_of_all_along_the_last_axes_is_read(rng, constants):
    # onnx's evaluator gives an axis too few, so that it is no witness
    body = "p = Reshape(x, t) m = GlobalMaxPool(p) f = Flatten(m) y = MatMul(f, U)"
    model = constants(parsed(XY, body), t=np.array([-1, 2, 3]), U=(2, 3))
    x = rng.normal(size=(7, 6))
    weights = numpy_helper.to_array(model.graph.initializer[1]).astype(float)
    wanted = x.reshape(7, 2, 3).max(axis=2) @ weights
    np.testing.assert_allclose(forward(read_model(model), x)[-1], wanted, atol=1e-12)


def test_several_inputs_and_outputs_have_their_names(rng, constants):
    signature = "(float[n, 4] first, float[n, 2, 3] second) => "
    signature += "(float[n, 3] kind, float[n, 2] traits)"
    body = (
        "f = Flatten(second) a = MatMul(first, A) b = MatMul(f, B) s = Add(a, b) h = Relu(s) "
        "k = MatMul(h, C) kind = Softmax(k) u = MatMul(h, D) traits = Sigmoid(u)"
    )
    model = constants(parsed(signature, body), A=(4, 5), B=(6, 5), C=(5, 3), D=(5, 2))
    source = assert_same(model, rng, (4,), (2, 3))
    assert isinstance(source, SourceGraph)
    assert dict(source.form.inputs) == {"first": 4, "second": 6}
    assert {name: o.head for name, o in source.form.outputs.items()} == {
        "kind": "softmax",
        "traits": "sigmoid",
    }


def test_limits_after_a_rectifier_need_no_neurons_of_their_own(rng, constants):
    body = "a = MatMul(x, W) r = Relu(a) c = Clip(r, , one) y = MatMul(c, V)"
    source = read_model(constants(parsed(XY, body), W=(6, 5), V=(5, 3), one=np.float64(2.0)))
    assert [layer.n_out for layer in source] == [5, 3]
    assert source[0].function.limits == (0.0, 2.0)


def test_an_input_that_declares_no_size_takes_that_of_the_weights(rng, constants):
    body = "s = Sub(x, b) a = MatMul(s, W) r = Relu(a) c = Add(r, s) y = MatMul(c, V)"
    model = constants(
        parsed("(float[n, m] x) => (float[n, k] y)", body), b=(6,), W=(6, 6), V=(6, 3)
    )
    assert_same(model, rng, (6,))


def test_one_sample_without_an_axis_of_samples_is_read(rng, constants):
    body = "a = MatMul(x, W) h = Relu(a) y = MatMul(h, V)"
    model = constants(parsed("(float[6] x) => (float[3] y)", body), W=(6, 5), V=(5, 3))
    source = read_model(model)
    source.compare()
    assert (source.n_in, source.n_out) == (6, 3)
    assert source.compared.startswith("compared on")


def test_a_part_that_outputs_do_not_need_may_be_anything(rng, constants):
    body = "a = MatMul(x, W) h = Relu(a) y = MatMul(h, V) s = Sign(x) l = Mul(s, x)"
    assert_same(constants(parsed(XY, body), W=(6, 5), V=(5, 3)), rng, (6,))


CLASSIFIER = (
    "a = MatMul(x, W) h = Relu(a) z = MatMul(h, V) p = Softmax(z) m = ArgMax<axis = 1>(p) "
    "e = ai.onnx.ml.ArrayFeatureExtractor(names, m) r = Reshape(e, flat) q = ai.onnx.ml.ZipMap(p)"
)


def test_a_named_class_beside_probabilities_gives_the_classes(rng, constants):
    model = constants(parsed(XY, CLASSIFIER), W=(6, 5), V=(5, 3), flat=[-1])
    model.graph.initializer.append(
        helper.make_tensor("names", TensorProto.STRING, (3,), [b"no", b"yes", b"both"])
    )
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    del model.graph.output[:]
    model.graph.output.extend(
        [
            helper.make_tensor_value_info("r", TensorProto.STRING, ("n",)),
            helper.make_tensor_value_info("q", TensorProto.FLOAT, ("n",)),
        ]
    )
    zipped = model.graph.node[-1]
    zipped.attribute.append(helper.make_attribute("classlabels_strings", ["no", "yes", "both"]))
    source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on")
    assert source.classes.tolist() == ["no", "yes", "both"]
    assert (source.n_out, source.head) == (3, "softmax")


COLUMNS = (
    "a = MatMul(x, W) h = Relu(a) z = MatMul(h, V) p = Softmax(z) m = ArgMax<axis = 1>(p) "
    "e = ai.onnx.ml.ArrayFeatureExtractor(names, m) label = Reshape(e, flat) "
    "s0 = Slice(p, n0, n1, n1) s1 = Slice(p, n1, n2, n1) s2 = Slice(p, n2, n3, n1) "
    "no = Reshape(s0, flat) yes = Reshape(s1, flat) both = Reshape(s2, flat)"
)


def by_columns(constants, *outputs):
    """Make what skl2onnx makes of a classifier with zipmap="columns"."""
    numbers = {f"n{i}": [i] for i in range(4)}
    model = constants(parsed(XY, COLUMNS), W=(6, 5), V=(5, 3), flat=[-1], **numbers)
    names = helper.make_tensor("names", TensorProto.STRING, (3,), [b"no", b"yes", b"both"])
    model.graph.initializer.append(names)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    del model.graph.output[:]
    for name in ("label", *outputs):
        kind = TensorProto.STRING if name == "label" else TensorProto.FLOAT
        model.graph.output.append(helper.make_tensor_value_info(name, kind, ("n",)))
    return model


def test_columns_that_are_outputs_each_are_one_output(rng, constants):
    source = read_model(by_columns(constants, "no", "yes", "both"))
    source.compare()
    assert source.compared.startswith("compared on")
    assert source.classes.tolist() == ["no", "yes", "both"]
    assert (source.n_out, source.head) == (3, "softmax")


@pytest.mark.parametrize("outputs", [("no", "yes"), ("yes", "no", "both")])
def test_columns_of_another_order_or_without_some_are_refused(outputs, constants):
    with pytest.raises(ConversionError, match="takes the outputs of a softmax, which must be"):
        read_model(by_columns(constants, *outputs))


@pytest.mark.parametrize(
    "kind, names", [("STRING", [b"no", b"yes", b"both"]), ("INT64", [4, 2, 7])]
)
def test_an_output_that_lists_the_classes_gives_them(kind, names, rng, constants):
    body = "a = MatMul(x, W) h = Relu(a) y = MatMul(h, V) labels = Identity(names)"
    model = constants(parsed(XY, body), W=(6, 5), V=(5, 3))
    kind = getattr(TensorProto, kind)
    model.graph.initializer.append(helper.make_tensor("names", kind, (3,), names))
    model.graph.output.append(helper.make_tensor_value_info("labels", kind, (3,)))
    source = read_model(model)
    source.compare()
    assert source.compared.startswith("compared on")
    assert source.classes.tolist() == [n.decode() if isinstance(n, bytes) else n for n in names]
    assert source.n_out == 3


def test_both_probabilities_of_one_sigmoid_are_a_softmax(rng, constants):
    body = (
        "a = MatMul(x, W) h = Relu(a) z = MatMul(h, V) p = Sigmoid(z) q = Sub(one, p) "
        "y = Concat<axis = 1>(q, p)"
    )
    model = constants(parsed(XY, body), W=(6, 5), V=(5, 1), one=np.float64(1.0))
    source = assert_same(model, rng, (6,))
    assert [layer.activation for layer in source] == ["relu", "softmax"]


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ("s = Sigmoid(a) h = Mul(a, s)", "silu"),
        ("p = Softplus(a) t = Tanh(p) h = Mul(t, a)", "mish"),
        ("s = HardSigmoid<alpha = 0.16666667>(a) h = Mul(a, s)", "hard_swish"),
        ("q = Abs(a) r = Add(q, one) h = Div(a, r)", "softsign"),
        ("q = Mul(a, a) h = Mul(q, a)", "x * x * x"),
        ("h = Pow(a, two)", "power"),
    ],
)
def test_activations_that_are_spelled_by_products_are_read(steps, name, rng, constants):
    body = f"a = MatMul(x, W) {steps} y = MatMul(h, V)"
    model = constants(parsed(XY, body), W=(6, 5), V=(5, 3), one=[1.0], two=[2.0])
    source = assert_same(model, rng, (6,))
    assert [layer.activation for layer in source] == [name, "linear"]


@pytest.mark.parametrize(
    "body",
    [
        "r = Reshape(x, t) m = MatMul(r, U) a = Add(m, b) h = Relu(a) f = Flatten(h)",
        "r = Reshape(x, t) r1 = MatMul(r, U) r2 = Relu(r1) m = Transpose<perm = [0, 2, 1]>(r2) "
        "h = MatMul(m, V) f = Flatten(h)",
        "t1 = Transpose(x) r = Reshape(t1, tt) s = Transpose<perm = [2, 1, 0]>(r) "
        "m = MatMul(s, U) h = Relu(m) f = Flatten(h)",
    ],
)
def test_dense_layers_along_the_last_axis_share_their_weights(body, constants, rng):
    model = constants(
        parsed("(float[n, 6] x) => (float[n, k] f)", body),
        U=(2, 4), V=(3, 5), b=(4,), t=[-1, 3, 2], tt=[2, 3, -1],
    )  # fmt: skip
    assert_same(model, rng, (6,))


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("a = MatMul(x, W) g = Sigmoid(x) y = Mul(a, g)", "unless all are functions of the"),
        ("g = Transpose(x) y = MatMul(x, g)", "a product of two values that depend on the input"),
        ("y = Concat<axis = 0>(x, x)", "one row a sample|same features of each sample"),
        ("m = ReduceMean<axes = [0]>(x) y = Sub(x, m)", "makes one value of several samples"),
        ("y = Concat<axis = 1>(x, c)", "joins constants to values"),
        ("a = Add(x, c) y = LayerNormalization(a, b)", "is not one per feature"),
        ("a = PRelu(x, c) y = MatMul(a, W)", "a constant of shape .5, 4. is not one per feature"),
        ("y = Shape(W)", "'y' is the same for every input"),
        ("y = LpNormalization(x)", "LpNormalization is not supported; it depends on the whole"),
        ("a = Tile(x, big) y = MatMul(a, W)", "Tile would make more than 1048576 values"),
        ("p, q = Split<axis = 1>(x, s) y = Add(p, q)", "cannot be broadcast"),
        ("r = Slice(x, end, all, zero, end) y = Add(x, r)", "brings different samples together"),
    ],
)
def test_what_is_no_sum_of_rectifiers_is_named(body, match, constants):
    model = constants(
        parsed(XY, body),
        W=(6, 6), U=(2, 3), b=(6,), c=(5, 4), t=[-1, 3, 2], s=[2, 4], big=[1, 10**9],
        end=[-1], all=[-(10**9)], zero=[0],
    )  # fmt: skip
    with pytest.raises(ConversionError, match=match):
        read_model(model)


@pytest.mark.parametrize(
    "body",
    [
        "y = MatMul(x, U)",
        "w = Neg(W) y = MatMul(x, w)",
        "w = Cast<to = 1>(W) y = MatMul(x, w)",
    ],
)
def test_constants_have_a_limit_together(body, constants, monkeypatch):
    monkeypatch.setattr(onnx_graph, "CONSTANTS", Limit(30, "numbers in constants"))
    with pytest.raises(FileFormatError, match=r"constant .* more than the limit"):
        read_model(constants(parsed(XY, body), U=(6, 6), W=(6, 3)))


def test_a_graph_with_a_text_in_the_place_of_a_number_is_malformed(constants):
    body = 's = Shape<start = "a">(W) w = Reshape(W, s) y = MatMul(x, w)'
    model = constants(parsed(XY, body), W=(6, 3))
    with pytest.raises(ConversionError, match=r"its graph is malformed \(.*; export the model"):
        read_model(model)


def test_damaged_constants_and_nodes_with_too_few_inputs_are_named(constants):
    bodies = ("w = MatMul(W) y = MatMul(x, w)", "w = DequantizeLinear(W, c) y = MatMul(x, w)")
    for body in bodies:
        model = constants(parsed(XY, body), W=(6, 3), c=(1,))
        model.graph.initializer[0].dims[0] = 2**31
        with pytest.raises(ConversionError, match="is malformed"):
            read_model(model)
