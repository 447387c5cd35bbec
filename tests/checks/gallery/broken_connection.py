"""ND104, ND105, ND114, ND115, ND118, ND306: filters, transforms, and connections in a network."""

import nengo
import numpy as np
from specimen import broken, layers, relu, sound

import nengo_dense

LINK = "first.neurons -> second.neurons"


@broken("ND104", LINK)
def alpha_synapse():
    return layers(synapse=nengo.Alpha(0.005))


@sound("ND104")
def no_synapse():
    return layers(synapse=None)


@sound("ND104")
def alpha_synapse_on_the_host():
    net = layers()
    net.connections[0].synapse = nengo.Alpha(0.005)
    return net


def _through(first, second, **kwargs):
    """second -> passthrough -> third, both on the chip."""
    net = layers()
    with net:
        node = nengo.Node(size_in=5, label="node")
        third = relu(3, "third")
        nengo.Connection(net.ensembles[1].neurons, node, synapse=first)
        kwargs = {"transform": np.full((3, 5), 0.1), **kwargs}
        nengo.Connection(node, third.neurons, synapse=second, **kwargs)
    return net


MERGED = "second.neurons -> third.neurons"


@broken("ND104", MERGED)
def alpha_synapse_merged_with_another():
    return _through(nengo.Alpha(0.005), 0.005)


@broken("ND104", MERGED)
def alpha_synapse_through_a_passthrough_node():
    return _through(nengo.Alpha(0.005), None)


@broken("ND115", MERGED, severity="warning", value=0.008, says="of 5 and 3 ms in a row")
def two_lowpass_in_a_row():
    return _through(0.005, 0.003)


@sound("ND115")
def one_lowpass_and_none():
    return _through(0.005, None)


@broken("ND105", MERGED)
def distribution_through_a_passthrough_node():
    return _through(0.005, None, transform=nengo.Dense((3, 5), nengo.dists.Uniform(0, 1)))


@broken("ND105", MERGED)
def sparse_through_a_passthrough_node():
    sparse = nengo.Sparse((3, 5), indices=[(0, 0), (1, 1), (2, 2)], init=0.5)
    return _through(0.005, None, transform=sparse)


def _into_part(pre, post, **kwargs):
    """Two ensembles of two dimensions on the chip, and a connection between parts of them."""
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5, -0.5], label="source")
        a, b = (nengo.Ensemble(20, 2, label=name) for name in "ab")
        node = nengo.Node(size_in=2, label="node")
        nengo.Connection(source, a)
        nengo.Connection(a, node)
        parts = {"source": source, "a[0]": a[0], "node[0]": node[0], "b": b, "b[1]": b[1]}
        parts |= {"a.neurons": a.neurons, "b.neurons[:10]": b.neurons[:10]}
        nengo.Connection(parts[pre], parts[post], **kwargs)
    return net


@broken("ND105", "a[0:1] -> b[1:2]")
def into_one_dimension_of_an_ensemble():
    return _into_part("a[0]", "b[1]")


@broken("ND105", "source -> b[1:2]")
def from_the_host_into_one_dimension():
    return _into_part("source", "b[1]", transform=[[1, 1]])


@broken("ND105", "a -> b[1:2]")
def through_a_passthrough_node_into_one_dimension():
    return _into_part("node[0]", "b[1]")


@broken("ND105", "a.neurons -> b.neurons[:10]")
def into_some_neurons():
    return _into_part("a.neurons", "b.neurons[:10]", transform=np.full((10, 20), 1e-3))


@sound("ND105")
def from_one_dimension_into_all():
    return _into_part("a[0]", "b", transform=[[0], [1]])


@sound("ND105")
def weights_of_a_solver_into_one_dimension():
    return _into_part("a[0]", "b[1]", solver=nengo.solvers.LstsqL2(weights=True))


@sound("ND105")
def sparse_from_neurons():
    sparse = nengo.Sparse((5, 6), indices=[(i, i) for i in range(5)], init=0.5)
    return layers(transform=sparse)


