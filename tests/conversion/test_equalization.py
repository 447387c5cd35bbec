"""Exact changes: the model computes what it did."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.conversion.equalization import OTHER_SCALE, equalize, fold_constants
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_chain import chain_of, form_of
from nengo_dense.importers.form.graph_form import GraphForm, Output, Population
from nengo_dense.importers.form.spec import DenseSpec, forward


@pytest.fixture
def specs(rng):
    return [
        DenseSpec(rng.randn(8, 5), rng.randn(8), "relu", "first"),
        DenseSpec(rng.randn(6, 8), rng.randn(6), "relu", "second"),
        DenseSpec(rng.randn(3, 6), rng.randn(3), "softmax", "readout"),
    ]


def chained(change, specs, *name):
    """Change a chain as the graph that it is."""
    return chain_of(change(*name, form_of(specs)))


def changed(spec, **values):
    return DenseSpec(
        values.get("weights", spec.weights),
        values.get("bias", spec.bias),
        spec.activation,
        spec.label,
    )


def assert_same_output(before, after, rng, **tolerance):
    x = rng.randn(40, 5)
    assert_allclose(forward(after, x)[-1], forward(before, x)[-1], **(tolerance or {"rtol": 1e-9}))


def test_constant_neurons_move_into_the_next_biases(specs, rng):
    weights = specs[0].weights.copy()
    weights[[1, 4]] = 0
    bias = specs[0].bias.copy()
    bias[[1, 4]] = [2.5, -1.0]
    specs[0] = changed(specs[0], weights=weights, bias=bias)
    folded = chained(fold_constants, specs, "model")
    assert [spec.n_out for spec in folded] == [6, 6, 3]
    assert_same_output(specs, folded, rng)


def test_neurons_that_nobody_reads_are_left_out_and_so_are_those_before_them(specs, rng):
    last = specs[2].weights.copy()
    last[:, [0, 3]] = 0
    middle = specs[1].weights.copy()
    middle[[1, 2, 4, 5], 7] = 0  # read by the two alone
    specs[1:] = [changed(specs[1], weights=middle), changed(specs[2], weights=last)]
    folded = chained(fold_constants, specs, "model")
    assert [spec.n_out for spec in folded] == [7, 4, 3]
    assert_same_output(specs, folded, rng)


def test_other_models_stay_as_they_are(specs):
    for changed_specs in (chained(fold_constants, specs, "model"), chained(equalize, specs)):
        for before, after in zip(specs, changed_specs, strict=True):
            assert_array_equal(before.weights, after.weights)
            assert_array_equal(before.bias, after.bias)
            assert (before.activation, before.label) == (after.activation, after.label)


@pytest.mark.parametrize(
    "index, message",
    [(0, "first: all input weights are zero"), (2, "second: all weights that read it are zero")],
)
def test_a_model_that_says_nothing_is_refused_by_layer(specs, index, message):
    specs[index] = changed(specs[index], weights=np.zeros_like(specs[index].weights))
    with pytest.raises(ConversionError, match=f"The model cannot.*\n.*{message}.*collapsed"):
        chained(fold_constants, specs, "The model")


def test_neurons_that_are_dead_for_several_reasons_are_refused(specs):
    weights = specs[0].weights.copy()
    weights[:4] = 0
    following = specs[1].weights.copy()
    following[:, 4:] = 0
    specs[:2] = [changed(specs[0], weights=weights), changed(specs[1], weights=following)]
    with pytest.raises(ConversionError, match="first: the input or the output weights of every"):
        chained(fold_constants, specs, "The model")


@pytest.mark.parametrize("scale", [1e-5, 1e-3, 20.0, 1e6])
def test_a_neuron_on_another_scale_comes_back_and_says_the_same(specs, rng, scale):
    weights, bias = specs[0].weights.copy(), specs[0].bias.copy()
    weights[2] *= scale
    bias[2] *= scale
    following = specs[1].weights.copy()
    following[:, 2] /= scale
    odd = [changed(specs[0], weights=weights, bias=bias), changed(specs[1], weights=following)]
    odd.append(specs[2])
    equal = chained(equalize, odd)
    size = np.abs(equal[0].weights).max(axis=1)
    assert size.max() / size.min() < OTHER_SCALE
    assert_same_output(odd, equal, rng)
    factors = odd[0].weights[2] / equal[0].weights[2]
    assert_array_equal(np.log2(factors) % 1, 0)


@pytest.mark.parametrize("size", [1e-40, 1e-170, 5e-324])
@pytest.mark.parametrize("read", [1.0, 1e-170])
def test_a_neuron_that_died_in_training_stays_as_it_is(specs, rng, size, read):
    """Weight decay brings its weights to nothing, and leaves its bias."""
    weights, reading = specs[0].weights.copy(), specs[1].weights.copy()
    weights[2], reading[:, 2] = size * rng.choice([-1, 1], 5), read * reading[:, 2]
    specs[0], specs[1] = changed(specs[0], weights=weights), changed(specs[1], weights=reading)
    after = chained(equalize, specs)
    assert_array_equal(after[0].weights, weights)
    assert_array_equal(after[1].weights, reading)


def test_scales_beyond_the_squares_of_doubles_come_back(specs, rng):
    weights, bias, reading = specs[0].weights.copy(), specs[0].bias.copy(), specs[1].weights.copy()
    factor = 2.0**-600
    weights[2], bias[2], reading[:, 2] = factor * weights[2], factor * bias[2], 2.0**400
    specs[0] = changed(specs[0], weights=weights, bias=bias)
    specs[1] = changed(specs[1], weights=reading)
    after = chained(equalize, specs)
    sizes = np.abs(after[0].weights[2]).max(), np.abs(after[1].weights[:, 2]).max()
    assert_allclose(np.log2(sizes), -100, atol=4)  # 2**-600 and 2**400 in equal parts
    assert_same_output(specs, after, rng)


@pytest.mark.parametrize("bias", [100.0, -1e4])
def test_a_knot_far_out_is_no_scale(specs, bias):
    """A rectifier of a fitted activation has usual weights, a large bias, and is little read."""
    biases, reading = specs[0].bias.copy(), specs[1].weights.copy()
    biases[2], reading[:, 2] = bias, reading[:, 2] / 100
    specs[0], specs[1] = changed(specs[0], bias=biases), changed(specs[1], weights=reading)
    after = chained(equalize, specs)
    assert_array_equal(after[0].weights, specs[0].weights)
    assert_array_equal(after[1].weights, reading)


def test_a_neuron_that_is_only_quiet_stays_quiet(specs):
    """Small input weights alone are no scale: its values are small, and read as such."""
    weights = specs[0].weights.copy()
    weights[2] *= 1e-4
    specs[0] = changed(specs[0], weights=weights)
    assert_array_equal(chained(equalize, specs)[0].weights, weights)


@pytest.fixture
def graph(rng):
    """Two layers with a skip connection, and two outputs."""

    def drive(**widths):
        n = widths.pop("n")
        return Expression({k: rng.randn(n, w) for k, w in widths.items()}, rng.randn(n))

    relu = FUNCTIONS["relu"]()
    first = Population("first", drive(n=6, x=4), relu)
    second = Population("second", drive(n=5, x=4, first=6), relu)
    outputs = {
        "a": Output(drive(n=2, first=6, second=5)),
        "b": Output(drive(n=3, second=5), "softmax"),
    }
    return GraphForm({"x": 4}, [first, second], outputs)


def with_term(graph, name, source, change):
    """Change the weights that a population reads another value with."""

    def read(part):
        terms = dict(part.drive.terms)
        terms[source] = change(terms[source].copy())
        return replace(part, drive=Expression(terms, part.drive.bias))

    populations = [read(p) if p.name == name else p for p in graph.populations]
    outputs = {k: read(o) if k == name else o for k, o in graph.outputs.items()}
    return GraphForm(graph.inputs, populations, outputs)


def zeroed(key):
    def change(matrix):
        matrix[key] = 0
        return matrix

    return change


def assert_same_graph(before, after, rng):
    x = rng.randn(40, 4)
    got = after.logits(x)
    for name, wanted in before.logits(x).items():
        assert_allclose(got[name], wanted, rtol=1e-9, atol=1e-9)


def test_a_neuron_on_another_scale_in_all_that_reads_it_comes_back_in_a_graph(graph, rng):
    factor = np.ones(6)
    factor[3] = 1e4
    (first, *_) = graph.populations
    odd = graph.exchanged("first", first.drive.scaled(1 / factor), factor=factor)
    assert_same_graph(graph, odd, rng)
    equal = equalize(odd)
    assert_same_graph(graph, equal, rng)
    sizes = np.abs(equal.populations[0].drive.terms["x"]).max(axis=1)
    assert sizes.max() / sizes.min() < OTHER_SCALE
    assert [p.drive for p in equalize(graph).populations] == [p.drive for p in graph.populations]


def test_a_layer_of_a_graph_without_input_moves_into_what_reads_it(graph, rng):
    dead = with_term(graph, "first", "x", zeroed(slice(None)))
    folded = fold_constants("model", dead)
    assert [p.name for p in folded.populations] == ["second"]
    assert_same_graph(dead, folded, rng)


def test_a_neuron_of_a_graph_that_one_reader_reads_stays_and_zeros_are_not_read(graph, rng):
    lone = with_term(graph, "second", "first", zeroed((slice(None), 2)))
    assert [p.n for p in fold_constants("model", lone).populations] == [6, 5]
    lone = with_term(lone, "a", "first", zeroed((slice(None), 2)))
    folded = fold_constants("model", lone)
    assert [p.n for p in folded.populations] == [5, 5]
    assert_same_graph(lone, folded, rng)
    unread = fold_constants("model", with_term(graph, "a", "second", zeroed(slice(None))))
    assert list(unread.outputs["a"].drive.terms) == ["first"]


def test_an_output_of_a_graph_that_is_always_the_same_is_refused(graph):
    dead = with_term(graph, "b", "second", zeroed(slice(None)))
    with pytest.raises(ConversionError, match="b: all weights that it reads with are zero"):
        fold_constants("The model", dead)
