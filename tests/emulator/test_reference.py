import nengo
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nengo_dense.emulator.reference import PIECE_STEPS, ReferenceSimulator
from nengo_dense.layers import DenseStack

NEURON_TYPES = (
    nengo.SpikingRectifiedLinear(),
    nengo.RectifiedLinear(),
    nengo.LIF(tau_ref=0.001),
    nengo.LIFRate(tau_ref=0.001),
)


def make_network(neuron_type, encoding="host"):
    with nengo.Network(seed=1) as net:
        net.samples = nengo.Node(np.zeros(5))
        net.stack = DenseStack(
            [12, 9, 3], 5, neuron_type=neuron_type, encoding=encoding, max_rate=[90, 300], seed=2
        )
        nengo.Connection(net.samples, net.stack.input, synapse=None)
        net.probed = [
            nengo.Probe(net.stack.logits),
            nengo.Probe(net.stack.output, synapse=0.01),
            *(nengo.Probe(layer.neurons) for layer in net.stack.layers),
        ]
    return net


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("neuron_type", NEURON_TYPES, ids=lambda kind: type(kind).__name__)
def test_every_lane_equals_nengo(rng, neuron_type, encoding):
    net = make_network(neuron_type, encoding)
    n_steps = 2 * PIECE_STEPS + 5
    x = rng.uniform(-1, 1, size=(4, 5))
    lanes = ReferenceSimulator(net, minibatch_size=4)
    data = np.broadcast_to(x[:, None, :], (4, n_steps, 5))
    lanes.run_steps(n_steps, data={net.samples: data})
    for lane, value in enumerate(x):
        net.samples.output = value
        with nengo.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(n_steps)
        for probe in net.probed:
            assert_array_equal(lanes.data[probe][lane], sim.data[probe])


def test_reset_starts_afresh(rng):
    net = make_network(nengo.SpikingRectifiedLinear())
    sim = ReferenceSimulator(net, minibatch_size=2)
    data = {net.samples: np.broadcast_to(rng.rand(2, 1, 5), (2, 30, 5))}
    sim.run_steps(30, data=data)
    first = [np.array(sim.data[probe]) for probe in net.probed]
    sim.reset()
    assert sim.n_steps == 0
    sim.run_steps(30, data=data)
    for probe, values in zip(net.probed, first, strict=True):
        assert_array_equal(sim.data[probe], values)


def test_sums_what_it_does_not_keep(rng):
    net = make_network(nengo.SpikingRectifiedLinear())
    kept = ReferenceSimulator(net, minibatch_size=2)
    summed = ReferenceSimulator(net, minibatch_size=2, keep_history=[])
    data = {net.samples: np.broadcast_to(rng.rand(2, 1, 5), (2, 50, 5))}
    for sim in (kept, summed):
        sim.run_steps(50, data=data)
    for probe in net.probed[2:]:
        assert summed.data[probe].shape[1] == 1
        np.testing.assert_allclose(summed.sum(probe), kept.data[probe].sum(axis=1), rtol=1e-12)
        assert kept.sum(probe).any()
