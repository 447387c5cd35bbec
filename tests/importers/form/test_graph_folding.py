import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.graph_chain import chain_of, merged
from nengo_dense.importers.form.graph_folding import GraphNode, Merge, fold_graph
from nengo_dense.importers.form.graph_rectifiers import rectified
from nengo_dense.importers.form.operation import Activation, Affine, Problem, Scaling, activation
from nengo_dense.importers.form.spec import forward

EXACT = [name for name in FUNCTIONS if name != "clip" and FUNCTIONS[name]().exact is not None]


def random_graph(rng, n_nodes, n_inputs):
    """Draw nodes, and compute each one as it is written."""
    nodes = [
        GraphNode(f"x{i}", width=int(rng.integers(1, 4)), label=f"x{i}") for i in range(n_inputs)
    ]
    values = {n.name: rng.normal(size=(10, n.width)) * 2 for n in nodes}
    x = np.concatenate(list(values.values()), axis=1)
    for i in range(n_nodes):
        name, first = f"n{i}", nodes[-1 if i % 2 else int(rng.integers(len(nodes)))].name
        kind = ["dense", "act", "scale", "sum", "concat", "max"][int(rng.integers(6))]
        value, sources, operations, merge = values[first], (first,), [], None
        others = [n.name for n in nodes if values[n.name].shape[1] == value.shape[1]]
        second = others[int(rng.integers(len(others)))]
        if kind == "dense":
            step = Affine(rng.normal(size=(3, value.shape[1])), rng.normal(size=3), name)
            operations, value = [step], value @ step.weights.T + step.bias
        elif kind == "act":
            step = Activation(EXACT[int(rng.integers(len(EXACT)))], name)
            operations, value = [step], step.function(value)
        elif kind == "scale":
            step = Scaling(rng.normal(size=value.shape[1]), 0.5, name)
            operations, value = [step], step.scale * value + 0.5
        elif kind == "sum":
            sources, merge = (first, second), Merge("sum", (1.0, -0.5))
            value = value - 0.5 * values[second]
        elif kind == "concat":
            second = nodes[int(rng.integers(len(nodes)))].name
            sources, merge = (first, second), Merge("concat")
            value = np.concatenate([value, values[second]], axis=1)
        else:
            sources, merge = (first, second), Merge("max")
            value = np.maximum(value, values[second])
        nodes.append(GraphNode(name, sources, operations, merge, label=name))
        values[name] = value
    return nodes, values, x


@settings(max_examples=200, deadline=None)
@given(
    n_nodes=st.integers(1, 10),
    n_inputs=st.integers(1, 3),
    n_outputs=st.integers(1, 3),
    seed=st.integers(0, 2**16),
)
def test_a_graph_computes_what_its_nodes_do(n_nodes, n_inputs, n_outputs, seed):
    rng = np.random.default_rng(seed)
    nodes, values, x = random_graph(rng, n_nodes, n_inputs)
    names = [node.name for node in nodes[n_inputs:]][-n_outputs:]
    form = fold_graph("model", nodes, {f"y{i}": name for i, name in enumerate(names)})
    plain, fits = rectified("model", form, None, 0.05)
    joined = merged(plain)
    assert fits == {}
    assert len(joined.populations) <= len(plain.populations)
    for graph in (form, plain, joined):
        for (_, got), name in zip(graph.forward(x).items(), names, strict=True):
            scale = max(np.abs(values[name]).max(), 1.0)
            np.testing.assert_allclose(got, values[name], atol=1e-9 * scale, rtol=0)
    specs = chain_of(joined)
    if specs is not None and len(names) == 1:
        np.testing.assert_allclose(
            forward(specs, x)[-1],
            values[names[0]],
            atol=1e-9 * max(np.abs(values[names[0]]).max(), 1),
        )


def dense(n_in, n_out, seed=0):
    rng = np.random.RandomState(seed)
    return Affine(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out), "dense")


def test_branches_that_read_the_same_become_one_layer():
    nodes = [
        GraphNode("x", width=3, label="x"),
        GraphNode("a", ("x",), [dense(3, 4), Activation("relu", "a")]),
        GraphNode("b", ("x",), [dense(3, 2, 1), Activation("relu", "b")]),
        GraphNode("c", ("a", "b"), [dense(6, 2)], Merge("concat")),
    ]
    form = fold_graph("model", nodes, {"y": "c"})
    assert chain_of(form) is None
    assert [spec.n_out for spec in chain_of(merged(form))] == [6, 2]


def test_a_skip_connection_is_no_chain():
    nodes = [
        GraphNode("x", width=3, label="x"),
        GraphNode("a", ("x",), [Activation("relu", "a")]),
        GraphNode("b", ("a",), [dense(3, 3), Activation("relu", "b")]),
        GraphNode("c", ("a", "b"), [], Merge("sum")),
    ]
    assert chain_of(fold_graph("model", nodes, {"y": "c"})) is None


def test_activations_at_the_ends_become_heads():
    nodes = [
        GraphNode("x", width=3, label="x"),
        GraphNode("h", ("x",), [dense(3, 4), Activation("tanh", "h")]),
        GraphNode("labels", ("h",), [dense(4, 2), Activation("sigmoid", "s")]),
        GraphNode("one", ("h",), [dense(4, 1), Activation("sigmoid", "s1")]),
        GraphNode("classes", ("h",), [dense(4, 3), Activation("softmax", "c")]),
    ]
    form = fold_graph("model", nodes, {name: name for name in ("labels", "one", "classes", "h")})
    heads = {name: output.head for name, output in form.outputs.items()}
    assert heads == {"labels": "sigmoid", "one": "softmax", "classes": "softmax", "h": "linear"}
    assert [population.name for population in form.populations] == ["h"]


