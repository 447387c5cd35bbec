"""Weights multiplied by spikes have the sums of the spikes' weights."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_dot  # noqa: E402
from nengo_dense.loihi.kernel.packing import pack_bytes  # noqa: E402
from nengo_dense.loihi.kernel.sparse_table import make_sparse_table  # noqa: E402
from nengo_dense.loihi.kernel.special_vector import (  # noqa: E402
    ADDS_FOUR,
    MULTIPLIES_BYTES,
    NUMBER,
    TOGETHER,
)
from nengo_dense.loihi.kernel.table import Tables  # noqa: E402
from nengo_dense.loihi.kernel.workspace import Lists  # noqa: E402

TARGET, PADDED, SHIFT = 3, 80, 7


def tables_of(weights):
    """One projection whose sources are multiplied."""
    multiplied = np.append(np.zeros(5, dtype=NUMBER), pack_bytes(weights, TOGETHER))
    return Tables(
        side_by_side=4,
        groups=np.array([[0, len(weights), 0, 0]], dtype=np.uint64),
        room=0,
        projections=np.array([[0, weights.shape[1], TARGET, 5, 0, 0, 0, 1, SHIFT]], np.uint64),
        dense=np.zeros(0, dtype=np.int16),
        multiplied=multiplied,
        short=False,
        unit=np.int32(0),
        sparse=make_sparse_table([], np.dtype(np.int32))[0],
    )


@numba.njit
def run(tables, flags, n_lanes, lists):
    compiled_dot.add_multiplied(
        np.uint64(0), flags, np.uint64(n_lanes), np.uint64(PADDED), lists, tables
    )


@pytest.mark.skipif(not MULTIPLIES_BYTES, reason="needs AVX2 alone, or AVX-512 VNNI")
@pytest.mark.parametrize("dtype", [np.int16, np.int32])
@pytest.mark.parametrize("width", [16, 32, 48, 64])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 31, 64])
def test_sums_are_those_of_the_weights_times_the_counts(n, width, dtype, rng):
    weights = rng.randint(-128, 128, size=(n, width)).astype(np.int32)
    for n_lanes in (1, 3, 4, 5, 8):
        most = 2 if dtype == np.int16 else 256 if ADDS_FOUR else 4
        counts = rng.randint(0, most, size=(n_lanes, n + 6))
        flags = counts.astype(np.uint8).reshape(-1)  # what is beside them is not theirs
        before = rng.randint(-99, 99, size=n_lanes * PADDED + 16).astype(dtype)
        nothing = np.zeros(0, dtype=np.int32)
        lists = Lists(nothing, nothing, np.zeros(0, dtype=np.uint64), before.copy())
        places = np.uint64(2), np.uint64(n + 6), np.uint64(n)
        run(tables_of(weights), (flags, *places), n_lanes, lists)
        expected = before.astype(int)
        for lane in range(n_lanes):
            start = lane * PADDED + TARGET
            expected[start : start + width] += counts[lane, 2 : 2 + n] @ weights << SHIFT
        np.testing.assert_array_equal(lists.sums, expected.astype(dtype))


def test_the_choice_exists_for_the_compiler_alone():
    with pytest.raises(NotImplementedError, match="only compiled functions"):
        compiled_dot.add_multiplied(None, None, None, None, None, None)
