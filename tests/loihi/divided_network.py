"""A network with a layer on several cores, decoded values, a host part and probes of all kinds."""

import nengo
import numpy as np
from nengo.dists import Choice

from nengo_dense import compat

ZERO = {"voltage": Choice([0])}
RELU = nengo.SpikingRectifiedLinear(amplitude=0.5, initial_state=ZERO)
LIF = nengo.LIF(initial_state=ZERO)


def divided(weights=None, decoded=True):
    """Host neurons → 20 neurons in blocks of 8 → an ensemble; attributes name the parts.

    With ``decoded`` the wide layer's value is probed, so that decoders depend on its biases.
    """
    loihi = compat.nengo_loihi()
    rng = np.random.RandomState(0)
    with nengo.Network(seed=0) as net:
        loihi.add_params(net)
        source = nengo.Node([0.5, 0.3])
        net.host = nengo.Ensemble(
            6, 1, neuron_type=RELU, gain=np.full(6, 40.0), bias=np.full(6, 90.0), label="host"
        )
        net.wide = nengo.Ensemble(
            20, 1, neuron_type=LIF, gain=rng.uniform(1, 2, 20), bias=np.zeros(20), label="wide"
        )
        net.last = nengo.Ensemble(30, 1, neuron_type=LIF, label="last")
        net.config[net.host].on_chip = False
        net.config[net.wide].block_shape = loihi.BlockShape((8,), (20,))
        nengo.Connection(source, net.host.neurons, transform=rng.normal(size=(6, 2)))
        if weights is None:
            weights = 0.01 * rng.normal(size=(20, 6))
        net.conn = nengo.Connection(
            net.host.neurons, net.wide.neurons, transform=weights, synapse=0.005
        )
        nengo.Connection(net.wide.neurons, net.last.neurons, transform=np.full((30, 20), 0.01))
        nengo.Connection(net.last, net.last, synapse=0.1)
        net.probes_of_all_kinds = [
            nengo.Probe(net.wide.neurons),
            nengo.Probe(net.wide.neurons[2:17:3], "voltage", synapse=0.01),
            nengo.Probe(net.last, synapse=0.01),
        ]
        if decoded:
            net.probes_of_all_kinds.append(nengo.Probe(net.wide, synapse=0.01))
    return net
