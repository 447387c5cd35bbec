"""Layer by layer, a stack costs what is counted core by core in the built network."""

import nengo
import numpy as np
import pytest

from nengo_dense.emulator import Simulator
from nengo_dense.evaluation.cost import describe, energy_of, operations_of, spikes_for_values
from nengo_dense.evaluation.trial import populations_of, senders_of
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.loihi.energy import Energy, count_energy


def stack(encoding, rng):
    return DenseStack([40, 30, 8, 3], 4, encoding=encoding, seed=1)


def graph(encoding, rng):
    """Make a graph with skip connections, from the input and from the first layer."""
    a, b, c = rng.rand(40, 4), rng.rand(30, 40), rng.rand(8, 30)
    layers = [
        GraphLayer("a", {"x": a}, on_chip=encoding == "spikes"),
        GraphLayer("b", {"a": b, "x": rng.rand(30, 4)}),
        GraphLayer("c", {"x": rng.rand(8, 4), "b": c, "a": rng.rand(8, 40)}),
    ]
    return DenseGraph({"x": 4}, layers, {"y": GraphOutput({"c": rng.rand(3, 8)})}, seed=1)


@pytest.mark.parametrize("make", [stack, graph])
@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_layers_cost_what_their_cores_cost(encoding, make, rng):
    stack = make(encoding, rng)
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        nengo.Connection(nengo.Node(np.ones(4)), stack.input, synapse=None)
    layers = populations_of(stack)
    spikes = {layer.ensemble: rng.poisson(5, layer.ensemble.n_neurons) for layer in layers}
    with Simulator(net, progress_bar=False) as sim:
        energy = Energy.total(count_energy(sim.model, spikes, 20).values())
    sent = np.array([counts.sum() for counts in spikes.values()])
    operations = operations_of(layers, senders_of(stack, layers), sent, 0.0)
    assert energy_of(layers, operations, 20) == energy


def test_values_are_sent_by_an_on_and_an_off_neuron():
    assert spikes_for_values(np.array([[1.0], [-1.0], [0.0], [3.0]]), 10) == 10
    assert spikes_for_values(np.array([[0.25]]), 10) == 6 + 3  # of 6.25 and 3.75
    assert spikes_for_values(np.array([[0.25, 0.0], [-0.25, 1.0]]), 10) == 9 + 10


def test_the_sentence_has_the_operations_and_the_energy():
    assert describe(Energy(1000, 2000)) == (
        "on the chip, an inference: 1000 synaptic operations, 2000 neuron updates, "
        "0.186 microjoules"
    )
