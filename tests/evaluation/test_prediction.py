from itertools import pairwise

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense import predict
from nengo_dense.evaluation import evaluate
from nengo_dense.heads import HEADS
from nengo_dense.layers import DenseStack


@pytest.fixture
def stack(rng):
    sizes = [6, 20, 12, 4]
    weights = [rng.randn(n_out, n_in) / np.sqrt(n_in / 2) for n_in, n_out in pairwise(sizes)]
    return DenseStack(sizes[1:], sizes[0], weights=weights, seed=1)


@pytest.fixture
def x(rng):
    return rng.uniform(-1, 1, size=(9, 6))


def quick(stack, x, **options):
    return predict(stack, x, presentation_time=0.03, progress_bar=False, **options)


def test_gives_probabilities_that_evaluate_judges(stack, x):
    outputs = quick(stack, x)
    assert outputs.shape == (9, 4)
    np.testing.assert_allclose(outputs.sum(axis=1), 1)
    result = evaluate(stack, x, np.zeros(9), presentation_time=0.03, progress_bar=False)
    np.testing.assert_array_equal(outputs.argmax(axis=1), result.answers)


@pytest.mark.parametrize("head", ["linear", "relu"])
def test_gives_what_the_head_makes_of_mean_logits(stack, x, head):
    linear = DenseStack(**{**stack.arguments(), "readout": "linear"})
    other = DenseStack(**{**stack.arguments(), "readout": head})
    np.testing.assert_array_equal(quick(other, x), HEADS[head](quick(linear, x)))


def test_comes_close_to_the_source(stack, x):
    linear = DenseStack(**{**stack.arguments(), "readout": "linear"})
    values = x
    for w in linear.weights[:-1]:
        values = np.maximum(values @ w.T, 0)
    expected = values @ linear.weights[-1].T
    found = predict(linear, x, presentation_time=2, target="nengo", progress_bar=False)
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_batches_processes_and_maps_give_the_same(stack, x, tmp_path):
    whole = quick(stack, x)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for given, options in (
        (mapped, {"minibatch_size": 2}),
        ((x[i : i + 2] for i in range(0, 9, 2)), {"minibatch_size": 3}),
        ((x[i : i + 1] for i in range(9)), {"minibatch_size": 4, "n_jobs": 2}),
    ):
        np.testing.assert_array_equal(quick(stack, given, **options), whole)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_what_goes_wrong_with_a_batch_is_said(stack, x, n_jobs):
    def parts():
        yield x
        yield x[:, :3]

    with pytest.raises(ValidationError, match=r"a batch of x: must have shape \(batch, 6\)"):
        quick(stack, parts(), minibatch_size=2, n_jobs=n_jobs)


def test_a_time_that_was_given_in_milliseconds_is_refused_before_anything_runs(stack, x):
    with pytest.raises(ValidationError, match=r"is 25 seconds, that is 25000 .*, 0.025 for 25 ms"):
        predict(stack, x, presentation_time=25)


def test_says_what_is_unlike_the_source_as_evaluate_does(stack, x):
    with pytest.warns(UserWarning, match="fire in nearly every step"):
        quick(stack, 100 * x)


def test_wrong_arguments_are_refused_before_anything_runs(stack, x):
    with pytest.raises(ValidationError, match="stack: must be a DenseStack or a DenseGraph, got"):
        predict("stack.npz", x)
    with pytest.raises(ValidationError, match=r"x: must have shape \(batch, 6\)"):
        predict(stack, x[:, :4])
    with pytest.raises(ValidationError, match="n_jobs: must be a whole number"):
        predict(stack, x, n_jobs=0)
