import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    link = nengo.Connection(first.output, second.input, synapse=2.0)

report = nengo_dense.check(net, run=0)

# %%
link.synapse = 0.005

report = nengo_dense.check(net, run=0)
