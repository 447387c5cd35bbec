import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    first = nengo_dense.DenseLayer(6, 2, on_chip=False, seed=1, label="first")
    second = nengo_dense.DenseLayer(5, 6, seed=2, label="second")
    nengo.Connection(source, first.input, synapse=None)
    nengo.Connection(first.output, second.input, synapse=0.005)

report = nengo_dense.check(net, run=0)  # on a machine without a board

# %%
with nengo_dense.Simulator(net, progress_bar=False) as sim:  # the emulator needs no board
    sim.run(0.1)

report = nengo_dense.check(net, run=0, ignore={"ND208": "it runs in the emulator"})
