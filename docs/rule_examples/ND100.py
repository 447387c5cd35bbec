import nengo

import nengo_dense

stack = nengo_dense.DenseStack([12, 8, 3], 4, seed=0)
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5, 0.5, 0.5], label="source")
    nengo.Connection(source, stack.input, synapse=None)  # but the stack is not in the network

report = nengo_dense.check(net, run=0)

# %%
with nengo.Network(seed=0) as net:
    net.add(stack)
    source = nengo.Node([0.5, 0.5, 0.5, 0.5], label="source")
    nengo.Connection(source, stack.input, synapse=None)

report = nengo_dense.check(net, run=0)
