import nengo
import numpy as np
from nengo.dists import Uniform

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5], label="source")
    host = nengo_dense.DenseLayer(784, 1, on_chip=False, label="host")
    wide = nengo.Ensemble(1000, 1, gain=np.ones(1000), bias=np.zeros(1000), label="wide")
    nengo.Connection(source, host.input, synapse=None)
    weights = nengo.Dense((1000, 784), init=Uniform(0, 1))
    nengo.Connection(host.neurons, wide.neurons, transform=weights)
report = nengo_dense.check(net, run=0, build=False)

# %%
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5], label="source")
    host = nengo_dense.DenseLayer(784, 1, on_chip=False, label="host")
    wide = nengo_dense.DenseLayer(1000, 784, seed=1, label="wide")  # chooses its own blocks
    nengo.Connection(source, host.input, synapse=None)
    nengo.Connection(host.output, wide.input)
report = nengo_dense.check(net, run=0, build=False)
