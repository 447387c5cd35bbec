import h5py
import nengo
import numpy as np
import pytest
from exported import read_vectors, skipping_graph, tuned_stack
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense.conversion.settling import LAVA_NEURON, settle
from nengo_dense.exceptions import ConversionError, ExportError, MissingDependencyError
from nengo_dense.export import Deployment
from nengo_dense.export.nir_format import NirFormat
from nengo_dense.export.nir_reader import READERS
from nengo_dense.heads import HEADS
from nengo_dense.importers import forward, read_model
from nengo_dense.layers import GraphOutput

nir = pytest.importorskip("nir", reason="writing NIR graphs needs nir")
pytestmark = pytest.mark.usefixtures("readers_are_forks")
RECTIFIED = nengo.SpikingRectifiedLinear()
NAMES = [name for name in READERS if name]


def floorless_stack(**arguments):
    stack = tuned_stack(neuron_type=[RECTIFIED, LAVA_NEURON, LAVA_NEURON], **arguments)
    settle(stack, 0.001)
    return stack


def test_what_is_written_comes_back_bit_by_bit(tmp_path):
    stack = tuned_stack()
    stack.export(tmp_path / "net.nir")
    host, *layers, readout = read_model(tmp_path / "net.nir")
    built = Deployment.of(stack, 40, 0.001, np.zeros((1, 6)))
    gain = built.host.gain[:, None] * 0.001
    np.testing.assert_array_equal(host.weights, gain * built.host.weights)
    np.testing.assert_array_equal(host.bias, built.host.bias * 0.001)
    for spec, layer in zip(layers, built.layers, strict=True):
        p = layer.parameters
        charge = 1 / (1 - p["keep_u"] / 4096)
        weights = layer.weights / p["vth"][:, None] * charge[:, None]
        np.testing.assert_array_equal(spec.weights, weights)
        np.testing.assert_array_equal(spec.bias, p["bias"] / p["vth"])
    np.testing.assert_array_equal(readout.weights, built.readout.weights)
    np.testing.assert_array_equal(readout.bias, built.readout.bias)
    assert [spec.activation for spec in (host, *layers)] == ["relu"] * 3
    assert readout.activation == "softmax"


def test_rates_of_what_is_read_are_those_of_the_stack(tmp_path, rng):
    stack = tuned_stack(max_rate=100.0, readout="linear")
    x = rng.uniform(-1, 1, size=(7, 6))
    stack.export(tmp_path / "net.nir", samples=x)
    ideal = x
    for index, (w, b) in enumerate(zip(stack.weights, stack.biases, strict=True)):
        ideal = ideal @ w.T + b
        ideal = ideal if index == 3 else np.maximum(ideal, 0)
    read = forward(read_model(tmp_path / "net.nir").layers, x)[-1]
    np.testing.assert_allclose(read, ideal, atol=0.05 * np.abs(ideal).max())


@pytest.mark.filterwarnings("ignore:.*leaky neurons have no exact rectifier")
@pytest.mark.parametrize("reader", ["norse", "snntorch"])
def test_what_synapses_are_written_for_comes_back_in_spikes_a_step(reader, tmp_path, rng):
    x = rng.uniform(0, 1, size=(7, 12))
    stack = tuned_stack(readout="linear")
    stack.export(tmp_path / "plain.nir", host=False)
    stack.export(tmp_path / "net.nir", reader=reader, host=False)
    plain, read = (
        forward(read_model(tmp_path / name).layers, x)[-1] for name in ("plain.nir", "net.nir")
    )
    np.testing.assert_allclose(read, plain, rtol=1e-4)


def test_what_was_written_for_rockpool_is_not_read(tmp_path):
    floorless_stack().export(tmp_path / "net.nir", reader="rockpool")
    with pytest.raises(ConversionError, match="'rockpool', which takes v_leak for the bias; exp"):
        read_model(tmp_path / "net.nir")


@pytest.mark.parametrize("head", HEADS)
def test_the_head_comes_back(head, tmp_path):
    tuned_stack(readout=head).export(tmp_path / "m.nir")
    assert read_model(tmp_path / "m.nir")[-1].activation == head


@pytest.mark.parametrize("reader", NAMES)
def test_nodes_are_those_that_the_reader_takes(reader, tmp_path):
    stack = floorless_stack()
    stack.export(tmp_path / "net.nir", reader=reader)
    graph = nir.read(tmp_path / "net.nir")
    kinds = {type(node).__name__ for node in graph.nodes.values()} - {"Input", "Output"}
    expected = {
        "sinabs": {"Affine", "IF"},
        "spinnaker2": {"Affine", "IF"},
        "norse": {"Affine", "IF", "CubaLIF"},
        "snntorch": {"Affine", "CubaLIF"},
        "rockpool": {"Affine", "Linear", "CubaLIF"},
    }
    assert kinds == expected[reader]
    n_in = 12 if reader in ("snntorch", "rockpool") else 6
    assert graph.nodes["input"].input_type["input"] == n_in
    assert list(graph.nodes) == sorted(graph.nodes), "as nirtorch wants them"
    with h5py.File(tmp_path / "net.nir") as file:
        assert not any("v_reset" in node for node in file["node/nodes"].values())


