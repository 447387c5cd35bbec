"""Products of all lanes at once fire as Nengo's own, wherever sums round."""

import math
import warnings

import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nengo_dense import compat
from nengo_dense.emulator import Simulator
from nengo_dense.emulator.host import estimate
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.kernel import numpy_host

LANES, N_STEPS = 20, 40
UNITS = [24, 30, 20, 3]


@pytest.fixture(params=["numpy", "numba"])
def kernel(request):
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    return request.param


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(estimate, "MANY_WEIGHTS", 1)


def make_network(on_edges, neuron_type=None, watch=False):
    """A stack whose sums are arbitrary, or simple fractions that reach thresholds exactly."""
    rng = np.random.RandomState(0)
    shapes = list(zip(UNITS[1:], UNITS[:-1], strict=True))
    if on_edges:
        weights = [rng.randint(-2, 3, size=shape) / 4 for shape in shapes]
        rate, biases = 250.0, [np.zeros(n) for n in UNITS[1:]]
    else:
        weights = [rng.normal(size=shape) / 3 for shape in shapes]
        rate, biases = 237.0, [rng.normal(size=n) / 10 for n in UNITS[1:]]
    with nengo.Network(seed=0) as network:
        stack = DenseStack(
            UNITS[1:], UNITS[0], weights=weights, biases=biases, max_rate=rate, seed=0
        )
        network.source = nengo.Node(np.zeros(UNITS[0]))
        nengo.Connection(network.source, stack.input, synapse=None)
        first = stack.layers[0].neurons
        network.watched = [nengo.Probe(stack.logits), nengo.Probe(first)]
        if watch:
            network.watched.append(nengo.Probe(first, "input"))
    return network


def draw(on_edges):
    rng = np.random.RandomState(1)
    if on_edges:
        return rng.randint(0, 5, size=(LANES, UNITS[0])) / 4
    return rng.uniform(size=(LANES, UNITS[0]))


def run(network, x, kernel, estimates=True, runs=(N_STEPS,)):
    """Return probed values, and which lanes were estimated."""
    with Simulator(network, minibatch_size=LANES, progress_bar=False, kernel=kernel) as sim:
        host = sim._machine.hosts["host_pre"]
        found, alike = host._estimate, []
        if not estimates:
            host._estimate = None
        real = host._kernel.fires_alike
        host._kernel.fires_alike = lambda *bounds: alike.append(real(*bounds)) or alike[-1].copy()
        for n_steps in runs:
            data = np.broadcast_to(x[:, None], (LANES, n_steps, UNITS[0]))
            sim.run_steps(n_steps, data={network.source: data})
    return [sim.data[probe] for probe in network.watched], alike, found


def assert_same(ours, expected):
    for mine, theirs in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("on_edges", [False, True])
def test_estimated_lanes_equal_nengo_loihi(on_edges, kernel):
    x = draw(on_edges)
    ours, (alike,), _ = run(make_network(on_edges), x, kernel)
    assert alike.mean() < 0.5 if on_edges else alike.all()
    assert ours[1].any()
    loihi = compat.nengo_loihi()
    for lane in (0, 7, LANES - 1):
        alone = make_network(on_edges)
        alone.source.output = x[lane]
        with warnings.catch_warnings(), loihi.Simulator(alone, target="sim") as sim:
            warnings.simplefilter("ignore")
            sim.run_steps(N_STEPS)
        assert_same([values[lane] for values in ours], [sim.data[p] for p in alone.watched])


@pytest.mark.parametrize("on_edges", [False, True])
@pytest.mark.parametrize("runs", [(N_STEPS,), (25, 2, 13)])
def test_estimates_change_nothing(on_edges, runs, kernel, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 12)
    x = draw(on_edges)
    ours, alike, _ = run(make_network(on_edges), x, kernel, runs=runs)
    expected, none, _ = run(make_network(on_edges), x, kernel, estimates=False, runs=runs)
    assert len(alike) == 1  # later runs begin with voltages that must be Nengo's
    assert not none
    assert_same(ours, expected)


def test_what_is_probed_is_not_estimated(kernel):
    ours, alike, found = run(make_network(False, watch=True), draw(False), kernel)
    assert found is None
    assert not alike
    assert ours[2].any()


