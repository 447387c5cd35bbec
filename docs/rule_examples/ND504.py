import nengo
import nengo_loihi
import numpy as np

import nengo_dense

rng = np.random.RandomState(0)
x = rng.rand(40, 4)
model = [(rng.randn(12, 4), np.zeros(12)), (rng.randn(8, 12), np.zeros(8))]
model += [(rng.randn(3, 8), np.zeros(3))]
stack = nengo_dense.convert(  # tuned for steps of 1 ms
    model, calibration=x, presentation_time=0.02, effort="fast", progress_bar=False
)

with nengo.Network(seed=0) as net:
    net.add(stack)
    source = nengo.Node(nengo.processes.PresentInput(x, 0.02), label="source")
    nengo.Connection(source, stack.input, synapse=None)
nengo_loihi.add_params(net)
net.config[stack.layers[1].ensemble].on_chip = False

report = nengo_dense.check(net, run=0)

# %%
net.config[stack.layers[1].ensemble].on_chip = True

report = nengo_dense.check(net, run=0)