@broken("ND105", "source -> second.neurons")
def sparse_from_values():
    net = layers()
    sparse = nengo.Sparse((5, 4), indices=[(0, 0), (1, 1)], init=0.5)
    with net:
        nengo.Connection(net.nodes[0], net.ensembles[1].neurons, transform=sparse)
    return net


@broken("ND105", "second.neurons -> out")
def sparse_to_the_host():
    net = layers()
    sparse = nengo.Sparse((5, 5), indices=[(0, 0), (1, 1)], init=0.5)
    with net:
        out = nengo.Node(size_in=5, label="out")
        nengo.Connection(net.ensembles[1].neurons, out, transform=sparse)
        nengo.Probe(out)
    return net


def _convolution(dimensions=2, **second):
    spatial = (4, 4) if dimensions == 2 else (16,)
    kernel = (3,) * dimensions
    strides = (1,) * dimensions
    conv = nengo.Convolution(2, (*spatial, 1), kernel_size=kernel, strides=strides)
    n_out = conv.output_shape.size
    return layers(np.zeros((n_out, 16)), transform=conv, **second)


@sound("ND105")
def convolution_from_neurons():
    return _convolution()


@broken("ND105", LINK)
def convolution_of_one_dimension():
    return _convolution(dimensions=1)


@broken("ND105", "source -> second.neurons")
def convolution_from_values():
    conv = nengo.Convolution(2, (4, 4, 1))
    with nengo.Network(seed=0) as net:
        source = nengo.Node(np.ones(16), label="source")
        second = relu(conv.output_shape.size, "second")
        nengo.Connection(source, second.neurons, transform=conv)
    return net


@broken("ND105", LINK)
def convolution_into_neurons_of_different_gains():
    net = _convolution()
    second = net.ensembles[1]
    second.gain = np.linspace(90, 110, second.n_neurons)
    return net


def _two_inputs(tau):
    net = layers()
    with net:
        nengo.Connection(
            net.ensembles[0].neurons,
            net.ensembles[1].neurons,
            transform=np.full((5, 6), 0.1),
            synapse=tau,
        )
    return net


@broken(
    "ND114",
    "second",
    severity="warning",
    value=0.005,
    limit=0.05,
    says="with 5, 50 ms; all will be filtered with 50 ms",
)
def inputs_with_different_filters():
    return _two_inputs(0.05)


@sound("ND114")
def inputs_with_the_same_filter():
    return _two_inputs(0.005)


@sound("ND306")
def longest_synapse():
    return layers(synapse=8.19)


@broken("ND306", LINK, value=8.1925, limit=8.1915)
def synapse_just_too_long():
    return layers(synapse=8.1925)


def _tau_rc(tau_rc):
    return layers(np.full((5, 6), 300.0), neuron_type=nengo.LIF(tau_rc=tau_rc))


@sound("ND306")
def longest_tau_rc():
    return _tau_rc(8.189)


@broken("ND306", "tau_rc of second", value=8.19, limit=8.1895)
def tau_rc_just_too_long():
    return _tau_rc(8.19)


def _twice(which, others=False):
    """A connection that was also put into a list by hand."""
    net = layers()
    net.connections[which].label = "twice"
    with net:
        inner = nengo.Network()
    (inner if others else net).connections.append(net.connections[which])
    return net


@broken("ND118", "twice", value=2, limit=1)
def connection_to_the_chip_twice():
    return _twice(1)


@broken("ND118", "networks[0].twice", value=2, limit=1)
def connection_in_two_networks():
    return _twice(1, others=True)


@sound("ND118")
def connection_on_the_host_twice():
    return _twice(0)


@sound("ND118")
def stack_added_twice():
    with nengo.Network() as net:
        stack = nengo_dense.DenseStack([4, 4, 3], 2, seed=0)
        nengo.Connection(nengo.Node([0.5, 1]), stack.input, synapse=None)
        nengo.Probe(stack.logits)
        net.add(stack)
    return net
