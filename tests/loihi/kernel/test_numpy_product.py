"""Slopes of weights and of spikes: compiled as in NumPy, whatever the number of threads."""

import importlib.util

import numpy as np
import pytest

from nengo_dense.loihi.kernel.choice import make_slopes

needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="the compiled kernel is the extra 'fast'"
)
SHAPES = [(1, 2, 1, 1), (5, 9, 16, 8), (21, 7, 33, 45)]


def draw(rng, lanes, n_steps, n, senders, rate=0.05):
    arrived = rng.normal(size=(lanes, n_steps, n)).astype(np.float32)
    sent = (rng.uniform(size=(lanes, n_steps, senders)) < rate).astype(np.uint8)
    return arrived, sent, rng.normal(size=(n, senders)).astype(np.float32)


@needs_numba
@pytest.mark.parametrize("rate", [0.05, 0.3])  # few spikes are added one by one
@pytest.mark.parametrize("shape", SHAPES)
def test_the_compiled_products_are_those_of_numpy(rng, shape, rate):
    arrived, sent, weights = draw(rng, *shape, rate)
    mine, theirs = make_slopes("numba"), make_slopes("numpy")
    found = mine.correlate(arrived, sent)
    np.testing.assert_allclose(found, theirs.correlate(arrived, sent), rtol=1e-5, atol=1e-5)
    found = mine.send_back(arrived, weights)
    np.testing.assert_allclose(found, theirs.send_back(arrived, weights), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["numpy", pytest.param("numba", marks=needs_numba)])
def test_a_spike_arrives_in_the_step_after(rng, name):
    back = make_slopes(name)
    arrived, sent, weights = np.zeros((1, 4, 2), np.float32), np.zeros((1, 4, 3), np.uint8), None
    sent[0, 1, 2] = sent[0, 3, 0] = 1
    arrived[0, 2] = [5, 7]
    np.testing.assert_array_equal(back.correlate(arrived, sent), [[0, 0, 5], [0, 0, 7]])
    weights = np.float32([[1, 2, 3], [0, 0, 1]])
    expected = np.zeros((1, 4, 3))
    expected[0, 1] = [5, 10, 22]
    np.testing.assert_array_equal(back.send_back(arrived, weights), expected)


@needs_numba
def test_sums_do_not_depend_on_the_number_of_threads(rng):
    import numba

    arrived, sent, weights = draw(rng, 64, 50, 80, 100)  # enough for threads
    back, most = make_slopes("numba"), numba.get_num_threads()
    results = []
    for n_threads in (1, most):
        numba.set_num_threads(n_threads)
        results.append((back.correlate(arrived, sent), back.send_back(arrived, weights)))
    for one, many in zip(*results, strict=True):
        np.testing.assert_array_equal(one, many)
