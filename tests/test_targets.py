import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.targets import (
    check_label_sets,
    check_magnitudes,
    check_sample_weight,
    check_values,
)


def test_values_of_one_output_may_be_flat():
    np.testing.assert_array_equal(check_values([1, 2], 2, 1), [[1.0], [2.0]])
    np.testing.assert_array_equal(check_values([[1], [2]], 2, 1), [[1.0], [2.0]])
    assert check_values(np.zeros((4, 2, 3)), 4, 6).shape == (4, 6)


@pytest.mark.parametrize(
    ("y", "n_out", "message"),
    [
        ([[1.0], [2.0]], 2, r"must have shape \(3, 2\), a value for each of 3 samples"),
        ([1.0, 2.0], 1, r"must have shape \(3,\) or \(3, 1\).* got \(2,\)"),
        ([1.0, np.nan, np.inf], 1, "no finite value for 2 of 3 samples, first for sample 1"),
        (["a", "b", "c"], 1, "must be numbers"),
    ],
)
def test_values_that_cannot_be_met_are_refused(y, n_out, message):
    with pytest.raises(ValidationError, match=message):
        check_values(y, 3, n_out)


def test_values_whose_squares_are_no_numbers_are_refused():
    for values in ([[1e-170], [2.0]], [[0.0], [0.0]], [[1e75], [-1e75]]):
        found = np.array(values)
        assert check_magnitudes(found) is found
    with pytest.raises(ValidationError, match=r"values up to 1e\+200, and errors are measured f"):
        check_magnitudes(np.array([[1.0], [2.0], [-1e200]]))
    with pytest.raises(ValidationError, match=r"y: has values up to 1e-170, .* in another unit"):
        check_magnitudes(np.full((3, 2), [1.0, 1e-170]))


def test_label_sets_are_rows_of_0_and_1():
    found = check_label_sets([[1, 0], [1.0, 1.0]], 2, 2)
    assert found.dtype == bool
    assert found.tolist() == [[True, False], [True, True]]
    with pytest.raises(ValidationError, match=r"row 1 is \[0\.5, 1\.0\].*MultiLabelBinarizer"):
        check_label_sets([[0, 1], [0.5, 1]], 2, 2)


def test_sample_weights_are_not_negative():
    assert check_sample_weight(None, 3) is None
    np.testing.assert_array_equal(check_sample_weight([1, 0, 2], 3), [1, 0, 2])
    for wrong in ([1, -1, 0], [0, 0, 0]):
        with pytest.raises(ValidationError, match="sample_weight: must be at least 0, and not"):
            check_sample_weight(wrong, 3)
    with pytest.raises(ValidationError, match="must add up to a finite number"):
        check_sample_weight([1e308] * 3, 3)
    with pytest.raises(ValidationError, match=r"sample_weight: must have shape \(3,\)"):
        check_sample_weight([1, 2], 3)
