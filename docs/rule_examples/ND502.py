import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

samples = [[0.5, 0.1], [0.2, 0.9]]
source.output = nengo.processes.PresentInput(samples, 0.1)

report = nengo_dense.check(net, run=0)

# %%
source.output = nengo.processes.PresentInput(samples[:1], 0.1)  # one sample a run; or
# nengo_dense.evaluate(stack, x, y), which starts each sample afresh

report = nengo_dense.check(net, run=0)
