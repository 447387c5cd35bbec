import nengo

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5])
    layer = nengo_dense.DenseLayer(8, 1, label="layer")
    out = nengo.Node(size_in=8)
    nengo.Connection(source, layer.input, synapse=None)
    conn = nengo.Connection(layer.output, out, label="readout")
    nengo.Probe(out)
net.connections.append(conn)  # it was in the list already

report = nengo_dense.check(net, run=0)

# %%
net.connections.remove(conn)

report = nengo_dense.check(net, run=0)