@pytest.mark.parametrize(
    ("nodes", "outputs", "match"),
    [
        ([GraphNode("x", label="x")], {"y": "x"}, "features of input 'x' is not known"),
        ([GraphNode("x", width=2, label="x")], {"y": "z"}, "output 'y' is computed by no layer"),
        (
            [
                GraphNode("x", width=2, label="x"),
                GraphNode("s", ("x",), [Activation("softmax", "s")], label="s"),
                GraphNode("d", ("s",), [dense(2, 2)], label="d"),
            ],
            {"y": "d"},
            "'d' takes the outputs of a softmax",
        ),
        (
            [
                GraphNode("x", width=2, label="x"),
                GraphNode("d", ("x",), [dense(3, 2)], label="d"),
            ],
            {"y": "d"},
            "'d': it takes 3 inputs, but gets 2",
        ),
        (
            [
                GraphNode("x", width=2, label="x"),
                GraphNode("d", ("x",), [Scaling(np.ones(3), np.zeros(3), "d")], label="d"),
            ],
            {"y": "d"},
            "'d': it takes 3 inputs, but gets 2",
        ),
        (
            [
                GraphNode("x", width=2, label="x"),
                GraphNode("d", ("e",), [dense(2, 2)], label="d"),
                GraphNode("e", ("x",), [dense(2, 2)], label="e"),
            ],
            {"y": "d"},
            "output 'y' depends on what is computed after it",
        ),
        (
            [
                GraphNode("x", width=2, label="x"),
                GraphNode("z", width=3, label="z"),
                GraphNode("d", ("x", "z"), [], Merge("sum"), label="d"),
            ],
            {"y": "d"},
            "'d': 2 features and 3 cannot be added",
        ),
        (
            [
                GraphNode("x", width=2, label="x"),
                GraphNode("d", ("x",), [Problem("a problem")], label="d"),
                GraphNode("e", ("d",), [dense(3, 2)], label="e"),
            ],
            {"y": "e"},
            "a problem",
        ),
    ],
)
def test_every_problem_has_its_sentence(nodes, outputs, match):
    with pytest.raises(ConversionError, match=match) as caught:
        fold_graph("model", nodes, outputs)
    assert len(caught.value.problems) == 1


def test_a_setting_a_unit_is_kept_apart():
    nodes = [
        GraphNode("x", width=2, label="x"),
        GraphNode("p", ("x",), activation("prelu", "p", slope=[0.5, 0.0])),
    ]
    form = fold_graph("model", nodes, {"y": "p"})
    np.testing.assert_allclose(form.forward(np.array([[-2.0, -2.0]]))["y"], [[-1.0, 0.0]])


def test_a_layer_of_a_graph_has_no_more_rectifiers_than_a_core_takes_inputs():
    nodes = [
        GraphNode("x", width=1, label="x"),
        GraphNode("d", ("x",), [dense(1, 2049), Activation("relu6", "d")], label="d"),
        GraphNode("y", ("d",), [dense(2049, 1)], label="y"),
    ]
    form = fold_graph("model", nodes, {"y": "y"})
    with pytest.raises(
        ConversionError,
        match=r"'d': clip\(0, 6\) would take 4098 rectifiers, more than .* for its 2049 units; "
        "train with 2048 units or fewer, or with 'relu'",
    ):
        rectified("model", form, None, 0.02)


def test_thousands_of_outputs_are_read_in_time():
    n = 2000
    nodes = [GraphNode("x", width=2, label="x")]
    nodes += [GraphNode(k, ("x",), activation("sigmoid", "same"), label="same") for k in range(n)]
    form = fold_graph("m", nodes, {f"y{k}": k for k in range(n)})
    assert len(form.outputs) == n
    assert {output.head for output in form.outputs.values()} == {"sigmoid"}
    assert not form.populations


def test_populations_of_one_label_are_numbered_from_two():
    nodes = [GraphNode("x", width=2, label="x")]
    nodes += [GraphNode(k, ("x",), activation("relu", "same"), label="same") for k in range(3)]
    nodes.append(GraphNode("y", (0, 1, 2), merge=Merge("concat"), label="y"))
    form = fold_graph("m", nodes, {"y": "y"})
    assert [population.name for population in form.populations] == ["same", "same_2", "same_3"]
    assert_array_equal(form.forward(np.array([[1.0, -2.0]]))["y"], [[1, 0, 1, 0, 1, 0]])


def test_concatenation_of_too_much_is_refused_before_it_is_made():
    nodes = [GraphNode("x", width=2**14, label="x"), GraphNode("z", width=2**14, label="z")]
    nodes.append(GraphNode("y", ("x", "z"), merge=Merge("concat"), label="wide"))
    with pytest.raises(ConversionError, match=r"'wide': its concatenation has 1073741824 weights"):
        fold_graph("m", nodes, {"y": "y"})


def test_an_input_of_too_many_features_is_refused_before_anything_is_made_of_it():
    nodes = [GraphNode("x", width=2**31, label="x"), GraphNode("y", ("x",), [Scaling(2, 0, "y")])]
    with pytest.raises(ConversionError, match="input 'x' has 2147483648 features, more than"):
        fold_graph("m", nodes, {"y": "y"})
