"""Products and quotients of functions of one weighted input, in every framework."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.graph_folding import GraphNode, Merge, fold_graph
from nengo_dense.importers.form.operation import Affine, Scaling, activation
from nengo_dense.importers.graph_rounding import run_nodes
from nengo_dense.importers.importer import read_model
from nengo_dense.importers.precision import PRECISIONS

FACTORS = ["sigmoid", "tanh", "softplus", "relu", "abs", "erf", "hardsigmoid", "square", "relu6"]


def graph(rng, *steps, kind="product"):
    """Return a dense layer, functions of what it gives, their product and a dense layer."""
    first = Affine(rng.normal(size=(5, 4)), rng.normal(size=5), "first")
    nodes = [GraphNode("x", width=4, label="x"), GraphNode("z", ("x",), [first], label="z")]
    for number, operations in enumerate(steps):
        nodes.append(GraphNode(number, ("z",), operations, label=f"part {number}"))
    parts = tuple(range(len(steps)))
    nodes.append(GraphNode("y", parts, (), Merge(kind), label="y"))
    nodes.append(GraphNode("out", ("y",), [Affine(rng.normal(size=(2, 5)), None, "out")]))
    return nodes


def fold_and_run(nodes, x):
    """Return the form, what it computes, and what the nodes compute one by one."""
    form = fold_graph("model", nodes, {"out": "out"})
    wanted = run_nodes(nodes, {"x": x}, PRECISIONS["float64"])["out"][0]
    return form, form.forward(x)["out"], wanted


@settings(max_examples=100, deadline=None)
@given(
    names=st.lists(st.sampled_from(FACTORS), min_size=1, max_size=3),
    scales=st.lists(st.sampled_from([1.0, 0.5, -1.3, 1.702]), min_size=4, max_size=4),
    seed=st.integers(0, 2**16),
)
def test_a_product_of_functions_of_one_weighted_input_is_one_population(names, scales, seed):
    rng = np.random.default_rng(seed)
    parts = [
        [Scaling(scale, 0.25, "scale"), *activation(name, name), Scaling(scale, 0.5, "after")]
        for name, scale in zip(names, scales, strict=False)
    ]
    nodes = graph(rng, [Scaling(scales[-1], 0.0, "x")], *parts)
    form, got, wanted = fold_and_run(nodes, rng.normal(size=(50, 4)))
    assert [population.n for population in form.populations] == [5]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())


#: Spelled activations: what they are multiplied of, and what they are.
SPELLED = {
    "silu": [[], activation("sigmoid", "s")],
    "mish": [[], [*activation("softplus", "p"), *activation("tanh", "t")]],
    "gelu": [
        [Scaling(0.5, 0.0, "half")],
        [Scaling(0.5**0.5, 0.0, "r"), *activation("erf", "e"), Scaling(1.0, 1.0, "one")],
    ],
    "hard_swish": [[], activation("hard_sigmoid", "h")],
}


@pytest.mark.parametrize("name", SPELLED)
def test_known_functions_are_called_by_their_names(name, rng):
    form, got, wanted = fold_and_run(graph(rng, *SPELLED[name]), rng.normal(size=(50, 4)))
    assert [p.function.name for p in form.populations] == [name]
    np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_a_quotient_by_what_stays_above_zero_is_a_function(rng):
    nodes = graph(rng, [], [*activation("abs", "a"), Scaling(1.0, 1.0, "one")], kind="quotient")
    form, got, wanted = fold_and_run(nodes, rng.normal(size=(50, 4)))
    assert [p.function.name for p in form.populations] == ["softsign"]
    np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_a_function_that_equals_a_known_one_only_near_zero_is_not_called_so(rng):
    # x * min(1, 9 / x) is x up to 9: a ReLU on the grid where functions are told apart
    nodes = graph(
        rng,
        activation("clip", "c", low=0.0, high=9.0),
        [*activation("abs", "a"), Scaling(0.0, 1.0, "one"), *activation("sigmoid", "s")],
        [Scaling(0.0, 2.0, "two")],
    )
    form, got, wanted = fold_and_run(nodes, 40 * rng.normal(size=(50, 4)))
    assert [p.function.name for p in form.populations] != ["relu"]
    np.testing.assert_allclose(got, wanted, atol=1e-9)


def test_what_is_no_function_of_one_weighted_input_is_refused(rng):
    turned = [Affine(np.eye(5)[::-1], None, "turned"), *activation("sigmoid", "s")]
    by_unit = [Scaling(np.arange(1.0, 6.0), 0.0, "beta"), *activation("sigmoid", "s")]
    slopes = activation("prelu", "p", slope=np.linspace(0.1, 0.5, 5))
    for other in (turned, by_unit, slopes):
        with pytest.raises(ConversionError, match=r"layer 'y': .* functions of the same weighted"):
            fold_graph("model", graph(rng, [], other), {"out": "out"})
    nodes = graph(rng, [], [Scaling(1.0, 2.0, "two")], kind="quotient")
    with pytest.raises(ConversionError, match=r"layer 'y': it divides by 2 \+ x of its input"):
        fold_graph("model", nodes, {"out": "out"})


def test_a_product_with_a_constant_is_a_scaling(rng):
    zero = Affine(np.zeros((5, 5)), np.arange(5.0), "constant")
    form, got, wanted = fold_and_run(graph(rng, [zero], []), rng.normal(size=(20, 4)))
    assert form.populations == []
    np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_a_power_has_a_whole_exponent():
    z = np.linspace(-3, 3, 50)
    np.testing.assert_array_equal(FUNCTIONS["power"](3.0)(z), z**3)
    for exponent in (0.5, -1.0, 0.0):
        with pytest.raises(ValueError, match="only whole exponents from 1 on"):
            FUNCTIONS["power"](exponent)


def spelled(sigmoid, tanh, softplus, clip, error_function, absolute):
    """Return activations in the functions of a framework."""
    return {
        "silu": lambda x: x * sigmoid(x),
        "mish": lambda x: x * tanh(softplus(x)),
        "gelu": lambda x: x * 0.5 * (1 + error_function(x / 2**0.5)),
        "gelu(tanh)": lambda x: (
            0.5 * x * (1 + tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x * x * x)))
        ),
        "hard_swish": lambda x: x * clip(x / 6 + 0.5, 0.0, 1.0),
        "softsign": lambda x: x / (1 + absolute(x)),
        "x * x": lambda x: x * x,
        "x * sigmoid": lambda x: x * sigmoid(1.702 * x),
    }


def numpy_values(name, z):
    functions = (FUNCTIONS["sigmoid"](), np.tanh, FUNCTIONS["softplus"](), np.clip, erf, np.abs)
    return spelled(*functions)[name](z)


def check(model, name, first, last, run):
    """Assert that a model is read as one hidden layer of the function, and compared."""
    source = read_model(model)
    x = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    source.compare(x)
    assert source.compared.startswith("compared on")
    assert [layer.activation for layer in source][:-1] == [name]
    hidden = numpy_values(name, x @ first[0] + first[1])
    theirs = np.asarray(run(x))
    np.testing.assert_allclose(hidden @ last[0] + last[1], theirs, atol=1e-4, rtol=1e-5)


NAMES = list(spelled(*[None] * 6))


@pytest.mark.parametrize("name", NAMES)
def test_keras_models_that_spell_an_activation_are_read(name):
    keras = pytest.importorskip("keras", minversion="3")
    ops = keras.ops
    functions = (ops.sigmoid, ops.tanh, ops.softplus, ops.clip, ops.erf, ops.abs)
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    hidden = spelled(*functions)[name](keras.layers.Dense(8)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(3)(hidden))
    weights = model.get_weights()
    check(model, name, weights[:2], weights[2:], lambda x: model.predict(x, verbose=0))


@pytest.mark.parametrize("name", NAMES)
def test_torch_modules_that_spell_an_activation_are_read(name):
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    functions = (torch.sigmoid, torch.tanh, f.softplus, torch.clamp, torch.erf, torch.abs)
    torch.manual_seed(0)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.Linear(6, 8), torch.nn.Linear(8, 3)

        def forward(self, x):
            return self.b(spelled(*functions)[name](self.a(x)))

    net = Net().eval()
    first, last = (
        (layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in (net.a, net.b)
    )
    check(net, name, first, last, lambda x: net(torch.from_numpy(x)).detach().numpy())
