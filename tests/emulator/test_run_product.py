"""Products of the parts of a run are the rows of one product of the whole run."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nengo_dense.emulator import run_product
from nengo_dense.emulator.product_order import find_order
from nengo_dense.emulator.run_product import RunProduct
from nengo_dense.loihi.kernel import numpy_readout
from nengo_dense.loihi.kernel.choice import make_sum_spiking
from nengo_dense.notices import Notices


@pytest.fixture(params=["numpy", "numba"])
def sum_spiking(request):
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    return make_sum_spiking(request.param)


@pytest.mark.parametrize("lanes", [1, 20])
@pytest.mark.parametrize("size", [1, 4, 10])
@pytest.mark.parametrize("parts", [[27], [48, 2], [48, 48, 5], [48, 49], [1], [48, 48, 48, 3]])
def test_parts_equal_one_product(parts, size, lanes, sum_spiking, rng):
    weights = rng.normal(size=(120, size))
    spikes = rng.uniform(size=(lanes, sum(parts), 120)) < 0.3
    expected = np.array([lane.dot(weights) for lane in spikes])
    divided = np.split(spikes[0], np.cumsum(parts)[:-1])
    alone = np.concatenate([part.dot(weights) for part in divided])
    if size == 1 and (alone != expected[0]).any():
        pytest.skip("NumPy's product with a vector rounds parts otherwise on this machine")
    product = RunProduct(weights, lambda _: sum_spiking)
    product.start_run(sum(parts), len(parts) > 1)
    ours = [product(part) for part in np.split(spikes, np.cumsum(parts)[:-1], axis=1)]
    np.testing.assert_array_equal(np.concatenate(ours, axis=1), expected)


def test_parts_of_any_length_equal_one_product_where_the_order_is_known(rng):
    pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    sum_spiking, weights = make_sum_spiking("numba"), rng.normal(size=(64, 5))
    if find_order(61, 64, 5, False, sum_spiking) is None:
        pytest.skip("this machine's products add in another way")
    spikes = rng.uniform(size=(2, 61, 64)) < 0.3
    product = RunProduct(weights, lambda _: sum_spiking)
    product.start_run(61, True)
    ours = [product(spikes[:, step : step + 1]) for step in range(61)]
    expected = np.array([lane.dot(weights) for lane in spikes])
    np.testing.assert_array_equal(np.concatenate(ours, axis=1), expected)


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize(("n", "size"), [(256, 10), (32, 5)])
def test_parts_round_as_a_run_so_long_that_its_product_is_made_otherwise(
    n, size, layout, sum_spiking, rng
):
    """OpenBLAS has routines of their own for products below a million multiplications."""
    weights = np.asarray(rng.normal(size=(n, size)), order=layout)
    n_steps = 1_100_000 // weights.size
    known = find_order(n_steps, n, size, layout == "F", numpy_readout.sum_spiking)
    if known is None:
        pytest.skip("this machine's products add in another way")
    spikes = rng.uniform(size=(1, n_steps, n)) < 0.3
    product = RunProduct(weights, lambda _: sum_spiking)
    product.start_run(n_steps, True)
    ours = [product(spikes[:, first : first + 480]) for first in range(0, n_steps, 480)]
    np.testing.assert_array_equal(np.concatenate(ours, axis=1)[0], spikes[0].dot(weights))


@pytest.mark.parametrize("odd", [np.inf, np.nan])
def test_what_is_not_finite_is_multiplied_as_by_numpy(odd, sum_spiking, rng):
    weights = rng.normal(size=(8, 3))
    weights[2, 1] = odd
    spikes = rng.uniform(size=(20, 6, 8)) < 0.3
    product = RunProduct(weights, lambda _: sum_spiking)
    product.start_run(6, False)
    with np.errstate(invalid="ignore"):
        expected = np.array([lane.dot(weights) for lane in spikes])
        np.testing.assert_array_equal(product(spikes), expected)


def test_values_that_are_not_spikes_are_multiplied_too(sum_spiking, rng):
    weights, voltages = rng.normal(size=(8, 3)), rng.randint(-99, 99, size=(20, 6, 8))
    product = RunProduct(weights, lambda _: sum_spiking)
    product.start_run(6, False)
    expected = np.array([lane.dot(weights) for lane in voltages])
    np.testing.assert_array_equal(product(voltages), expected)


def in_no_order(spikes, weights, order, memory):
    """Add in an order that is no product's, so that none is found."""
    return numpy_readout.sum_spiking(spikes, weights[::-1].copy(), order, memory)


