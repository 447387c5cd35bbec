import nengo
import nengo_dl
import tensorflow as tf

import nengo_dense

with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    layer = nengo_dense.DenseLayer(6, 2, seed=1, label="layer")
    nengo.Connection(source, layer.input, synapse=None)
    softmax = nengo_dl.TensorNode(
        tf.nn.softmax, shape_in=(6,), shape_out=(6,), pass_time=False, label="softmax"
    )
    nengo.Connection(layer.output, softmax, synapse=0.005)
    nengo.Probe(softmax)

report = nengo_dense.check(net, run=0)

# %%
with nengo.Network(seed=0) as net:
    source = nengo.Node([0.5, 0.5], label="source")
    layer = nengo_dense.DenseLayer(6, 2, seed=1, label="layer")
    nengo.Connection(source, layer.input, synapse=None)
    softmax = nengo_dense.SoftmaxNode(6, label="softmax")
    nengo.Connection(layer.output, softmax, synapse=0.005)
    nengo.Probe(softmax)

report = nengo_dense.check(net, run=0)
