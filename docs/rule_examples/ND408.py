import nengo
import numpy as np

import nengo_dense

inward, weights = np.full((400, 2), 0.5), np.full((2, 400), 1.0)

with nengo.Network(seed=0) as net:
    source = nengo.Node([4.0, 4.0], label="source")
    first = nengo_dense.DenseLayer(400, 2, weights=inward, on_chip=False, label="first")
    second = nengo_dense.DenseLayer(2, 400, weights=weights, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

report = nengo_dense.check(net, run=0.1)

# %%
source.output = [0.5, 0.5]
second.connection.transform = np.full((2, 400), 0.005)

report = nengo_dense.check(net, run=0.1)
