"""Every probed value equals that of ``nengo_loihi.Simulator``, bit by bit."""

import functools
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError
from random_network import FEATURES, random_network

from nengo_dense import compat
from nengo_dense.emulator import Simulator
from nengo_dense.layers import DenseStack

N_STEPS = 40


def run_reference(drawn, target, steps, seed):
    """Run nengo-loihi itself; None if it cannot build the network."""
    loihi = compat.nengo_loihi()
    np.random.seed(seed)  # nengo-loihi seeds what has no seed of its own from here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sim = loihi.Simulator(drawn.network, target=target, model=drawn.model())
    except (AssertionError, BuildError):  # parameters that no integers can hold
        return None
    with warnings.catch_warnings(), sim:
        warnings.simplefilter("ignore")
        for n_steps in steps:
            sim.run_steps(n_steps)
    return [sim.data[probe] for probe in drawn.probes]


@functools.cache
def reference(seed, target, steps, features=None):
    """Run nengo-loihi once for all kernels."""
    drawn = random_network(seed, features=None if features is None else list(features))
    return run_reference(drawn, target, steps, seed)


def run_ours(drawn, target, steps, seed, **kwargs):
    np.random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Simulator(
            drawn.network, target=target, model=drawn.model(), progress_bar=False, **kwargs
        ) as sim:
            for n_steps in steps:
                sim.run_steps(n_steps)
    return [sim.data[probe] for probe in drawn.probes]


