"""Placement, spikes across the border and block shapes, as nengo-loihi builds them."""

import pickle
import subprocess
import sys

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import BuildError
from numpy.testing import assert_array_equal

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.loihi_builder import install

RNG = np.random.RandomState(0)
FIRST = RNG.uniform(-0.2, 0.6, (20, 5))
SECOND = RNG.uniform(-0.2, 0.3, (30, 20))
STIMULUS = np.linspace(0.1, 1, 5)


def loihi(net, steps=150, **kwargs):
    """Return every probe's data, and the simulator."""
    with nengo_loihi.Simulator(net, target="sim", progress_bar=False, **kwargs) as sim:
        sim.run_steps(steps)
        return [np.array(sim.data[probe]) for probe in net.all_probes], sim


def on_chip(sim, layer):
    return sim.model.split.on_chip(layer.ensemble)


def add_layers(net, rate=150, **kwargs):
    """Add stimulus -> host layer -> chip layer, with a probe of each layer, to a network."""
    with net:
        stimulus = nengo.Node(STIMULUS)
        first = DenseLayer(20, 5, weights=FIRST, on_chip=False)
        second = DenseLayer(30, 20, weights=SECOND, max_rate=rate, **kwargs)
        nengo.Connection(stimulus, first.input, synapse=None)
        nengo.Connection(first.output, second.input, synapse=0.005)
        nengo.Probe(first.neurons)
        nengo.Probe(second.neurons)
    return first, second


def by_hand(n_neurons, rate):
    """An ensemble with the gain, bias and neuron type of a layer, without the layer."""
    return nengo.Ensemble(
        n_neurons,
        1,
        gain=np.full(n_neurons, float(rate)),
        bias=np.zeros(n_neurons),
        neuron_type=nengo.SpikingRectifiedLinear(
            amplitude=1 / rate, initial_state={"voltage": nengo.dists.Choice([0])}
        ),
    )


def hand_written(rate=150):
    """What `add_layers` makes, with ensembles and direct connections only."""
    with nengo.Network(seed=0) as net:
        nengo_loihi.add_params(net)
        stimulus = nengo.Node(STIMULUS)
        first, second = by_hand(20, 250), by_hand(30, rate)
        net.config[first].on_chip = False
        nengo.Connection(stimulus, first.neurons, transform=FIRST, synapse=None)
        nengo.Connection(first.neurons, second.neurons, transform=SECOND, synapse=0.005)
        nengo.Probe(first.neurons)
        nengo.Probe(second.neurons)
    return net


@pytest.fixture(scope="module")
def expected():
    """Spikes of the hand-written network."""
    (first, second), _ = loihi(hand_written())
    assert np.count_nonzero(first) > 100
    assert np.count_nonzero(second) > 100
    return first, second


def assert_spikes(net, expected):
    data, sim = loihi(net)
    for got, want in zip(data, expected, strict=True):
        assert_array_equal(got, want)
    return sim


# Spikes from host to chip


def test_host_layer_reaches_the_chip_in_spikes(expected):
    net = nengo.Network(seed=0)
    first, second = add_layers(net)
    sim = assert_spikes(net, expected)
    assert not on_chip(sim, first)
    assert on_chip(sim, second)
    (synapse,) = sim.model.objs[second.ensemble]["in"][0].synapses
    assert synapse.n_axons == 20  # one a neuron, not two as for values


def test_probed_passthrough_node_stays_and_spikes_are_the_same(expected):
    net = nengo.Network(seed=0)
    _, second = add_layers(net)
    with net:
        nengo.Probe(second.input)
    (one, two, values), _ = loihi(net)
    assert_array_equal(one, expected[0])
    assert_array_equal(two, expected[1])
    filtered = nengo.Lowpass(0.005).filt(one, dt=0.001, y0=0)
    np.testing.assert_allclose(values[1:], filtered[:-1], atol=1e-9)


def test_precompute_gives_the_same_spikes(expected):
    net = nengo.Network(seed=0)
    add_layers(net)
    (one, two), _ = loihi(net, precompute=True)
    assert_array_equal(one, expected[0])
    assert_array_equal(two, expected[1])