def values(graph, inputs):
    """Compute a graph of Affine and IF nodes as rates, node by node in the order of the file."""
    found = {}
    for name, node in graph.nodes.items():
        kind = type(node).__name__
        arrived = sum(found[source] for source, target in graph.edges if target == name)
        if kind == "Input":
            arrived = inputs[name]
        elif kind == "Affine":
            arrived = arrived @ node.weight.T + node.bias
        elif kind == "IF":
            arrived = np.maximum(arrived, 0)
        found[name] = arrived
    return found


def test_graphs_keep_their_skip_connections_inputs_and_outputs(tmp_path, rng):
    x, z = rng.uniform(-1, 1, size=(6, 4)), rng.uniform(-1, 1, size=(6, 3))
    stack = skipping_graph()
    stack.export(tmp_path / "net.nir", samples={"x": x, "z": z}, presentation_time=0.05)
    graph = nir.read(tmp_path / "net.nir")
    assert list(graph.nodes) == sorted(graph.nodes), "as nirtorch wants them"
    found = values(graph, {"input00_x": x, "input01_z": z})
    parts = stack.arguments()
    ideal = {"x": x, "z": z}
    for part in parts["layers"]:
        ideal[part.name] = np.maximum(
            sum(ideal[s] @ w.T for s, w in part.weights.items()) + part.bias, 0
        )
    for number, (name, part) in enumerate(parts["outputs"].items()):
        logits = sum(ideal[s] @ w.T for s, w in part.weights.items()) + part.bias
        np.testing.assert_allclose(
            found[f"output{number:02d}_{name}"], logits, atol=0.05 * np.abs(logits).max()
        )
    assert graph.metadata == {"nengo_dense_readout_output00_first": "softmax"}
    source = read_model(tmp_path / "net.nir")
    logits = source.logits(source.joined({"input00_x": x, "input01_z": z}))
    ends = [found[f"output{number:02d}_{name}"] for number, name in enumerate(parts["outputs"])]
    np.testing.assert_allclose(logits, np.concatenate(ends, axis=1), atol=1e-12)
    assert [output.head for output in source.form.outputs.values()] == ["softmax", "linear"]


def test_a_graph_that_begins_with_the_chip_has_an_input_for_each_layer_on_the_host(tmp_path, rng):
    options = {"samples": rng.uniform(size=(1, 7)), "presentation_time": 0.02}
    graph = skipping_graph()
    with pytest.raises(ExportError, match="an output reads an input without neurons between"):
        graph.export(tmp_path / "net.nir", host=False, **options)
    parts = graph.arguments()
    parts["outputs"] = {"y": GraphOutput({"d": np.ones((2, 7)), "b": np.ones((2, 5))})}
    nengo_dense.DenseGraph(**parts).export(tmp_path / "net.nir", host=False, **options)
    nodes = nir.read(tmp_path / "net.nir").nodes
    inputs = [name for name in nodes if name.startswith("input")]
    assert inputs == ["input00_x_encoder", "input01_a", "input02_b"]


@pytest.mark.parametrize("reader", ["norse", "rockpool", "sinabs", "snntorch"])
def test_readers_that_compute_joins_wrong_are_refused(reader, tmp_path, rng):
    options = {"samples": rng.uniform(size=(1, 7)), "presentation_time": 0.02}
    match = f"reader={reader!r} takes chains of layers alone: (nirtorch|snnTorch)"
    with pytest.raises(ExportError, match=match):
        skipping_graph().export(tmp_path / "net.nir", reader=reader, **options)
    written = skipping_graph().export(tmp_path / "net.nir", **options)
    assert any("layers join: of the readers known here none" in s for s in written.differences)


def synaptic(graph, sent):
    """Run a graph as snnTorch 1.0.0 does: its ``Synaptic`` neurons with a step of 0.1 ms."""
    nodes, dt = graph.nodes, 1e-4
    counts, fired = [], sent
    for number in (1, 2):
        affine, neurons = nodes[f"layer{number:02d}_affine"], nodes[f"layer{number:02d}_neurons"]
        np.testing.assert_allclose(neurons.r, neurons.tau_mem / dt)
        np.testing.assert_allclose(neurons.w_in * dt / neurons.tau_syn, 1)
        alpha, beta = 1 - dt / neurons.tau_syn, 1 - dt / neurons.tau_mem
        current = np.zeros((len(sent), len(alpha)))
        voltage = np.zeros_like(current)
        found = np.zeros((*sent.shape[:2], len(alpha)))
        for step in range(sent.shape[1]):
            current = alpha * current + fired[:, step] @ affine.weight.T + affine.bias
            voltage = beta * voltage + current
            spiked = voltage > neurons.v_threshold
            voltage[spiked] = 0
            found[:, step] = spiked
        counts.append(found.sum(axis=1))
        fired = found
    return counts


