"""ND4xx and ND5xx: what the network does, and what can be claimed of it."""

import nengo
import numpy as np
from nengo.processes import PresentInput
from specimen import broken, layers, relu, sound

import nengo_dense

LINK = "first.neurons -> second.neurons"
RUN = {"run": 0.05}


@broken("ND401", "source", value=0, says="second and all layers after it")
def zero_input():
    return layers(value=0.0)


@broken("ND401", "source", value=0, **RUN)
def zero_input_when_run():
    return layers(value=0.0)


@sound("ND401")
def small_input():
    return layers(value=1e-3)


@sound("ND401")
def zeros_beside_another_input():
    net = layers()
    with net:
        nengo.Connection(
            nengo.Node([0.0]), net.ensembles[0].neurons, transform=np.ones((6, 1)), synapse=None
        )
    return net


@broken("ND401", "open", severity="warning", **RUN)
def open_input():
    with nengo.Network(seed=0) as net:
        node = nengo.Node(size_in=4, label="open")
        second = relu(4, "second")
        nengo.Connection(node, second.neurons, transform=np.eye(4))
    return net


def direct(value, run=None):
    with nengo.Network(seed=0) as net:
        output = value if callable(value) else [value] * 3
        source = nengo.Node(output, size_out=3, label="source")
        second = relu(3, "second")
        nengo.Connection(source, second.neurons)
    return net


@sound("ND402")
def constant_of_one():
    return direct(1.0)


@broken(
    "ND402",
    "source -> second.neurons",
    severity="warning",
    value=1.01,
    limit=1,
    says="Divide the input by 1.01 and multiply the weights by 1.01",
)
def constant_above_one():
    return direct(1.01)


@broken(
    "ND402",
    "source -> second.neurons",
    severity="warning",
    value=2 * (1 - np.exp(-49 / 5)),
    limit=1,
    **RUN,
)
def function_above_one():
    return direct(lambda t: [2.0, 2.0, 2.0])


@broken("ND403", "source -> second.neurons", severity="warning", value=6)
def node_to_chip():
    return direct(0.5)


@broken("ND403", "source -> values", severity="info", value=2)
def node_to_an_ensemble_of_values():
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5], label="source")
        nengo.Connection(source, nengo.Ensemble(20, 1, label="values"))
    return net


@sound("ND403")
def node_to_host():
    return layers()


@broken(
    "ND404",
    "second",
    value=0,
    says="fires in 50 steps: its input never reaches the threshold",
    **RUN,
)
def weights_too_small():
    return layers(np.full((5, 6), 1e-3))


@broken(
    "ND404",
    "second",
    value=0,
    says="its biases are all negative (at most -1e+03); Raise the bias",
    **RUN,
)
def negative_bias():
    return layers(bias=-1000.0)


@broken("ND404", "second", value=0, says="all of its weights are negative", **RUN)
def negative_weights():
    return layers(np.full((5, 6), -0.3))


def beside(weights):
    """first -> second -> out, and first -> side -> out: two ways to one output."""
    net = layers()
    first, second = net.ensembles
    with net:
        side = relu(5, "side")
        out = nengo.Node(size_in=5, label="out")
        nengo.Connection(first.neurons, side.neurons, transform=np.full((5, 6), weights))
        nengo.Connection(second.neurons, out)
        nengo.Connection(side.neurons, out)
        nengo.Probe(out)
    return net


@broken(
    "ND404",
    "side",
    severity="warning",
    value=0,
    says="every output is reached by another path",
    **RUN,
)
def one_of_two_ways():
    return beside(1e-3)


@sound("ND404", run=0.1)
def both_ways():
    return beside(0.3)


@sound("ND404", run=0.1)
def positive_weights():
    return layers()


@broken(
    "ND405",
    "second",
    severity="warning",
    value=1000,
    limit=1000,
    says="100.0% of its neurons",
    **RUN,
)
def large_weights():
    return layers(np.full((5, 6), 10.0))


@sound("ND405", **RUN)
def weights_of_one():
    return layers(np.full((5, 6), 0.3))


@broken("ND406", "second", severity="info", limit=250, run=0.2)
def rates_above_250():
    return layers(np.full((5, 6), 0.6))


@broken("ND406", "third", severity="info", limit=250, run=0.2)
def rates_above_250_behind_lower_ones():
    net = three(0.01)
    net.connections[-1].transform = np.full((3, 5), 0.8)
    return net


@sound("ND406", run=0.2)
def rates_below_250():
    return layers(np.full((5, 6), 0.3))


@broken("ND407", LINK, severity="warning", value=2, limit=1, says="max_rate by 2 or more", **RUN)
def host_neurons_at_2000():
    return layers(np.full((5, 6), 0.01), value=10.0)


