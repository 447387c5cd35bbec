"""What a finding may hold, and what is left of it as plain values."""

import math

import numpy as np
import pytest

from nengo_dense.checks.finding import MAX_TEXT, plain_number, plain_text


@pytest.mark.parametrize("n", [2**63 - 1, 1 - 2**63])
def test_numbers_of_63_bits_stay_whole(n):
    assert type(plain_number(n)) is int
    assert plain_number(n) == n


@pytest.mark.parametrize("n", [2**63, -(2**63), np.uint64(2**63), 2**1023 - 1])
def test_larger_numbers_become_floats(n):
    assert type(plain_number(n)) is float
    assert plain_number(n) == float(n)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("n", [2**1023, 10**400])
def test_numbers_that_no_float_holds_are_infinite(n, sign):
    assert plain_number(sign * n) == sign * math.inf


def test_what_is_no_integer_is_left_or_becomes_a_float():
    assert plain_number(None) is None
    assert plain_number(True) is True
    for kind in (np.int8, np.uint16):
        assert type(plain_number(kind(3))) is int
    for value in (np.float32(0.5), np.longdouble(0.5), 0.5):
        assert type(plain_number(value)) is float
        assert plain_number(value) == 0.5


def test_only_what_is_too_long_is_cut():
    longest = "x" * MAX_TEXT
    assert plain_text(longest) == longest
    assert plain_text(longest + "y") == longest + "..."
