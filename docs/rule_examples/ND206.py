import nengo

import nengo_dense


def chain(n_sending):
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5], label="source")
        host = nengo_dense.DenseLayer(n_sending, 1, on_chip=False, seed=1, label="host")
        wide = nengo_dense.DenseLayer(1024, n_sending, seed=2, label="wide")
        nengo.Connection(source, host.input, synapse=None)
        nengo.Connection(host.output, wide.input, synapse=0.005)
    return net


report = nengo_dense.check(chain(256), run=0, build=False)

# %%
report = nengo_dense.check(chain(64), run=0, build=False)