def test_few_lanes_and_small_matrices_are_not_estimated(kernel, monkeypatch):
    for name in ("MANY_WEIGHTS", "MANY_LANES"):
        with monkeypatch.context() as patch:
            patch.setattr(estimate, name, 10**6)
            assert run(make_network(False), draw(False), kernel)[2] is None


def test_data_that_change_are_not_estimated(kernel):
    network, x = make_network(False), draw(False)
    data = np.repeat(np.stack([x, 1 - x], axis=1), N_STEPS // 2, axis=1)
    results = []
    for estimates in (True, False):
        with Simulator(network, minibatch_size=LANES, progress_bar=False, kernel=kernel) as sim:
            host = sim._machine.hosts["host_pre"]
            host._estimate = host._estimate if estimates else None
            sim.run_steps(N_STEPS, data={network.source: data})
            assert not host._estimated
        results.append([sim.data[probe] for probe in network.watched])
    assert_same(*results)


@pytest.mark.parametrize(
    ("scale", "other"),
    [(1e-310, 1.0), (1e-150, 1.0), (1.0, 1.0), (1e150, 1.0), (1e200, 1e-200), (1e-160, 1e-160)],
)
def test_the_bound_holds_for_any_order(scale, other, rng):
    matrix, values = rng.normal(size=(9, 50)) * scale, rng.normal(size=(4, 50)) * other
    matrix[:, 25:], values[:, 25:] = -matrix[:, :25], values[:, :25]  # nearly everything cancels
    lengths = np.multiply.outer(estimate._lengths(values), estimate._lengths(matrix))
    error = estimate._share(matrix) * lengths
    assert (error > 0).all()
    for _ in range(20):
        order = rng.permutation(50)
        product = np.zeros((4, 9))
        for k in order:
            product += values[:, k : k + 1] * matrix[:, k]
        exact = np.array([[math.fsum(row * x) for row in matrix] for x in values])
        assert (np.abs(product - exact) <= error).all()
        assert (np.abs(product - values @ matrix.T) <= error).all()


def test_lengths_are_not_too_short_and_say_where_they_are_infinite():
    lengths = estimate._lengths(np.array([[3.0, 4.0], [1e-200, 0.0], [1e200, 0.0], [np.nan, 1.0]]))
    assert 5.0 <= lengths[0] < 5.000001
    assert 1e-200 <= lengths[1] < 1e-100
    assert lengths[2] == np.inf
    assert np.isnan(lengths[3])


@pytest.mark.parametrize("counts", [True, False])
def test_kernels_agree_on_who_fires_alike(counts, rng):
    compiled_host = pytest.importorskip(
        "nengo_dense.loihi.kernel.compiled_host", reason="the compiled kernel is the extra 'fast'"
    )
    for n in (1, 15, 16, 37, 53, 64):
        low = rng.randint(-4, 9, size=(60, n)) / 8
        high = low + rng.choice([0, 1e-16, 1e-3], size=(60, 1))
        voltage = rng.uniform(size=(60, n))
        expected = numpy_host.fires_alike(low, high, voltage, 30, counts)
        found = compiled_host.fires_alike(low, high, voltage, 30, counts)
        np.testing.assert_array_equal(found, expected)
        assert 0 < expected.sum() < 60


#: Inputs with which voltages come near to 1, but for rounding.
NEAR = st.builds(
    lambda part, whole, off: part / whole + off,
    st.integers(-60, 90),
    st.integers(1, 50),
    st.sampled_from([0.0, -1e-16, 1e-16, -1e-14, 1e-14, -1e-12]),
)


@given(
    low=st.floats(-2, 3) | NEAR,
    width=st.sampled_from([0.0, 1e-16, 1e-15, 1e-14, 1e-12, 1e-3]),
    between=st.floats(0, 1),
    voltage=st.sampled_from([0.0, 0.25, 0.9]),
    counts=st.booleans(),
)
def test_what_lies_between_fires_as_the_bounds_do(low, width, between, voltage, counts):
    high = low + width
    inside = min(max(low + between * width, low), high)
    bounds = [np.array([[value]]) for value in (low, high, voltage)]
    if numpy_host.fires_alike(*bounds, 50, counts)[0]:
        fired = []
        for charge in (low, inside, high):
            v, spikes, each = np.array([voltage]), np.zeros(1), []
            for _ in range(50):
                numpy_host.fire(spikes, np.array([charge]), v, 1.0, counts)
                each.append(spikes[0])
            fired.append(each)
        assert fired[0] == fired[1] == fired[2]
