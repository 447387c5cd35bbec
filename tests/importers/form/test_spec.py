"""A dense layer's arrays are checked where the layer is made."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.importers.form.activation import FUNCTIONS
from nengo_dense.importers.form.spec import DenseSpec


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ((np.zeros((0, 3)),), r"\(n_out, n_in\) with both positive, got \(0, 3\)"),
        ((np.zeros(3),), r"\(n_out, n_in\) with both positive, got \(3,\)"),
        (
            (np.eye(2), np.zeros(3)),
            r"must have shape \(2,\) to match weights \(2, 2\), got \(3,\)",
        ),
        ((np.eye(2), [0.0, np.nan]), "1 of 2 values are NaN or infinite"),
        ((np.eye(2), None, "tanh", "", FUNCTIONS["relu"]()), "is another function than 'relu'"),
        ((np.eye(2), None, "step"), "must be one of .* got 'step'"),
    ],
)
def test_a_layer_that_is_none_is_refused(given, match):
    with pytest.raises(ValidationError, match=match):
        DenseSpec(*given)
