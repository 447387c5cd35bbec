import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(
        5, 6, weights=np.full((5, 6), 1e-7), bias=np.full(5, 10.0), label="second"
    )
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

report = nengo_dense.check(net, run=0)

# %%
second.connection.transform = np.full((5, 6), 10.0)  # of the bias's size

report = nengo_dense.check(net, run=0)
