import dataclasses

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.built_network import sum_columns, times_columns
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.judgement import answer_all
from nengo_dense.conversion.tuning.parameters import set_parameters
from nengo_dense.emulator import Simulator
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.part import Parts
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.kernel.choice import make_fire_from_start
from nengo_dense.loihi.program import Program

SIZES = [12, 9, 7, 4]
INTEGRATOR = nengo.LIF(tau_rc=4.0, tau_ref=0, min_voltage=-1)


def make_stack(rng, encoding="host", **arguments):
    weights = [
        rng.randn(n_out, n_in) / np.sqrt(n_in)
        for n_in, n_out in zip([5, *SIZES], SIZES, strict=False)
    ]
    biases = [0.3 * rng.randn(n) for n in SIZES]
    arguments = {"synapse": [0.002] * (len(SIZES) - (encoding == "host")), **arguments}
    arguments["synapse"][-1] = None
    if encoding == "spikes":
        arguments["encoder"] = {
            "scale": [1.0, 2.0, 0.5, 1.0, 3.0],
            "max_rate": 900.0,
            "start": 0.4,
        }
    return DenseStack(
        SIZES,
        5,
        weights=weights,
        biases=biases,
        encoding=encoding,
        **{"max_rate": [400.0, 600.0, 300.0], **arguments},
    )


LIF = nengo.LIF(tau_rc=0.03, tau_ref=0.002, min_voltage=-1)
RELU = nengo.SpikingRectifiedLinear()


def tuned(rng, size_in, units, encoding, neuron_type):
    """Make a circuit whose parameters have moved away from those that its cores were made with."""
    n_chip = len(units) - 1 - (encoding == "host")
    arguments = {}
    if encoding == "spikes":
        signed, scale = rng.rand(size_in) < 0.5, rng.uniform(0.5, 3, size_in)
        arguments["encoder"] = {"signed": signed, "scale": scale, "max_rate": 900.0, "start": 0.5}
    stack = DenseStack(
        units,
        size_in,
        encoding=encoding,
        neuron_type=[RELU] * (encoding == "host") + [neuron_type] * n_chip,
        max_rate=300.0,
        synapse=0.002,
        seed=2,
        **arguments,
    )
    circuit = Circuit(stack, 0.001)
    circuit.program()  # later programs are made from the first
    for weights in circuit.weights:
        weights *= rng.uniform(0.5, 2, weights.shape)
    for bias in circuit.biases:
        bias += rng.uniform(-0.05, 0.1, size=bias.shape)
    stack.set_parameters(*circuit.in_network_units())
    return stack, circuit


def built_by_itself(stack):
    with nengo.Network() as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        layers = [*([stack.encoder.layer] if stack.encoder else []), *stack.layers]
        probes = [nengo.Probe(layer.neurons) for layer in layers]
        logits = nengo.Probe(stack.logits)
    return net, source, probes, logits


@pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")
@pytest.mark.parametrize("neuron_type", [RELU, LIF], ids=["relu", "lif"])
@pytest.mark.parametrize(
    "size_in, units, encoding, cores",
    [
        (5, [12, 9, 7, 4], "host", 2),
        (5, [12, 9, 7, 4], "spikes", 3),
        (4, [1030, 8, 3], "spikes", 3),  # as many neurons as one core does not hold
        (6, [1100, 120, 3], "host", 2),  # as many weights as one core does not hold
        (300, [400, 300, 5], "spikes", 4),
        pytest.param(300, [400, 300, 5], "host", 2, marks=pytest.mark.slow),
        pytest.param(784, [256, 256, 10], "host", 1, marks=pytest.mark.slow),
        pytest.param(784, [256, 256, 10], "spikes", 4, marks=pytest.mark.slow),
        pytest.param(16, [1024, 512, 5], "host", 5, marks=pytest.mark.slow),
        pytest.param(16, [1024, 512, 5], "spikes", 7, marks=pytest.mark.slow),
    ],
)
def test_what_tuning_steps_is_what_the_built_network_has(
    rng, size_in, units, encoding, cores, neuron_type
):
    stack, circuit = tuned(rng, size_in, units, encoding, neuron_type)
    net, source, probes, _ = built_by_itself(stack)
    x, n_steps = rng.uniform(-1, 1, size=(3, size_in)), 25
    with Simulator(net, minibatch_size=3, progress_bar=False) as sim:
        sim.run_steps(n_steps, data={source: np.repeat(x[:, np.newaxis], n_steps, axis=1)})
    assert_same_program(circuit.program(), Program.from_model(sim.model), cores)
    for mine, probe in zip(circuit.show(Samples(x, x), n_steps).spikes, probes, strict=True):
        np.testing.assert_array_equal(mine, sim.data[probe] > 0)
        assert mine.any()


