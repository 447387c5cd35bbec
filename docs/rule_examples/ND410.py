import nengo
import numpy as np

import nengo_dense


def chain(n_sending):
    """Make neurons on the host that are all alike and fire together, and a layer on the chip."""
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5, 0.5], label="source")
        inward = np.full((n_sending, 2), 0.5)
        host = nengo_dense.DenseLayer(n_sending, 2, weights=inward, on_chip=False, label="host")
        layer = nengo_dense.DenseLayer(5, n_sending, seed=1, label="layer")
        nengo.Connection(source, host.input, synapse=None)
        nengo.Connection(host.output, layer.input, synapse=0.005)
    return net


report = nengo_dense.check(chain(60), run=0.1)

# %%
report = nengo_dense.check(chain(50), run=0.1)
