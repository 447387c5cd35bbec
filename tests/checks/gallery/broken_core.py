"""ND2xx: capacity, at the limit and one beyond; the arithmetic needs no build."""

import nengo
import nengo_loihi
import numpy as np
from nengo.dists import Uniform
from specimen import broken, layers, place, relu, sound


def wide(*sizes, block=None, node_input=False, build_weights=False):
    """A chain of layers of these sizes on the chip, fed by host neurons or by a node."""
    with nengo.Network(seed=0) as net:
        if node_input:
            before = nengo.Node(np.full(sizes[0], 0.5), label="source")
        else:
            source = nengo.Node([0.5], label="source")
            host = relu(sizes[0], "host")
            nengo.Connection(source, host.neurons, transform=np.ones((sizes[0], 1)), synapse=None)
            before = host.neurons
        for i, n in enumerate(sizes[1:]):
            layer = relu(n, f"layer{i}")
            weights = nengo.Dense((n, sizes[i]), init=Uniform(0.001, 0.01))
            nengo.Connection(before, layer.neurons, transform=weights, synapse=0.005)
            before = layer.neurons
    place(net, host=False)
    if block is not None:
        layer = net.ensembles[0 if node_input else 1]
        shape = nengo_loihi.BlockShape((block,), (layer.n_neurons,))
        net.config[layer].block_shape = shape
    return net


@sound("ND201")
def block_of_1024():
    return wide(2, 1100, block=1024)


@broken(
    "ND201",
    "layer0",
    value=1025,
    limit=1024,
    says="blocks of at most 1024: BlockShape((1024,), (1100,))",
)
def block_of_1025():
    return wide(2, 1100, block=1025)


@sound("ND202", build=False)
def inputs_4096():
    return wide(4096, 8)


@broken(
    "ND202",
    "layer0",
    value=4097,
    limit=4096,
    says="at most 4096 spiking inputs, or 2048 dimensions",
    build=False,
)
def inputs_4097():
    return wide(4097, 8)


@broken("ND202", "layer0", value=4097, limit=4096)
def inputs_4097_built():
    return wide(4097, 2)


@sound("ND202", build=False)
def dimensions_2048():
    return wide(2048, 8, node_input=True)


@broken("ND202", "layer0", value=4098, limit=4096, build=False)
def dimensions_2049():
    return wide(2049, 8, node_input=True)


def _two_layers(block):
    net = wide(16, 1024, 4096, block=block)
    last = net.ensembles[2]
    net.config[last].block_shape = nengo_loihi.BlockShape((114,), (4096,))  # 36 cores
    return net


@sound("ND203", build=False)
def blocks_of_113_before_36_cores():
    return _two_layers(113)


@broken(
    "ND203",
    "layer0",
    value=114 * 36,
    limit=4096,
    says="114 neurons send to 36 cores of layer1; Use blocks of at most 113 neurons",
    build=False,
)
def blocks_of_114_before_36_cores():
    return _two_layers(114)


@sound("ND204")
def blocks_of_142_with_784_inputs():
    return wide(784, 1024, block=142)


@broken("ND204", "layer0", value=784 * 1344, limit=2**20, says="blocks of at most 142")
def blocks_of_143_with_784_inputs():
    return wide(784, 1024, block=143)


@broken(
    "ND204", "layer0", value=784 * 1344, limit=2**20, says="blocks of at most 142", build=False
)
def what_nengo_loihi_divides_itself():
    return wide(784, 1000)


def _many(n):
    net = layers()
    with net:
        for i in range(n - 1):
            relu(1, f"extra{i}", bias=200)
    return net


@sound("ND205", build=False)
def cores_128():
    return _many(128)


@broken(
    "ND205",
    "second",
    severity="warning",
    value=129,
    limit=128,
    says="2 chips of 128; this layer takes 1 of them",
    build=False,
)
def cores_129():
    return _many(129)


@sound("ND206", build=False)
def as_many_cores_as_neurons_need():
    return wide(64, 1024)


@broken(
    "ND206",
    "layer0",
    severity="info",
    value=2,
    limit=1,
    says="1024 neurons, which would fit on 1: 50% of",
    build=False,
)
def more_cores_than_neurons_need():
    return wide(128, 1024)


def _formats(n):
    """That many sparse connections, each with an exponent or index bits of its own."""
    net = layers(np.full((129, 6), 0.3))
    first, second = net.ensembles
    with net:
        for i in range(n):
            target, scale = (59, 99, 128)[i % 3], 0.3 / 2 ** (i // 3)
            sparse = nengo.Sparse((129, 6), indices=[(target, 0)], init=scale)
            nengo.Connection(first.neurons, second.neurons, transform=sparse, synapse=0.005)
    return net


@sound("ND207")
def synapse_formats_15():
    return _formats(15)


@broken("ND207", "second", severity="warning", value=16, limit=15)
def synapse_formats_16():
    return _formats(16)


@broken("ND208", "network", severity="info")
def a_network_that_builds():
    return layers()


@sound("ND208", build=False)
def a_network_that_is_not_built():
    return layers()