@sound("ND407", **RUN)
def host_neurons_at_1000():
    return layers(np.full((5, 6), 0.05), value=5.0)


@broken("ND408", "second", severity="warning", says="overflows in q0", **RUN)
def overflowing_accumulator():
    """300 spikes a step with the largest weight there is: 300 * 255 * 2**6 is above 2**21."""
    return layers(np.full((2, 300), 1.0), value=5.0)


@sound("ND408", **RUN)
def accumulator_with_room():
    return layers(np.full((2, 20), 1.0), value=1.0)


def three(amplitude):
    net = layers()
    with net:
        third = relu(3, "third")
        nengo.Connection(
            net.ensembles[1].neurons, third.neurons, transform=np.full((3, 5), 0.3), synapse=0.005
        )
    net.ensembles[1].neuron_type = relu_type(amplitude)
    return net


def relu_type(amplitude):
    zero = {"voltage": nengo.dists.Choice([0])}
    return nengo.SpikingRectifiedLinear(amplitude=amplitude, initial_state=zero)


@broken("ND409", "second", severity="warning", value=100, limit=1)
def layer_left_unscaled():
    return three(1.0)


@broken("ND409", "second", severity="warning", value=0.01, limit=1, says="amplitude to 0.01.")
def layer_scaled_down_twice():
    return three(1e-4)


@broken("ND409", "second", severity="warning", value=100, limit=1)
def second_of_two_layers_left_unscaled():
    net = layers()
    net.ensembles[1].neuron_type = relu_type(1.0)
    return net


@broken("ND409", "second", severity="warning", value=1, limit=100, says="its amplitude to 1.")
def layer_scaled_among_others_that_are_not():
    net = layers_of_one_scale_that_is_not_one()
    net.ensembles[1].neuron_type = relu_type(0.01)
    return net


@sound("ND409")
def layer_whose_scale_is_ten_times_the_others():
    return three(0.1)


@sound("ND409")
def layers_of_one_scale():
    return three(0.01)


@sound("ND409")
def layers_of_one_scale_that_is_not_one():
    net = three(1.0)
    for ensemble in net.ensembles:
        ensemble.neuron_type = relu_type(1.0)
    return net


def rectifiers_and_lif(scale=1.0, **how):
    with nengo.Network(seed=0) as net:
        how |= {"neuron_type": nengo.LIF(), "encoding": "host"}
        net.add(stack := nengo_dense.DenseStack([5, 5, 5, 3], 2, label="stack", seed=0, **how))
        nengo.Connection(nengo.Node([0.5, 0.5]), stack.input, synapse=None)
    last = stack.layers[2].ensemble
    last.neuron_type = nengo.LIF(amplitude=scale * last.neuron_type.amplitude)
    return net


@broken("ND409", "stack.layer3", severity="warning", says="in the other layers 1")
def layer_of_lif_neurons_left_unscaled():
    return rectifiers_and_lif(100.0, max_rate=100.0)


@sound("ND409")
def rectifiers_on_the_host_and_lif_neurons_on_the_chip():
    return rectifiers_and_lif(max_rate=300.0)


@sound("ND409")
def lif_neurons_that_fire_slowly():
    return rectifiers_and_lif(max_rate=50.0)


def many_senders(n):
    return layers(np.full((2, n), 0.001), value=5.0)


@broken(
    "ND410",
    LINK,
    severity="warning",
    value=51,
    limit=50,
    says="'snip_max_spikes_per_step': 51",
    **RUN,
)
def spikes_51():
    return many_senders(51)


@sound("ND410", run=0.2)
def spikes_50():
    return layers(np.full((2, 50), 0.1), value=5.0)


def softmax(t, x):
    e = np.exp(x - x.max())
    return e / e.sum()


def _with_softmax(in_the_middle):
    net = layers()
    with net:
        node = nengo.Node(softmax, size_in=5, label="probabilities")
        nengo.Connection(net.ensembles[1].neurons, node, synapse=0.005)
        if in_the_middle:
            third = relu(3, "third")
            nengo.Connection(node, third.neurons, transform=np.full((3, 5), 0.3))
    return net


@broken("ND501", "probabilities", severity="warning", says="drives third on the chip")
def softmax_in_the_middle():
    return _with_softmax(True)


@sound("ND501")
def softmax_at_the_end():
    return _with_softmax(False)


def presenting(n):
    net = layers()
    net.nodes[0].output = PresentInput(np.full((n, 4), 0.5), 0.1)
    return net


@broken("ND502", "source", severity="info", value=0.1, says="2 samples for 100 ms each")
def two_samples():
    return presenting(2)


@sound("ND502")
def one_sample():
    return presenting(1)


@broken("ND503", "source", severity="info", value=999, limit=1000)
def samples_999():
    return presenting(999)


@sound("ND503")
def samples_1000():
    return presenting(1000)
