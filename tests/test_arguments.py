"""Arguments: the value that is taken, and the sentence that everything else gets."""

import sys
from fractions import Fraction
from types import SimpleNamespace

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengo.utils.progress import TerminalProgressBar

from nengo_dense import arguments


def refused(match, function, *args, **kwargs):
    with pytest.raises(ValidationError, match=match):
        function(*args, **kwargs)


class Owner:
    """Something that has arguments."""


def test_errors_name_the_owners_class_and_no_function():
    refused(r"^Owner\.n: must be", arguments.count, 0, "n", Owner())
    refused(r"^n: must be", arguments.count, 0, "n", arguments.count)
    refused(r"^dt: must be numbers", arguments.positive, "1", "dt", arguments.count)
    refused(r"^n: must be", arguments.count, 0, "n")


@pytest.mark.parametrize("value", [1, 7, np.int8(3)])
def test_whole_numbers_count(value):
    assert arguments.count(value, "n") == int(value)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None, True, np.zeros(2), [1]])
def test_anything_else_does_not_count(value):
    refused("n: must be a whole number of at least 1, got", arguments.count, value, "n")


class Unshowable:
    def __repr__(self):
        raise RuntimeError("no picture")


@pytest.mark.parametrize(
    "value", [10**5000, Unshowable(), "x" * 10_000], ids=["number", "object", "text"]
)
def test_any_value_can_be_refused_in_a_short_sentence(value):
    for check in (arguments.count, arguments.flag):
        with pytest.raises(ValidationError, match=r"^n: must be .*, got ") as caught:
            check(value, "n", **({"most": 5} if check is arguments.count else {}))
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "value", [10**400, 10**5000, [1.0, -(10**400)], Fraction(10**400)], ids="abcd"
)
def test_numbers_beyond_all_floats_are_refused(value):
    shape = np.shape(value)
    refused("w: must be numbers that a float can hold", arguments.finite_array, value, shape, "w")


def test_a_count_may_have_a_limit():
    assert arguments.count(5, "n", most=5) == 5
    refused("of at least 1 and at most 5, got 6", arguments.count, 6, "n", most=5)


def test_a_count_may_have_another_least_value():
    assert arguments.count(0, "n", least=0) == 0
    refused("at least 2, got 1", arguments.count, 1, "n", least=2)


@pytest.mark.parametrize("value", [0.1, 3, Fraction(1, 3), np.float32(2), np.array(4.0)])
def test_positive_numbers_are_taken_as_floats(value):
    found = arguments.positive(value, "dt")
    assert type(found) is float
    assert found == float(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "must be above 0 seconds, got 0"),
        (-0.5, "must be above 0 seconds, got -0.5"),
        (1e-320, r"must be from 1e-100 to 1e\+100 seconds, got 9.99989e-321"),
        (1e101, r"must be from 1e-100 to 1e\+100 seconds, got 1e\+101"),
        (np.nan, "1 of 1 values are NaN or infinite"),
        (np.inf, "1 of 1 values are NaN or infinite"),
        ("1", "must be numbers, got texts such as '1'"),
        (np.datetime64(1, "Y"), "must be numbers"),
        (None, "got NoneType"),
        ([1], r"must have shape \(\), got \(1,\)"),
    ],
)
def test_anything_else_is_not_positive(value, message):
    refused(f"dt: .*{message}", arguments.positive, value, "dt", unit="seconds")


@pytest.mark.parametrize(
    ("with_low", "with_high", "taken", "message"),
    [
        (True, True, [0, 0.5, 1], "must be at least 0 and at most 1, got"),
        (True, False, [0, 0.5], "must be at least 0 and below 1, got"),
        (False, True, [0.5, 1], "must be above 0 and at most 1, got"),
        (False, False, [0.5], "must be above 0 and below 1, got"),
    ],
)
def test_bounds_are_in_or_out(with_low, with_high, taken, message):
    for value in (-0.1, 0, 0.5, 1, 1.1):
        options = {"with_low": with_low, "with_high": with_high}
        if value in taken:
            assert arguments.between(value, 0, 1, "share", **options) == value
        else:
            refused(message, arguments.between, value, 0, 1, "share", **options)


def test_arrays_are_new_and_of_floats():
    given_array = np.arange(6).reshape(2, 3)
    array = arguments.finite_array(given_array, (2, 3), "w")
    assert array.dtype == np.float64
    array[0] = 9
    np.testing.assert_array_equal(given_array, np.arange(6).reshape(2, 3))
    assert arguments.finite_array(array, (2, 3), "w") is not array


def test_one_number_fills_a_shape_if_it_may():
    np.testing.assert_array_equal(arguments.finite_array(2, (3,), "b", fill=True), [2, 2, 2])
    refused(r"must have shape \(3,\), got \(\)", arguments.finite_array, 2, (3,), "b")


def test_the_same_numbers_come_in_the_same_order(rng):
    given_array = rng.rand(3, 4)
    for same in (np.asfortranarray(given_array), given_array[::-1][::-1]):
        array = arguments.finite_array(same, (3, 4), "x")
        assert array.flags.c_contiguous
        np.testing.assert_array_equal(array, given_array)


