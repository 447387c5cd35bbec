"""Spikes of stretches of time are counted, compiled as in NumPy."""

import numpy as np
import pytest

from nengo_dense.loihi.kernel.choice import make_count

STRETCHES = [slice(0, 9), slice(2, 7), slice(5, 5), slice(8, 30), slice(None)]


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
@pytest.mark.parametrize("part", [slice(None), slice(3, 19), slice(0, 0), slice(20, 21)])
@pytest.mark.parametrize("lanes", [0, 1, 4])
def test_counts_are_sums_of_steps_that_may_overlap(rng, kernel, part, lanes):
    if kernel == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    spikes = rng.randint(256, size=(lanes, 9, 21)).astype(np.uint8)[:, :, part]
    counts = make_count(kernel)(spikes, STRETCHES)
    assert counts.dtype == np.int32
    assert len(counts) == len(STRETCHES)
    for count, steps in zip(counts, STRETCHES, strict=True):
        np.testing.assert_array_equal(count, spikes[:, steps].sum(axis=1, dtype=int))


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_no_stretches_have_no_counts(kernel):
    if kernel == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    counts = make_count(kernel)(np.ones((3, 4, 5), dtype=np.uint8), [])
    assert counts.shape == (0, 3, 5)
