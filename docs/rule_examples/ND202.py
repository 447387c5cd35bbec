import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node(np.full(2100, 0.5), label="source")  # two axons for each value
    layer = nengo_dense.DenseLayer(8, 2100, seed=1, label="layer")
    nengo.Connection(source, layer.input, synapse=None)
report = nengo_dense.check(net, run=0, build=False)

# %%
with nengo.Network(seed=0) as net:
    source = nengo.Node(np.full(2100, 0.5), label="source")
    stack = nengo_dense.DenseStack([64, 8, 3], 2100, encoding="host", seed=1)
    nengo.Connection(source, stack.input, synapse=None)  # 64 neurons of the host send spikes
report = nengo_dense.check(net, run=0, build=False)
