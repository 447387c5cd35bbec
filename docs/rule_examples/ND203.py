import nengo
import nengo_loihi
import numpy as np
from nengo.dists import Uniform

import nengo_dense


def chain(block):
    """Make 16 -> 1024 -> 4096, the first of both layers in blocks of this size."""
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5], label="source")
        host = nengo_dense.DenseLayer(16, 1, on_chip=False, label="host")
        first = nengo.Ensemble(1024, 1, gain=np.ones(1024), bias=np.zeros(1024), label="first")
        second = nengo_dense.DenseLayer(4096, 1024, weights=Uniform(0, 1), label="second")
        nengo.Connection(source, host.input, synapse=None)
        weights = nengo.Dense((1024, 16), init=Uniform(0, 1))
        nengo.Connection(host.neurons, first.neurons, transform=weights)
        nengo.Connection(first.neurons, second.input)
    nengo_loihi.add_params(net)
    net.config[first].block_shape = nengo_loihi.BlockShape((block,), (1024,))
    return net


report = nengo_dense.check(chain(118), run=0, build=False)

# %%
report = nengo_dense.check(chain(100), run=0, build=False)
