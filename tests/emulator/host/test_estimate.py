"""Products of all lanes at once fire as Nengo's own, wherever sums round."""

import functools
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
from nengo_dense.exceptions import NumberError
from nengo_dense.layers import DenseStack
from nengo_dense.loihi.kernel import numpy_estimate, numpy_host
from nengo_dense.loihi.kernel.instruction import AHEAD, Instruction, Kind, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import Estimated

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


def make_network(on_edges, watch=()):
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
        network.watched = [nengo.Probe(stack.logits), nengo.Probe(stack.layers[1].neurons)]
        network.watched += [nengo.Probe(first, attr) for attr in watch]
    return network


def draw(on_edges):
    rng = np.random.RandomState(1)
    if on_edges:
        return rng.randint(0, 5, size=(LANES, UNITS[0])) / 4
    return rng.uniform(size=(LANES, UNITS[0]))


def run(network, x, kernel, estimates=True, runs=(N_STEPS,)):
    """Return probed values, and which lanes were estimated."""
    with Simulator(network, minibatch_size=LANES, progress_bar=False, kernel=kernel) as sim:
        host = sim._machine.blocks[0].hosts["host_pre"]
        found, alike = host._estimate, []
        if not estimates:
            host._estimate = None
        real = host._kernel.fire_estimated
        host._kernel.fire_estimated = lambda *args: alike.append(real(*args)) or alike[-1].copy()
        for n_steps in runs:
            data = np.broadcast_to(x[:, None], (LANES, n_steps, UNITS[0]))
            sim.run_steps(n_steps, data={network.source: data})
    return [sim.data[probe] for probe in network.watched], alike, found


def assert_same(ours, expected):
    for mine, theirs in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("watch", [(), ("output",)])
@pytest.mark.parametrize("on_edges", [False, True])
def test_estimated_lanes_equal_nengo_loihi(on_edges, watch, kernel):
    x = draw(on_edges)
    ours, (alike,), _ = run(make_network(on_edges, watch), x, kernel)
    assert alike.mean() < 0.5 if on_edges else alike.all()
    assert ours[1].any()
    loihi = compat.nengo_loihi()
    for lane in (0, 7, LANES - 1):
        alone = make_network(on_edges, watch)
        alone.source.output = x[lane]
        with warnings.catch_warnings(), loihi.Simulator(alone, target="sim") as sim:
            warnings.simplefilter("ignore")
            sim.run_steps(N_STEPS)
        assert_same([values[lane] for values in ours], [sim.data[p] for p in alone.watched])


@pytest.mark.parametrize("on_edges", [False, True])
@pytest.mark.parametrize("watch", [(), ("output",)])
@pytest.mark.parametrize("runs", [(N_STEPS,), (25, 2, 13)])
def test_estimates_change_nothing(on_edges, watch, runs, kernel, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 12)
    x = draw(on_edges)
    ours, alike, _ = run(make_network(on_edges, watch), x, kernel, runs=runs)
    expected, none, _ = run(make_network(on_edges, watch), x, kernel, estimates=False, runs=runs)
    assert len(alike) == 1  # later runs begin with voltages that must be Nengo's
    assert not none
    assert_same(ours, expected)


@pytest.mark.parametrize("on_edges", [False, True])
@pytest.mark.parametrize("estimates", [False, True])
def test_neurons_that_are_counted_run_ahead_as_well(on_edges, estimates, kernel):
    """The sum is that of the values, one step after another."""
    x = draw(on_edges)
    (*_, values), _, _ = run(make_network(on_edges, ["output"]), x, kernel)
    network = make_network(on_edges, ["output"])
    *kept, counted = network.watched
    arguments = {"minibatch_size": LANES, "progress_bar": False, "keep_history": kept}
    with Simulator(network, kernel=kernel, **arguments) as sim:
        host = sim._machine.blocks[0].hosts["host_pre"]
        kinds = [instruction.kind for instruction in host.plan.instructions.read()]
        if not estimates:
            host._estimate = None
        data = np.broadcast_to(x[:, None], (LANES, N_STEPS, UNITS[0]))
        sim.run_steps(N_STEPS, data={network.source: data})
        assert kinds == [Kind.FIRE_SEND_AND_ADD]
        assert_same([sim.sum(counted)], [functools.reduce(np.add, values.swapaxes(0, 1))])
        assert_same([sim.data[counted][:, 0]], [values[:, -1]])


