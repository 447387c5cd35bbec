import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    lonely = nengo.Ensemble(4, 1, bias=np.ones(4), label="lonely")

report = nengo_dense.check(net, run=0)

# %%
lonely.gain = np.ones(4)

report = nengo_dense.check(net, run=0)
