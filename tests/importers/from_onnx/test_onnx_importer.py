import numpy as np
import pytest

from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.importers import forward, read_model

pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")

import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator


class Graph:
    """Writes an ONNX model node by node; every node takes the output of the one before."""

    def __init__(self, rng, shape=("n", 6), opset=17):
        self.rng, self.shape, self.opset = rng, shape, opset
        self.nodes, self.constants, self.last = [], [], "x"

    def constant(self, *shape, values=None):
        name = f"c{len(self.constants)}"
        values = self.rng.normal(size=shape) if values is None else values
        values = np.asarray(values, np.float32 if np.asarray(values).dtype.kind == "f" else None)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind, *constants, first=False, **settings):
        output = f"{kind}_{len(self.nodes)}"
        inputs = [*constants, self.last] if first else [self.last, *constants]
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **settings))
        self.last = output
        return self

    def model(self, n_out=3):
        graph = helper.make_graph(
            self.nodes,
            "test",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, ("n", n_out))],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])


@pytest.fixture
def graph(rng):
    return Graph(rng)


def predict(model):
    return lambda x: ReferenceEvaluator(model).run(None, {"x": x})[0]


def test_gemm_with_every_setting(graph, assert_computes):
    c = graph.constant
    graph.add("Gemm", c(6, 5), c(5), alpha=0.5, beta=2.0).add("Relu")
    graph.add("Gemm", c(4, 5), c(1, 4), transB=1).add("Relu").add("Gemm", c(4, 4))
    graph.add("Relu").add("Gemm", c(4, 3), c()).add("Softmax")
    assert len(assert_computes(graph.model(), predict(graph.model()), (6,))) == 4


def test_matmul_and_arithmetic_with_constants(graph, assert_computes):
    c = graph.constant
    graph.add("Sub", c(6)).add("Div", c(1, 6)).add("MatMul", c(6, 5)).add("Add", c(5), first=True)
    graph.add("Relu").add("Mul", c()).add("Sub", c(1, 5), first=True).add("Dropout")
    graph.add("MatMul", c(5, 3)).add("Add", c(1, 3)).add("Identity")
    assert len(assert_computes(graph.model(), predict(graph.model()), (6,))) == 2


def test_batch_norm_and_flatten(rng, assert_computes):
    graph = Graph(rng, ("n", 2, 3))
    c = graph.constant
    statistics = [c(5), c(5), c(5), c(values=rng.uniform(0.5, 2, 5))]
    graph.add("Flatten").add("Gemm", c(6, 5), c(5))
    graph.add("BatchNormalization", *statistics, epsilon=0.01).add("Relu").add("MatMul", c(5, 3))
    assert_computes(graph.model(), predict(graph.model()), (2, 3))


@pytest.mark.parametrize("opset", [7, 8, 9, 13, 15])
@pytest.mark.parametrize("epsilon", [None, 0.0, 0.5])
def test_batch_norm_of_every_version_is_that_after_training(opset, epsilon, rng, assert_computes):
    """Onnx's evaluator takes statistics of the samples below version 14."""
    graph = Graph(rng, opset=opset)
    c = graph.constant
    scale, bias, mean, variance = rng.uniform(0.5, 2, size=(4, 5))
    variance[:2] = 1e-3
    statistics = [c(values=values) for values in (scale, bias, mean, variance)]
    settings = {} if epsilon is None else {"epsilon": epsilon}
    graph.add("Gemm", c(6, 5), c(5)).add("BatchNormalization", *statistics, **settings)
    graph.add("Relu").add("Gemm", c(5, 3), c(3))
    first, between, last, end = (numpy_helper.to_array(each) for each in graph.constants[4:])

    def expected(x):
        more = 1e-5 if epsilon is None else epsilon
        values = (x @ first + between - mean) / np.sqrt(variance + more)
        return np.maximum(scale * values + bias, 0) @ last + end

    assert_computes(graph.model(), expected, (6,))


def test_what_is_in_training_mode_is_refused(graph, rng):
    c = graph.constant
    graph.add("Gemm", c(6, 5), c(5)).add("Dropout", c(values=0.5), c(values=np.array(True)))
    graph.add("Relu").add("Gemm", c(5, 3), c(3))
    with pytest.raises(ConversionError, match=r"'Dropout_1' is in training mode; export for"):
        read_model(graph.model())


