import nengo
import numpy as np

import nengo_dense

inward, weights = np.full((6, 2), 0.5), np.full((5, 6), 1e-4)

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, weights=inward, on_chip=False, label="first")
    second = nengo_dense.DenseLayer(5, 6, weights=weights, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

report = nengo_dense.check(net, run=0.1)

# %%
second.connection.transform = np.full((5, 6), 0.2)

report = nengo_dense.check(net, run=0.1)