def test_an_infinite_input_of_counted_neurons_fires_as_nengos(kernel):
    network, x = make_network(False, ["output"]), draw(False)
    loihi = compat.nengo_loihi()
    ensemble = network.networks[0].layers[0].ensemble
    at_rest = {"voltage": nengo.dists.Choice([0])}
    ensemble.neuron_type = loihi.neurons.LoihiSpikingRectifiedLinear(initial_state=at_rest)
    x[3] = 1e308
    sums = []
    for estimates in (True, False):
        arguments = {"minibatch_size": LANES, "progress_bar": False, "keep_history": False}
        with warnings.catch_warnings(), Simulator(network, kernel=kernel, **arguments) as sim:
            warnings.filterwarnings("ignore", "overflow encountered", RuntimeWarning)
            host = sim._machine.blocks[0].hosts["host_pre"]
            assert host._estimate is not None
            host._estimate = host._estimate if estimates else None
            data = np.broadcast_to(x[:, None], (LANES, N_STEPS, UNITS[0]))
            sim.run_steps(N_STEPS, data={network.source: data})
            sums.append([sim.sum(probe) for probe in network.watched])
    assert_same(*sums)
    assert sums[0][2][3].max() * 0.001 == N_STEPS  # they fire in every step


def probed(network, stack):
    network.watched.append(nengo.Probe(stack.input))


def read_by_another(network, stack):
    node = nengo.Node(lambda t, x: 2 * x, size_in=UNITS[0])
    nengo.Connection(stack.input, node, synapse=None)
    network.watched.append(nengo.Probe(node))


def of_two_sources(network, stack):
    nengo.Connection(nengo.Node(np.full(UNITS[0], 0.1)), stack.input, synapse=None)


def from_the_source(network, stack):
    neurons = stack.layers[0].neurons
    nengo.Connection(network.source[0], neurons, transform=np.ones((UNITS[1], 1)), synapse=None)


def of_a_signal(network, stack):
    signal = nengo.Node(lambda t: np.sin(9 * t))
    weights = np.full((UNITS[1], 1), 0.1)
    nengo.Connection(signal, stack.layers[0].neurons, transform=weights, synapse=None)


@pytest.mark.parametrize("runs", [(N_STEPS,), (25, 13)])
@pytest.mark.parametrize("on_edges", [False, True])
@pytest.mark.parametrize(
    ("more", "estimates"),
    [
        (probed, True),
        (read_by_another, False),
        (of_two_sources, True),
        (from_the_source, True),
        (of_a_signal, False),
    ],
)
def test_what_else_there_is_at_the_input_is_heeded(more, estimates, on_edges, runs, kernel):
    results = []
    for estimated in (True, False):
        network = make_network(on_edges)
        with network:
            more(network, network.networks[0])
        ours, alike, _ = run(network, draw(on_edges), kernel, estimated, runs)
        assert len(alike) == (estimates and estimated)
        results.append(ours)
    assert_same(*results)


@pytest.mark.parametrize("synapse", [None, 0.01])
@pytest.mark.parametrize("attribute", ["input", "voltage"])
def test_what_is_probed_is_not_estimated(attribute, synapse, kernel):
    results = []
    for estimates in (True, False):
        network = make_network(False)
        with network:
            neurons = network.networks[0].layers[0].neurons
            network.watched.append(nengo.Probe(neurons, attribute, synapse=synapse))
        ours, alike, found = run(network, draw(False), kernel, estimates)
        assert found is None
        assert not alike
        assert ours[2].any()
        results.append(ours)
    assert_same(*results)


def test_few_lanes_and_small_layers_are_not_estimated(kernel, monkeypatch):
    def estimated(**most):
        with monkeypatch.context() as patch:
            for name, number in most.items():
                patch.setattr(estimate, name, number)
            return run(make_network(False), draw(False), kernel)[2] is not None

    assert not estimated(MANY_LANES=10**6)
    assert not estimated(MANY_WEIGHTS=10**6)
    assert estimated(MANY_WEIGHTS=10**6, MANY_NEURONS=LANES * UNITS[1])


