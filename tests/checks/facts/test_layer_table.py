"""The numbers of a layer, against what can be worked out by hand."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice

from nengo_dense.checks import check

RELU = nengo.SpikingRectifiedLinear(amplitude=0.01, initial_state={"voltage": Choice([0])})


@pytest.fixture(scope="module")
def report():
    """8 host neurons at 100 Hz send to 4 neurons on the chip, one of which hears nothing."""
    weights = np.full((4, 8), 0.25)
    weights[0] = 0
    weights[1] = 10
    with nengo.Network(seed=0) as net:
        source = nengo.Node([1.0])
        host, chip = (
            nengo.Ensemble(
                n, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]), label=name
            )
            for n, name in ((8, "host"), (4, "chip"))
        )
        nengo.Connection(source, host.neurons, transform=np.ones((8, 1)), synapse=None)
        nengo.Connection(host.neurons, chip.neurons, transform=weights)
    nengo_loihi.add_params(net)
    net.config[host].on_chip = False
    return check(net, run=0.2)


def test_the_ratio_of_weights_to_their_rounding_is_a_number_where_there_are_weights(report):
    (row,) = report.layers
    assert 20 < row["sqnr"] < 100
    assert 20 < row["neuron_sqnr"] < 100
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([50]))
    (lone,) = check(net, run=0).layers
    assert (lone["levels"], lone["share_zeroed"], lone["sqnr"], lone["neuron_sqnr"]) == (None,) * 4


def test_neurons_that_share_their_weights_have_no_ratio_of_their_own():
    with nengo.Network(seed=0) as net:
        host, chip = (
            nengo.Ensemble(
                n, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]), label=name
            )
            for n, name in ((16, "host"), (8, "chip"))
        )
        convolution = nengo.Convolution(2, (4, 4, 1), kernel_size=(3, 3))
        nengo.Connection(host.neurons, chip.neurons, transform=convolution)
    nengo_loihi.add_params(net)
    net.config[host].on_chip = False
    (row,) = check(net, run=0).layers
    assert row["neuron_sqnr"] is None
    assert 20 < row["sqnr"] < 100


def test_rates_and_shares(report):
    (row,) = report.layers
    assert row["share_silent"] == 0.25
    assert row["rate_max"] > 900
    assert 100 < row["rate_mean"] < 400
    assert row["rate_error"] < 0.05
    assert report.curves["chip"]["ceiling"] == 1000  # a spike in every millisecond


def test_memory_and_axons(report):
    (row,) = report.layers
    assert (row["n_neurons"], row["cores"], row["in_axons"], row["out_axons"]) == (4, 1, 8, 0)
    assert row["synapse_bits"] == 8 * 64  # 4 weights of 8 bits and a header take one word
    assert row["synapse_share"] == pytest.approx(512 / 2**20)


def test_weights(report):
    (row,) = report.layers
    assert row["levels"] == 3  # 0, 0.25 and 10, all of which are kept
    assert row["share_zeroed"] == 0
    assert row["weight_exp"] == 0


def test_energy_is_operations_and_updates(report):
    (row,) = report.layers
    # 8 neurons at one spike in 11 steps (10 and the one that resets), each to 4 neurons
    assert row["synops_per_second"] == pytest.approx(4 * 8 * 1000 / 10, rel=0.15)
    expected = row["synops_per_second"] * 23.6e-12 + 4 * 1000 * 81e-12
    assert row["power"] == pytest.approx(expected)


def test_rates_of_a_silent_layer_have_no_error():
    with nengo.Network(seed=0) as net:
        source = nengo.Node([1.0])
        layer = nengo.Ensemble(4, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]))
        nengo.Connection(source, layer.neurons, transform=np.full((4, 1), 1e-3))
    (row,) = check(net, run=0.05).layers
    assert row["rate_mean"] == 0
    assert row["rate_error"] is None


def test_numbers_that_are_not_known_are_left_out():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1, neuron_type=RELU, label="alone")
    (row,) = check(net, run=0, build=False).layers
    assert row["n_neurons"] == 4
    assert "rate_mean" not in row
    assert "levels" not in row


def test_neurons_whose_voltages_are_read_have_no_rates():
    """Decoders for the host never fire by design; those from ensemble to ensemble do."""
    with nengo.Network(seed=0) as net:
        a, b = (nengo.Ensemble(20, 1, label=name) for name in "ab")
        nengo.Connection(nengo.Node([0.8]), a)
        nengo.Connection(a, b)
        nengo.Connection(b, nengo.Node(size_in=1, output=lambda t, x: None, label="seen"))
    rows = {row["layer"]: row for row in check(net).layers}
    assert rows["decoders of a -> b"]["rate_mean"] > 0
    (seen,) = (row for name, row in rows.items() if name.startswith("decoders of b"))
    assert "rate_mean" not in seen
    assert seen["synops_per_second"] > 0