@pytest.mark.filterwarnings("ignore:Lost . extra bits")  # values and spikes share the core
def test_several_sources_meet_in_one_input():
    """Host spikes, chip spikes and a Node's value: as with a connection each, by hand."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(STIMULUS)
        host = DenseLayer(20, 5, weights=FIRST, on_chip=False)
        chip = DenseLayer(20, 20, weights=0.5 * np.eye(20))
        last = DenseLayer(30, 20, weights=SECOND)
        nengo.Connection(stimulus, host.input, synapse=None)
        nengo.Connection(host.output, chip.input, synapse=0.005)
        nengo.Connection(host.output, last.input, synapse=0.005)
        nengo.Connection(chip.output, last.input, synapse=0.005)
        nengo.Connection(stimulus, last.input[:5], synapse=0.005)
        nengo.Probe(last.neurons)
    with nengo.Network(seed=0) as direct:
        nengo_loihi.add_params(direct)
        stimulus = nengo.Node(STIMULUS)
        host, chip, last = by_hand(20, 250), by_hand(20, 250), by_hand(30, 250)
        direct.config[host].on_chip = False
        nengo.Connection(stimulus, host.neurons, transform=FIRST, synapse=None)
        nengo.Connection(host.neurons, chip.neurons, transform=0.5 * np.eye(20), synapse=0.005)
        nengo.Connection(host.neurons, last.neurons, transform=SECOND, synapse=0.005)
        nengo.Connection(chip.neurons, last.neurons, transform=SECOND, synapse=0.005)
        nengo.Connection(stimulus, last.neurons, transform=SECOND[:, :5], synapse=0.005)
        nengo.Probe(last.neurons)
    (got,), sim = loihi(net)
    (want,), _ = loihi(direct)
    axons = sorted(s.n_axons for s in sim.model.objs[net.networks[2].ensemble]["in"][0].synapses)
    assert axons == [10, 20, 20]
    assert np.count_nonzero(want) > 100
    # the on/off neurons draw from seeds, which follow the order of building; the rest is exact
    np.testing.assert_allclose(got.mean(axis=0), want.mean(axis=0), atol=0.06)


def test_sliced_connections_reach_the_right_inputs():
    eye = np.eye(5)
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(STIMULUS)
        host = DenseLayer(5, 5, weights=eye, on_chip=False)
        chip = DenseLayer(4, 4, weights=eye[:4, :4])
        nengo.Connection(stimulus, host.input, synapse=None)
        nengo.Connection(host.output[3:], chip.input[[2, 0]], synapse=0.005)
        nengo.Connection(host.output[0], chip.input[3], transform=2, synapse=0.005)
        nengo.Probe(chip.neurons)
    with nengo.Network(seed=0) as direct:
        nengo_loihi.add_params(direct)
        stimulus = nengo.Node(STIMULUS)
        host, chip = by_hand(5, 250), by_hand(4, 250)
        direct.config[host].on_chip = False
        nengo.Connection(stimulus, host.neurons, synapse=None)
        crossed = np.array([[0, 1], [0, 0], [1, 0], [0, 0]])
        nengo.Connection(host.neurons[3:], chip.neurons, transform=crossed, synapse=0.005)
        last = np.array([[0], [0], [0], [2]])
        nengo.Connection(host.neurons[0], chip.neurons, transform=last, synapse=0.005)
        nengo.Probe(chip.neurons)
    (got,), _ = loihi(net)
    (want,), _ = loihi(direct)
    assert_array_equal(got, want)
    assert_array_equal(np.count_nonzero(got, axis=0) > 0, [True, False, True, True])


def test_fan_out_gives_each_layer_what_it_gets_alone(expected):
    net = nengo.Network(seed=0)
    first, _ = add_layers(net)
    with net:
        for _ in range(2):
            more = DenseLayer(30, 20, weights=SECOND, max_rate=150)
            nengo.Connection(first.output, more.input, synapse=0.005)
            nengo.Probe(more.neurons)
    assert_spikes(net, [*expected, expected[1], expected[1]])


def test_layer_that_feeds_host_and_chip(expected):
    net = nengo.Network(seed=0)
    first, second = add_layers(net)
    with net:
        relay = nengo.Node(size_in=20)
        host_sink = nengo.Node(lambda t, x: x, size_in=20)
        nengo.Connection(first.output, relay, synapse=None)
        nengo.Connection(relay, host_sink, synapse=None)
        nengo.Connection(relay, second.input, synapse=0.005, transform=0.5)
        nengo.Probe(host_sink)
    (one, two, sink), _ = loihi(net)
    assert_array_equal(one, expected[0])
    assert_array_equal(sink, one)
    assert two.sum() > expected[1].sum()


def test_recurrent_connection_adds_the_layers_own_spikes():
    def network(recurrent):
        net = nengo.Network(seed=0)
        _, second = add_layers(net)
        if recurrent:
            with net:
                nengo.Connection(second.output[:20], second.input, transform=0.5, synapse=0.005)
        return net

    with hand_written() as direct:
        second = direct.all_ensembles[1]
        nengo.Connection(
            second.neurons[:20], second.neurons, transform=0.5 * SECOND, synapse=0.005
        )
    (_, want), _ = loihi(direct)
    (_, alone), _ = loihi(network(recurrent=False))
    (_, got), _ = loihi(network(recurrent=True))
    assert_array_equal(got, want)
    assert (got != alone).any()


def test_ring_of_passthrough_nodes_builds_as_in_nengo_loihi():
    net = nengo.Network(seed=0)
    _, second = add_layers(net)
    with net:
        relay = nengo.Node(size_in=20)
        nengo.Connection(second.input, relay, synapse=0.01)
        nengo.Connection(relay, second.input, synapse=0.01, transform=0.1)
    (_, spikes), _ = loihi(net)
    assert np.count_nonzero(spikes) > 100


def test_learned_connection_into_a_layer_is_not_merged_away():
    net = nengo.Network(seed=0)
    first, second = add_layers(net)
    with net:
        learned = nengo.Connection(
            first.output,
            second.input,
            transform=0.1 * np.eye(20),
            learning_rule_type=nengo.PES(),
        )
    _, sim = loihi(net, 3)
    assert learned not in sim.model.split.passthrough.to_remove


@pytest.mark.parametrize("role", ["post", "error"])
def test_layer_that_learning_keeps_on_the_host_is_named(role):
    with nengo.Network(seed=0) as net:
        pre, target = nengo.Ensemble(20, 1), nengo.Node(size_in=20)
        layer = DenseLayer(20, 5, weights=FIRST, label="learner")
        post = layer.ensemble if role == "post" else target
        learned = nengo.Connection(
            pre,
            post,
            function=lambda x: np.zeros(post.size_in),
            learning_rule_type=nengo.PES(),
        )
        if role == "error":
            nengo.Connection(layer.output, learned.learning_rule)
    with pytest.raises(BuildError, match=r"learner.*takes part in learning.*on_chip=False"):
        nengo_loihi.Simulator(net, progress_bar=False)


# Depth, order and copies


def test_placement_holds_at_any_depth(expected):
    net = nengo.Network(seed=0)
    inner = net
    for _ in range(5):
        with inner:
            inner = nengo.Network()
    first, second = add_layers(inner)
    sim = assert_spikes(net, expected)
    assert not on_chip(sim, first)
    assert on_chip(sim, second)


def test_layer_inside_its_users_own_network_class(expected):
    class Model(nengo.Network):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            add_layers(self)

    with nengo.Network(seed=0) as net:
        Model(label="model")
    assert_spikes(net, expected)


def test_layer_as_the_top_level_itself():
    layer = DenseLayer(5, 3, weights=np.full((5, 3), 0.1), bias=np.full(5, 0.4))
    with layer:
        nengo.Probe(layer.neurons)
    (spikes,), sim = loihi(layer)
    assert on_chip(sim, layer)
    assert (np.count_nonzero(spikes, axis=0) > 10).all()


def test_layer_made_first_and_added_later(expected):
    first = DenseLayer(20, 5, weights=FIRST, on_chip=False)
    second = DenseLayer(30, 20, weights=SECOND, max_rate=150)
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(STIMULUS)
        with nengo.Network():
            nengo.Network.add(first)
        nengo.Network.add(second)
        nengo.Connection(stimulus, first.input, synapse=None)
        nengo.Connection(first.output, second.input, synapse=0.005)
        nengo.Probe(first.neurons)
        nengo.Probe(second.neurons)
    sim = assert_spikes(net, expected)
    assert not on_chip(sim, first)


def nested():
    net = nengo.Network(seed=0)
    with net:
        inner = nengo.Network()
    add_layers(inner)
    return net


@pytest.mark.parametrize(
    "duplicate",
    [nengo.Network.copy, lambda net: pickle.loads(pickle.dumps(net))],
    ids=["copy", "pickle"],
)
def test_duplicate_gives_the_same_spikes(duplicate, expected):
    net = nested()
    twin = duplicate(net)
    ours, theirs = net.networks[0].networks, twin.networks[0].networks
    for layer, other in zip(ours, theirs, strict=True):
        assert type(other) is DenseLayer
        assert other.placement.ensemble is other.ensemble
        assert other.placement.input is other.input
        assert other.ensemble is not layer.ensemble
    sim = assert_spikes(twin, expected)
    assert [on_chip(sim, layer) for layer in theirs] == [False, True]
    assert_spikes(net, expected)


def test_copied_layer_is_usable_on_its_own():
    with nengo.Network(seed=0) as net:
        layer = DenseLayer(20, 5, weights=FIRST, bias=np.full(20, 0.3), on_chip=False)
        twin = layer.copy()
        DenseLayer(1, 1, weights=[[1]])
        nengo.Probe(layer.neurons)
        nengo.Probe(twin.neurons)
    (original, copied), sim = loihi(net)
    assert not on_chip(sim, twin)
    assert_array_equal(original, copied)


def test_pickled_network_runs_in_a_fresh_process(tmp_path, expected):
    """Nothing but unpickling imports nengo_dense there."""
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(nested()))
    program = """if True:
        import pickle, sys, warnings
        warnings.simplefilter("ignore")
        import numpy as np
        with open(sys.argv[1] + "/net.pkl", "rb") as file:
            net = pickle.load(file)
        import nengo_loihi
        with nengo_loihi.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(150)
            np.savez(sys.argv[1] + "/out.npz", *(sim.data[p] for p in net.all_probes))
    """
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=120)
    with np.load(tmp_path / "out.npz") as out:
        assert_array_equal(out["arr_0"], expected[0])
        assert_array_equal(out["arr_1"], expected[1])


# Configuration


def test_setting_of_this_ensemble_in_the_top_level_wins():
    net = nengo.Network(seed=0)
    first, second = add_layers(net)
    nengo_loihi.add_params(net)
    net.config[first.ensemble].on_chip = True
    _, sim = loihi(net, 2)
    assert on_chip(sim, first)
    net.config[second.ensemble].on_chip = False
    _, sim = loihi(net, 2)
    assert not on_chip(sim, second)


@pytest.mark.parametrize("wish", [True, False])
def test_setting_for_all_ensembles_does_not_override_a_layer(wish):
    net = nengo.Network(seed=0)
    first, second = add_layers(net)
    nengo_loihi.add_params(net)
    net.config[nengo.Ensemble].on_chip = wish
    _, sim = loihi(net, 2)
    assert not on_chip(sim, first)
    assert on_chip(sim, second)


def test_setting_on_a_sub_network_is_ignored_by_nengo_loihi_and_the_layer_holds():
    with nengo.Network(seed=0) as net, nengo.Network() as inner:
        nengo_loihi.add_params(inner)
        plain = by_hand(3, 100)
        inner.config[plain].on_chip = False
        first, second = add_layers(inner)
        inner.config[first.ensemble].on_chip = True
    _, sim = loihi(net, 2)
    assert sim.model.split.on_chip(plain)  # nengo-loihi's own ways
    assert not on_chip(sim, first)
    assert on_chip(sim, second)


@pytest.mark.parametrize("where", ["top level", "layer"])
def test_block_shape_of_the_user_wins(where):
    net = nengo.Network(seed=0)
    _, second = add_layers(net)
    owner = net if where == "top level" else second
    nengo_loihi.add_params(owner)
    owner.config[second.ensemble].block_shape = nengo_loihi.BlockShape((4,), (30,))
    _, sim = loihi(net, 2)
    assert [b.n_neurons for b in sim.model.objs[second.ensemble]["in"]] == [4] * 7 + [2]


def test_block_shape_does_not_change_spikes(expected):
    net = nengo.Network(seed=0)
    _, second = add_layers(net)
    nengo_loihi.add_params(net)
    net.config[second.ensemble].block_shape = nengo_loihi.BlockShape((15,), (30,))
    (first_spikes, _), _ = loihi(net)
    assert_array_equal(first_spikes, expected[0])


# Limits


@pytest.mark.parametrize("n_values", [2049, 4096])
def test_values_of_a_node_take_two_axons_and_the_error_names_the_way_out(n_values):
    """Refused before nengo-loihi spends a minute on its on/off neurons."""
    with nengo.Network(seed=0) as net:
        layer = DenseLayer(5, n_values, label="wide")
        nengo.Connection(nengo.Node(np.zeros(n_values)), layer.input, synapse=None)
    with pytest.raises(
        BuildError,
        match=rf"wide.*{2 * n_values} input axons.*4096.*on_chip=False.*Node takes two",
    ):
        nengo_loihi.Simulator(net, progress_bar=False)


def test_values_and_spikes_into_one_layer_count_together():
    """Refused before nengo-loihi spends a minute on its on/off neurons."""
    with nengo.Network(seed=0) as net:
        layer = DenseLayer(1000, 1600, weights=nengo.dists.Uniform(0, 1e-3), label="wide")
        nengo.Connection(nengo.Node(np.zeros(1600)), layer.input, synapse=None)
        nengo.Connection(layer.neurons, layer.neurons, transform=nengo.Dense((1000, 1000), init=0))
    with pytest.raises(BuildError, match=r"wide.*needs 4200 input axons"):
        nengo_loihi.Simulator(net, progress_bar=False)


# Networks without layers


def plain_network():
    """Passthrough nodes, host and chip ensembles, a split ensemble, learning: no layer."""
    with nengo.Network(seed=3) as net:
        nengo_loihi.add_params(net)
        at_rest = {"voltage": nengo.dists.Choice([0])}
        net.config[nengo.Ensemble].neuron_type = nengo.LIF(initial_state=at_rest)
        stimulus = nengo.Node(lambda t: np.sin(20 * t))
        host, chip = nengo.Ensemble(30, 1), nengo.Ensemble(1200, 1)
        relay, out = nengo.Node(size_in=30), nengo.Node(size_in=1)
        last = nengo.Ensemble(40, 1)
        net.config[host].on_chip = False
        nengo.Connection(stimulus, host)
        nengo.Connection(host, chip)
        nengo.Connection(host.neurons, relay, synapse=None)
        nengo.Connection(
            relay, last.neurons, transform=np.linspace(-1e-2, 1e-2, 1200).reshape(40, 30)
        )
        nengo.Connection(chip, last)
        learned = nengo.Connection(chip, out, learning_rule_type=nengo.PES())
        nengo.Connection(out, learned.learning_rule)
        nengo.Connection(stimulus, learned.learning_rule, transform=-1)
        for target in (chip.neurons, last.neurons, out):
            nengo.Probe(target)
    return net


@pytest.mark.filterwarnings("ignore:Lost . extra bits")
def test_networks_without_layers_are_untouched(tmp_path):
    """The same network in a process where nothing was replaced."""
    program = """if True:
        import sys, warnings
        warnings.simplefilter("ignore")
        import numpy as np
        from nengo_dense import compat
        nengo_loihi = compat.nengo_loihi()
        from nengo_loihi import splitter
        sys.path.insert(0, sys.argv[1])
        with open(sys.argv[2]) as file:
            source = file.read()
        start = source.index("def plain_network")
        end = source.index("@pytest.mark", start)
        space = {"np": np, "nengo_loihi": nengo_loihi}
        exec("import nengo\\n" + source[start:end], space)
        net = space["plain_network"]()
        with nengo_loihi.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(100)
            assert splitter.HostChipSplit.__name__ == "HostChipSplit"
            np.savez(sys.argv[1] + "/out.npz", *(sim.data[p] for p in net.all_probes))
    """
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), __file__], check=True, timeout=120
    )
    install()
    data, _ = loihi(plain_network(), 100)
    with np.load(tmp_path / "out.npz") as out:
        for i, ours in enumerate(data):
            assert np.count_nonzero(ours) > 50
            assert_array_equal(ours, out[f"arr_{i}"])


def test_installing_twice_wraps_once():
    from nengo_loihi import splitter
    from nengo_loihi.builder import network

    install()
    before = splitter.HostChipSplit, splitter.PassthroughSplit, network.split_model
    install()
    assert before == (splitter.HostChipSplit, splitter.PassthroughSplit, network.split_model)
