import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5, 0.5, 0.5], label="source")
    stack = nengo_dense.DenseStack([12, 8, 3], 4, encoding="chip", seed=0)
    nengo.Connection(source, stack.input, synapse=None)

report = nengo_dense.check(net, run=0)

# %%
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5, 0.5, 0.5], label="source")
    stack = nengo_dense.DenseStack([12, 8, 3], 4, encoding="host", seed=0)
    nengo.Connection(source, stack.input, synapse=None)

report = nengo_dense.check(net, run=0)
