import nengo
import numpy as np
import pytest
from small_network import layer

from nengo_dense import compat


@pytest.fixture
def net():
    """Three features → four neurons on the host → five on the chip → two readouts."""
    compat.nengo_loihi()
    import nengo_loihi

    rng = np.random.RandomState(3)
    with nengo.Network(seed=1) as network:
        nengo_loihi.add_params(network)
        network.source = nengo.Node(np.array([0.5, 0.2, 0.9]))
        network.hidden = layer(4, 0)
        network.config[network.hidden].on_chip = False
        network.chip = layer(5, 0)
        network.output = nengo.Node(size_in=2)
        weights = rng.uniform(0, 200, size=(4, 3))
        nengo.Connection(network.source, network.hidden.neurons, transform=weights, synapse=None)
        nengo.Connection(
            network.hidden.neurons,
            network.chip.neurons,
            transform=rng.uniform(0, 1, size=(5, 4)),
            synapse=0.005,
        )
        nengo.Connection(
            network.chip.neurons, network.output, transform=rng.normal(size=(2, 5)), synapse=0.005
        )
        network.p_output = nengo.Probe(network.output)
        network.p_chip = nengo.Probe(network.chip.neurons)
        network.p_hidden = nengo.Probe(network.hidden.neurons)
    return network
