"""ND1xx: placement, neurons, probes."""

import nengo
import nengo_loihi
import numpy as np
from nengo.dists import Choice, Uniform
from specimen import broken, layers, place, relu, sound

import nengo_dense


@broken("ND100", "odd")
def encoders_of_length_zero():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1, encoders=np.zeros((4, 1)), label="odd")
    return net


@broken("ND100", "network", run=0.01)
def node_that_raises():
    def divide(t):
        raise ZeroDivisionError("a sensor is missing")

    net = layers()
    with net:
        node = nengo.Node(lambda t: 0.0 if t == 0 else divide(t), label="sensor")
        nengo.Connection(node, net.ensembles[0].neurons, transform=np.ones((6, 1)))
    return net


@broken("ND101", "network", value=0, limit=1, says="there are no neurons at all")
def nothing_at_all():
    return nengo.Network(seed=0)


@broken("ND101", "network", value=0, limit=1, says="there are no neurons at all")
def only_nodes():
    with nengo.Network(seed=0) as net:
        nengo.Node([1.0])
    return net


@broken(
    "ND101", "network", value=0, limit=1, says="(2 ensembles) are on the host; Leave at least one"
)
def all_off_chip():
    net = layers()
    place(net, first=False, second=False)
    return net


@sound("ND101")
def one_on_chip():
    return layers()


def _second(neuron_type):
    return layers(neuron_type=neuron_type)


@broken("ND102", "second", says="RectifiedLinear neurons, which Loihi does not have")
def rate_neurons():
    return _second(nengo.RectifiedLinear())


@broken("ND102", "second")
def izhikevich():
    return _second(nengo.Izhikevich())


@broken("ND102", "second", says="RegularSpiking neurons on Tanh")
def regular_spiking_on_tanh():
    return _second(nengo.RegularSpiking(nengo.Tanh()))


@broken("ND102", "second", says="with amplitude 0.5 on the base type")
def regular_spiking_with_amplitude_on_the_base():
    return _second(nengo.RegularSpiking(nengo.LIFRate(amplitude=0.5)))


@sound("ND102")
def regular_spiking_on_relu():
    zero = {"voltage": Choice([0])}
    return _second(nengo.RegularSpiking(nengo.RectifiedLinear(), initial_state=zero))


@sound("ND102")
def rate_neurons_on_the_host():
    net = layers()
    net.ensembles[0].neuron_type = nengo.RectifiedLinear()
    return net


@broken("ND103", "second")
def adaptive_lif():
    return _second(nengo.AdaptiveLIF())


class NoisyLIF(nengo.LIF):
    def step(self, dt, J, output, **state):
        super().step(dt, J + 1, output, **state)


class NamedLIF(nengo.LIF):
    """Only its name is different."""


@broken("ND103", "second")
def a_subclass_that_steps_otherwise():
    return _second(NoisyLIF())


@sound("ND103")
def a_subclass_that_does_not():
    return _second(NamedLIF())


@sound("ND103")
def the_neurons_of_nengo_loihi():
    return _second(nengo_loihi.LoihiLIF())


@broken("ND106", "lonely", says="has a bias but no gain")
def bias_without_gain():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1, bias=np.ones(4), label="lonely")
    return net


@broken("ND106", "lonely", says="has a gain but no bias")
def gain_without_bias():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1, gain=np.ones(4), label="lonely")
    return net


@broken("ND107", "second")
def noise_on_the_chip():
    return layers(noise=nengo.processes.WhiteNoise())


@sound("ND107")
def noise_on_the_host():
    net = layers()
    net.ensembles[0].noise = nengo.processes.WhiteNoise()
    return net


@broken("ND107", "ideal", severity="warning")
def direct_mode_on_the_chip():
    net = layers()
    with net:
        nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="ideal")
    place(net, ideal=True)
    return net


@broken("ND109", "slow", value=0.01, limit=0.001)
def sampled_probe():
    net = layers()
    with net:
        nengo.Probe(net.ensembles[1].neurons, sample_every=0.01, label="slow")
    return net


@broken("ND109", "refractory", says="'refractory_time' of what is on")
def probe_of_what_the_chip_does_not_have():
    net = layers()
    with net:
        on_chip = nengo.Ensemble(2, 1, label="leaky")
        nengo.Probe(on_chip.neurons, "refractory_time", label="refractory")
    place(net, leaky=True)
    return net


