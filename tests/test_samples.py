"""Samples and labels: the source's labels find their outputs, and nothing is guessed."""

import numpy as np
import pytest
import scipy.sparse
from data_frame import Frame
from nengo.exceptions import ValidationError

from nengo_dense.samples import check_inputs, check_labels, fill_up, hold_back

#: In an order that no sorting gives.
TEXT = np.array(["zero", "one", "two"])
FROM_ONE = np.array([1, 2, 3])
X = np.arange(12.0).reshape(4, 3)


def refused(match, y, classes=None, n=None, n_classes=3):
    with pytest.raises(ValidationError, match=match):
        check_labels(y, len(y) if n is None else n, n_classes, classes=classes)


@pytest.mark.parametrize(
    "x",
    [X, X.tolist(), X.astype(np.uint8), X.reshape(4, 1, 3, 1), scipy.sparse.csr_matrix(X)],
    ids=["array", "list", "uint8", "images", "sparse"],
)
def test_samples_become_rows_of_floats(x):
    samples = check_inputs(x, 3, "x")
    assert samples.dtype == np.float64
    np.testing.assert_array_equal(samples, X)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((3, 5)), r"must have shape \(batch, 3\).*got \(3, 5\)$"),
        (np.ones((0, 3)), "at least one sample"),
        (np.ones(3), r"got \(3,\); if this is a single sample, give x\[None\]"),
        (np.ones(4), r"got \(4,\)$"),
        (np.full((2, 3), np.nan), "6 of 6 values are NaN .*Fill in what is missing first"),
        (np.ma.masked_less(X, 5), r"5 of 12 values are masked.*\.filled"),
        ((X, [0, 1, 2, 1]), "give inputs alone, without labels"),
        ((X, X), r"got \(2, 4, 3\); give inputs alone, without labels"),
        ({"x": X}, "got dict; take the array out of it"),
        ("data.npz", "got text, 'data.npz'; load the file first"),
        (X.astype(str), "must be numbers, got texts such as '0.0'"),
        (np.zeros(4, dtype=[("a", float), ("b", float)]), "structured_to_unstructured"),
    ],
)
def test_samples_that_do_not_fit_are_refused(x, message):
    with pytest.raises(ValidationError, match=f"x: .*{message}"):
        check_inputs(x, 3, "x")


def test_the_array_given_stays_as_it_is():
    x = X.copy()
    check_inputs(x, 3, "x")[:] = 0
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["two", "zero"], TEXT),
        (np.array(["two", "zero"], dtype=object), TEXT),
        (np.array([b"two", b"zero"]), TEXT),
        ([["two"], ["zero"]], TEXT),
        ([3, 1], FROM_ONE),
        ([3.0, 1.0], FROM_ONE),
        (["3", "1"], FROM_ONE),  # a text file's
        ([3, 1], FROM_ONE.astype(str)),
        ([3.0, 1.0], FROM_ONE.astype(str)),
        ([2, 0], None),
        ([[[2]], [[0]]], None),  # as NengoDL has them
        ([[0, 0, 1], [1, 0, 0]], None),
        ([[False, False, True], [True, False, False]], TEXT),
        ([[[0, 0, 1]], [[1, 0, 0]]], TEXT),
        (scipy.sparse.csr_matrix([[0, 0, 1], [1, 0, 0]]), TEXT),
    ],
)
def test_labels_find_their_outputs(y, classes):
    np.testing.assert_array_equal(check_labels(y, 2, 3, classes=classes), [2, 0])


def test_a_test_set_may_lack_classes():
    np.testing.assert_array_equal(check_labels([2, 2], 2, 3, classes=FROM_ONE), [1, 1])
    np.testing.assert_array_equal(check_labels(["two"], 1, 3, classes=TEXT), [2])


def test_labels_of_two_truth_values_find_their_outputs():
    classes = np.array([False, True])
    np.testing.assert_array_equal(check_labels([True, False], 2, 2, classes=classes), [1, 0])


def test_truth_values_are_no_indices_of_three_classes():
    assert check_labels([True, False], 2, 2).tolist() == [1, 0]
    assert check_labels([True, False], 2, 2, classes=np.array([1, 0])).tolist() == [0, 1]
    with pytest.raises(ValidationError, match="has truth values, which say nothing of 3 classes"):
        check_labels([True, False], 2, 3)


