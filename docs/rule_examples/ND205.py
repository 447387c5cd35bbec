import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    for i in range(130):
        nengo.Ensemble(10, 1, label=f"part {i}")  # each takes a core of its own
report = nengo_dense.check(net, run=0, build=False)

# %%
with nengo.Network(seed=0) as net:
    for i in range(13):
        nengo.Ensemble(100, 1, label=f"part {i}")  # the same number of neurons, larger parts
report = nengo_dense.check(net, run=0, build=False)
