"""Every setting that cannot be is refused before TensorFlow is loaded."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.layers.stack import DenseStack
from nengo_dense.training import fit
from nengo_dense.training.fitting import divide

X, Y = np.eye(4, 3), np.array([0, 1, 1, 0])


def refused(match, x=X, y=Y, **settings):
    stack = DenseStack([4, 2], 3, seed=0)
    with pytest.raises(ValidationError, match=match):
        fit(stack, x, y, **settings)


@pytest.mark.parametrize(
    "settings, match",
    [
        ({"epochs": 0}, "epochs: must be a whole number of at least 1, got 0"),
        ({"minibatch_size": 2.5}, "minibatch_size: must be a whole number"),
        ({"patience": 0}, "patience: must be a whole number"),
        ({"learning_rate": -0.1}, "learning_rate: must be above 0, got -0.1"),
        ({"rate_weight": 0}, "rate_weight: must be above 0"),
        ({"dt": 0}, "dt: must be above 0"),
        ({"dropout": 1}, "dropout: must be at least 0 and below 1, got 1"),
        ({"dropout": -0.5}, "dropout: must be at least 0 and below 1, got -0.5"),
        ({"weight_bits": 1}, "weight_bits: must be a whole number of at least 2, got 1"),
        ({"weight_bits": 9}, "weight_bits: must be at least 2 and at most 8, got 9"),
        ({"weight_clip": 0}, "weight_clip: must be above 0"),
        ({"rate_target": (300, 200)}, r"rate_target: must be a band .* got 300 to 200"),
        ({"rate_target": 1500}, r"<= 1000 hertz \(one spike a step\), got 0 to 1500"),
        ({"rate_target": (1, 2, 3)}, r"rate_target: must have shape \(2,\)"),
        ({"seed": -1}, "seed: must be None or a whole number"),
        ({"validation": 1.0}, "validation: must be at least 0 and below 1"),
        ({"validation": 0.99}, "must leave samples to train on, got a share of 0.99 of 4 samples"),
        ({"validation": (X,)}, r"a share or a pair \(x, y\), got 1 items"),
        ({"validation": (X[:, :2], Y)}, r"validation: must have shape \(batch, 3\)"),
        ({"validation": (X, Y + 5)}, "must be within 0 and 1 for 2 outputs, got 5 to 6"),
    ],
)
def test_impossible_settings_are_refused(settings, match):
    refused(match, **settings)


def test_labels_outside_the_classes_are_refused():
    refused("must be within 0 and 1 for 2 outputs, got 0 to 2", y=[0, 1, 2, 0])


def test_a_label_too_few_is_refused():
    refused(r"must have shape \(4,\) of labels, or \(4, 2\) one-hot", y=Y[:3])


def test_one_hot_of_another_width_is_refused():
    refused(r"got \(4, 3\)", y=np.eye(3)[Y])


def test_labels_that_are_words_need_classes():
    refused(r"text, such as 'a'.*classes=\[\.\.\.\]", y=["a", "b", "b", "a"])


def test_labels_are_taken_by_the_classes_of_the_stack():
    stack = DenseStack([4, 2], 3, classes=["b", "a"], seed=0)
    with pytest.raises(ValidationError, match="y: has 'c', which is no class of the model"):
        fit(stack, X, ["a", "b", "b", "c"])
    held_back = (X, ["a", "b", "b", "b"])
    _, (_, labels) = divide((X, Y), held_back, stack, seed=0)
    np.testing.assert_array_equal(labels, [1, 0, 0, 0])


@pytest.mark.parametrize("name", ["loihi_aware", "noise", "progress_bar"])
def test_flags_that_are_text_are_refused(name):
    refused(f"{name}: must be True or False, got 'no'", **{name: "no"})


def test_a_single_callback_is_refused():
    refused("callbacks: must be a list of Keras's callbacks, got function", callbacks=refused)


def test_samples_of_another_width_are_refused():
    refused(r"x: must have shape \(batch, 3\) .* got \(4, 2\)", x=X[:, :2])


def test_no_samples_are_refused():
    refused("at least one sample", x=np.zeros((0, 3)), y=[])


def test_samples_that_are_not_finite_are_refused():
    x = X.copy()
    x[2, 1] = np.nan
    refused("x: 1 of 12 values are NaN or infinite", x=x)


def test_something_that_is_no_stack_is_refused():
    with pytest.raises(ValidationError, match="stack: must be a DenseStack, got list"):
        fit([4, 2], X, Y)


def test_held_back_samples_and_the_rest_are_all_samples(rng):
    x = rng.uniform(size=(10, 3))
    y = np.arange(10) % 2
    (x_train, y_train), (x_held, y_held) = divide((x, y), 0.3, DenseStack([2, 2], 3), seed=0)
    assert len(x_held) == len(y_held) == 3
    together = np.concatenate([x_train, x_held])
    order = [int(np.flatnonzero((x == row).all(axis=1))[0]) for row in together]
    assert sorted(order) == list(range(10))
    np.testing.assert_array_equal(np.concatenate([y_train, y_held]), y[order])


@pytest.mark.parametrize("share", [None, 0, 0.01])
def test_nothing_is_held_back_of_few_samples(share):
    training, held_back = divide((X, Y), share, DenseStack([2, 2], 3), seed=0)
    assert held_back is None
    assert training[0] is X
