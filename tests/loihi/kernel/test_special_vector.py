"""Instructions that only some machines have do what NumPy does."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import special_vector, vector  # noqa: E402

N = vector.WIDTH


def test_numbers_that_are_not_zero_are_counted():
    @numba.njit
    def count(a):
        return special_vector.count_set(vector.load(a, np.uint64(0)))

    for a in (np.zeros(N), np.arange(N) - 3, np.full(N, -(2**31))):
        assert count(a.astype(np.int32)) == np.count_nonzero(a)


@pytest.mark.skipif(not special_vector.COMPRESSES, reason="needs AVX-512")
def test_chosen_numbers_are_moved_to_the_front():
    @numba.njit
    def run(first, a, out):
        numbers = vector.count_up(np.int32(first))
        vector.store(
            out, np.uint64(0), special_vector.compress(numbers, vector.load(a, np.uint64(0)))
        )

    for a in (np.zeros(N), np.arange(N) % 3 - 1, np.full(N, 255)):
        out = np.full(N, -1, dtype=np.int32)
        run(-7, a.astype(np.int32), out)
        chosen = np.flatnonzero(a) - 7
        assert out.tolist() == [*chosen, *[0] * (N - len(chosen))]


def test_short_numbers_are_multiplied_with_and_without_an_instruction(monkeypatch, rng):
    a = rng.randint(-(2**15), 2**15, size=N).astype(np.int32)
    b = rng.randint(0, 2**15, size=N).astype(np.int32)
    a[:2], b[:3] = (-(2**15), 2**15 - 1), (2**15 - 1, 2**15 - 1, 0)
    for multiplies in {special_vector.MULTIPLIES_SHORT, False}:
        monkeypatch.setattr(special_vector, "MULTIPLIES_SHORT", multiplies)

        @numba.njit
        def run(a, b, out):
            zero = np.uint64(0)
            product = special_vector.multiply_short(vector.load(a, zero), vector.load(b, zero))
            vector.store(out, zero, product)

        out = np.empty(N, dtype=np.int32)
        run(a, b, out)
        np.testing.assert_array_equal(out, a * b)


@pytest.mark.skipif(
    not (special_vector.ADDS_FOUR or special_vector.ADDS_TWO),
    reason="needs AVX2 alone, or AVX-512 VNNI",
)
def test_products_of_bytes_are_added_and_do_not_saturate(rng):
    dtype, together = special_vector.NUMBER, special_vector.TOGETHER
    most = 255 if special_vector.ADDS_FOUR else 127  # two products then have 16 bits

    @numba.njit
    def run(sums, counts, weights, out):
        zero = np.uint64(0)
        x, y = vector.load_as(counts, zero, out), vector.load_as(weights, zero, out)
        added = special_vector.add_products(vector.load_as(sums, zero, out), x, y)
        vector.store(out, zero, added)

    sums = rng.randint(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, size=N).astype(dtype)
    counts = rng.randint(0, most + 1, size=(N, together))
    weights = rng.randint(-128, 128, size=(N, together))
    sums[:2], counts[:2], weights[0], weights[1] = 0, most, 127, -128
    kind, out = f"<i{together}", np.empty(N, dtype=dtype)
    run(
        sums,
        counts.astype(np.uint8).view(kind)[:, 0],
        weights.astype(np.int8).view(kind)[:, 0],
        out,
    )
    np.testing.assert_array_equal(out, (sums + (counts * weights).sum(axis=1)).astype(dtype))


def test_the_whole_part_is_taken_from_numbers_that_are_not_negative():
    @numba.njit
    def run(a, out):
        numbers = vector.load(a, np.uint64(0))
        vector.store(out, np.uint64(0), special_vector.take_whole(numbers))

    rng, out = np.random.RandomState(7), np.empty(N)
    edges = [0, 1, 2, 0.5, np.nextafter(1, 0), np.nextafter(1, 2), np.nextafter(2, 0), 5e-324]
    edges += [2.0**52 - 0.5, 2.0**52, 2.0**53, 1e300, 1e-300, 3.75, 1.9, 254.99]
    for a in (np.array(edges, dtype=float), *rng.uniform(0, 3, size=(50, N))):
        run(a, out)
        assert out.tobytes() == (a - np.floor(a)).tobytes()