@pytest.mark.parametrize("value", [True, np.False_])
def test_true_and_false_are_no_numbers(value):
    refused(f"rate: must be a number, got {value}", arguments.number, value, "rate")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.array(True), r"a number, got array\(True\)"),
        (np.array([True, False]), r"numbers, got array\(\[ True, False\]\)"),
        ([0.5, True], r"numbers, got \[0.5, True\]"),
    ],
)
def test_a_mask_is_no_row_of_quantities(value, shown):
    refused(f"bias: must be {shown}", arguments.quantities, value, np.shape(value), "bias")


def test_samples_may_be_truth_values_as_pixels_are():
    mask = np.array([[True, False]])
    np.testing.assert_array_equal(arguments.finite_array(mask, (1, 2), "x"), [[1.0, 0.0]])


def test_a_transposed_matrix_is_recognised():
    refused("so transpose it", arguments.finite_array, np.zeros((2, 3)), (3, 2), "w")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([1, np.inf, np.nan]), "2 of 3 values are NaN or infinite"),
        (np.ma.masked_equal([1, 2, 3], 2), "1 of 3 values are masked"),
        (["1", "2", "3"], "must be numbers"),
        ([[1], [2, 3], 4], "parts of different shapes"),
    ],
)
def test_arrays_that_are_not_finite_numbers_are_refused(value, message):
    refused(message, arguments.finite_array, value, (3,), "b")


@pytest.mark.parametrize("value", [None, 0, 2**32 - 1, np.int64(5)])
def test_seeds_are_none_or_whole(value):
    assert arguments.check_seed(value) == value


@pytest.mark.parametrize("value", [-1, 2**32, 1.0, True, [1], "1"])
def test_other_seeds_are_refused(value):
    message = "seed: must be None or a whole number from 0 to 4294967295, got"
    refused(message, arguments.check_seed, value)
    refused(message, arguments.random_state, value)


def test_the_same_seed_draws_the_same():
    one, other = (arguments.random_state(3).rand(4) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_one_value_stands_for_each():
    assert arguments.one_each(5, 3, "rate") == [5, 5, 5]
    assert arguments.one_each("ab", 2, "word") == ["ab", "ab"]
    assert arguments.one_each(np.array([1, 2]), 2, "rate") == [1, 2]
    refused(r"or 3 of them in a list, got 2", arguments.one_each, (1, 2), 3, "rate")


def test_a_word_is_one_of_the_options():
    assert arguments.choice("sim", ("sim", "nengo"), "target") == "sim"
    for value in ("loihi", None, 3, np.zeros(2), ["sim"], {}):
        refused(
            "target: must be one of 'sim', 'nengo', got",
            arguments.choice,
            value,
            ("sim", "nengo"),
            "target",
        )


def test_flags_are_true_or_false():
    assert arguments.flag(np.True_, "noise") is True
    for value in ("False", 0, None, np.zeros(2)):
        refused("noise: must be True or False, got", arguments.flag, value, "noise")


def test_a_progress_bar_is_nengos_or_none_and_needs_somebody_to_see_it(monkeypatch):
    bar = TerminalProgressBar()
    assert arguments.check_progress_bar(bar) is bar
    assert arguments.check_progress_bar(None) is False
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    assert arguments.check_progress_bar(True) is True
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: False))
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert arguments.check_progress_bar(True) is False
    for value in ("yes", 1, print):
        refused("progress_bar: must be True, False or a", arguments.check_progress_bar, value)


@pytest.mark.parametrize("value", [np.timedelta64(3, "s"), np.datetime64("2020"), True])
def test_durations_dates_and_truth_values_count_nothing(value):
    refused("n: must be a whole number", arguments.count, value, "n")
    refused("seed: must be None or a whole number", arguments.check_seed, value)


def test_arrays_beyond_memory_are_refused_by_their_shape():
    many = np.broadcast_to(0.0, (2**40, 4))  # takes no memory itself
    refused(
        "w: must have shape .2, 4., got .1099511627776", arguments.finite_array, many, (2, 4), "w"
    )
    refused("w: must be one value, or 3 of them", arguments.one_each, many, 3, "w")
    shape = many.shape
    refused("w: must fit into memory as floats", arguments.finite_array, many, shape, "w")
    refused("w: must fit into memory as floats", arguments.as_floats, many.view("i8"), "w")


def test_what_goes_into_the_open_network_is_said_by_a_flag():
    assert arguments.is_added(None) is False
    with nengo.Network():
        assert arguments.is_added(None) is True
        assert arguments.is_added(False) is False
    refused("add_to_container: must be True or False", arguments.is_added, np.ones(3))


def test_errors_of_fitted_layers_are_numbers_by_name():
    assert arguments.check_fitted({"a": 1}) == {"a": 1.0}
    assert arguments.check_fitted(None) == {}
    refused("fitted: must be a dict of errors", arguments.check_fitted, np.zeros(3))
    refused("fitted: must be a number", arguments.check_fitted, {"a": None})
