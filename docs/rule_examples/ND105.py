import nengo
import numpy as np

import nengo_dense

picture = nengo.Convolution(2, (4, 4, 1))  # 16 pixels -> 2 features of 2 x 2
with nengo.Network(seed=0) as net:
    source = nengo.Node(np.ones(16), label="source")
    second = nengo_dense.DenseLayer(8, 8, seed=2, label="second")
    link = nengo.Connection(source, second.neurons, transform=picture)

report = nengo_dense.check(net, run=0)

# %%
with nengo.Network(seed=0) as net:
    source = nengo.Node(np.ones(16), label="source")
    second = nengo_dense.DenseLayer(8, 16, seed=2, label="second")  # a dense matrix
    nengo.Connection(source, second.input)

report = nengo_dense.check(net, run=0)
