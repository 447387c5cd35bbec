import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    stack = nengo_dense.DenseStack([8, 3], 4, encoding="host", seed=0)  # one hidden layer
    source = nengo.Node([0.5, 0.5, 0.5, 0.5], label="source")
    nengo.Connection(source, stack.input, synapse=None)

report = nengo_dense.check(net, run=0)

# %%
with nengo.Network(seed=0) as net:
    stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    source = nengo.Node([0.5, 0.5, 0.5, 0.5], label="source")
    nengo.Connection(source, stack.input, synapse=None)

report = nengo_dense.check(net, run=0)
