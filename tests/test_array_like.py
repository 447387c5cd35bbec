"""Whatever people have as an array becomes one, and nothing in it is lost without a word."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
from nengo.exceptions import ValidationError

from nengo_dense import array_like
from nengo_dense.array_like import check_real, to_array

VALUES = np.array([[0.0, 1.5, 0.0], [2.0, 0.0, -3.0]])


@pytest.mark.parametrize(
    "given",
    [
        VALUES,
        VALUES.tolist(),
        tuple(map(tuple, VALUES)),
        list(VALUES),
        VALUES.astype(np.float32),
        VALUES.astype(object),
        np.ma.masked_less(VALUES, -10),  # nothing is masked
        scipy.sparse.csr_matrix(VALUES),
        scipy.sparse.coo_array(VALUES),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_kind_of_array_keeps_its_values(given):
    array = to_array(given, "x")
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array.astype(float), VALUES)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensor: tensor,
        lambda tensor: tensor.requires_grad_(),
        lambda tensor: tensor.bfloat16(),
        lambda tensor: tensor.to_sparse(),
        lambda tensor: tensor.to_sparse_csr(),
        lambda tensor: list(tensor),
        lambda tensor: tensor.numpy().tolist(),
    ],
    ids=["plain", "gradient", "bfloat16", "coo", "csr", "list of tensors", "list"],
)
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")  # torch says: beta
def test_tensors_of_torch_keep_their_values(change):
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    np.testing.assert_array_equal(to_array(change(torch.tensor(VALUES)), "x"), VALUES)


def test_rows_in_an_array_of_objects_are_rows():
    rows = np.empty(2, object)
    rows[:] = list(VALUES)
    np.testing.assert_array_equal(to_array(rows, "x"), VALUES)
    rows[1] = [1.0]
    with pytest.raises(ValidationError, match=r"^x: must be one array, got .* different shapes"):
        to_array(rows, "x")


def test_what_lies_in_an_array_without_axes_is_named():
    held = np.array({"x": VALUES}, dtype=object)
    with pytest.raises(ValidationError, match=r"^x: .* that holds a dict; x\.item\(\) gives"):
        to_array(held, "x")


def test_fields_are_no_numbers():
    with pytest.raises(
        ValidationError, match=r"numbers, got records such as \(0, 0\.0\); take a field, x\['a'\]"
    ):
        check_real(np.zeros(3, dtype=[("a", int), ("b", float)]), "x")


def test_rows_of_a_list_may_be_sparse():
    rows = [scipy.sparse.csr_matrix(row) for row in VALUES]
    np.testing.assert_array_equal(to_array(rows, "x")[:, 0], VALUES)


def test_tensors_of_tensorflow_keep_their_values():
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is in the dl environment")
    for tensor in (tf.constant(VALUES), tf.Variable(VALUES)):
        np.testing.assert_array_equal(to_array(tensor, "x"), VALUES)
    with pytest.raises(ValidationError, match=r"SparseTensor; give tf\.sparse\.to_dense\(x\)"):
        to_array(tf.sparse.from_dense(VALUES), "x")
    with pytest.raises(
        ValidationError, match=r"RaggedTensor; give \[part\.numpy\(\) for .* in x\]"
    ):
        to_array(tf.ragged.constant([[1.0], [1.0, 2.0]]), "x")


@pytest.mark.parametrize(
    "masked",
    [
        np.ma.masked_equal(VALUES, 0),
        list(np.ma.masked_equal(VALUES, 0)),
        [list(row) for row in np.ma.masked_equal(VALUES, 0)],
    ],
    ids=["array", "list of arrays", "list of values"],
)
def test_masked_values_are_refused_with_a_way_out(masked):
    with pytest.raises(ValidationError, match=r"x: \d of \d values are masked.*\.filled"):
        to_array(masked, "x")


def test_a_sparse_matrix_too_large_with_its_zeros_is_refused():
    huge = scipy.sparse.csr_matrix((200_000, 100_000))
    with pytest.raises(ValidationError, match=r"takes 149\.0 GiB .* more than 8; give fewer rows"):
        to_array(huge, "x")


def test_a_sparse_matrix_at_the_limit_is_taken(monkeypatch):
    monkeypatch.setattr(array_like, "MOST_BYTES", 8 * VALUES.size)
    np.testing.assert_array_equal(to_array(scipy.sparse.csr_matrix(VALUES), "x"), VALUES)
    monkeypatch.setattr(array_like, "MOST_BYTES", 8 * VALUES.size - 1)
    with pytest.raises(ValidationError, match="sparse matrix"):
        to_array(scipy.sparse.csr_matrix(VALUES), "x")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[0, 1], [2]], "must be one array, got a list of parts of different shapes$"),
        ((VALUES, [0, 1]), "got a tuple of parts .*; give inputs alone, without labels"),
        ({"x": VALUES}, "got dict; take the array out of it"),
        ((row for row in VALUES), "a number or an array, got generator; put what it yields into"),
        (None, "must be a number or an array, got NoneType"),
    ],
    ids=["ragged", "pair", "dict", "generator", "None"],
)
def test_what_is_no_array_is_refused_by_name(given, message):
    with pytest.raises(ValidationError, match=message):
        to_array(given, "x")


def test_what_cannot_become_an_array_gives_its_reason():
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    with pytest.raises(
        ValidationError, match=r"got Tensor, which cannot become one .*meta tensor"
    ):
        to_array(torch.zeros(2, device="meta"), "x")


@pytest.mark.parametrize("value", [3, 0.5, True, Fraction(1, 2), Decimal("0.1"), np.float16(2)])
def test_real_numbers_of_every_kind_pass(value):
    check_real(to_array(value, "x"), "x")
    check_real(to_array([value, value], "x"), "x")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("3", "texts such as '3'"),
        (["3", "4"], "texts such as '3'"),
        (np.array([1.0, "3"], dtype=object), "texts such as '3'"),
        (b"3", "bytes such as b'3'"),
        (
            np.array([1.0, None], dtype=object),
            "objects such as None; fill in what is missing first",
        ),
        (1j, "complex values such as 1j"),
        ([1j, 2], "complex values such as 1j"),
        (np.array([1.0, 1j], dtype=object), "complex values such as 1j"),
        (np.datetime64("2020"), r"dates such as datetime.date\(2020, 1, 1\)"),
        (np.array([1, 2], dtype="m8[s]"), "durations such as datetime.timedelta"),
        (np.zeros(2, dtype=[("a", float)]), r"records such as \(0.0,\)"),
    ],
)
def test_what_is_no_real_number_is_refused_by_name(given, what):
    with pytest.raises(ValidationError, match=f"x: must be numbers, got {what}"):
        check_real(to_array(given, "x"), "x")


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")  # torch says
def test_nested_tensors_have_no_shape():
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    value = torch.nested.nested_tensor([torch.zeros(3, 2), torch.zeros(1, 2)])
    with pytest.raises(
        ValidationError, match=r"x: is a nested tensor.* give list\(x.unbind\(\)\)"
    ):
        to_array(value, "x")


def test_a_data_set_of_pairs_is_told_how_to_give_inputs():
    class Pairs:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index > 1:
                raise IndexError
            return np.zeros(3), index

    with pytest.raises(ValidationError, match=r"as \[inputs for inputs, labels in x\] does"):
        to_array(Pairs(), "x")


def test_what_yields_pairs_is_told_how_to_give_inputs():
    with pytest.raises(ValidationError, match=r"of pairs numpy.concatenate\(\[inputs for inputs,"):
        to_array(iter([(np.zeros((2, 3)), np.zeros(2))]), "calibration")
