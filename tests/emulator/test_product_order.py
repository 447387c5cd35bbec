"""An order is that of NumPy's own products; what is added otherwise is not taken for it."""

import numpy as np
import pytest

from nengo_dense.emulator.product_order import find_order
from nengo_dense.loihi.kernel.choice import make_sum_spiking
from nengo_dense.loihi.kernel.memory import Memory

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")


@pytest.fixture
def sum_spiking():
    return make_sum_spiking("numba")


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize(
    "shape", [(2, 1, 2), (3, 5, 4), (27, 64, 9), (48, 300, 10), (49, 700, 3), (30, 90, 130)]
)
def test_sums_in_the_order_found_are_those_of_the_product(shape, layout, sum_spiking, rng):
    n_steps, n, size = shape
    order = find_order(n_steps, n, size, layout == "F", sum_spiking)
    if order is None:
        pytest.skip("this machine's products add in another way")
    for scale in (1, 2.0 ** rng.randint(-50, 50, size=(n, 1))):
        weights = np.asarray(rng.normal(size=(n, size)) * scale, order=layout)
        spikes = rng.uniform(size=(3, n_steps, n)) < 0.3
        sums = sum_spiking(spikes.view(np.uint8), weights, order.sums, Memory())
        same = n_steps - order.n_after
        expected = np.array([lane.dot(weights) for lane in spikes])
        np.testing.assert_array_equal(sums[:, :same], expected[:, :same])


def test_what_adds_from_the_end_is_not_taken_for_the_order(sum_spiking):
    def from_the_end(spikes, weights, sums, memory):
        back = np.ascontiguousarray(spikes[..., ::-1])
        return sum_spiking(back, np.ascontiguousarray(weights[::-1]), sums, memory)

    assert find_order(40, 60, 4, False, from_the_end) is None


def test_a_single_difference_is_seen_in_every_place(sum_spiking):
    for step, column in ((0, 0), (13, 3), (39, 1)):

        def wrong(spikes, weights, sums, memory, step=step, column=column):
            values = sum_spiking(spikes, weights, sums, memory)
            values[:, step, column] = np.nextafter(values[:, step, column], np.inf)
            return values

        found = find_order(40, 60, 4, False, wrong)
        assert found is None or found.n_after == 40 - step


def test_a_run_of_one_step_has_no_order(sum_spiking):
    assert find_order(1, 60, 4, False, sum_spiking) is None


def test_long_runs_are_tried_with_fewer_steps(sum_spiking, rng):
    order = find_order(100_001, 50, 3, False, sum_spiking)
    if order is None:
        pytest.skip("this machine's products add in another way")
    weights, spikes = rng.normal(size=(50, 3)), rng.uniform(size=(100_001, 50)) < 0.5
    sums = sum_spiking(spikes.view(np.uint8)[None], weights, order.sums, Memory())[0]
    same = len(sums) - order.n_after
    np.testing.assert_array_equal(sums[:same], spikes.dot(weights)[:same])


def test_the_order_of_the_last_few_is_seen_in_long_runs_too(sum_spiking, rng):
    """OpenBLAS's product with a vector adds the last three by themselves, one after another."""
    n_steps, n = 200_033, 47
    order = find_order(n_steps, n, 1, False, sum_spiking)
    if order is None:
        pytest.skip("this machine's products add in another way")
    spikes = rng.uniform(size=(n_steps, n)) < 0.5
    for _ in range(8):
        weights = rng.normal(size=(n, 1))
        sums = sum_spiking(spikes.view(np.uint8)[None], weights, order.sums, Memory())[0]
        same = n_steps - order.n_after
        np.testing.assert_array_equal(sums[:same], spikes.dot(weights)[:same])
