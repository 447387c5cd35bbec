"""nengo-loihi's own neurons for a node, as part of a stack that fires just as it does."""

import nengo
import numpy as np
import pytest
from numpy.testing import assert_allclose

from nengo_dense.conversion.node_encoder import with_encoder
from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.judgement import answer_all
from nengo_dense.emulator import Simulator
from nengo_dense.layers.stack import DenseStack

SIZES = [12, 9, 4]


def make_stack(rng, encoding, **arguments):
    weights = [
        rng.randn(n_out, n_in) / np.sqrt(n_in)
        for n_in, n_out in zip([5, *SIZES], SIZES, strict=False)
    ]
    biases = [0.3 * rng.randn(n) for n in SIZES]
    synapse = [0.002] * (len(SIZES) - 1 + (encoding == "spikes"))
    return DenseStack(
        SIZES,
        5,
        weights=weights,
        biases=biases,
        encoding=encoding,
        **{"max_rate": [400.0, 300.0], "synapse": [*synapse[:-1], None], **arguments},
    )


def logits_on_chip(stack, x, n_steps, dt):
    with nengo.Network() as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        probe = nengo.Probe(stack.logits)
    shown = np.repeat(x, n_steps // x.shape[1], axis=1)
    with Simulator(net, dt=dt, minibatch_size=len(x), progress_bar=False) as sim:
        sim.run_steps(n_steps, data={source: shown})
        return sim.data[probe]


@pytest.mark.parametrize("dt", [0.001, 0.002])
@pytest.mark.parametrize("n_frames", [1, 8])
@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
def test_what_is_tuned_fires_as_the_built_stack_does(rng, encoding, n_frames, dt):
    """For a node on the chip: as nengo-loihi's own neurons, clipped inputs included."""
    x = rng.uniform(-1.3, 1.3, (6, n_frames, 5))
    arguments = {"encoder": {"offset": [0, 0.5, 0, 0, -2]}} if encoding == "spikes" else {}
    stack = make_stack(rng, encoding, **arguments)
    circuit = Circuit(with_encoder(stack, dt), dt, x[:, 0])
    samples = Samples(x, x, frame_steps=None if n_frames == 1 else 5)
    ((_, read),) = answer_all(circuit, samples, [Window(0, 40, 1.0)])
    expected = logits_on_chip(stack, x, 40, dt).mean(axis=1)
    assert np.ptp(expected) > 0.1
    assert_allclose(circuit.logits(read), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
def test_parameters_return_as_they_came(rng, encoding):
    x = rng.uniform(100, 110, (6, 5)) * [1, 1e3, 1e-3, 1, 0]
    stack = make_stack(rng, encoding)
    weights, biases = Circuit(with_encoder(stack, 0.001), 0.001, x).in_network_units()
    for mine, theirs in zip([*weights, *biases], [*stack.weights, *stack.biases], strict=True):
        assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_nothing_is_added_to_an_open_network(rng):
    stack = make_stack(rng, "chip")
    with nengo.Network() as net:
        with_encoder(stack, 0.001)
    assert net.all_objects == []


def test_other_encodings_stay_as_they_are(rng, make_graph):
    for network in (make_stack(rng, "host"), make_stack(rng, "spikes"), make_graph()):
        assert with_encoder(network, 0.001) is network