def assert_same_cores(made, built):
    assert [group.size for group in made.blocks] == [group.size for group in built.blocks]
    for name in (field.name for field in dataclasses.fields(built.compartments)):
        mine, theirs = getattr(made.compartments, name), getattr(built.compartments, name)
        np.testing.assert_array_equal(mine, theirs, name)
    # nengo-loihi builds the connections of a graph in no fixed order
    mine, theirs = (
        sorted(p.weights.values.tobytes() for p in q.projections) for q in (made, built)
    )
    assert mine == theirs


def assert_same_program(made, built, cores):
    assert_same_cores(made, built)
    assert len(made.blocks) == cores
    for ours, theirs in zip(made.projections, built.projections, strict=True):
        assert (ours.source, ours.target) == (theirs.source, theirs.target)
        for name in ("rows", "bases"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
        for name in ("values", "targets", "starts"):
            mine, other = getattr(ours.weights, name), getattr(theirs.weights, name)
            np.testing.assert_array_equal(mine, other, name)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"encoding": "spikes"},
        {"synapse": [None, 0.005, None]},
        {"neuron_type": [nengo.SpikingRectifiedLinear(), INTEGRATOR, INTEGRATOR]},
        {"neuron_type": [nengo.SpikingRectifiedLinear(), nengo.LIF(), nengo.LIF()]},
    ],
    ids=["relu", "spikes", "other synapses", "negative voltage", "leaky"],
)
def test_windows_of_the_chain_are_means_of_the_built_stacks_logits(rng, arguments):
    stack = make_stack(rng, **{"max_rate": [400.0, 300.0, 350.0], **arguments})
    net, source, _, probe = built_by_itself(stack)
    x = rng.randn(6, 5)
    with Simulator(net, minibatch_size=6, progress_bar=False) as sim:
        sim.run_steps(40, data={source: np.repeat(x[:, np.newaxis], 40, axis=1)})
    windows = [Window(0, 40, 0.5), Window(7, 20, 0.5)]
    circuit = Circuit(stack, 0.001)
    for answer, read in answer_all(circuit, Samples(x, x), windows):
        window = answer.window
        expected = sim.data[probe][:, window.start : window.stop].mean(axis=1)
        # the same spikes; only the order of sums differs
        np.testing.assert_allclose(circuit.logits(read), expected, rtol=0, atol=1e-5)
    assert read[-1].any()


def test_a_layer_of_zeros_and_inputs_with_equal_weights_can_be_tuned(rng):
    stack = make_stack(rng, "spikes", max_rate=[400.0, 300.0, 350.0])
    weights = [w.copy() for w in stack.weights]
    weights[0][:], weights[1][:] = weights[0][:, :1], 0
    stack.set_parameters(weights, stack.biases)
    circuit = Circuit(stack, 0.001)
    circuit.weights[1][:] = rng.normal(size=circuit.weights[1].shape)
    stack.set_parameters(*circuit.in_network_units())
    sim = Simulator(built_by_itself(stack)[0], progress_bar=False)
    sim.close()
    assert_same_program(circuit.program(), Program.from_model(sim.model), 3)