def test_snntorchs_formulas_give_nearly_the_spikes_of_the_chip(tmp_path):
    stack = floorless_stack(n_steps=200)
    stack.export(tmp_path / "net.nir", reader="snntorch")
    arrays = read_vectors(tmp_path / "net.nir.vectors.npz")
    counts = synaptic(nir.read(tmp_path / "net.nir"), arrays["spikes_0"].astype(float))
    for number, found in enumerate(counts):
        expected = arrays[f"spikes_{number + 1}"].sum(axis=1)
        assert np.abs(found - expected).mean() < 0.03 * 200
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98


def test_rockpools_step_and_bias_can_be_found(tmp_path):
    stack = floorless_stack()
    stack.export(tmp_path / "net.nir", reader="rockpool")
    (built,) = Deployment.of(stack, 40, 0.001, np.zeros((1, 6))).layers[:1]
    neurons = nir.read(tmp_path / "net.nir").nodes["layer01_neurons"]
    p = built.parameters
    np.testing.assert_allclose(neurons.tau_mem / (1 + neurons.r), 0.001)
    np.testing.assert_allclose(np.exp(-0.001 / neurons.tau_syn), p["keep_u"] / 4096)
    np.testing.assert_allclose(np.exp(-0.001 / neurons.tau_mem), p["keep_v"] / 4096)
    np.testing.assert_allclose(neurons.v_leak, p["bias"] / p["vth"])


def test_without_synapse_a_current_ends_with_its_step(tmp_path):
    stack = floorless_stack(synapse=None)
    for reader in ("snntorch", "rockpool"):
        stack.export(tmp_path / "net.nir", reader=reader)
        neurons = nir.read(tmp_path / "net.nir").nodes["layer01_neurons"]
        dt = 1e-4 if reader == "snntorch" else 1e-3
        assert (neurons.tau_syn <= 1.001 * dt).all()


def test_host_can_be_left_out(tmp_path):
    tuned_stack().export(tmp_path / "net.nir", host=False)
    graph = nir.read(tmp_path / "net.nir")
    assert graph.nodes["input"].input_type["input"] == 12
    assert "layer00_affine" not in graph.nodes


@pytest.mark.parametrize(
    ("arguments", "options", "match"),
    [
        ({}, {"reader": "snntorch", "host": True}, "snnTorch makes leaky neurons .beta 0.9. of"),
        ({}, {"reader": "rockpool", "host": True}, "rockpool takes no IF nodes; leave host=True"),
        ({"neuron_type": [RECTIFIED, nengo.LIF(tau_ref=0), RECTIFIED]}, {}, "layer2 has leaky"),
        ({"neuron_type": [RECTIFIED, nengo.LIF(), RECTIFIED]}, {}, "layer2 has a refractory"),
        ({"synapse": 0.002}, {}, r"its readout has a synapse \(0.002\), which the last Affine"),
    ],
)
def test_what_a_reader_cannot_do_is_refused(arguments, options, match, tmp_path):
    with pytest.raises(ExportError, match=match):
        tuned_stack(**arguments).export(tmp_path / "net.nir", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("reader", ["brian2", 3])
def test_unknown_readers_are_refused(reader, tmp_path):
    with pytest.raises(ValidationError, match=f"one of 'sinabs', .* or None, got {reader!r}"):
        tuned_stack().export(tmp_path / "net.nir", reader=reader)


@pytest.mark.parametrize("reader", READERS)
def test_floors_that_a_reader_lacks_are_said(reader, tmp_path):
    said = {}
    for name, stack in (("floor", tuned_stack()), ("none", floorless_stack())):
        written = stack.export(tmp_path / "net.nir", reader=reader)
        said[name] = any("no floor: neurons of layer2, layer3" in s for s in written.differences)
    assert said == {"floor": reader != "sinabs", "none": False}


def test_initial_voltages_are_said_where_a_graph_begins_with_the_host(tmp_path):
    said = {}
    for start in (0, 0.5):
        stack = tuned_stack(encoding="spikes", encoder={"start": start})
        for host in (True, False):
            written = stack.export(tmp_path / "net.nir", host=host)
            said[start, host] = any(
                "no initial voltage: neurons of encoder start" in s for s in written.differences
            )
    assert said == {(0, True): False, (0, False): False, (0.5, True): True, (0.5, False): False}


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nir", None)
    with pytest.raises(MissingDependencyError, match="Writing a NIR graph needs"):
        tuned_stack().export(tmp_path / "net.nir")


def test_what_was_written_is_converted_again(tmp_path):
    tuned_stack().export(tmp_path / "net.nir")
    again = nengo_dense.convert(str(tmp_path / "net.nir"))
    assert again.units == [12, 10, 8, 3]
    assert NirFormat.kind.name == "a NIR file"
