import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([2.0, 1.0, 0.5], label="source")
    gain, bias = np.full(3, 100.0), np.zeros(3)
    layer = nengo.Ensemble(3, 1, gain=gain, bias=bias, label="layer")
    link = nengo.Connection(source, layer.neurons)

report = nengo_dense.check(net, run=0)

# %%
source.output = [1.0, 0.5, 0.25]  # half of it ...
layer.gain = 2 * gain  # ... and twice the weight

report = nengo_dense.check(net, run=0)
