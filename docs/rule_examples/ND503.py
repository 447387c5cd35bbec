import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

samples = [[0.5, 0.1], [0.2, 0.9]]
source.output = nengo.processes.PresentInput(samples, 0.1)

report = nengo_dense.check(net, run=0)

# %%
samples = np.random.RandomState(0).rand(1000, 2)
source.output = nengo.processes.PresentInput(samples, 0.1)

report = nengo_dense.check(net, run=0)
