import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)
second.ensemble.neuron_type = nengo.AdaptiveLIF()

report = nengo_dense.check(net, run=0)

# %%
zero = {"voltage": nengo.dists.Choice([0])}
second.ensemble.neuron_type = nengo.LIF(initial_state=zero)

report = nengo_dense.check(net, run=0)