def test_truth_values_for_two_texts_are_told_as_such():
    with pytest.warns(
        UserWarning, match="has truth values, while the classes are text.*0 for 'a'"
    ):
        assert check_labels([True, False], 2, 2, classes=np.array(["a", "b"])).tolist() == [1, 0]


@pytest.mark.parametrize("y", [[False, True], np.array([False, "True"], dtype=object)])
def test_truth_values_are_classes_that_have_their_names(y):
    classes = np.array(["True", "False", "unknown"])
    assert check_labels(y, 2, 3, classes=classes).tolist() == [1, 0]


@pytest.mark.parametrize("y", [[True, True], np.array([True, True], dtype=object)])
@pytest.mark.parametrize("classes", [np.arange(3), FROM_ONE, FROM_ONE[:2], TEXT])
def test_truth_values_are_no_classes_of_other_numbers(y, classes):
    with pytest.raises(ValidationError, match="has truth values, which say nothing of the clas"):
        check_labels(y, 2, len(classes), classes=classes)


@pytest.mark.parametrize("columns", [[2, 0, 1], ["2", "0", "1"], [3, 1, 2], np.array([9, 4, 6])])
def test_columns_that_are_numbers_in_another_order_are_taken_by_them(columns):
    frame = Frame(columns, np.eye(3)[[0, 1, 2, 0]])
    assert check_labels(frame, 4, 3).tolist() == [2, 0, 1, 2]
    assert check_labels(Frame([1, 1, 0], frame.rows), 4, 3).tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("classes", [None, TEXT])
@pytest.mark.parametrize("columns", [lambda self: ["2", "0", "1"], None], ids=["method", "none"])
def test_columns_that_are_no_list_of_names_say_nothing_of_an_order(columns, classes):
    table = type("Table", (), {"columns": columns, "__array__": lambda self, *_, **__: np.eye(3)})
    assert check_labels(table(), 3, 3, classes=classes).tolist() == [0, 1, 2]


def test_columns_of_a_data_frame_are_taken_by_their_names():
    rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    frame = Frame(["one", "two", "zero"], rows)  # sorted, as pandas.get_dummies does
    np.testing.assert_array_equal(check_labels(frame, 3, 3, classes=TEXT), [1, 2, 0])
    lacking = Frame(["one", "zero"], [[1, 0], [0, 1], [1, 0]])
    np.testing.assert_array_equal(check_labels(lacking, 3, 3, classes=TEXT), [1, 0, 1])
    begun = Frame(["y_one", "y_two", "y_zero"], rows)
    np.testing.assert_array_equal(check_labels(begun, 3, 3, classes=TEXT), [1, 2, 0])
    numbered = Frame([2, 0, 1], rows)
    np.testing.assert_array_equal(check_labels(numbered, 3, 3, classes=TEXT), [2, 0, 1])
    others = Frame(["a", "b", "c"], rows)
    with pytest.warns(UserWarning, match="taken by place, 'a' for 'zero' to 'c' for 'two'"):
        np.testing.assert_array_equal(check_labels(others, 3, 3, classes=TEXT), [0, 1, 2])


def test_columns_whose_names_begin_alike_are_no_other_classes():
    classes, rows = np.array(["1", "11", "21"]), np.eye(3)
    for columns in (["x1", "x21", "x11"], ["1", "21", "11"], [1, 21, 11]):
        found = check_labels(Frame(columns, rows), 3, 3, classes=classes)
        np.testing.assert_array_equal(found, [0, 2, 1])


def test_numbers_for_classes_of_text_are_taken_for_indices_and_it_is_said():
    with pytest.warns(UserWarning, match="indices of outputs, 0 for 'zero' to 2 for 'two'"):
        indices = check_labels([2, 0], 2, 3, classes=TEXT)
    np.testing.assert_array_equal(indices, [2, 0])


