"""What a framework's rounding is taken for, and what it is not."""

import numpy as np
import pytest

from nengo_dense.importers.form.operation import Activation, Affine, Scaling
from nengo_dense.importers.precision import PRECISIONS, coarsest
from nengo_dense.importers.rounding import MARGIN, run


def in_float32(operations, x):
    """Compute the operations as a framework does, every step in float32."""
    x = x.astype(np.float32)
    for step in operations:
        if isinstance(step, Affine):
            x = x @ np.float32(step.weights).T + np.float32(step.bias)
        elif isinstance(step, Scaling):
            x = x * np.float32(step.scale) + np.float32(step.offset)
        elif step.kind == "relu":
            x = np.maximum(x, np.float32(0))
        else:
            x = np.exp(x - x.max(axis=1, keepdims=True))
            x /= x.sum(axis=1, keepdims=True)
    return x.astype(np.float64)


def network(rng, depth, width, head, n_in=30):
    operations, sizes = [Scaling(rng.uniform(0.5, 2, n_in), rng.normal(size=n_in), "scale")], n_in
    for number in range(depth):
        weights = rng.normal(size=(width, sizes)) / np.sqrt(sizes / 2)
        # as a framework stores them: rounding to float32 before both sides compute
        operations.append(Affine(np.float32(weights), np.float32(rng.normal(size=width)), "d"))
        operations.append(Activation("relu", f"r{number}"))
        sizes = width
    operations.append(Affine(np.float32(rng.normal(size=(5, sizes))), np.zeros(5), "out"))
    operations += [Activation("softmax", "head")] if head else []
    return operations


@pytest.mark.parametrize("depth", [1, 3, 12])
@pytest.mark.parametrize("size", [0.01, 1, 1000])
@pytest.mark.parametrize("head", [False, True])
def test_float32_stays_within_what_is_called_rounding(depth, size, head, rng):
    operations = network(rng, depth, 64, head)
    operations[0] = Scaling(np.float32(2.0), np.float32(-0.5), "scale")
    x = np.float32(rng.normal(size=(100, 30)) * size)
    last = run(operations, x, PRECISIONS["float32"])[-1]
    off = np.abs(in_float32(operations, x) - last.values)
    assert np.all(off <= MARGIN * last.error)
    assert np.median(MARGIN * last.error) < 1e-3 * max(np.abs(last.values).max(), 1)


def test_values_are_those_of_the_operations(rng):
    x = rng.normal(size=(4, 3))
    weights, bias = rng.normal(size=(2, 3)), rng.normal(size=2)
    steps = run(
        [Affine(weights, bias, "a"), Scaling(2.0, 1.0, "b"), Activation("relu", "c")],
        x,
        PRECISIONS["float64"],
    )
    np.testing.assert_array_equal(steps[0].values, x @ weights.T + bias)
    np.testing.assert_array_equal(steps[1].values, 2 * steps[0].values + 1)
    np.testing.assert_array_equal(steps[2].values, np.maximum(steps[1].values, 0))
    assert [step.label for step in steps] == ["a", "b", "c"]


def test_a_sigmoid_is_one_of_two_probabilities(rng):
    x = rng.normal(size=(4, 1)) * 5
    (step,) = run([Activation("sigmoid", "s")], x, PRECISIONS["float64"])
    np.testing.assert_allclose(step.values, 1 / (1 + np.exp(-x)), rtol=1e-12)


def test_large_numbers_on_the_way_leave_large_errors():
    """A bias of a million that a batch normalization takes away again rounds as a million."""
    operations = [Affine([[1.0]], [1e6], "dense"), Scaling(1.0, -1e6, "norm")]
    last = run(operations, np.array([[0.3]]), PRECISIONS["float32"])[-1]
    off = abs(float(np.float32(np.float32(0.3) + np.float32(1e6)) - np.float32(1e6)) - 0.3)
    assert 0.01 < off <= MARGIN * last.error[0, 0] < 10


def test_large_logits_may_change_a_winner_only_where_they_are_close():
    operations = [Affine(np.eye(2), None, "a"), Activation("softmax", "s")]
    x = np.array([[1000.0, 1000.5], [1000.0, 1100.0]])
    close, far = run(operations, x, PRECISIONS["float16"])[-1].error.max(axis=1) * MARGIN
    assert close > 0.5
    assert far < 0.05


def test_a_difference_of_large_numbers_leaves_large_errors():
    x = -np.geomspace(1, 1e4, 200, dtype=np.float32)[:, np.newaxis]
    (step,) = run([Activation("squareplus", "d")], x, PRECISIONS["float32"])
    source = (x + np.sqrt(np.square(x) + np.float32(4))) / 2
    assert np.abs(source - step.values).max() > 1e-5
    assert np.all(np.abs(source - step.values) < MARGIN * step.error)


def test_overflow_is_seen_behind_an_exponential():
    (step,) = run([Activation("exponential", "d")], [[3.0], [200.0]], PRECISIONS["float32"])
    np.testing.assert_array_equal(step.largest < PRECISIONS["float32"].largest, [True, False])


def test_overflow_is_seen_in_the_partial_sums():
    (step,) = run([Affine([[1.0, -1.0]], [0.0], "a")], np.full((1, 2), 5e4), PRECISIONS["float16"])
    assert step.values[0, 0] == 0
    assert step.largest[0] > PRECISIONS["float16"].largest


@pytest.mark.parametrize(
    ("names", "same_as"),
    [
        ({"float32", "int64"}, "float32"),
        ({"float64"}, "float64"),
        ({"float16", "float32"}, "float16"),
        (set(), "float32"),
        ({"int8"}, "float32"),
    ],
)
def test_the_coarsest_type_counts(names, same_as):
    assert coarsest(names) == PRECISIONS[same_as]


def test_two_short_types_have_the_limits_of_both():
    mixed = coarsest({"float16", "bfloat16"})
    assert mixed.epsilon == PRECISIONS["bfloat16"].epsilon
    assert mixed.largest == 65504
