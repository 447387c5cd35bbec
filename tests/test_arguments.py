"""What is taken for a number, a word, a flag; everything else is named."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.arguments import choice, finite_array, flag, positive, presentation_steps


@pytest.mark.parametrize(
    "value, got",
    [
        ("3", "texts"),
        (b"3", "bytes"),
        (np.datetime64("2020"), "dates"),
        (np.timedelta64(3, "s"), "durations"),
        (1j, "complex"),
        (np.array("3", dtype=object), "texts"),
        (object(), "object"),
        ([[1], [2, 3]], "list"),
    ],
)
def test_what_is_no_number_is_not_made_one(value, got):
    with pytest.raises(ValidationError, match=rf"rate: must be numbers of shape \(\).*{got}"):
        finite_array(value, (), "rate", None)


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.array(3), np.array(3, dtype=object)])
def test_every_kind_of_number_is_taken(value):
    np.testing.assert_array_equal(finite_array(value, (), "rate", None), 3.0)


@pytest.mark.parametrize("value", [np.zeros(2), ["host"], None, 1])
def test_what_is_no_word_is_no_choice(value):
    with pytest.raises(ValidationError, match="encoding: must be one of 'host', 'chip', got"):
        choice(value, ("host", "chip"), "encoding", None)


@pytest.mark.parametrize("value", ["False", 0, None, np.zeros(2), object()])
def test_a_flag_is_true_or_false(value):
    assert flag(np.bool_(False), "tune", None) is False
    with pytest.raises(ValidationError, match="tune: must be True or False, got"):
        flag(value, "tune", None)


@pytest.mark.parametrize("value", [1e-320, 1e-101, 1e101])
def test_a_number_that_nothing_can_be_divided_by_is_no_rate(value):
    assert positive(1e-100, "max_rate", None) == 1e-100
    with pytest.raises(ValidationError, match=r"max_rate: must be from 1e-100 to 1e\+100 hertz"):
        positive(value, "max_rate", None, "hertz")


@pytest.mark.parametrize("seconds, dt", [(1e99, 1e-3), (1.0, 1e-99), (1001, 1e-3)])
def test_a_presentation_is_no_longer_than_memory_holds(seconds, dt):
    assert presentation_steps(1000, 1e-3, None) == 10**6
    with pytest.raises(ValidationError, match="presentation_time: must be at most 1000000 steps"):
        presentation_steps(seconds, dt, None)
