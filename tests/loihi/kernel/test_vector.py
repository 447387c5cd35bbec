"""The compiled functions' vectors do what NumPy does."""

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import vector  # noqa: E402

N = vector.WIDTH
KINDS = {"int32": np.int32, "float32": np.float32, "float64": np.float64}


def draw(rng, dtype):
    """Numbers over the whole range, some of them alike in two draws."""
    values = rng.randint(-3, 3, size=N).astype(np.float64)
    scale = 2.0**31 - 1 if dtype == np.int32 else 1e3
    return np.where(rng.uniform(size=N) < 0.5, values, rng.uniform(-scale, scale, N)).astype(dtype)


def apply(operation, *arrays, result):
    """Call an operation on vectors loaded from arrays, and store what it gives."""
    load, store, zero = vector.load, vector.store, np.uint64(0)
    if len(arrays) == 2:

        @numba.njit
        def run(a, b, out):
            store(out, zero, operation(load(a, zero), load(b, zero)))
    else:

        @numba.njit
        def run(a, b, c, out):
            store(out, zero, operation(load(a, zero), load(b, zero), load(c, zero)))

    out = np.empty(N, dtype=result)
    run(*arrays, out)
    return out


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "minimum", "maximum"])
@pytest.mark.parametrize("kind", KINDS)
def test_arithmetic_is_that_of_numpy_and_integers_wrap(name, kind):
    rng = np.random.RandomState(0)
    a, b = draw(rng, KINDS[kind]), draw(rng, KINDS[kind])
    with np.errstate(over="ignore"):
        expected = getattr(np, name)(a, b)
    np.testing.assert_array_equal(apply(getattr(vector, name), a, b, result=KINDS[kind]), expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exclusive_or", np.bitwise_xor),
        ("either", np.bitwise_or),
        ("both", np.bitwise_and),
    ],
)
def test_bits_are_combined_as_in_numpy(name, expected):
    rng = np.random.RandomState(1)
    a, b = draw(rng, np.int32), draw(rng, np.int32)
    np.testing.assert_array_equal(
        apply(getattr(vector, name), a, b, result=np.int32), expected(a, b)
    )


@pytest.mark.parametrize("name", ["greater", "greater_equal", "equal", "not_equal"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("result", [np.uint8, np.int32])
def test_comparisons_give_one_or_zero(name, kind, result):
    rng = np.random.RandomState(2)
    a, b = draw(rng, KINDS[kind]), draw(rng, KINDS[kind])
    b[::3] = a[::3]
    np.testing.assert_array_equal(
        apply(getattr(vector, name), a, b, result=result), getattr(np, name)(a, b)
    )


def test_where_takes_either_number():
    rng = np.random.RandomState(3)
    condition = rng.randint(-1, 2, size=N).astype(np.int32)
    a, b = draw(rng, np.float64), draw(rng, np.float64)
    np.testing.assert_array_equal(
        apply(vector.where, condition, a, b, result=np.float64), np.where(condition, a, b)
    )


def test_shifts_keep_the_sign_and_floor_rounds_down():
    @numba.njit
    def shift(a, left, right):
        zero = np.uint64(0)
        vector.store(left, zero, vector.shift_left(vector.load(a, zero), 10))
        vector.store(right, zero, vector.shift_right(vector.load(a, zero), 10))

    @numba.njit
    def round_down(a, out):
        vector.store(out, np.uint64(0), vector.floor(vector.load(a, np.uint64(0))))

    a = draw(np.random.RandomState(4), np.int32)
    left, right = np.empty_like(a), np.empty_like(a)
    shift(a, left, right)
    np.testing.assert_array_equal(left, a << np.int32(10))
    np.testing.assert_array_equal(right, a >> np.int32(10))

    b = draw(np.random.RandomState(5), np.float64) / 7
    rounded = np.empty_like(b)
    round_down(b, rounded)
    np.testing.assert_array_equal(rounded, np.floor(b))


def test_short_integers_are_widened_with_their_sign():
    a = np.arange(-N // 2, N // 2, dtype=np.int16) * 4000
    b = np.full(N, 2**30, dtype=np.int32)
    np.testing.assert_array_equal(apply(vector.add, a, b, result=np.int32), a.astype(np.int32) + b)


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_numbers_are_loaded_as_those_of_another_array(dtype):
    @numba.njit
    def double(a, out):
        numbers = vector.load_as(a, np.uint64(0), out)
        vector.store(out, np.uint64(0), vector.add(numbers, numbers))

    a, out = np.arange(-N // 2, N // 2, dtype=np.int16) * 4000, np.empty(N, dtype=dtype)
    double(a, out)
    np.testing.assert_array_equal(out, a.astype(dtype) * 2)


def test_any_bit_sees_a_single_one():
    @numba.njit
    def look(a):
        return vector.any_bit(vector.load(a, np.uint64(0)))

    a = np.zeros(N, dtype=np.int32)
    assert not look(a)
    for place in range(N):
        a[place] = -(2**31)
        assert look(a)
        a[place] = 0


def test_words_are_read_from_anywhere_and_spread_into_eight_items():
    @numba.njit
    def run(octets, index, out):
        word = vector.load_word(octets, np.uint64(index))
        vector.store_eight(out, np.uint64(2), np.int32(-5), word)

    octets = np.random.RandomState(6).randint(256, size=30).astype(np.uint8)
    for index in (0, 3, 22):
        out = np.zeros(12, dtype=np.int32)
        run(octets, index, out)
        np.testing.assert_array_equal(out[2:10], octets[index : index + 8].astype(np.int32) - 5)
        assert not out[[0, 1, 10, 11]].any()


def test_vectors_of_twice_as_many_short_numbers():
    @numba.njit
    def run(a, number, out):
        numbers = vector.subtract(vector.load_twice(a, np.uint64(3)), vector.spread_twice(number))
        vector.store(out, np.uint64(1), vector.shift_right(numbers, np.int32(8)))

    a = np.random.RandomState(7).randint(-(2**15), 2**15, size=2 * N + 3).astype(np.int16)
    out = np.zeros(2 * N + 2, dtype=np.int16)
    run(a, np.int16(1000), out)
    np.testing.assert_array_equal(out[1:-1], (a[3:] - np.int16(1000)) >> 8)
    assert not out[[0, -1]].any()
