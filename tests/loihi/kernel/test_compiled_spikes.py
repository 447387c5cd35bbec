"""Spikes are listed in order, with and without an instruction that moves them together."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_spikes  # noqa: E402
from nengo_dense.loihi.kernel.special_vector import COMPRESSES  # noqa: E402
from nengo_dense.loihi.kernel.vector import WIDTH  # noqa: E402


@pytest.fixture(
    params=[
        False,
        pytest.param(True, marks=pytest.mark.skipif(not COMPRESSES, reason="needs AVX-512")),
    ]
)
def compresses(request, monkeypatch):
    monkeypatch.setattr(compiled_spikes, "COMPRESSES", request.param)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_spikes_are_listed_in_order_from_anywhere(share, compresses, rng):
    list_spikes = compiled_spikes.list_spikes

    @numba.njit
    def run(flags, begin, size, end, sources):
        return list_spikes(flags, np.uint64(begin), np.uint64(size), np.uint64(end), sources)

    for size in (0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 100):
        flags = np.ones(size + 5, dtype=np.uint8)  # what is not to be listed has spiked
        flags[3 : 3 + size] = rng.uniform(size=size) < share
        sources = np.full(2 + size + WIDTH, -1, dtype=np.int32)
        end = run(flags, 3, size, 2, sources)
        assert sources[:end].tolist() == [-1, -1, *np.flatnonzero(flags[3 : 3 + size])]
