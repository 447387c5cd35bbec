import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.chain import Chain, Window, host_spikes
from nengo_dense.emulator import Simulator
from nengo_dense.layers.stack import DenseStack

SIZES = [12, 9, 7, 4]
INTEGRATOR = nengo.LIF(tau_rc=4.0, tau_ref=0, min_voltage=-1)


def make_stack(rng, encoding="host", **arguments):
    weights = [
        rng.randn(n_out, n_in) / np.sqrt(n_in)
        for n_in, n_out in zip([5, *SIZES], SIZES, strict=False)
    ]
    biases = [0.3 * rng.randn(n) for n in SIZES]
    arguments = {"synapse": [0.002] * (len(SIZES) - (encoding == "host")), **arguments}
    arguments["synapse"][-1] = None
    if encoding == "spikes":
        arguments["encoder"] = {"scale": [1.0, 2.0, 0.5, 1.0, 3.0], "max_rate": 900.0}
    return DenseStack(
        SIZES,
        5,
        weights=weights,
        biases=biases,
        encoding=encoding,
        **{"max_rate": [400.0, 600.0, 300.0], **arguments},
    )


def logits_on_chip(stack, x, n_steps):
    with nengo.Network() as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.logits)
    shown = np.broadcast_to(x[:, None], (len(x), n_steps, stack.size_in))
    with Simulator(net, minibatch_size=len(x), progress_bar=False) as sim:
        sim.run_steps(n_steps, data={source: shown})
        return sim.data[probe]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"encoding": "spikes"},
        {"synapse": [None, 0.005, None]},
        {"neuron_type": [nengo.SpikingRectifiedLinear(), INTEGRATOR, INTEGRATOR]},
        {"neuron_type": [nengo.SpikingRectifiedLinear(), nengo.LIF(), nengo.LIF()]},
    ],
    ids=["relu", "spikes", "other synapses", "negative voltage", "leaky"],
)
def test_chain_fires_as_the_built_stack_does(rng, arguments):
    stack = make_stack(rng, **{"max_rate": [400.0, 300.0, 350.0], **arguments})
    x = rng.randn(6, 5)
    logits = logits_on_chip(stack, x, 40)
    windows = [Window(0, 40, 0.5), Window(7, 20, 0.5)]
    chain = Chain(stack, 0.001)
    for window, activity in zip(windows, chain.run(x, windows), strict=True):
        expected = logits[:, window.start : window.stop].mean(axis=1)
        # the same spikes; only the order of sums differs
        np.testing.assert_allclose(chain.logits(activity), expected, rtol=0, atol=1e-5)
    assert activity.rates[-1].any()


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_parameters_return_to_the_stack_as_they_came(rng, encoding):
    stack = make_stack(rng, encoding)
    weights, biases = Chain(stack, 0.001).in_stack_units()
    for mine, theirs in zip([*weights, *biases], [*stack.weights, *stack.biases], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_a_spike_travels_one_population_a_step(rng):
    stack = make_stack(rng, "spikes", synapse=[None] * 4)
    chain = Chain(stack, 0.001)
    chain.weights[:] = [np.full_like(w, 2.0) for w in chain.weights]
    chain.biases[:] = [np.zeros_like(b) for b in chain.biases]
    (early,) = chain.run(np.full((1, 5), 4.0), [Window(0, chain.depth, 1.0)])
    (later,) = chain.run(np.full((1, 5), 4.0), [Window(0, chain.depth + 1, 1.0)])
    assert not early.rates[-1].any()
    assert later.rates[-1].any()


def test_host_neurons_fire_as_in_nengo(rng):
    drive = np.array([[0.0, -0.4, 0.25, 0.7071, 1.0, 2.6]])
    with nengo.Network() as net:
        ensemble = nengo.Ensemble(
            6,
            1,
            gain=np.ones(6),
            bias=1000 * drive[0],
            neuron_type=nengo.SpikingRectifiedLinear(
                initial_state={"voltage": nengo.dists.Choice([0])}
            ),
        )
        probe = nengo.Probe(ensemble.neurons)
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(50)
    np.testing.assert_array_equal(host_spikes(drive, 50)[0], sim.data[probe] > 0)


def test_refuses_what_nengo_loihi_puts_between_a_node_and_the_chip(rng):
    stack = make_stack(rng, "chip", synapse=[0.002] * 3)
    with pytest.raises(ValidationError, match=r"encoding.*tune=False"):
        Chain(stack, 0.001)


def test_refuses_a_synapse_that_the_chip_does_not_have(rng):
    stack = make_stack(rng, synapse=[nengo.Alpha(0.005)] * 3)
    with pytest.raises(ValidationError, match="must be Lowpass or None"):
        Chain(stack, 0.001)


def test_refuses_neurons_that_the_chip_does_not_have(rng):
    stack = make_stack(rng, neuron_type=nengo.RectifiedLinear())
    with pytest.raises(ValidationError, match=r"RectifiedLinear.*tune=False"):
        Chain(stack, 0.001).run(np.ones((2, 5)), [Window(0, 10, 1.0)])
