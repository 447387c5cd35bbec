"""Sums of the weights of few neurons are looked up, and those of other lanes stay."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

from nengo_dense.loihi.kernel import compiled_pattern as pattern
from nengo_dense.loihi.kernel.numpy_readout import SumOrder


def order(n, pairs=pattern.PAIRS):
    bounds = np.array(n if isinstance(n, list) else [n], dtype=np.uint64)
    return SumOrder(bounds, np.array(pairs, dtype=np.uint64).reshape(-1, 2))


def test_a_table_has_the_partial_sums_of_all_patterns(rng):
    weights = rng.normal(size=(24, 11)) * 2.0 ** rng.randint(-30, 30, size=(24, 1))
    table = pattern.make_table(weights)
    assert table.shape == (2, 8, 8, 8)
    for number in range(8):
        for part in range(8):
            expected = np.zeros(16)
            for k in range(3):
                if number >> k & 1:
                    expected[:11] += weights[8 * k + part]
            np.testing.assert_array_equal(table[:, number, part].ravel(), expected)


def test_sums_of_patterns_may_overflow():
    table = pattern.make_table(np.full((16, 1), 1e308))
    assert table[0, :, 0, 0].tolist() == [0, 1e308, 1e308, np.inf]


@pytest.mark.parametrize("size", [1, 5, 8, 13])
@pytest.mark.parametrize("n_steps", [1, 6, 7])
def test_only_sums_of_the_lanes_asked_for_are_written(size, n_steps, rng):
    n, lanes = 16, 9
    weights = rng.randint(-50, 50, size=(n, size)).astype(float)
    spikes = (rng.uniform(size=(n_steps, lanes, n)) < 0.4).astype(np.uint8)
    sums, flat = np.full((n_steps, lanes, size), np.nan), pattern.make_table(weights).reshape(-1)
    sizes = lanes, n_steps, n, lanes * n, size, 0
    pattern.add_partial(2, 7, n // 8, sizes, spikes.ravel(), flat, sums.reshape(-1), np.empty(16))
    np.testing.assert_array_equal(sums[:, 2:7], spikes[:, 2:7] @ weights)
    assert np.isnan(np.delete(sums, range(2, 7), axis=1)).all()


@pytest.mark.parametrize(
    ("n_sums", "shape", "how", "may"),
    [
        (16, (32, 5), order(32), True),
        (15, (32, 5), order(32), False),  # a table takes longer
        (1000, (36, 5), order(36), False),
        (1000, (64, 16), order(64), True),
        (1000, (64, 17), order(64), False),  # too large a table
        (1000, (72, 1), order(72), False),
        (1000, (32, 5), order([16, 32]), False),
        (1000, (32, 5), order(32, []), False),
    ],
)
def test_a_table_is_made_for_few_neurons_in_eight_partial_sums(n_sums, shape, how, may):
    assert pattern.may_look_up(n_sums, shape, how) == may
