"""Integer arithmetic: every function against nengo-loihi's, on arbitrary integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nengo_dense import compat
from nengo_dense.loihi import arithmetic
from nengo_dense.loihi.limits import DECAY_BITS, Q_BITS, U_BITS

int32 = arrays(np.int32, 20, elements=st.integers(-(2**31) + 1, 2**31 - 1))
decays = arrays(np.int32, 20, elements=st.integers(0, 2**12 - 1))


@pytest.fixture(scope="module")
def discretize():
    compat.nengo_loihi()
    from nengo_loihi.builder import discretize

    return discretize


@given(x=int32, bits=st.sampled_from([7, Q_BITS, U_BITS]))
def test_overflow_wraps_at_bit_width(discretize, x, bits):
    expected, overflowed = discretize.overflow_signed(x, bits=bits)
    wrapped = arithmetic.wrap_signed(x, bits)
    np.testing.assert_array_equal(wrapped, expected)
    np.testing.assert_array_equal(wrapped != x, overflowed)


@given(x=int32, decay=decays, offset=st.integers(0, 1))
def test_decay_rounds_towards_zero(discretize, x, decay, offset):
    expected = discretize.decay_int(x, decay, offset=offset)
    keep = (2**DECAY_BITS - offset - decay).astype(np.int32)
    np.testing.assert_array_equal(arithmetic.decay(x, keep), expected)


def test_decay_leaves_its_argument_alone():
    x = np.array([-4096, 4095, 1], dtype=np.int32)
    decayed = arithmetic.decay(x, np.full(3, 2048, dtype=np.int32))
    np.testing.assert_array_equal(decayed, [-2048, 2047, 0])
    np.testing.assert_array_equal(x, [-4096, 4095, 1])


@given(x=int32, bits=st.integers(-20, 20))
def test_shift_is_nengo_loihis(discretize, x, bits):
    np.testing.assert_array_equal(arithmetic.shift(x, bits), discretize.shift(x, bits))


@pytest.mark.parametrize("n_factors", [1, 2, 3])
def test_learning_overflow_is_nengo_loihis(discretize, n_factors):
    expected = discretize.learn_overflow_bits(n_factors)
    assert arithmetic.learn_overflow_bits(n_factors) == expected
    assert discretize.LEARN_FRAC == arithmetic.LEARN_FRAC
    assert discretize.LEARN_BITS == arithmetic.LEARN_BITS


def test_pes_errors_scale_round_and_fit(discretize, rng):
    error = rng.uniform(-1, 1, size=(4, 5))
    np.testing.assert_array_equal(
        arithmetic.scale_pes_errors(error, 100.0), discretize.scale_pes_errors(error, 100.0)
    )


def test_pes_errors_beyond_the_chip_warn_and_clip():
    with pytest.warns(UserWarning, match="greater than chip max"):
        clipped = arithmetic.scale_pes_errors(np.array([5.0, 0.5]), 100.0)
    np.testing.assert_array_equal(clipped, [127, 50])
    with pytest.warns(UserWarning, match="less than chip min") as warned:
        clipped = arithmetic.scale_pes_errors(np.array([-5.0, -0.5]), 100.0)
    np.testing.assert_array_equal(clipped, [-127, -50])
    assert warned[0].filename == __file__  # it points to the caller


def test_the_largest_pes_errors_that_the_chip_takes_are_taken_in_silence():
    given = np.array([1.27, -1.27, 1.274, -1.274])
    np.testing.assert_array_equal(
        arithmetic.scale_pes_errors(given, 100.0), [127, -127, 127, -127]
    )


def test_stochastic_rounding_rounds_up_by_the_fraction(rng):
    x = np.array([-2.25, 0.0, 0.75, 3.0])
    uniform = rng.rand(1000, 4)
    rounded = np.array(
        [arithmetic.round_stochastic(x, u, 127, np.dtype(np.int32), "values") for u in uniform]
    )
    assert set(rounded[:, 0]) == {-3, -2}
    assert set(rounded[:, 1]) == {0}
    assert set(rounded[:, 3]) == {3}
    np.testing.assert_array_equal(rounded[:, 2], (uniform[:, 2] < 0.75).astype(int))


def test_stochastic_rounding_clips_and_says_so():
    with pytest.warns(UserWarning, match="Clipping synapse trace") as warned:
        rounded = arithmetic.round_stochastic(
            np.array([200.0, -200.0]), np.zeros(2), 127, np.dtype(np.int32), "synapse trace"
        )
    np.testing.assert_array_equal(rounded, [127, -127])
    assert warned[0].filename == __file__
