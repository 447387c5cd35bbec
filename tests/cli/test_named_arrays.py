"""Arrays for each of several inputs and outputs are found by their names."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.cli.data import load_data, load_inputs, load_samples
from nengo_dense.cli.named_arrays import Names, find_apart
from nengo_dense.exceptions import FileFormatError

NAMES = Names({"x": 2, "z.1": 3}, ("kind", "trait"))
X, Z = np.arange(8.0).reshape(4, 2), np.arange(12.0).reshape(4, 3)
Y = {"kind": np.arange(4), "trait": np.ones((4, 2))}
JOINED = np.concatenate([X, Z], axis=1)


@pytest.mark.parametrize("base", ["x", "X_test", "inputs"])
def test_inputs_apart_are_put_one_after_the_other(save, base):
    path = save(**{f"{base}.z.1": Z, f"{base}.x": X, "y.trait": Y["trait"], "y.kind": Y["kind"]})
    x, y = load_data(path, 5, NAMES)
    assert_array_equal(x, JOINED)
    assert list(y) == ["kind", "trait"]
    for name, given in Y.items():
        assert_array_equal(y[name], given)


def test_names_alone_do_as_well(save):
    # here "x" is an input, and not all of them
    path = save(**{"z.1": Z, "x": X, **Y})
    x, y = load_data(path, 5, NAMES)
    assert_array_equal(x, JOINED)
    assert list(y) == ["kind", "trait"]
    assert_array_equal(load_inputs(path, 5, names=NAMES), JOINED)
    assert_array_equal(load_samples(path, 5, "doing", NAMES), JOINED)


def test_inputs_side_by_side_may_have_labels_apart(save):
    x, y = load_data(save(x=JOINED, **{f"y.{k}": v for k, v in Y.items()}), 5, NAMES)
    assert_array_equal(x, JOINED)
    assert list(y) == ["kind", "trait"]


def test_the_only_output_may_have_its_name(save):
    only = Names(NAMES.inputs, ("kind",))
    for name in ("y.kind", "kind", "y"):
        _, y = load_data(save(x=JOINED, **{name: Y["kind"]}), 5, only)
        assert_array_equal(y, Y["kind"])


def test_calibration_prefers_training_samples(save):
    path = save(**{"x_train.x": X, "x_train.z.1": Z, "x_test.x": X + 1, "x_test.z.1": Z + 1})
    assert_array_equal(load_inputs(path, 5, names=NAMES), JOINED)
    assert_array_equal(load_samples(path, 5, "doing", NAMES), JOINED + 1)


def test_what_is_missing_is_named(save):
    with pytest.raises(FileFormatError, match=r"has x_test.x, but no x_test.z.1; there must be"):
        load_data(save(**{"x_test.x": X}), 5, NAMES)
    with pytest.raises(FileFormatError, match=r"no labels for x, such as y.kind, y.trait, only x"):
        load_data(save(x=JOINED), 5, NAMES)
    with pytest.raises(FileFormatError, match=r"has y.kind, but no y.trait"):
        load_data(save(x=JOINED, **{"y.kind": Y["kind"]}), 5, NAMES)
    with pytest.raises(ValidationError, match=r"labels of shape \(3, 2\) in y.trait"):
        load_data(save(x=JOINED, **{"y.kind": Y["kind"], "y.trait": np.ones((3, 2))}), 5, NAMES)
    with pytest.raises(ValidationError, match=r"as many samples for each input, got \[4, 3\]"):
        load_data(save(**{"x.x": X, "x.z.1": Z[:3]}), 5, NAMES)


def test_upper_and_lower_case_are_one():
    assert find_apart({"X.A": X, "x.b": X}, "x", ["a", "B"]) == {"a": "X.A", "B": "x.b"}