def test_reshape_to_vectors(rng, assert_computes):
    graph = Graph(rng, ("n", 2, 3))
    shape = graph.constant(values=np.array([-1, 6]))
    graph.add("Reshape", shape).add("MatMul", graph.constant(6, 3)).add("Softmax", axis=1)
    assert_computes(graph.model(), predict(graph.model()), (2, 3))


def test_constants_may_be_nodes_and_transposed(graph, assert_computes, rng):
    weights = rng.normal(size=(3, 6)).astype(np.float32)
    model = graph.add("MatMul", "turned").model()
    value = numpy_helper.from_array(weights)
    for node in (
        helper.make_node("Transpose", ["w"], ["turned"], perm=[1, 0]),
        helper.make_node("Constant", [], ["w"], value=value),
    ):
        model.graph.node.insert(0, node)
    assert_computes(model, predict(model), (6,))


def test_files_are_read(graph, tmp_path, assert_computes):
    model = graph.add("Gemm", graph.constant(6, 3)).model()
    onnx.save(model, tmp_path / "m.onnx")
    assert_computes(model, predict(model), (6,), tmp_path / "m.onnx")


def test_weights_in_a_file_of_their_own(graph, tmp_path, assert_computes):
    model = graph.add("Gemm", graph.constant(6, 3)).model()
    onnx.save(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="w", size_threshold=0
    )
    expected = predict(onnx.load(tmp_path / "m.onnx"))
    assert (tmp_path / "w").exists()
    assert_computes(model, expected, (6,), tmp_path / "m.onnx")
    (tmp_path / "w").unlink()
    with pytest.raises(FileFormatError, match="the file 'w', which is not beside it"):
        read_model(tmp_path / "m.onnx")


def test_what_torch_exports(tmp_path, assert_computes):
    torch = pytest.importorskip("torch", reason="exports a module of PyTorch")
    nn = torch.nn
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 3)
    ).eval()
    with pytest.warns(
        DeprecationWarning, match="legacy|removed"
    ):  # the exporter that needs no further package
        torch.onnx.export(module, (torch.zeros(2, 2, 3),), str(tmp_path / "m.onnx"), dynamo=False)
    predict = lambda x: module(torch.from_numpy(x)).detach().numpy()  # noqa: E731
    assert_computes(None, predict, (2, 3), tmp_path / "m.onnx")


def test_softmax_axis_of_old_operators(rng):
    graph = Graph(rng, opset=11)
    specs = read_model(graph.add("MatMul", graph.constant(6, 3)).add("LogSoftmax").model())
    x = rng.normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_allclose(forward(specs, x)[-1], predict(graph.model())(x), atol=1e-6)


@pytest.mark.parametrize(
    ("nodes", "match"),
    [
        ([("MatMul", (6, 6)), ("Sign",), ("MatMul", (6, 3))], "'Sign_1': Sign is not supported"),
        ([("MatMul", (6, 6)), ("ThresholdedRelu",)], "ThresholdedRelu is not supported"),
        ([("MatMul", (6, 3)), ("Softmax", {"axis": 0})], "a softmax over axis 0"),
        ([("Gemm", (6, 3), {"transA": 1})], "transposes its input; export with transA=0"),
        ([("Gemm", (5, 3), {})], "'Gemm_0' takes 5 inputs, but gets 6"),
        ([("MatMul", (6, 3)), ("Div", (3,), {"first": True})], "divides by its input"),
        ([("MatMul", (6, 3), {"first": True})], "multiplies from the left"),
        ([("MatMul", (6, 3)), ("Add", (4, 3))], "is malformed .*is not one per feature"),
        ([("MatMul", (6, 3)), ("Softmax", {"axis": 5})], "is malformed .*it has no axis 5"),
        (
            [("Flatten", {"axis": 0}), ("MatMul", (6, 3))],
            "gets several samples in a row; give each its own",
        ),
        ([("Conv", (1, 1, 3)), ("MatMul", (6, 3))], "Conv is not supported; only dense layers"),
    ],
)
def test_what_cannot_be_converted_is_named(nodes, match, graph):
    for kind, *rest in nodes:
        settings = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        graph.add(kind, *(graph.constant(*shape) for shape in rest), **settings)
    with pytest.raises(ConversionError, match=match):
        read_model(graph.model())


