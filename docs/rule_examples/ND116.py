import nengo
import numpy as np

import nengo_dense

with nengo.Network(seed=0) as net:
    tuned = nengo.Ensemble(10, 1, intercepts=np.linspace(-1, 0.99, 10), label="tuned")

report = nengo_dense.check(net, run=0)

# %%
tuned.intercepts = np.linspace(-1, 0.9, 10)

report = nengo_dense.check(net, run=0)
