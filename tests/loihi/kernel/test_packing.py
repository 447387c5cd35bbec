"""Packed weights are those of the matrix, and are added as the matrix's rows are."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_packed  # noqa: E402
from nengo_dense.loihi.kernel.packing import PACKED, pack, pack_bytes  # noqa: E402
from nengo_dense.loihi.kernel.vector import WIDTH  # noqa: E402


def draw(rng, n, width):
    return rng.randint(-(2**7), 2**7, size=(n, width))


@pytest.mark.parametrize("width", [0, 16, 2 * PACKED - WIDTH, 2 * PACKED, 5 * PACKED + WIDTH])
def test_columns_that_fill_whole_blocks_are_packed_and_the_others_follow(width, rng):
    matrix = draw(rng, 7, width)
    rows, n_packed = pack(matrix)
    assert n_packed == width // (2 * PACKED) * PACKED
    np.testing.assert_array_equal(rows[:, n_packed:], matrix[:, 2 * n_packed :])
    numbers = rows[:, :n_packed].astype(int)
    high = numbers >> 8
    low = numbers - 256 * high - 128
    parts = [part.reshape(7, -1, 2 * WIDTH) for part in (low, high)]
    both = np.stack(parts, axis=2)
    np.testing.assert_array_equal(both.reshape(7, -1), matrix[:, : 2 * n_packed])


@pytest.mark.parametrize("weight", [-(2**7) - 1, 2**7])
def test_a_weight_of_more_than_eight_bits_is_not_packed(weight, rng):
    matrix = draw(rng, 3, 2 * PACKED)
    matrix[1, 5] = weight
    rows, n_packed = pack(matrix)
    assert n_packed == 0
    np.testing.assert_array_equal(rows, matrix)


@pytest.mark.parametrize("n", [0, 1, 100, 256])
@pytest.mark.parametrize("extreme", [None, -(2**7), 2**7 - 1])
def test_sums_of_packed_weights_are_exact_as_long_as_they_fit(n, extreme, rng):
    matrix = draw(rng, 256, 2 * PACKED)
    if extreme is not None:
        matrix[:, ::3] = extreme  # 256 of them just fit
    rows, _ = pack(matrix)
    sources = rng.permutation(256)[:n].astype(np.int32)
    before = np.full(2 * PACKED + 2, 0 if extreme else 77, dtype=np.int16)
    sums = before.copy()
    zero, size = np.uint64(0), np.uint64(PACKED)
    numba.njit(compiled_packed.add_rows_packed)(
        sums, np.uint64(1), rows.reshape(-1), zero, size, sources, (zero, np.uint64(n))
    )
    expected = before.astype(int)
    expected[1:-1] += matrix[sources].sum(axis=0)
    np.testing.assert_array_equal(sums, expected)


def test_the_choice_of_packed_weights_exists_for_the_compiler_alone():
    with pytest.raises(NotImplementedError, match="only compiled functions"):
        compiled_packed.add_packed(None, 0, None, None, None)


@pytest.mark.parametrize("n", [1, 4, 6])
@pytest.mark.parametrize(("together", "dtype"), [(2, np.int16), (4, np.int32)])
def test_the_first_of_some_sources_is_lowest_and_missing_ones_weigh_nothing(
    together, dtype, n, rng
):
    matrix = draw(rng, n, 16)
    numbers = pack_bytes(matrix, together)
    assert numbers.dtype == dtype
    parts = [(numbers.reshape(-1, 16) >> 8 * i).astype(np.int8) for i in range(together)]
    whole = np.stack(parts, axis=1).reshape(-1, 16)
    np.testing.assert_array_equal(whole[:n], matrix)
    assert not whole[n:].any()
