"""A network with neurons and a readout on the host, and a chip between them."""

import nengo
import numpy as np

from nengo_dense import compat
from nengo_dense.emulator import Simulator

compat.nengo_loihi()
import nengo_loihi  # noqa: E402

ZERO = {"voltage": nengo.dists.Choice([0])}
NEURONS = {
    "relu": nengo.SpikingRectifiedLinear(amplitude=0.5, initial_state=ZERO),
    "loihi relu": nengo_loihi.neurons.LoihiSpikingRectifiedLinear(initial_state=ZERO),
    "regular": nengo.RegularSpiking(nengo.LIFRate(), initial_state=ZERO),
    "lif": nengo.LIF(initial_state=ZERO),
}


def make_network(name="relu", parts=False, synapse=None):
    """Build source → host layer → chip → filtered readout.

    ``parts`` sends some of the host's neurons a second time; ``synapse`` filters the source.
    """
    rng = np.random.RandomState(8)
    with nengo.Network(seed=3) as net:
        nengo_loihi.add_params(net)
        net.source = nengo.Node(np.zeros(3))
        hidden = net.hidden = nengo.Ensemble(
            6, 1, neuron_type=NEURONS[name], gain=np.full(6, 50.0), bias=rng.uniform(0, 20, 6)
        )
        net.config[hidden].on_chip = False
        chip = nengo.Ensemble(5, 1, neuron_type=NEURONS["relu"], gain=np.ones(5), bias=np.zeros(5))
        output, net.bias = nengo.Node(size_in=2), nengo.Node([0.3, -0.2])
        nengo.Connection(net.bias, output, transform=rng.normal(size=(2, 2)), synapse=None)
        weights = rng.uniform(0, 5, size=(6, 3))
        nengo.Connection(net.source, hidden.neurons, transform=weights, synapse=synapse)
        pre = hidden.neurons[1:4] if parts else hidden.neurons
        weights = rng.uniform(0, 1, size=(5, pre.size_out))
        nengo.Connection(pre, chip.neurons, transform=weights, synapse=0.005)
        if parts:
            weights = rng.normal(size=(5, 6))
            nengo.Connection(hidden.neurons, chip.neurons, transform=weights, synapse=0.005)
        for tau in (0.005, 0.02):
            weights = rng.normal(size=(2, 5))
            nengo.Connection(chip.neurons, output, transform=weights, synapse=tau)
        net.watched = [nengo.Probe(chip.neurons), nengo.Probe(output)]
    return net


def presentations(lanes, n_steps):
    """Three inputs one after another, the second for one step."""
    x = np.random.RandomState(1).uniform(0, 1, size=(lanes, 3, 3))
    return np.repeat(x, [n_steps // 2, 1, n_steps - n_steps // 2 - 1], axis=1)


class Follower:
    """A kernel that counts the steps in which it followed instructions."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.n_steps = 0

    def follow(self, instructions, stretch):
        self.n_steps += stretch.n_steps
        self.kernel.follow(instructions, stretch)

    def fire_estimated(self, *args):
        return self.kernel.fire_estimated(*args)

    def multiply_lanes(self, vectors, matrix):
        return self.kernel.multiply_lanes(vectors, matrix)


def run(net, kernel, data, pieces, plans=True):
    """Run pieces of a simulation with data for some nodes.

    Returns
    -------
    values : list of array
        Of ``net.watched``.
    followed : dict of {str: int}
        Steps that each host made by its plan; none without ``plans``.
    """
    lanes = len(next(iter(data.values())))
    with Simulator(net, minibatch_size=lanes, progress_bar=False, kernel=kernel) as sim:
        followers = {}
        for name, host in sim._machine.blocks[0].hosts.items():
            followers[name] = host._kernel = Follower(host._kernel)
            host.plan = host.plan if plans else None
        start = 0
        for n_steps in pieces:
            part = {node: x[:, start : start + n_steps] for node, x in data.items()}
            sim.run_steps(n_steps, data=part)
            start += n_steps
    followed = {name: follower.n_steps for name, follower in followers.items()}
    return [sim.data[probe] for probe in net.watched], followed
