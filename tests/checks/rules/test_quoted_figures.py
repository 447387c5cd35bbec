"""The figures that the rules quote, measured on nengo-loihi's emulator."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice
from numpy.testing import assert_array_equal

ZERO = {"voltage": Choice([0])}
RELU = nengo.SpikingRectifiedLinear(initial_state=ZERO)


def spikes(net, probe, simulator=nengo_loihi.Simulator, seconds=1.0, **kwargs):
    with simulator(net, progress_bar=False, **kwargs) as sim:
        sim.run(seconds)
    return np.count_nonzero(sim.data[probe])


def neuron(gain=100.0, bias=0.0, neuron_type=RELU):
    return nengo.Ensemble(1, 1, neuron_type=neuron_type, gain=Choice([gain]), bias=Choice([bias]))


def test_values_from_a_node_are_clipped_at_one():
    """ND402."""
    rates = []
    for value in (0.25, 0.5, 1, 2, 5):
        with nengo.Network(seed=0) as net:
            layer = neuron()
            nengo.Connection(nengo.Node([value]), layer.neurons)
            probe = nengo.Probe(layer.neurons)
        rates.append(spikes(net, probe, target="sim"))
    assert rates == [24, 47, 90, 90, 90]


def test_relu_rates_are_one_spike_every_n_steps():
    """ND406."""
    for drive, rate in ((260, 250), (400, 333), (700, 500), (1500, 1000)):
        with nengo.Network(seed=0) as net:
            probe = nengo.Probe(neuron(1.0, drive).neurons)
        assert spikes(net, probe, target="sim") == rate == 1000 // -(-1000 // drive)


def test_adaptive_lif_becomes_plain():
    """ND103."""
    found = {}
    for kind in (nengo.AdaptiveLIF(inc_n=10, initial_state=ZERO), nengo.LIF(initial_state=ZERO)):
        with nengo.Network(seed=0) as net:
            probe = nengo.Probe(neuron(1.0, 4.0, kind).neurons)
        found[type(kind)] = (
            spikes(net, probe, nengo.Simulator),
            spikes(net, probe, target="sim"),
        )
    (adapted, emulated), (_, plain) = found[nengo.AdaptiveLIF], found[nengo.LIF]
    assert (adapted, emulated) == (1, 125)
    assert emulated == plain


def test_host_neurons_above_one_spike_a_step_arrive_as_one():
    """ND407."""
    rates = []
    for rate in (1000, 2000):
        type_ = nengo.SpikingRectifiedLinear(amplitude=0.001, initial_state=ZERO)
        with nengo.Network(seed=0) as net:
            host, chip = neuron(1.0, rate, type_), neuron()
            nengo.Connection(host.neurons, chip.neurons)
            probe = nengo.Probe(chip.neurons)
        nengo_loihi.add_params(net)
        net.config[host].on_chip = False
        rates.append(spikes(net, probe, target="sim"))
    assert rates == [90, 90]


@pytest.mark.parametrize("k, zeroed", [(10, (0.10, 0.13)), (100, (0.80, 0.89))])
def test_outliers_zero_the_rest(k, zeroed):
    """ND302."""
    from nengo_dense.checks import check

    weights = np.random.RandomState(0).normal(0, 0.1, (64, 64))
    weights[0, 0] = k * np.abs(weights).max()
    kind = nengo.SpikingRectifiedLinear(amplitude=0.01, initial_state=ZERO)
    with nengo.Network(seed=0) as net:
        first, second = (
            nengo.Ensemble(64, 1, neuron_type=kind, gain=Choice([100]), bias=Choice([0]))
            for _ in range(2)
        )
        nengo.Connection(first.neurons, second.neurons, transform=weights)
    low, high = zeroed
    assert low <= check(net, run=0).layers[1]["share_zeroed"] <= high


def test_chip_starts_at_voltage_zero():
    """ND113."""
    counts = []
    for voltage in (0.0, 0.9):
        kind = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([voltage])})
        with nengo.Network(seed=0) as net:
            probe = nengo.Probe(neuron(1.0, 20.0, kind).neurons)
        if voltage:
            with pytest.warns(UserWarning, match="does not support initial values"):
                counts.append(spikes(net, probe, seconds=0.04, target="sim"))
        else:
            counts.append(spikes(net, probe, seconds=0.04, target="sim"))
    assert_array_equal(counts, 0)