@broken("ND109", "values", says="'input' of what is on")
def probe_of_what_enters_an_ensemble():
    net = layers()
    with net:
        nengo.Probe(nengo.Ensemble(2, 1, label="leaky"), "input", label="values")
    place(net, leaky=True)
    return net


@sound("ND109", run=0.01)
def sampled_probe_on_the_host():
    net = layers(value=2.0)
    with net:
        nengo.Probe(net.nodes[0], sample_every=0.01, label="slow")
    return net


def _nested(on_subnet, on_top=None):
    net = layers()
    with net:
        sub = nengo.Network(label="sub")
        with sub:
            deep = relu(4, "deep")
        nengo.Connection(
            net.ensembles[0].neurons, deep.neurons, transform=np.ones((4, 6)), synapse=0.005
        )
    nengo_loihi.add_params(sub)
    on_subnet(sub, deep)
    if on_top:
        on_top(net, deep)
    return net


@broken("ND110", "sub.deep", says="on_chip = False is set on the sub-network sub")
def on_chip_of_an_ensemble_in_a_subnetwork():
    def set_it(sub, deep):
        sub.config[deep].on_chip = False

    return _nested(set_it)


@broken("ND110", "sub.deep")
def on_chip_of_all_ensembles_of_a_subnetwork():
    def set_it(sub, deep):
        sub.config[nengo.Ensemble].on_chip = False

    return _nested(set_it)


@broken("ND110", "sub.deep")
def block_shape_in_a_subnetwork():
    def set_it(sub, deep):
        sub.config[deep].block_shape = nengo_loihi.BlockShape((2,), (4,))

    return _nested(set_it)


@sound("ND110")
def the_same_set_on_the_top_level_too():
    def set_it(net, deep):
        net.config[deep].on_chip = False

    return _nested(set_it, set_it)


@broken("ND111", "second", value=4, limit=5)
def one_block_shape_for_all_ensembles():
    from nengo.params import Parameter

    net = layers()
    params = net.config[nengo.Ensemble]
    del params._extra_params["block_shape"]  # one of the user's own, which nobody validates
    shape = nengo_loihi.BlockShape((5,), (4,))
    params.set_param("block_shape", Parameter("block_shape", default=shape))
    return net


@sound("ND111")
def block_shape_that_fits():
    net = layers()
    net.config[net.ensembles[1]].block_shape = nengo_loihi.BlockShape((3,), (5,))
    return net


def _detour(node):
    net = layers()
    with net:
        third = relu(3, "third")
        nengo.Connection(net.ensembles[1].neurons, node(), synapse=0.005)
        nengo.Connection(net.nodes[1], third.neurons, transform=np.full((3, 5), 0.1), synapse=None)
    return net


@broken(
    "ND112",
    "between",
    severity="warning",
    says="between second.neurons and third, which are on the chip",
)
def function_node_in_the_middle():
    return _detour(lambda: nengo.Node(lambda t, x: x, size_in=5, label="between"))


@sound("ND112")
def passthrough_node_in_the_middle():
    return _detour(lambda: nengo.Node(size_in=5, label="between"))


@broken("ND113", "second", severity="info")
def default_initial_voltage():
    return _second(nengo.LIF())


@sound("ND113")
def zero_initial_voltage():
    return _second(nengo.LIF(initial_state={"voltage": Choice([0])}))


def _intercepts(intercepts):
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(10, 1, intercepts=intercepts, label="tuned")
    return net


@sound("ND116")
def intercepts_at_the_limit():
    return _intercepts(Uniform(-1, 0.95))


@broken("ND116", "tuned", severity="warning", value=0.96, limit=0.95)
def intercepts_above_the_limit():
    return _intercepts(Uniform(-1, 0.96))


@broken("ND116", "tuned", severity="warning", value=0.96, limit=0.95)
def intercepts_drawn_from_a_choice():
    return _intercepts(Choice([0.96]))


@broken("ND116", "tuned", severity="warning", value=0.97, limit=0.95)
def intercepts_from_an_array():
    return _intercepts(np.linspace(-1, 0.97, 10))


@broken("ND109", "wire", says="Probe what it connects")
def probe_of_a_connection():
    net = layers()
    with net:
        nengo.Probe(net.connections[1], label="wire")
    return net


