import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.folding import fold, operations_of
from nengo_dense.importers.form.operation import (
    Activation,
    Affine,
    Problem,
    Scaling,
    activation,
    batch_norm,
)
from nengo_dense.importers.form.spec import DenseSpec, forward


def dense(rng, n_in, n_out, label="dense"):
    return Affine(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out), label)


def run(operations, x):
    """Compute the operations one by one, as they are written."""
    for step in operations:
        if isinstance(step, Affine):
            x = x @ step.weights.T + step.bias
        elif isinstance(step, Scaling):
            x = x * step.scale + step.offset
        elif step.kind == "relu":
            x = np.maximum(x, 0)
        elif step.kind == "softmax":
            x = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        else:
            x = step.function(x)
    return x


@settings(max_examples=200)
@given(
    kinds=st.lists(
        st.sampled_from(["affine", "scaling", "number", "relu", "relu", "tanh", "abs"]), max_size=8
    ),
    last=st.sampled_from([None, "softmax"]),
    seed=st.integers(0, 2**16),
)
def test_folding_changes_nothing_that_is_computed(kinds, last, seed):
    rng = np.random.default_rng(seed)
    width = 3
    operations = [] if kinds[:1] != ["scaling"] else [Scaling(rng.normal(size=3), 0.5, "first")]
    operations.append(dense(rng, 3, 3))
    for kind in kinds:
        if kind == "affine":
            n_out = int(rng.integers(1, 5))
            operations.append(dense(rng, width, n_out))
            width = n_out
        elif kind == "scaling":
            operations.append(Scaling(rng.normal(size=width), rng.normal(size=width), "scaling"))
        elif kind == "number":
            operations.append(Scaling(rng.normal(), rng.normal(), "number"))
        else:
            operations.append(Activation(kind, kind))
    if last:
        operations.append(Activation(last, "last"))
    x = rng.normal(size=(5, 3))
    specs = fold("model", operations)
    np.testing.assert_allclose(forward(specs, x)[-1], run(operations, x), atol=1e-9, rtol=1e-9)
    assert not any(spec.activation in ("linear", "softmax") for spec in specs[:-1])


def test_fold_is_the_inverse_of_operations_of(rng):
    specs = [
        DenseSpec(rng.normal(size=(4, 3)), rng.normal(size=4), "relu", "a"),
        DenseSpec(rng.normal(size=(2, 4)), rng.normal(size=2), "softmax", "b"),
    ]
    again = fold("model", operations_of(specs))
    for spec, same in zip(specs, again, strict=True):
        np.testing.assert_array_equal(same.weights, spec.weights)
        np.testing.assert_array_equal(same.bias, spec.bias)
        assert (same.activation, same.label) == (spec.activation, spec.label)


def test_sigmoid_of_one_unit_becomes_softmax_of_two(rng):
    operations = [dense(rng, 3, 1), Activation("sigmoid", "out")]
    x = rng.normal(size=(5, 3))
    (spec,) = fold("model", operations)
    assert spec.activation == "softmax"
    np.testing.assert_array_equal(spec.weights[0], np.zeros(3))
    probability = run(operations, x)[:, 0]
    expected = np.stack([1 - probability, probability], axis=1)
    np.testing.assert_allclose(forward([spec], x)[-1], expected, atol=1e-12)


def test_sigmoids_of_several_units_are_independent(rng):
    operations = [dense(rng, 3, 2), Activation("sigmoid", "out")]
    x = rng.normal(size=(5, 3))
    (spec,) = fold("model", operations)
    assert spec.activation == "sigmoid"
    np.testing.assert_allclose(forward([spec], x)[-1], run(operations, x), atol=1e-12)


def test_batch_norm_follows_its_definition():
    step = batch_norm([1.0], [3.0], [2.0], [0.5], 1.0, "bn")
    np.testing.assert_allclose(step.scale * 5.0 + step.offset, [2.0 * (5 - 1) / 2 + 0.5])


