import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from nengo_dense.conversion.average import HORIZON, Average


def test_the_average_is_that_of_all_updates_then_mostly_of_the_last_ones():
    parameter = np.zeros(2)
    average = Average([parameter])
    for value in range(1, HORIZON + 1):
        parameter[...] = value, -value
        average.follow()
    with average.in_place():
        assert_allclose(parameter, np.array([1, -1]) * (HORIZON + 1) / 2)
    for _ in range(5 * HORIZON):
        parameter[...] = 1000
        average.follow()
    with average.in_place():
        assert_allclose(parameter, 1000, rtol=0.01)


def test_the_parameters_come_back_as_they_were_even_after_an_error():
    weights, bias = np.arange(6.0).reshape(2, 3), np.ones(2)
    average = Average([weights, bias])
    weights += 4
    average.follow()
    weights -= 4
    try:
        with average.in_place():
            assert_array_equal(weights, np.arange(6.0).reshape(2, 3) + 4)
            raise ArithmeticError
    except ArithmeticError:
        assert_array_equal(weights, np.arange(6.0).reshape(2, 3))
    assert_array_equal(bias, np.ones(2))


def test_before_any_update_the_average_is_the_parameters():
    parameter = np.array([3.0])
    average = Average([parameter])
    with average.in_place():
        assert parameter == [3.0]


def test_noise_round_a_place_is_averaged_out(rng):
    parameter = np.zeros(1000)
    average = Average([parameter])
    for _ in range(4 * HORIZON):
        parameter[...] = 2.0 + rng.randn(1000)
        average.follow()
    with average.in_place():
        assert np.std(parameter - 2.0) < 2 / np.sqrt(HORIZON)
