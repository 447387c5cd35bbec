import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(
        5, 6, weights=np.full((5, 6), 300.0), bias=np.full(5, 0.004), label="second"
    )
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

report = nengo_dense.check(net, run=0)

# %%
second.connection.transform = np.full((5, 6), 0.3)

report = nengo_dense.check(net, run=0)
