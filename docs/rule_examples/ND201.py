import nengo
import nengo_loihi

import nengo_dense

with nengo.Network(seed=0) as net:
    wide = nengo.Ensemble(1100, 1, label="wide")
nengo_loihi.add_params(net)
net.config[wide].block_shape = nengo_loihi.BlockShape((1100,), (1100,))
report = nengo_dense.check(net, run=0, build=False)

# %%
net.config[wide].block_shape = nengo_loihi.BlockShape((550,), (1100,))
report = nengo_dense.check(net, run=0, build=False)
