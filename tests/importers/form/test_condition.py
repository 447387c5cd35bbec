"""Choices by a comparison in every framework: rectifiers where continuous, else refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers import forward, read_model
from nengo_dense.importers.form.condition import compared
from nengo_dense.importers.form.graph_folding import GraphNode, Merge, fold_graph
from nengo_dense.importers.form.operation import Affine, Scaling, activation
from nengo_dense.importers.graph_rounding import run_nodes
from nengo_dense.importers.precision import PRECISIONS


def graph(rng, first, second, threshold=0.0, sign=1.0, condition="z"):
    """Return ``where(sign * (condition - threshold) > 0, first, second)`` between dense layers."""
    dense = [Affine(rng.normal(size=(5, 4)), rng.normal(size=5), name) for name in "zv"]
    nodes = [GraphNode("x", width=4, label="x")]
    nodes += [GraphNode(d.label, ("x",), [d], label=d.label) for d in dense]
    step = [Scaling(sign, -sign * threshold, "d"), *compared("gt", "c")]
    nodes.append(GraphNode("c", (condition,), step, label="c"))
    for name, (source, *operations) in (("first", first), ("second", second)):
        nodes.append(GraphNode(name, (source,), operations, label=name))
    nodes.append(GraphNode("y", ("c", "first", "second"), (), Merge("where"), label="y"))
    nodes.append(GraphNode("out", ("y",), [Affine(rng.normal(size=(2, 5)), None, "out")]))
    return nodes


def assert_exact(nodes, rng):
    """Assert that a graph is folded to what its nodes compute, in straight pieces."""
    x = 3 * rng.normal(size=(200, 4))
    form = fold_graph("model", nodes, {"out": "out"})
    wanted = run_nodes(nodes, {"x": x}, PRECISIONS["float64"])["out"][0]
    got = form.forward(x)["out"]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
    assert all(population.function.exact is not None for population in form.populations)
    return form


@settings(max_examples=50, deadline=None)
@given(
    slopes=st.lists(st.sampled_from([0.0, 0.1, 1.0, -2.0]), min_size=10, max_size=10),
    at=st.lists(st.sampled_from([0.0, 0.5, -1.5]), min_size=5, max_size=5),
    sign=st.sampled_from([1.0, -1.0]),
    seed=st.integers(0, 2**16),
)
def test_straight_pieces_that_meet_are_exact_for_any_slopes_and_thresholds(slopes, at, sign, seed):
    rng = np.random.default_rng(seed)
    above, below, at = np.array(slopes[:5]), np.array(slopes[5:]), np.array(at)
    pair = [("z", Scaling(k, 0.3 - k * at, "side")) for k in (above, below)]
    form = assert_exact(graph(rng, *pair, threshold=at, sign=sign), rng)
    assert [population.n for population in form.populations] == [5]


def test_the_larger_of_two_values_is_one_rectifier_a_unit(rng):
    difference = [
        GraphNode("d", ("z", "v"), (), Merge("sum", (1.0, -1.0)), label="d"),
    ]
    nodes = graph(rng, ("z",), ("v",), condition="d")
    nodes = [*nodes[:3], *difference, *nodes[3:]]
    form = assert_exact(nodes, rng)
    assert [(p.n, p.function.name) for p in form.populations] == [(5, "relu")]


@pytest.mark.parametrize("name", ["relu", "relu6", "abs", "hard_sigmoid"])
def test_a_choice_between_pieces_keeps_those_of_the_side_that_counts(name, rng):
    # the function below 2, and its value there above
    function = activation(name, "f")
    value = float(function[0].function(np.array([2.0]))[0])
    steps = ("z", *function), ("z", Scaling(0.0, value, "top"))
    form = assert_exact(graph(rng, *steps, threshold=2.0, sign=-1.0), rng)
    assert len(form.populations) == 1


JUMPS = {
    "two constants": (("z", Scaling(0.0, 1.0, "a")), ("z", Scaling(0.0, -1.0, "b")), 0.0),
    "cut above the threshold": (("z",), ("z", Scaling(0.0, 0.0, "b")), 0.5),
    "in one feature": (
        ("z", Scaling(1.0, [0, 0, 1e-3, 0, 0], "a")),
        ("z", Scaling(0.1, 0.0, "b")),
        0.0,
    ),
    "a smooth function": (("z",), ("z", *activation("exp", "e")), 0.0),
}


@pytest.mark.parametrize("name", JUMPS)
def test_what_jumps_is_refused(name, rng):
    first, second, threshold = JUMPS[name]
    with pytest.raises(ConversionError, match=r"'y': it (jumps by|chooses between values by)"):
        fold_graph("m", graph(rng, first, second, threshold), {"out": "out"})


def test_a_jump_is_refused_however_its_comparison_is_used(rng):
    nodes = graph(rng, ("z",), ("z",))
    with pytest.raises(ConversionError, match=r"'c' compares values, and what it gives jumps"):
        fold_graph("m", nodes, {"out": "c"})
    twice = GraphNode("out", ("c", "c"), (), Merge("sum"), label="sum")
    with pytest.raises(ConversionError, match="'sum': it adds comparisons"):
        fold_graph("m", [*nodes[:-1], twice], {"out": "out"})


def test_only_a_comparison_is_a_condition(rng):
    nodes = [node for node in graph(rng, ("z",), ("v",)) if node.name != "c"]
    nodes.insert(3, GraphNode("c", ("z",), activation("relu", "c"), label="c"))
    with pytest.raises(ConversionError, match="'y': it chooses by what is no comparison"):
        fold_graph("m", nodes, {"out": "out"})


def test_a_smooth_side_that_meets_the_other_is_one_function(rng):
    below = ("z", *activation("exp", "e"), Scaling(1.0, -1.0, "minus one"))
    form = fold_graph("m", graph(rng, ("z",), below), {"out": "out"})
    assert [p.function.name for p in form.populations] == ["elu"]


ONNX = {
    "leaky": "c = Greater(h, z) s = Mul(h, a) w = Where(c, h, s)",
    "constant first": "c = Less(z, h) s = Mul(h, a) w = Where(c, h, s)",
    "cut": "c = LessOrEqual(h, z) w = Where(c, z, h)",
    "slopes": "c = GreaterOrEqual(h, z) s = Mul(h, u) w = Where(c, h, s)",
    "thresholds": "c = Greater(h, u) w = Where(c, h, u)",
    "larger": "g = MatMul(x, V) c = Greater(h, g) w = Where(c, h, g)",
    "opposite": "c = Less(h, z) n = Not(c) w = Where(n, h, z)",
    "clipped": "c = Less(h, m) i = Where(c, m, h) d = Greater(i, one) w = Where(d, one, i)",
    "mask": "c = Greater(h, z) m1 = Cast<to = 11>(c) w = Mul(h, m1)",
    "constant condition": "g = MatMul(x, V) w = Where(k, h, g)",
    "one of all": "t = ReduceSum(h, axis) c = Greater(t, z) p = Where(c, t, z) w = Add(p, h)",
}


@pytest.mark.parametrize("name", ONNX)
def test_onnx_choices_are_exact(name, rng):
    onnx = pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")
    evaluator = pytest.importorskip("onnx.reference").ReferenceEvaluator
    body = f"h = MatMul(x, W) {ONNX[name]} y = MatMul(w, V)"
    head = '<ir_version: 8, opset_import: ["" : 17]> g (double[n, 6] x) => (double[n, 6] y)'
    model = onnx.parser.parse_model(f"{head} {{{body}}}")
    constants = {
        **{key: rng.normal(size=(6, 6)) for key in "WV"},
        **{"u": rng.uniform(0.1, 0.9, 6), "z": 0.0, "a": 0.1, "m": -1.0, "one": 1.0},
        **{"k": np.array([1, 0, 0, 1, 1, 0], bool), "axis": np.array([1])},
    }
    taken = {key for node in model.graph.node for key in node.input}
    for key in taken & constants.keys():
        value = onnx.numpy_helper.from_array(np.asarray(constants[key]), key)
        model.graph.initializer.append(value)
    x = 2 * rng.normal(size=(50, 6))
    (wanted,) = evaluator(model).run(None, {"x": x})
    source = read_model(model)
    ours = forward(source, x)[-1]
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
    source.compare()
    assert source.compared.startswith("compared on")


@pytest.mark.parametrize(
    "body", ["w = Where(c, h)", "w = Where(c, h, z, h)", "w = Where(h, h, z)"]
)
def test_a_choice_of_more_or_fewer_values_is_malformed(body):
    onnx = pytest.importorskip("onnx", reason="reading ONNX graphs needs onnx")
    head = '<ir_version: 8, opset_import: ["" : 17]> g (float[n, 6] x) => (float[n, 6] w)'
    model = onnx.parser.parse_model(f"{head} {{h = Relu(x) c = Greater(h, z) {body}}}")
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0.5), "z"))
    match = r"'w' is malformed .* must be a condition and two|'w': it chooses by what is no comp"
    with pytest.raises(ConversionError, match=match):
        read_model(model)


TORCH = {
    "leaky": lambda f, n, x, y: f.where(x > 0, x, 0.1 * x),
    "method": lambda f, n, x, y: x.where(x.ge(0), 0.1 * x),
    "number": lambda f, n, x, y: f.where(x > 0.5, x, 0.5),
    "zeros": lambda f, n, x, y: f.where(x > 0, x, f.zeros_like(x)),
    "mask": lambda f, n, x, y: x * (x > 0),
    "mask of a type": lambda f, n, x, y: x * (x > 0).to(y.dtype),
    "mask as": lambda f, n, x, y: (x > 0).type_as(x) * x,
    "larger": lambda f, n, x, y: f.where(x > y, x, y),
    "mask of two": lambda f, n, x, y: (x - y) * (x > y) + y,
    "opposite": lambda f, n, x, y: f.where(~(x > 0), 0.1 * x, x),
    "slopes": lambda f, n, x, y: f.where(x > 0, x, n.slopes * x),
    "filled": lambda f, n, x, y: x.masked_fill(x < 0, 0.0),
    "filled by constants": lambda f, n, x, y: x.masked_fill(n.slopes > 0.5, 2.0),
    "clipped": lambda f, n, x, y: f.where(x > 1, 1.0, f.where(x < -1, -1.0, x)),
    "selu": lambda f, n, x, y: f.where(x > 0, x, 1.67 * f.expm1(x)),
}


def torch_net(function):
    torch = pytest.importorskip("torch", reason="reading PyTorch modules needs torch")
    torch.manual_seed(0)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (torch.nn.Linear(*n) for n in ((6, 5), (6, 5), (5, 3)))
            self.register_buffer("slopes", torch.rand(5))

        def forward(self, x):
            return self.c(function(torch, self, self.a(x), self.b(x)))

    return Net().double().eval()


@pytest.mark.parametrize("name", TORCH)
def test_torch_choices_are_exact(name, rng):
    net, x = torch_net(TORCH[name]), 3 * rng.normal(size=(50, 6))
    import torch

    source = read_model(net)
    with torch.no_grad():
        wanted = net(torch.from_numpy(x)).numpy()
    assert wanted.std() > 0.01
    np.testing.assert_allclose(forward(source, x)[-1], wanted, rtol=0, atol=1e-9)
    source.compare()
    assert source.compared.startswith("compared on")


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda f, n, x, y: f.where(x > 0, f.ones_like(x), -1.0), "it jumps by 2"),
        (lambda f, n, x, y: (x > 0).double(), "'gt' compares values"),
        (lambda f, n, x, y: f.where(x > 0, x, y), "a comparison of others"),
        (lambda f, n, x, y: x * ((x > 0) + (y > 0)), "it adds comparisons"),
        (lambda f, n, x, y: x + f.where(x > 0)[0].sum(), "where of one value is not supported"),
        (lambda f, n, x, y: x.masked_fill(x < 0, float("inf")), "not finite"),
    ],
)
def test_torch_choices_that_are_no_rectifiers_are_refused(function, match):
    with pytest.raises(ConversionError, match=match):
        read_model(torch_net(function))


KERAS = {
    "leaky": lambda ops, x, y: ops.where(x > 0, x, 0.1 * x),
    "number": lambda ops, x, y: ops.where(ops.less(x, 0.0), 0.0, x),
    "larger": lambda ops, x, y: ops.where(x > y, x, y),
    "thresholds": lambda ops, x, y: ops.where(x > np.linspace(-1, 1, 5), x, np.linspace(-1, 1, 5)),
    "mask": lambda ops, x, y: x * ops.cast(x > 0, "float32"),
    "constant condition": lambda ops, x, y: ops.where(np.array([1, 0, 1, 0, 0], bool), x, y),
    "zeros": lambda ops, x, y: ops.where(x > 0, x, ops.zeros_like(x)),
}


def keras_model(function):
    keras = pytest.importorskip("keras", reason="reading Keras models needs Keras")
    if not hasattr(keras, "ops"):
        pytest.skip("this Keras has no functions of its own")
    x = keras.Input((6,))
    dense = keras.layers.Dense
    return keras.Model(x, dense(3)(function(keras.ops, dense(5)(x), dense(5)(x))))


@pytest.mark.parametrize("name", KERAS)
def test_keras_choices_are_exact_live_and_from_files(name, rng, tmp_path):
    model, x = keras_model(KERAS[name]), 3 * rng.normal(size=(50, 6))
    model.save(tmp_path / "m.keras")
    wanted = model.predict(x, verbose=0)
    for source in (read_model(model), read_model(tmp_path / "m.keras")):
        np.testing.assert_allclose(forward(source, x)[-1], wanted, atol=1e-5)
        assert not source.normal_form(x)[1] if hasattr(source, "form") else True


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda ops, x, y: ops.where(ops.relu(x), x, y), "chooses by what is no comparison"),
        (lambda ops, x, y: ops.where(x > 0, x, y), "a comparison of others"),
        (lambda ops, x, y: ops.cast(x > 0, "float32"), "compares values"),
        (lambda ops, x, y: ops.logical_not(x > 0) * x, "LogicalNot is not supported"),
    ],
)
def test_keras_choices_that_are_no_rectifiers_are_refused(function, match):
    with pytest.raises(ConversionError, match=match):
        read_model(keras_model(function))


#: What a value is compared with: all of it, or dead units, are nothing but ties.
TIES = {
    "itself": lambda f, x: x,
    "a sum of its halves": lambda f, x: 0.5 * x + 0.5 * x,
    "zero where units are dead": lambda f, x: 0.0,
}


@pytest.mark.parametrize("name", ["gt", "ge", "lt", "le"])
@pytest.mark.parametrize("kind", TIES)
def test_ties_alone_are_compared_as_the_framework_does(name, kind, rng):
    def choose(f, net, x, y):
        other = TIES[kind](f, x)
        return f.where(getattr(x, name)(other), x, 0.5 * x)

    net, x = torch_net(choose), 3 * rng.normal(size=(50, 6))
    import torch

    with torch.no_grad():
        net.a.weight[1:3], net.a.bias[1:3] = 0.0, 0.0
        wanted = net(torch.from_numpy(x)).numpy()
    source = read_model(net)
    np.testing.assert_allclose(source.logits(x), wanted, rtol=0, atol=1e-9)
    source.compare()
    assert source.compared.startswith("compared on")
