"""Which array of a data set is taken, and that it is said."""

import re

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.cli.data import load_data, load_inputs
from nengo_dense.exceptions import FileFormatError

TRAIN, TEST, ALL = np.zeros((6, 4)), np.ones((3, 4)), np.full((5, 4), 2.0)


@pytest.mark.parametrize(
    ("arrays", "expected", "said"),
    [
        ({"x_test": TEST, "x_train": TRAIN}, TRAIN, "x_train of data.npz (6 × 4)"),
        ({"x": ALL, "X_train": TRAIN}, TRAIN, "X_train of data.npz (6 × 4)"),
        ({"X_train": TRAIN}, TRAIN, "X_train of data.npz (6 × 4)"),
        ({"test_images": TEST, "train_images": TRAIN}, TRAIN, "train_images of"),
        ({"x_test": TEST, "X": ALL}, ALL, "X of data.npz (5 × 4)"),
        ({"data": ALL, "target": np.zeros(5)}, ALL, "data of data.npz (5 × 4)"),
        ({"x_test": TEST}, TEST, "x_test of data.npz (3 × 4); these are test samples"),
        ({"X": TEST, "x": ALL}, ALL, "x of data.npz (5 × 4)"),
    ],
)
def test_training_samples_calibrate_before_all_others(save, capsys, arrays, expected, said):
    np.testing.assert_array_equal(load_inputs(save(**arrays)), expected)
    assert capsys.readouterr().out.startswith(f"calibrating on {said}")


@pytest.mark.parametrize(
    ("arrays", "x", "y", "said"),
    [
        (
            {"x_train": TRAIN, "y_train": [0] * 6, "x_test": TEST, "y_test": [1] * 3},
            *(TEST, [1] * 3),
            "x_test of data.npz (3 × 4) and y_test\n",
        ),
        ({"X": ALL, "labels": [2] * 5}, ALL, [2] * 5, "X of data.npz (5 × 4) and labels\n"),
        ({"x_test": TEST, "y": [1] * 3}, TEST, [1] * 3, "x_test of data.npz (3 × 4) and y\n"),
        ({"x": ALL, "y_test": [2] * 5}, ALL, [2] * 5, "x of data.npz (5 × 4) and y_test\n"),
        (
            {"x_train": TRAIN, "y_train": [0] * 6},
            *(TRAIN, [0] * 6),
            "x_train of data.npz (6 × 4) and y_train; these are training samples",
        ),
    ],
)
def test_test_samples_are_tested_before_all_others(save, capsys, arrays, x, y, said):
    found = load_data(save(**arrays))
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[1], y)
    assert capsys.readouterr().out.startswith(f"testing on {said}")


def test_labels_of_another_part_are_never_taken(save):
    path = save(x_test=TEST, y_train=[0] * 3)
    message = re.escape("no labels for x_test, such as y_test, only x_test, y_train")
    with pytest.raises(FileFormatError, match=message):
        load_data(path)


def test_labels_of_all_samples_are_not_those_of_a_test_part_beside_them(save):
    with pytest.raises(FileFormatError, match="no labels for x_test, such as y_test, only x, y"):
        load_data(save(x=TEST, y=[0] * 3, x_test=TEST))
    _, y = load_data(save(x_test=TEST, y=[0, 1, 2]))
    np.testing.assert_array_equal(y, [0, 1, 2])


def test_a_file_without_samples_says_what_it_has(save):
    with pytest.raises(FileFormatError, match="no array of samples, such as x or x_train, only a"):
        load_inputs(save(a=TEST))
    with pytest.raises(FileFormatError, match="such as x or x_test, only nothing"):
        load_data(save())


def test_there_is_one_label_for_each_sample(save):
    with pytest.raises(ValidationError, match=r"5 samples in x and labels of shape \(3,\) in y"):
        load_data(save(x=ALL, y=[0, 1, 2]))


def test_images_are_flattened_where_the_width_is_known(save, capsys):
    path = save(x_train=np.zeros((1200, 2, 2)))
    assert load_inputs(path, 4).shape == (1200, 4)
    assert "(1,200 × 2 × 2)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "x", [np.full((3, 4), np.nan), np.ones((3, 5)), np.ones((3, 4)) * 1j, np.ones((0, 4)), 3.0]
)
def test_samples_that_do_not_fit_are_named_and_nothing_is_printed(save, capsys, x):
    with pytest.raises(ValidationError, match=r"^x of data\.npz: "):
        load_inputs(save(x=x), 4)
    assert capsys.readouterr().out == ""
