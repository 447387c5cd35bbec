"""The program of the Nengo forum that everything began with, and its repaired version.

A Keras model 16-64-32-32-5 through NengoDL's converter: the input is left at zeros, the weights
are Glorot's, the neurons LIF with amplitude 0.005, the first layer off the chip.
"""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice

from nengo_dense.checks import check


@pytest.fixture
def network():
    rng = np.random.RandomState(0)
    lif = nengo.LIF(amplitude=0.005, initial_state={"voltage": Choice([0])})
    with nengo.Network(seed=0) as net:
        net.input = nengo.Node(np.zeros(16), label="input")
        net.layers, before = [], net.input
        for i, n in enumerate((64, 32, 32, 5)):
            layer = nengo.Ensemble(n, 1, neuron_type=lif, gain=Choice([200]), bias=Choice([1]))
            net.layers.append(layer)
            edge = np.sqrt(6 / (n + before.size_out))
            weights = rng.uniform(-edge, edge, (n, before.size_out))
            synapse = None if i == 0 else 0.005
            nengo.Connection(before, layer.neurons, transform=weights, synapse=synapse)
            before = layer.neurons
        nengo.Probe(before, synapse=0.01)
    nengo_loihi.add_params(net)
    net.config[net.layers[0]].on_chip = False
    return net


def test_zero_input_is_the_first_line_with_its_remedy(network):
    report = check(network)
    first, second, *_ = str(report).splitlines()
    assert first.startswith("ND401 error   input: gives constant zeros")
    assert "PresentInput(x, presentation_time)" in second
    assert [f.code for f in report.findings if f.severity == "error"] == ["ND401"]


def test_repaired_program_has_no_error(network):
    x = np.random.RandomState(1).uniform(0, 1, (10, 16))
    network.input.output = nengo.processes.PresentInput(x, presentation_time=0.1)
    assert check(network).ok