@pytest.mark.parametrize(
    ("voltage", "estimates"), [(0.0, True), (1.0, True), (1e9, False), (-1.0, False)]
)
def test_voltages_that_begin_far_off_are_not_estimated(voltage, estimates, kernel):
    """Their first sum is rounded more coarsely than the bound allows for."""
    network = make_network(False)
    start = {"voltage": nengo.dists.Choice([voltage])}
    ensemble = network.networks[0].layers[0].ensemble
    ensemble.neuron_type = nengo.SpikingRectifiedLinear(initial_state=start)
    ours, alike, found = run(network, draw(False), kernel)
    assert (found is not None) == estimates == bool(alike)
    assert ours[1].any()


def test_data_that_change_are_not_estimated(kernel):
    network, x = make_network(False), draw(False)
    data = np.repeat(np.stack([x, 1 - x], axis=1), N_STEPS // 2, axis=1)
    results = []
    for estimates in (True, False):
        with Simulator(network, minibatch_size=LANES, progress_bar=False, kernel=kernel) as sim:
            host = sim._machine.blocks[0].hosts["host_pre"]
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


def known_between(low, high):
    """Products that are known as the middle of bounds."""
    n = low.shape[1]
    none, ones = np.zeros((1, n)), np.ones(n)
    error = np.ones(len(low)), (high - low)[0] / 2
    return Estimated((low + high) / 2, *error, none, ones, -np.inf, 1.0)


def fire(kernel, estimated, counts, kind=Kind.FIRE_AND_SEND, voltage=0.0, n_steps=50, ahead=20):
    """Let a kernel fire; return who fires alike, vectors and spikes."""
    lanes, n = estimated.product.shape
    firing = Instruction(kind, n, target=0, source=2 * n, state=3 * n, a=7.3, b=counts, column=3)
    vectors = np.zeros((4, lanes, n))
    vectors[3] = voltage
    spikes = np.full((lanes, ahead + 4, n + 5), 9, dtype=np.uint8)
    none = np.zeros(0)
    stretch = Stretch(lanes, ahead, vectors.reshape(-1), none, none, spikes, first_step=2)
    return kernel.fire_estimated(estimated, firing, stretch, n_steps), vectors, spikes


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("kind", [Kind.FIRE, *AHEAD])
@pytest.mark.parametrize("n", [1, 15, 16, 37, 53, 64, 150])
def test_kernels_agree_on_who_fires_alike_and_when(n, kind, counts, rng):
    compiled = pytest.importorskip(
        "nengo_dense.loihi.kernel.compiled_estimate",
        reason="the compiled kernel is the extra 'fast'",
    )
    for lowest, starts in ((0.0, 1), (-np.inf, 60)):
        estimated = Estimated(
            product=rng.randint(-4, 9, size=(60, n)) / 8,
            lane_error=rng.choice([0, 1e-16, 1e-3], size=60),
            row_error=rng.uniform(0.5, 1, size=n),
            start=rng.uniform(-0.1, 0.1, size=(starts, n)),
            gain=rng.choice([-1.3, 0.7, 1.0], size=n),
            lowest=lowest,
            dt=0.9,
        )
        estimated.lane_error[0] = 3  # too much for this lane
        voltage = rng.uniform(size=(60, n))
        expected = fire(numpy_estimate, estimated, counts, kind, voltage)
        found = fire(compiled, estimated, counts, kind, voltage)
        for mine, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(mine, other)
        assert 0 < expected[0].sum() < 60
        assert not expected[0][0]
        assert (expected[2] == 9).all() == (kind == Kind.FIRE)
        assert expected[1][1].any() == (kind == Kind.FIRE_SEND_AND_ADD)


@pytest.mark.parametrize("kind", AHEAD)
@pytest.mark.parametrize("n", [16, 37, 64, 150])
@pytest.mark.parametrize("on_edges", [False, True])
def test_neurons_that_are_counted_in_integers_fire_as_in_floats(on_edges, n, kind, rng):
    compiled = pytest.importorskip("nengo_dense.loihi.kernel.compiled_estimate")
    draw = rng.randint(0, 9, size=(60, n)) / 8 if on_edges else rng.uniform(-0.2, 1, size=(60, n))
    estimated = Estimated(
        product=draw,
        lane_error=rng.choice([0, 1e-16, 1e-12], size=60),
        row_error=rng.uniform(0.5, 1, size=n),
        start=rng.choice([0, 0.25, 1.5], size=(1, n), p=[0.8, 0.15, 0.05]),
        gain=rng.choice([0.3, 0.7], size=n),
        lowest=0.0,
        dt=0.9,
    )
    voltage = rng.uniform(size=(60, n))
    voltage[::7, ::5] = 1.0
    expected = fire(numpy_estimate, estimated, True, kind, voltage, ahead=50)
    alike, vectors, spikes = fire(compiled, estimated, True, kind, voltage, ahead=50)
    np.testing.assert_array_equal(alike, expected[0])
    np.testing.assert_array_equal(vectors[:3], expected[1][:3])
    np.testing.assert_array_equal(spikes, expected[2])
    counted = (vectors[3] == voltage)[:, : n - n % 16]  # whose voltage nobody computed
    assert not counted.all()
    assert on_edges or (counted.any() and alike.any())


@pytest.mark.parametrize("kernel_name", ["numpy_estimate", "compiled_estimate"])
@pytest.mark.parametrize("gain", [1e300, -1e300])
def test_an_infinite_input_fires_as_nothing_else(kernel_name, gain):
    kernel = pytest.importorskip(f"nengo_dense.loihi.kernel.{kernel_name}")
    for n in (1, 16):
        estimated = known_between(np.full((2, n), 1e200), np.full((2, n), 1e200))
        with np.errstate(all="ignore"):
            alike, _, _ = fire(kernel, estimated._replace(gain=np.full(n, gain)), True)
        assert not alike.any()


#: Inputs with which voltages come near to 1, but for rounding.
NEAR = st.builds(
    lambda part, whole, off: part / whole + off,
    st.integers(-60, 90),
    st.integers(1, 50),
    st.sampled_from([0.0, -1e-16, 1e-16, -1e-14, 1e-14, -1e-12]),
)


@pytest.mark.parametrize("kernel_name", ["numpy_estimate", "compiled_estimate"])
@given(
    low=st.floats(-2, 3) | NEAR,
    width=st.sampled_from([0.0, 1e-16, 1e-15, 1e-14, 1e-12, 1e-9, 1e-3]),
    between=st.floats(0, 1),
    voltage=st.sampled_from([0.0, 0.25, 0.9, 1.0]),
    counts=st.booleans(),
    ahead=st.sampled_from([20, 50]),
)
def test_what_lies_between_fires_as_the_bounds_do(
    kernel_name, low, width, between, voltage, counts, ahead
):
    kernel = pytest.importorskip(f"nengo_dense.loihi.kernel.{kernel_name}")
    n, high = 16, low + width
    inside = min(max(low + between * width, low), high)
    estimated = known_between(np.full((1, n), low), np.full((1, n), high))
    error = estimated.row_error * (1 + 1e-9) + abs(high) * 1e-15
    estimated = estimated._replace(row_error=error * (width > 0))
    if width == 0:
        estimated = estimated._replace(product=np.full((1, n), low))
    alike, _, sent = fire(kernel, estimated, counts, voltage=voltage, ahead=ahead)
    if not alike[0]:
        return
    fired = []
    for charge in (low, inside, high):
        v, spikes, each = np.array([voltage]), np.zeros(1), []
        for _ in range(50):
            numpy_host.fire(spikes, np.array([charge]), v, 1.0, counts)
            each.append(spikes[0])
        fired.append(each)
    assert fired[0] == fired[1] == fired[2]
    assert ((np.array(fired[0][:ahead]) != 0)[:, None] == sent[0, 2 : 2 + ahead, 3 : 3 + n]).all()


def test_an_estimated_drive_that_overflows_is_an_error(kernel):
    net = make_network(on_edges=False)
    data = np.ones((LANES, 2, UNITS[0]))
    data[3] = 1e308
    with (
        Simulator(net, kernel=kernel, minibatch_size=LANES) as sim,
        pytest.raises(NumberError, match="make data or weights smaller"),
        pytest.warns(RuntimeWarning, match="overflow"),
    ):
        sim.run_steps(2, data={net.source: data})