def test_text_of_numbers_is_not_taken_for_indices():
    classes = np.array(["10", "2", "7"])
    np.testing.assert_array_equal(check_labels([2, 2], 2, 3, classes=classes), [1, 1])


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        (
            ["one", "nine"],
            TEXT,
            "has 'nine', which is no class of the model; they are 'zero', 'one', 'two'",
        ),
        ([0, 1], FROM_ONE, "has 0, which is no class of the model; they are 1, 2, 3"),
        ([0, 3], TEXT, "which is no class"),
        (["one", None], TEXT, "has None, which is no class"),
        (np.array(["one", []], dtype=object), TEXT, r"has \[\], which is no class"),
        ([1, np.nan], FROM_ONE, "has nan, which is no class"),
        ([1, 1.5], FROM_ONE, "has 1.5, which is no class"),
        (
            ["a", "b"],
            None,
            r"text, such as .a.*classes=\[\.\.\.\].*--classes A,B,.*known of models",
        ),
        ([0, 1, 3], None, "must be within 0 and 2 for 3 outputs, got 0 to 3$"),
        ([0, -1, 2], None, "must be within 0 and 2 for 3 outputs, got -1 to 2$"),
        ([1, 2, 3], None, r"got 1 to 3\. If the model counts .* from 1, .*classes=range\(1, 4\)"),
        ([0.5, 1], None, "must be class indices 0 to 2, got values such as 0.5. Where outputs"),
        ([np.nan, 1], None, "has no label for some samples, but nan; leave out samples without"),
        ([None, 1], None, "has no label for some samples, but None; leave out"),
        ([np.nan, 1], None, "has no label for some samples, but nan"),
        (np.array([10**400, 1], dtype=object), None, "must be within 0 and 2"),
        (np.full((3, 3), 0.25), None, r"one-hot rows.*row 0 is \[0.25, .*argmax"),
        ([[0, 1, 0], [1, 1, 0], [0, 0, 1]], None, "row 1 is"),
        (np.full((3, 3), np.nan), None, "row 0 is"),
        (np.eye(3)[:, :2], None, "also for classes without samples"),
        ([[0, 1], [2]], None, "parts of different shapes"),
        (np.ma.masked_equal([0, 1], 1), None, "1 of 2 values are masked"),
    ],
)
def test_labels_that_do_not_fit_are_refused(y, classes, message):
    refused(f"^y: .*{message}", y, classes)


@pytest.mark.parametrize(
    ("named_in", "of_texts", "of_numbers"),
    [
        ("", "--classes A,B,...;", r"give classes=range\(1, 3\)$"),
        ("DenseStack", r"classes=\[...\] in DenseStack;", "to DenseStack$"),
        (None, "Give numbers of outputs, from 0;", "from 1, subtract 1$"),
    ],
)
def test_advice_names_what_takes_the_names_of_classes(named_in, of_texts, of_numbers):
    with pytest.raises(ValidationError, match=of_texts):
        check_labels(["a", "b"], 2, 2, named_in=named_in)
    with pytest.raises(ValidationError, match=of_numbers):
        check_labels([1, 2], 2, 2, named_in=named_in)


def test_no_message_advises_to_number_a_test_set():
    for y, classes in ((["a", "b"], None), (["a", "b"], TEXT), ([1, 2, 3], None), ([7], None)):
        with pytest.raises(ValidationError) as caught:
            check_labels(y, len(y), 3, classes=classes)
        assert "unique" not in str(caught.value)


def test_another_number_of_labels_than_samples_is_refused():
    refused(r"must have shape \(3,\) of labels, or \(3, 3\) one-hot.*got \(2,\)", [0, 1], n=3)
    refused(r"got \(\)", np.array(1), n=1)


def test_one_output_has_no_classes():
    refused("at least 2 outputs to choose among. .*evaluate takes a value", [0, 0], n_classes=1)


def test_many_classes_are_not_all_listed():
    refused("and 190 more", [-1], np.arange(200), n_classes=200)


def test_samples_are_repeated_from_the_start_until_there_is_a_multiple():
    filled = fill_up(np.array([[1], [2], [3]]), 8)
    np.testing.assert_array_equal(filled[:, 0], [1, 2, 3, 1, 2, 3, 1, 2])
    np.testing.assert_array_equal(fill_up(np.arange(4), 2), np.arange(4))


def test_what_is_held_back_and_the_rest_are_all(rng):
    rest, held_back = hold_back(10, 3, seed=0)
    assert len(held_back) == 3
    np.testing.assert_array_equal(np.sort([*rest, *held_back]), np.arange(10))
    np.testing.assert_array_equal(held_back, hold_back(10, 3, seed=0)[1])
    assert not np.array_equal(held_back, hold_back(10, 3, seed=1)[1])


def test_labels_in_a_field_are_asked_for_by_its_name():
    labels = np.array([(1, 0.5), (0, 0.5)], dtype=[("label", int), ("weight", float)])
    with pytest.raises(ValidationError, match=r"^y: must be numbers.* a field, y\['label'\]"):
        check_labels(labels, 2, 2)
    assert check_labels(labels["label"], 2, 2).tolist() == [1, 0]