def assert_same(ours, expected):
    assert len(ours) == len(expected) > 0
    for mine, theirs in zip(ours, expected, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(params=["numpy", "numba"])
def kernel(request):
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")
    return request.param


@pytest.mark.parametrize("target", ["sim", "simreal"])
@pytest.mark.parametrize("seed", range(1000, 1008))
def test_random_networks_equal_nengo_loihi(seed, target, kernel):
    steps = (1, N_STEPS - 8, 7)
    expected = reference(seed, target, steps)
    if expected is None:
        with pytest.raises(BuildError, match=r"cannot build|Could not find appropriate"):
            run_ours(random_network(seed), target, steps, seed, kernel=kernel)
        return
    assert_same(run_ours(random_network(seed), target, steps, seed, kernel=kernel), expected)


@pytest.mark.parametrize("target", ["sim", "simreal"])
@pytest.mark.parametrize("feature", list(FEATURES))
def test_each_feature_equals_nengo_loihi(feature, target, kernel):
    seed = 12
    expected = reference(seed, target, (N_STEPS,), (feature,))
    drawn = random_network(seed, features=[feature])
    assert_same(run_ours(drawn, target, [N_STEPS], seed, kernel=kernel), expected)


def lane_inputs(seed, lanes):
    x = np.random.RandomState(seed).uniform(-1, 1, size=(lanes, N_STEPS, 3))
    x[:, 10:20] = x[:, 10:11]  # a presentation among changing inputs
    return x


@functools.cache
def reference_lane(seed, features, lane):
    """Run nengo-loihi on the inputs of one lane, once for all kernels."""
    alone, x = random_network(seed, features=list(features)), lane_inputs(seed, 3)[lane]
    alone.source.output = lambda t: x[round(t / 0.001) - 1]
    return run_reference(alone, "sim", [15, N_STEPS - 15], seed)


@pytest.mark.parametrize(
    ("seed", "features"),
    [
        (2001, ["dense", "node_to_neurons", "host_layer", "readout", "decoded"]),
        (2002, ["dense", "node_to_neurons", "host_layer", "readout", "decoded"]),
        (2003, ["dense", "node_to_neurons", "host_layer", "readout", "decoded"]),
        (2004, ["node_to_neurons", "host_layer", "learning", "noise"]),
        (2005, ["learning", "loop", "readout"]),
    ],
)
def test_lanes_equal_separate_simulations(seed, features, kernel):
    lanes, x = 3, lane_inputs(seed, 3)
    drawn = random_network(seed, features=features)
    np.random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Simulator(
            drawn.network,
            model=drawn.model(),
            minibatch_size=lanes,
            progress_bar=False,
            kernel=kernel,
        ) as sim:
            sim.run_steps(15, data={drawn.source: x[:, :15]})
            sim.run_steps(N_STEPS - 15, data={drawn.source: x[:, 15:]})
    for lane in range(lanes):
        expected = reference_lane(seed, tuple(features), lane)
        assert_same([sim.data[probe][lane] for probe in drawn.probes], expected)


@pytest.mark.parametrize("lanes", [None, 3])
@pytest.mark.parametrize("precompute", [None, False])
def test_what_no_operator_writes_is_probed_as_in_nengo_loihi(lanes, precompute, kernel):
    loihi = compat.nengo_loihi()
    with nengo.Network(seed=0) as net:
        loihi.add_params(net)
        host, chip = nengo.Ensemble(3, 2), nengo.Ensemble(5, 2)  # as many neurons as lanes
        net.config[host].on_chip = False
        nengo.Connection(nengo.Node([0.5, -0.5]), host)
        nengo.Connection(host, chip)
        probes = [
            nengo.Probe(host, "scaled_encoders", sample_every=every) for every in (None, 0.002)
        ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (
            loihi.Simulator(net, progress_bar=False) as reference,
            Simulator(
                net, minibatch_size=lanes, precompute=precompute, kernel=kernel, progress_bar=False
            ) as sim,
        ):
            for one in (reference, sim):
                one.run_steps(3)
                one.run_steps(4)
    for probe in probes:
        values = sim.data[probe]
        for mine in [values] if lanes is None else values:
            np.testing.assert_array_equal(mine, reference.data[probe])
        total = np.broadcast_to(7 * reference.data[probe][0], sim.sum(probes[0]).shape)
        np.testing.assert_allclose(sim.sum(probes[0]), total, rtol=1e-12)


def test_turns_between_host_and_chip_equal_running_ahead(kernel):
    features = ["host_layer", "readout"]
    ahead = run_ours(random_network(5, features=features), "sim", [30], 5, kernel=kernel)
    drawn = random_network(5, features=features)
    expected = run_reference_in_turns(drawn, 30)
    turns = run_ours(
        random_network(5, features=features), "sim", [30], 5, kernel=kernel, precompute=False
    )
    assert_same(turns, expected)
    spikes = drawn.probes.index(next(p for p in drawn.probes if p.obj == drawn.chip[0].neurons))
    np.testing.assert_array_equal(turns[spikes], ahead[spikes])


@pytest.mark.parametrize("n_steps", [50, 51, 3000])  # the last: above a million multiplications
def test_a_readout_of_a_divided_run_equals_nengo_loihi(n_steps, kernel, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 27)
    expected = reference_stack(n_steps)
    ours = run_stack(Simulator, n_steps, progress_bar=False, kernel=kernel)
    assert_same([ours], [expected])


def test_a_readout_of_a_divided_run_equals_nengo_loihi_though_no_order_is_found(
    kernel, monkeypatch
):
    monkeypatch.setattr("nengo_dense.emulator.run_product.find_order", lambda *_: None)
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 27)
    expected = reference_stack(80)
    ours = run_stack(Simulator, 80, progress_bar=False, kernel=kernel, minibatch_size=20)
    assert_same([ours[0], ours[-1]], [expected, expected])


@pytest.mark.parametrize("radius", [1.0, 0.3])
def test_an_ensembles_probe_in_turns_and_in_parts_equals_nengo_loihi(radius, kernel, monkeypatch):
    monkeypatch.setattr("nengo_dense.emulator.machine.PIECE_STEPS", 27)
    with nengo.Network(seed=0) as network:
        source = nengo.Node(lambda t: [np.sin(40 * t), radius / 2])
        ensemble = nengo.Ensemble(60, 2, radius=radius, neuron_type=nengo.SpikingRectifiedLinear())
        nengo.Connection(source, ensemble)
        probe = nengo.Probe(ensemble)
    for precompute in (True, False):
        values = []
        for simulator, kwargs in (
            (compat.nengo_loihi().Simulator, {}),
            (Simulator, {"kernel": kernel, "progress_bar": False}),
        ):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with simulator(network, target="sim", precompute=precompute, **kwargs) as sim:
                    sim.run_steps(80)
            values.append([sim.data[probe]])
        assert np.any(values[0])
        assert_same(*values)


@pytest.mark.parametrize("n_steps", [50, 51])
def test_a_readout_of_many_lanes_equals_nengo_loihi(n_steps, kernel):
    expected = reference_stack(n_steps)
    ours = run_stack(Simulator, n_steps, progress_bar=False, kernel=kernel, minibatch_size=20)
    assert_same([ours[0], ours[-1]], [expected, expected])


def run_stack(simulator, n_steps, **kwargs):
    """Run a stack whose sums take many neurons, and return its logits."""
    rng, units = np.random.RandomState(0), [6, 40, 70, 5]
    weights = [rng.normal(size=shape) for shape in zip(units[1:], units[:-1], strict=True)]
    with nengo.Network(seed=0) as network:
        stack = DenseStack(units[1:], units[0], weights=weights, max_rate=400.0, seed=0)
        source = nengo.Node(rng.uniform(size=units[0]))
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.logits)
    with warnings.catch_warnings(), simulator(network, target="sim", **kwargs) as sim:
        warnings.simplefilter("ignore")
        sim.run_steps(n_steps)
    return sim.data[probe]


@functools.cache
def reference_stack(n_steps):
    return run_stack(compat.nengo_loihi().Simulator, n_steps)


def run_reference_in_turns(drawn, n_steps):
    loihi = compat.nengo_loihi()
    np.random.seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with loihi.Simulator(drawn.network, target="sim", precompute=False) as sim:
            sim.run_steps(n_steps)
    return [sim.data[probe] for probe in drawn.probes]