@pytest.mark.parametrize(
    ("made_by", "match"),
    [
        (("Constant", []), "it has no value"),
        (("Gather", ["c0"]), "Gather does not take 1 such values"),
        (("Transpose", ["x"]), "is computed from the input, must be constant"),
    ],
    ids=lambda value: value[0],
)
def test_weights_that_are_no_constant_are_named(made_by, match, graph):
    kind, names = made_by
    graph.constant(6, 3)
    graph.nodes.append(helper.make_node(kind, names, ["w"], name="maker"))
    graph.add("Gemm", "w")
    with pytest.raises(ConversionError, match=match):
        read_model(graph.model())


@pytest.mark.parametrize("rows", [[0], [0, 0, 1]])
def test_samples_may_not_be_chosen(rows, rng):
    graph = Graph(rng, (4, 6))
    graph.add("Gather", graph.constant(values=np.array(rows)), axis=0)
    with pytest.raises(ConversionError, match="does not take the same features of each sample"):
        read_model(graph.add("MatMul", graph.constant(6, 3)).model())


def test_too_many_features_that_change_places_are_refused(rng):
    n = 6000
    graph = Graph(rng, (1, n))
    turned_round = [graph.constant(values=np.array([k])) for k in (n - 1, -n - 1, 1, -1)]
    graph.add("Slice", *turned_round)
    with pytest.raises(ConversionError, match="it moves 6000 of 6000 features, a matrix of more"):
        read_model(graph.add("MatMul", graph.constant(n, 3)).model())


def test_shared_weights_that_make_a_large_matrix_are_refused(rng):
    graph = Graph(rng, ("n", 2000, 2))
    graph.add("MatMul", graph.constant(2, 6))
    with pytest.raises(ConversionError, match="shared by 2000 vectors along the last axis, make"):
        read_model(graph.model())


@pytest.mark.parametrize("content", [b"GIF89a not a model", b"\x08"])
def test_damaged_files_are_refused(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"m.onnx (is damaged or no ONNX|holds no graph)"):
        read_model(tmp_path / "m.onnx")


def test_a_file_cut_anywhere_is_refused(graph, tmp_path):
    model = graph.add("Gemm", graph.constant(6, 3), graph.constant(3)).model()
    content = model.SerializeToString()
    for size in range(0, len(content), 7):
        (tmp_path / "m.onnx").write_bytes(content[:size])
        with pytest.raises((FileFormatError, ConversionError), match=r"m.onnx"):
            read_model(tmp_path / "m.onnx")


def test_a_tensor_that_lies_about_its_shape_is_refused(graph):
    model = graph.add("Gemm", graph.constant(6, 3)).model()
    model.graph.initializer[0].dims[0] = 10**12
    with pytest.raises(ConversionError, match="'Gemm_0' is malformed"):
        read_model(model)


def test_a_part_of_a_model_is_refused(graph):
    model = graph.add("Gemm", graph.constant(6, 3)).model()
    with pytest.raises(FileFormatError, match="holds no graph; give a whole ONNX model"):
        read_model(model.graph)


def test_a_last_relu_is_kept(graph, assert_computes):
    graph.add("Gemm", graph.constant(6, 5)).add("Relu").add("Gemm", graph.constant(5, 3))
    source = assert_computes(graph.add("Relu").model(), predict(graph.model()), (6,))
    assert source[-1].activation == "relu"


@pytest.mark.parametrize("n", [1, 7])
def test_a_fixed_number_of_samples_is_kept_when_it_runs(n, rng, assert_computes):
    graph = Graph(rng, (n, 2, 3))
    graph.add("Reshape", graph.constant(values=np.array([n, 6]))).add(
        "MatMul", graph.constant(6, 3)
    )

    def runs(x):
        run = predict(graph.model())
        return np.concatenate([run(np.repeat(row[None], n, axis=0))[:1] for row in x])

    assert_computes(graph.model(n_out=3), runs, (2, 3))


def test_shapes_may_be_computed_from_the_input(rng, assert_computes):
    graph = Graph(rng, ("n", 2, 3))
    one, minus = graph.constant(values=np.array([0])), graph.constant(values=np.array([-1]))
    graph.nodes += [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", one], ["size"]),
        helper.make_node("Concat", ["size", minus], ["target"], axis=0),
    ]
    graph.add("Reshape", "target").add("MatMul", graph.constant(6, 3))
    assert_computes(graph.model(), predict(graph.model()), (2, 3))


