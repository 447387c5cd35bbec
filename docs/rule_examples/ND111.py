import nengo
import nengo_loihi
from nengo.params import Parameter

import nengo_dense

with nengo.Network(seed=0) as net:
    nengo.Ensemble(80, 1, label="wide")
nengo_loihi.add_params(net)
# A default for every ensemble, in the place of nengo-loihi's own parameter, which would say no
settings = net.config[nengo.Ensemble]
del settings._extra_params["block_shape"]
shape = nengo_loihi.BlockShape((30,), (60,))  # of 60 neurons, where there are 80
settings.set_param("block_shape", Parameter("block_shape", default=shape))

report = nengo_dense.check(net, run=0)

# %%
settings.block_shape = nengo_loihi.BlockShape((40,), (80,))

report = nengo_dense.check(net, run=0)
