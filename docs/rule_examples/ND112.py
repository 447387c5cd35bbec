import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)
    third = nengo_dense.DenseLayer(3, 5, seed=3, label="third")
    between = nengo.Node(lambda t, x: x**2, size_in=5, label="between")
    nengo.Connection(second.output, between, synapse=0.005)
    nengo.Connection(between, third.input, synapse=None)

report = nengo_dense.check(net, run=0)

# %%
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)
    third = nengo_dense.DenseLayer(3, 5, seed=3, label="third")
    nengo.Connection(second.output, third.input, synapse=0.005)
    last = nengo.Node(lambda t, x: x**2, size_in=3, label="last")
    nengo.Connection(third.output, last, synapse=0.005)

report = nengo_dense.check(net, run=0)