def _taught(post, on_chip=True, **options):
    """Let a connection learn, with an error from a node."""
    with nengo.Network(seed=0) as net:
        nengo_loihi.add_params(net)
        pre = nengo.Ensemble(10, 1, label="pre")
        net.config[pre].on_chip = on_chip
        learned = nengo.Connection(pre, post(), learning_rule_type=nengo.PES(), **options)
        nengo.Connection(nengo.Node([1.0], label="error"), learned.learning_rule)
        relu(4, "other")
    return net


def _plain_node():
    return nengo.Node(lambda t, x: None, size_in=1)


@broken("ND100", "error -> pre -> nodes[0].learning_rule", says="Put that ensemble on the chip")
def error_for_an_ensemble_on_the_host():
    return _taught(_plain_node, on_chip=False)


@broken("ND100", "network", says="Probe that node, or connect it to something")
def learning_for_a_node_that_nothing_reads():
    return _taught(lambda: nengo.Node(size_in=1))


@broken("ND100", "pre -> post", says="Use one without weights, as NnlsL2")
def learning_with_a_solver_of_weights():
    solver = nengo.solvers.LstsqL2(weights=True)
    return _taught(lambda: nengo.Ensemble(10, 1, label="post"), solver=solver)


@sound("ND100")
def learning_on_the_chip():
    return _taught(_plain_node)


@broken("ND100", "second.neurons -> stranger.neurons", says="Create that object inside")
def connection_to_a_stranger():
    with nengo.Network():
        stranger = relu(5, "stranger")
    net = layers()
    with net:
        nengo.Connection(net.ensembles[1].neurons, stranger.neurons, transform=np.eye(5))
    return net


@broken("ND100", "source -> input")
def stack_that_was_not_added():
    stack = nengo_dense.DenseStack([5, 4, 3], 4, seed=0)
    net = layers()
    with net:
        nengo.Connection(net.nodes[0], stack.input, synapse=None)
    return net


@broken("ND100", "wire")
def input_that_nothing_was_added_for():
    """Nengo refuses it; nengo-loihi leaves the connection out without a word."""
    stack = nengo_dense.DenseStack([5, 4, 3], 4, seed=0)
    net = layers()
    with net:
        nengo.Connection(
            net.ensembles[1].neurons, stack.input, transform=np.ones((4, 5)), label="wire"
        )
    return net


@broken("ND100", "answer")
def probe_of_a_stranger():
    stack = nengo_dense.DenseStack([5, 4, 3], 4, seed=0)
    net = layers()
    with net:
        nengo.Probe(stack.output, label="answer")
    return net


@sound("ND100")
def stack_that_was_added():
    net = layers()
    stack = nengo_dense.DenseStack([20, 10, 3], 4, seed=0)
    with net:
        net.add(stack)
        nengo.Connection(net.nodes[0], stack.input, synapse=None)
        nengo.Probe(stack.output)
    return net


def _one_layer(encoding):
    with nengo.Network(seed=0) as net:
        stack = nengo_dense.DenseStack([5, 3], 4, encoding=encoding, seed=0)
        nengo.Connection(nengo.Node(np.full(4, 0.5)), stack.input, synapse=None)
    return net


@broken("ND101", "network", value=0, limit=1, says="(1 ensemble) are on the host")
def one_layer_that_the_host_keeps():
    return _one_layer("host")


@sound("ND101")
def one_layer_behind_an_encoder():
    return _one_layer("spikes")


def _learning(amplitude=1.0, learns=True, kind=nengo.LIF):
    zero = {"voltage": Choice([0])}
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5])
        error = nengo.Node(lambda t, x: x, size_in=1)
        pre = nengo.Ensemble(
            20, 1, label="pre", neuron_type=kind(amplitude=amplitude, initial_state=zero)
        )
        out = nengo.Node(size_in=1)
        nengo.Connection(source, pre)
        learned = nengo.Connection(
            pre,
            out,
            function=lambda x: 0,
            learning_rule_type=nengo.PES(1e-4) if learns else None,
            label="pes",
        )
        nengo.Connection(out, error)
        if learns:
            nengo.Connection(error, learned.learning_rule)
    return net


@sound("ND117")
def learning_from_spikes_of_one():
    return _learning()


@broken("ND117", "pes", severity="warning", value=4, limit=1)
def learning_from_smaller_spikes():
    return _learning(0.5)


@broken("ND117", "pes", severity="warning", value=250**2, limit=1)
def learning_from_rectifiers():
    return _learning(1 / 250, kind=nengo.SpikingRectifiedLinear)


@sound("ND117")
def smaller_spikes_without_learning():
    return _learning(0.5, learns=False)