def test_a_node_that_computes_something_else_is_named(graph, monkeypatch):
    from nengo_dense.importers.from_onnx import onnx_nodes

    graph.add("MatMul", graph.constant(6, 5)).add("Relu").add("MatMul", graph.constant(5, 3))
    read = onnx_nodes._dense
    negated = lambda *args: read(*args[:3], -args[3], *args[4:])  # noqa: E731
    monkeypatch.setattr(onnx_nodes, "_dense", negated)
    with pytest.raises(ConversionError, match="the first layer that differs is 'MatMul_0'"):
        read_model(graph.model()).compare()


def test_nodes_that_the_output_does_not_need_are_not_run(graph):
    graph.add("MatMul", graph.constant(6, 3))
    output, huge = graph.last, graph.constant(values=np.array([10**6, 10**6]))
    graph.nodes.append(helper.make_node("ConstantOfShape", [huge], ["terabytes"]))
    source = read_model(graph.model())
    source.compare()
    assert source.compared.startswith("compared on"), output


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("Tile", "Tile would make more than 16777216 values"),
        ("Concat of Concat", "Reshape cannot be computed"),
        ("Gather of many", "Reshape cannot be computed"),
        ("Loop", "'target': Loop is not supported"),
    ],
)
def test_shapes_that_may_grow_without_end_are_refused(kind, match, rng):
    graph = Graph(rng, ("n", 2, 3))
    c = lambda *values: graph.constant(values=np.array(values))  # noqa: E731
    nodes = [helper.make_node("Shape", ["x"], ["shape"])]
    if kind == "Tile":
        nodes.append(helper.make_node("Tile", ["shape", c(10**9)], ["target"]))
    elif kind == "Concat of Concat":
        nodes.append(helper.make_node("Concat", ["shape", "shape"], ["a"], axis=0))
        nodes.append(helper.make_node("Identity", ["a"], ["b"]))
        nodes.append(helper.make_node("Concat", ["b", "b"], ["target"], axis=0))
    elif kind == "Gather of many":
        nodes.append(helper.make_node("Gather", ["shape", c(0, 1)], ["target"]))
    else:
        nodes.append(helper.make_node("Loop", [c(10**9), "", "shape"], ["target"]))
    graph.nodes += nodes
    graph.add("Reshape", "target").add("MatMul", graph.constant(6, 3))
    with pytest.raises(ConversionError, match=match):
        read_model(graph.model())


def test_a_cast_that_cuts_values_off_is_refused(graph):
    graph.add("MatMul", graph.constant(6, 3)).add("Cast", to=TensorProto.INT32)
    graph.add("Cast", to=TensorProto.FLOAT)
    with pytest.raises(ConversionError, match="is a Cast to INT32, which cuts values off"):
        read_model(graph.model())


def test_an_operator_of_another_domain_is_not_taken_for_what_it_is_called(graph):
    graph.add("MatMul", graph.constant(6, 3)).add("Relu", domain="com.example")
    with pytest.raises(ConversionError, match=r"'Relu_1': Relu of com\.example is not supported"):
        read_model(graph.model())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_constants_that_are_made_of_each_other_are_refused(n, graph):
    names = [f"a{number}" for number in range(n)]
    for name, source in zip(names, [*names[1:], names[0]], strict=True):
        graph.nodes.append(helper.make_node("Identity", [source], [name]))
    graph.add("Gemm", names[0])
    with pytest.raises(ConversionError, match=r"joins 2 branches|comes back"):
        read_model(graph.model())


def test_a_graph_that_runs_in_a_circle_is_refused(graph):
    graph.nodes.append(helper.make_node("Relu", ["b"], ["a"]))
    graph.nodes.append(helper.make_node("Relu", ["a"], ["b"]))
    graph.last = "b"
    with pytest.raises(ConversionError, match="comes back to its input"):
        read_model(graph.model())


def test_a_long_chain_is_read_and_compared_on_few_samples(rng):
    graph = Graph(rng, (1, 6))
    graph.add("MatMul", graph.constant(6, 3))
    for _ in range(3000):
        graph.add("Relu")
    source = read_model(graph.model())
    source.compare()
    assert source.compared.startswith("compared on 6 random inputs")
