import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from nengo_dense.evaluation.interval import wilson_interval


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_equals_scipy(counts):
    n_correct, n = counts
    expected = binomtest(n_correct, n).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(wilson_interval(n_correct, n), expected, atol=1e-12)


@pytest.mark.parametrize("n", [1, 10, 1000])
def test_all_right_does_not_mean_certain(n):
    low, high = wilson_interval(n, n)
    assert low < 1
    assert high == 1
