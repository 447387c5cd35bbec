import nengo
import nengo_loihi
import numpy as np

import nengo_dense

gain, bias = np.full(6, 100.0), np.zeros(6)
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5], label="source")
    after = nengo_dense.DenseLayer(5, 6, seed=2, label="after")
    with nengo.Network(label="part") as part:
        before = nengo.Ensemble(6, 1, gain=gain, bias=bias, label="before")
    nengo.Connection(source, before, synapse=None)
    nengo.Connection(before.neurons, after.input, synapse=0.005)
nengo_loihi.add_params(part)
part.config[before].on_chip = False  # nengo-loihi does not read it here

report = nengo_dense.check(net, run=0)

# %%
nengo_loihi.add_params(net)
net.config[before].on_chip = False  # here it does

report = nengo_dense.check(net, run=0)