def test_a_chain_leaves_the_stack_and_the_model_around_it_alone(rng):
    with nengo.Network() as net:
        stack = make_stack(rng, add_to_container=True)
        before = list(net.all_objects), list(net.all_networks), stack.weights
        np.random.seed(3)
        expected = np.random.RandomState(3).rand()
        Circuit(stack, 0.001).show(Samples(np.ones((2, 5)), np.ones((2, 4))), 10)
        after = list(net.all_objects), list(net.all_networks), stack.weights
    assert before[:2] == after[:2]
    for mine, theirs in zip(before[2], after[2], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert np.random.rand() == expected
    assert "on_chip" not in stack.config[nengo.Ensemble].extra_params


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_parameters_return_to_the_stack_as_they_came(rng, encoding):
    stack = make_stack(rng, encoding)
    weights, biases = Circuit(stack, 0.001).in_network_units()
    for mine, theirs in zip([*weights, *biases], [*stack.weights, *stack.biases], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_a_spike_travels_one_population_a_step(rng):
    stack = make_stack(rng, "spikes", synapse=[None] * 4)
    circuit = Circuit(stack, 0.001)
    circuit.weights[:] = [np.full_like(w, 2.0) for w in circuit.weights]
    circuit.biases[:] = [np.zeros_like(b) for b in circuit.biases]
    samples, n = Samples(np.full((1, 5), 4.0), np.zeros((1, 4))), circuit.depth
    windows = [Window(0, n, 1.0), Window(0, n + 1, 1.0)]
    (_, early), (_, later) = answer_all(circuit, samples, windows)
    assert not early[-1].any()
    assert later[-1].any()


@pytest.mark.parametrize("start", [0.0, 0.5, 0.999])
def test_host_neurons_fire_as_in_nengo(start):
    drive = np.array([[0.0, -0.4, 0.25, 0.7071, 1.0, 2.6]])
    with nengo.Network() as net:
        ensemble = nengo.Ensemble(
            6,
            1,
            gain=np.ones(6),
            bias=1000 * drive[0],
            neuron_type=nengo.SpikingRectifiedLinear(
                initial_state={"voltage": nengo.dists.Choice([start])}
            ),
        )
        probe = nengo.Probe(ensemble.neurons)
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(50)
    for name in ("auto", "numpy"):
        found = make_fire_from_start(name)(drive[:, None], np.full(6, start), 50, 50)
        np.testing.assert_allclose(0.001 * sim.data[probe], found[0])
        assert found.max() == 3
        assert make_fire_from_start(name)(1000 * drive[:, None], np.zeros(6), 2, 2).max() == 255


@pytest.mark.parametrize("name", ["auto", "numpy"])
@pytest.mark.parametrize("frame_steps", [1, 3])
def test_the_last_frame_stays(rng, name, frame_steps):
    drive, fire = rng.uniform(0, 2, (4, 5, 11)), make_fire_from_start(name)
    shown = np.repeat(drive, frame_steps, axis=1)
    shown = np.concatenate([shown, np.repeat(drive[:, -1:], 7, axis=1)], axis=1)
    n_steps = shown.shape[1]
    start = rng.uniform(size=11)
    np.testing.assert_array_equal(
        fire(drive, start, n_steps, frame_steps), fire(shown, start, n_steps, 1)
    )


def test_refuses_what_nengo_loihi_puts_between_a_node_and_the_chip(rng):
    stack = make_stack(rng, "chip", synapse=[0.002] * 3)
    with pytest.raises(ValidationError, match=r"encoding.*is no part of the stack"):
        Circuit(stack, 0.001)


def test_refuses_a_graph_whose_layers_are_all_on_the_host(rng):
    layer = GraphLayer("a", {"x": rng.normal(size=(5, 3))}, on_chip=False)
    graph = DenseGraph({"x": 3}, [layer], {"y": GraphOutput({"a": np.eye(2, 5)}, None)})
    with pytest.raises(ValidationError, match=r"encoding.*would leave no layer for the chip"):
        Circuit(graph, 0.001)


def test_refuses_a_synapse_that_the_chip_does_not_have(rng):
    stack = make_stack(rng, synapse=[nengo.Alpha(0.005)] * 3)
    with pytest.raises(ValidationError, match="must be Lowpass or None"):
        Circuit(stack, 0.001)


@pytest.mark.parametrize(
    "encoding, neuron_type, message",
    [
        ("host", nengo.RectifiedLinear(), r"SpikingRectifiedLinear on the host.*RectifiedLinear"),
        ("host", [nengo.LIF(), RELU, RELU], r"SpikingRectifiedLinear on the host.*got LIF"),
        ("host", [RELU, nengo.RectifiedLinear(), RELU], r"SpikingRectifiedLinear or LIF.*tune="),
        ("spikes", nengo.LIFRate(), r"SpikingRectifiedLinear or LIF.*got LIFRate.*tune=False"),
    ],
)
def test_refuses_neurons_that_it_has_no_spikes_of(rng, encoding, neuron_type, message):
    stack = make_stack(rng, encoding, neuron_type=neuron_type, max_rate=300.0)
    with pytest.raises(ValidationError, match=message):
        Circuit(stack, 0.001)


def built_graph(graph, x, n_steps):
    """Return spikes by population, logits and the program of a graph that is built by itself."""
    with nengo.Network() as net:
        nengo.Network.add(graph)
        nodes = {name: nengo.Node(np.zeros(n)) for name, n in graph.sizes.items()}
        for name, node in nodes.items():
            nengo.Connection(node, graph.inputs[name], synapse=None)
        layers = {name: encoder.layer for name, encoder in graph.encoders.items()}
        layers |= {layer.label: layer for layer in graph.layers}
        spikes = {name: nengo.Probe(layer.neurons) for name, layer in layers.items()}
        logits = [nengo.Probe(node) for node in graph.readouts.values()]
    parts = np.split(x, np.cumsum(list(graph.sizes.values()))[:-1], axis=1)
    shown = {
        node: np.repeat(part[:, np.newaxis], n_steps, axis=1)
        for node, part in zip(nodes.values(), parts, strict=True)
    }
    with Simulator(net, minibatch_size=len(x), progress_bar=False) as sim:
        sim.run_steps(n_steps, data=shown)
        fired = {name: sim.data[probe] > 0 for name, probe in spikes.items()}
        values = np.concatenate([sim.data[probe] for probe in logits], axis=2)
        return fired, values, Program.from_model(sim.model)


@pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")
@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("n", [6, 1100], ids=["small", "a layer of several cores"])
def test_what_tuning_steps_is_what_the_built_graph_has(rng, make_graph, encoding, n):
    """Skip connections, two inputs and two outputs, that read the host and inputs as well."""
    graph, x = make_graph(encoding, n), rng.uniform(-1, 1.5, (3, 5))
    circuit = Circuit(graph, 0.001, x)
    circuit.program()  # later programs are made from the first
    for weights, bias in zip(circuit.weights, circuit.biases, strict=True):
        weights *= rng.uniform(0.5, 2, weights.shape)
        bias += rng.uniform(-0.05, 0.1, size=bias.shape)
    set_parameters(graph, *circuit.in_network_units())
    fired, logits, program = built_graph(graph, x, 25)
    assert_same_cores(circuit.program(), program)
    course = circuit.show(Samples(x, x), 25)
    for name, place in circuit.place.items():
        np.testing.assert_array_equal(course.spikes[place], fired[name], name)
        assert course.spikes[place].any()
    answers = Samples(x, x).answers([Window(0, 25, 0.5), Window(7, 20, 0.5)])
    for answer, read in zip(answers, circuit.read(course, answers), strict=True):
        expected = logits[:, answer.window.whole].mean(axis=1)
        np.testing.assert_allclose(circuit.logits(read), expected, rtol=0, atol=1e-5)
    on_chip = [layer for layer in graph.layers if layer.on_chip]
    assert len(program.blocks) > len(on_chip) or n < 1000 or encoding == "host"


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_parameters_of_a_graph_return_as_they_came(rng, make_graph, encoding):
    graph = make_graph(encoding)
    before = Parts.of(graph)
    circuit = Circuit(graph, 0.001, rng.uniform(100, 110, (6, 5)))
    weights, biases = circuit.in_network_units()
    mine, theirs = [*weights, *biases], [*before.weights, *before.biases]
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    set_parameters(graph, weights, biases)
    after = Parts.of(graph)
    for a, b in zip(mine, [*after.weights, *after.biases], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_the_longest_way_through_a_graph_is_its_depth(make_graph):
    assert Circuit(make_graph("host"), 0.001).depth == 3
    assert Circuit(make_graph("spikes"), 0.001).depth == 4


def test_the_last_steps_spikes_are_seen_of_the_host_alone(rng, make_graph):
    assert Circuit(make_graph("host"), 0.001).unread_steps == 0
    assert Circuit(make_graph("spikes"), 0.001).unread_steps == 1
    assert Circuit(make_stack(rng), 0.001).unread_steps == 1


def test_products_with_one_number_in_each_column_are_those_of_the_matrix(rng):
    columns = np.zeros((5, 7))
    columns[[0, 1, 1, 3, 3, 3, 4], np.arange(7)] = [1, -1, 2, 1, -3, 1, 1]  # none for input 2
    values, slopes = rng.normal(size=(4, 5)), rng.normal(size=(4, 7))
    np.testing.assert_array_equal(times_columns(values, columns), values @ columns)
    np.testing.assert_allclose(sum_columns(slopes, columns), slopes @ columns.T, rtol=1e-12)


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_what_is_learned_from_differs_by_rounding_at_most(rng, encoding):
    """There the host's products are made for all samples at once."""
    circuit = Circuit(make_stack(rng, encoding), 0.001)
    samples = Samples(rng.uniform(-1, 1, size=(30, 5)), np.zeros((30, SIZES[-1])))
    exact, learned = circuit.show(samples, 20), circuit.show(samples, 20, exact=False)
    np.testing.assert_allclose(learned.drive, exact.drive, rtol=1e-12, atol=1e-12)
    for one, other in zip(learned.spikes, exact.spikes, strict=True):
        np.testing.assert_array_equal(one, other)
