"""Halves of vectors lie where they are asked to."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel.half_vector import (  # noqa: E402
    load_halves,
    spread_halves,
    store_halves,
)


def test_halves_are_loaded_from_two_places_and_stored_at_two():
    @numba.njit
    def run(a, out):
        halves = load_halves(a, np.uint64(13), np.uint64(2))
        store_halves(out, np.uint64(4), np.uint64(9), halves)

    a, out = np.arange(21.0), np.zeros(18)
    run(a, out)
    assert out.tolist() == [0] * 4 + [*range(13, 18), *range(2, 10)] + [0]  # the second over these


def test_halves_are_filled_with_two_numbers():
    @numba.njit
    def run(out):
        store_halves(out, np.uint64(1), np.uint64(9), spread_halves(2.0, 3.0))

    out = np.zeros(18)
    run(out)
    assert out.tolist() == [0] + [2] * 8 + [3] * 8 + [0]
