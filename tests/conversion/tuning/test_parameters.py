import nengo
import numpy as np

from nengo_dense.conversion.tuning.parameters import blank_copy, set_parameters
from nengo_dense.layers.part import Parts
from nengo_dense.layers.stack import DenseStack


def make_stack(encoding="host"):
    return DenseStack([6, 5, 3], 4, encoding=encoding, max_rate=300.0, synapse=0.002, seed=1)


def test_numbers_return_to_the_parts_that_they_came_from(rng, make_graph):
    for network in (make_stack(), make_stack("spikes"), make_graph(), make_graph("spikes")):
        parts = Parts.of(network)
        weights = [rng.normal(size=w.shape) for w in parts.weights]
        biases = [rng.normal(size=b.shape) for b in parts.biases]
        set_parameters(network, weights, biases)
        after = Parts.of(network)
        for a, b in zip([*weights, *biases], [*after.weights, *after.biases], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_blank_copy_has_the_same_neurons_and_no_zeros(make_graph):
    networks = make_stack(), make_graph(), make_graph("spikes")
    with nengo.Network() as net:
        for network in networks:
            parts = Parts.of(network)
            set_parameters(network, [0 * w for w in parts.weights], parts.biases)
            copy = Parts.of(blank_copy(network))
            assert all(w.all() for w in copy.weights)
            for ours, theirs in zip(copy.layers, parts.layers, strict=True):
                assert ours.layer.max_rate == theirs.layer.max_rate
                assert ours.layer.ensemble.neuron_type == theirs.layer.ensemble.neuron_type
    assert net.all_objects == []
