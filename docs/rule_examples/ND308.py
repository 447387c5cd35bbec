import nengo
import numpy as np

import nengo_dense

weights = np.full((6, 6), 0.3)
weights[2, 3] = np.nan  # training that diverged leaves such values

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo.Ensemble(6, 1, gain=np.full(6, 250.0), bias=np.zeros(6), label="second")
    nengo.Connection(source, first.input, synapse=None)
    link = nengo.Connection(first.neurons, second.neurons, transform=weights, synapse=0.005)

report = nengo_dense.check(net, run=0)

# %%
link.transform = np.full((6, 6), 0.3)

report = nengo_dense.check(net, run=0)