KINDS = {
    "spikes": lambda rng: rng.uniform(size=(3, 61, 80)) < 0.3,
    "voltages": lambda rng: rng.randint(-99, 99, size=(3, 61, 80)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 4, 10])
@pytest.mark.parametrize("n_steps", [1, 7, 48])
def test_parts_equal_one_product_also_where_no_order_is_found(n_steps, size, kind, rng):
    weights, values = rng.normal(size=(80, size)), KINDS[kind](rng)
    assert find_order(61, 80, size, False, in_no_order) is None
    product = RunProduct(weights, lambda _: in_no_order)
    product.start_run(61, True)
    ours = [product(values[:, first : first + n_steps]) for first in range(0, 61, n_steps)]
    expected = np.array([lane.dot(weights) for lane in values])
    np.testing.assert_array_equal(np.concatenate(ours, axis=1), expected)


@pytest.mark.parametrize("radius", [1.0, 0.75, 100.0, 0.1, 1 / 3])
def test_an_ensembles_decoded_values_are_rounded_alike_in_parts(radius, monkeypatch, rng):
    weights = radius * np.vstack([np.eye(3), -np.eye(3)])
    values = rng.randint(-(2**31), 2**31, size=(3, 61, 6), dtype=np.int32)
    product = RunProduct(weights)
    product.start_run(61, True)
    if radius >= 0.75:  # few digits: so fast that it need not be limited
        monkeypatch.setattr(run_product, "MOST_WORK", 0)
    ours = [product(values[:, step : step + 1]) for step in range(61)]
    expected = np.array([lane.dot(weights) for lane in values])
    np.testing.assert_array_equal(np.concatenate(ours, axis=1), expected)


@pytest.mark.parametrize("limit", ["MOST_NUMBERS", "MOST_WORK"])
def test_parts_that_may_round_otherwise_are_said_once_a_run(limit, monkeypatch, rng):
    monkeypatch.setattr(run_product, limit, 0)
    weights, spikes = rng.normal(size=(80, 4)), KINDS["spikes"](rng)
    product = RunProduct(weights, lambda _: in_no_order)
    for _ in range(2):
        product.start_run(61, True)
        with pytest.warns(UserWarning, match="Run fewer steps") as warned, Notices():
            ours = [product(spikes[:, first : first + 7]) for first in range(0, 61, 7)]
        assert len(warned) == 1
        assert np.concatenate(ours, axis=1) == pytest.approx(spikes @ weights)


FORKED = """
import os, signal, threading
import numpy as np
from nengo_dense.emulator import run_product
from nengo_dense.loihi.kernel.numpy_readout import sum_spiking
held, over = threading.Event(), threading.Event()
def hold():
    with run_product._turn:
        held.set()
        over.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(30)  # a child that waits for its parent's thread waits for ever
    product = run_product.RunProduct(np.arange(6.0).reshape(3, 2), lambda nanoseconds: sum_spiking)
    product.start_run(5, False)
    os._exit(product(np.ones((16, 5, 3), dtype=bool)).shape != (16, 5, 2))
over.set()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_does_not_wait_for_a_thread_of_its_parent():
    code = [sys.executable, "-W", "ignore", "-c", FORKED]
    done = subprocess.run(code, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
