import nengo
import numpy as np

import nengo_dense

weights = np.random.RandomState(0).normal(0, 0.1, (64, 64))
largest = abs(weights).max()
weights[0, 0] = 100 * largest

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(64, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(64, 64, weights=weights, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

report = nengo_dense.check(net, run=0)

# %%
second.connection.transform = np.clip(weights, -largest, largest)

report = nengo_dense.check(net, run=0)