@pytest.mark.parametrize(
    ("operations", "match"),
    [
        ([], "it has no layers"),
        ([Scaling(2.0, 0.0, "s")], "no dense layer; there must be at least one"),
        ([Activation("softmax", "r"), Affine(np.eye(2), None, "d")], "'r': a softmax comes be"),
        (
            [
                Affine(np.eye(2), None, "d"),
                Activation("softmax", "s"),
                Affine(np.eye(2), None, "e"),
            ],
            "'s': a softmax must be the last operation, but layer 'e' follows",
        ),
        (
            [Affine(np.eye(2), None, "d"), *activation("prelu", "s", slope=[0.1, 0.2, 0.3])],
            "'s': its activation is for 3 units, but there are 2",
        ),
        ([Affine(np.zeros(3), None, "d")], r"'d': weights must be \(n_out, n_in\).*got \(3,\)"),
        ([Affine(np.zeros((0, 3)), None, "d")], r"both positive, got \(0, 3\)"),
        ([Affine(np.eye(2), [1.0], "d")], r"bias must have shape \(2,\) to match .* got \(1,\)"),
        ([Affine([[1, np.nan]], None, "d")], "1 of 2 values of its weights are NaN or infinite"),
        ([Affine(np.eye(2), [np.inf, 0], "d")], "1 of 2 values of its bias are NaN"),
        (
            [Affine(np.eye(2), None, "d"), Affine(np.eye(3), None, "e")],
            "'e': takes 3 inputs, but the layer before it has 2 outputs",
        ),
        ([Affine(np.eye(2), None, "d"), Scaling(np.ones(3), 0.0, "s")], "'s': takes 3 inputs"),
        ([Affine(np.eye(2), None, "d"), Scaling(np.ones((2, 2)), 0.0, "s")], "'s': scale has sha"),
        ([Affine(np.eye(2), None, "d"), batch_norm(0, -1, 1, 0, 0, "s")], "of its scale are NaN"),
    ],
)
def test_every_problem_has_its_sentence(operations, match):
    with pytest.raises(ConversionError, match=match):
        fold("model", operations)


def test_all_problems_are_listed_at_once():
    operations = [
        Problem("first"),
        Affine(np.eye(2), [1.0], "d"),
        Problem("second"),
        Affine([[np.nan]], None, "e"),
    ]
    with pytest.raises(ConversionError, match="model cannot be converted") as caught:
        fold("model", operations)
    assert len(caught.value.problems) == 4


def test_merging_must_not_explode():
    wide = Affine(np.ones((20_000, 1)), None, "up")
    narrow = Affine(np.ones((1, 20_000)), None, "down")
    with pytest.raises(ConversionError, match=r"'down\+up': .* 20000 x 20000 weights"):
        fold("model", [narrow, wide])


def test_a_factor_of_one_after_a_softmax_is_nothing(rng):
    operations = [dense(rng, 3, 4), Activation("softmax", "s"), Scaling(1.0, 0.0, "times one")]
    assert fold("model", operations)[-1].activation == "softmax"
    with pytest.raises(ConversionError, match="but layer 'times two' follows; remove what foll"):
        fold("model", [*operations, Scaling(2.0, 0.0, "times two")])


def test_what_may_only_follow_from_a_refused_layer_is_not_said():
    after = [Problem("it is malformed", is_certain=False), Scaling(np.ones(7), 0.0, "s")]
    operations = [Affine(np.eye(2), None, "d"), Problem("refused"), *after]
    with pytest.raises(ConversionError, match="refused") as caught:
        fold("model", [*operations, Affine(np.eye(3), None, "e"), Scaling(np.ones(4), 0.0, "t")])
    assert len(caught.value.problems) == 2
    assert "'t': takes 4 inputs" in caught.value.problems[1], "after a dense layer all is known"
    with pytest.raises(ConversionError, match="it is malformed"):
        fold("model", [*operations[:1], *after])


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([], "at the output"),
        ([Scaling(2.0, 0.0, "s")], "at the output"),
        ([Activation("relu", "r")], "at the output"),
        ([Problem("b", "also")], "at the output"),
        ([Affine(np.eye(2), None, "d")], "between"),
        ([Problem("perhaps a layer")], "between"),
    ],
)
def test_a_problem_at_the_output_has_its_own_sentence(after, said):
    operations = [Affine(np.eye(2), None, "d"), Problem("between", "at the output"), *after]
    with pytest.raises(ConversionError, match="cannot be converted") as caught:
        fold("model", operations)
    assert caught.value.problems[0] == said
