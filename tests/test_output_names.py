"""Columns of data frames belong to outputs by their names; it is said where they do not."""

import numpy as np
import pytest
from data_frame import Frame, Table

from nengo_dense.output_names import MOST_NAMES, columns_of_classes, listed, order_of_columns
from nengo_dense.targets import check_label_sets, check_values

NAMES = np.array(["ant", "bee", "cat"])


@pytest.mark.parametrize("kind", [Frame, Table])
def test_columns_are_found_by_the_names_of_outputs(kind):
    turned, wanted = kind(["cat", "ant", "bee"], np.eye(3)), np.eye(3)[:, [1, 2, 0]]
    np.testing.assert_array_equal(order_of_columns(turned, 3, NAMES, "y"), [1, 2, 0])
    np.testing.assert_array_equal(columns_of_classes(turned, NAMES, "y"), [2, 0, 1])
    np.testing.assert_array_equal(check_values(turned, 3, 3, names=NAMES), wanted)
    np.testing.assert_array_equal(check_label_sets(turned, 3, 3, names=NAMES), wanted == 1)


@pytest.mark.parametrize("names", [None, np.arange(3)])
def test_numbers_in_another_order_are_taken_by_place_which_is_said(names):
    frame = Frame([2, 0, 1], np.eye(3))
    with pytest.warns(UserWarning, match="y are named 2, 0, 1, and are taken by place: 2 for the"):
        np.testing.assert_array_equal(check_values(frame, 3, 3, names=names), np.eye(3))
    for columns in ([0, 1, 2], [5, 7, 9], ["cat", "ant", "bee"], [1, 1, 0]):
        frame = Frame(columns, np.eye(3))
        np.testing.assert_array_equal(check_values(frame, 3, 3, names=names), np.eye(3))


def test_the_name_of_a_single_column_is_a_class_or_none():
    classes = np.arange(2)
    assert columns_of_classes(Frame([0], np.ones((1, 1))), classes, "y").tolist() == [0]
    assert columns_of_classes(Frame(["output_0"], np.ones((1, 1))), classes, "y") is None


def test_a_single_output_has_the_single_column():
    frame = Frame(["price"], np.ones((3, 1)))
    assert check_values(frame, 3, 1, names=np.array(["Price"])).tolist() == [[1.0]] * 3


def test_many_names_are_not_all_listed():
    assert listed(list(range(MOST_NAMES + 2))).endswith(" and 2 more")
