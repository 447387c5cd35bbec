"""Lists have those that spiked, in order."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_list, compiled_readout, numpy_readout  # noqa: E402
from nengo_dense.loihi.kernel.memory import Memory  # noqa: E402
from nengo_dense.loihi.kernel.numpy_readout import SumOrder  # noqa: E402


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64, 150])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_sources_that_spiked_are_appended(size, share, rng):
    @numba.njit
    def run(flags, sources):
        start, n = np.uint64(2), np.uint64(5)
        return compiled_list.list_sources(flags, start, np.uint64(len(flags)) - start, n, sources)

    flags = (rng.uniform(size=size + 2) < share).astype(np.uint8)
    sources = np.full(5 + size + compiled_list.MORE, 7, dtype=compiled_list.LISTED)
    end = run(flags, sources)
    assert sources[:end].tolist() == [7] * 5 + np.flatnonzero(flags[2:]).tolist()


def test_more_sources_than_a_list_can_name_are_summed_in_numpy(monkeypatch, rng):
    monkeypatch.setattr(compiled_readout, "MOST", 9)
    monkeypatch.setattr(numpy_readout, "sum_spiking", lambda *arguments: arguments)
    order = SumOrder(np.array([9], dtype=np.uint64), np.zeros((0, 2), dtype=np.uint64))
    spikes, weights, memory = np.zeros((1, 2, 9), dtype=np.uint8), np.ones((9, 1)), Memory()
    found = compiled_readout.sum_spiking(spikes, weights, order, memory)
    assert found == (spikes, weights, order, memory)
    assert compiled_readout.sum_spiking(spikes[..., :8], weights[:8], order, memory).shape[2] == 1
