import json

import nengo
import numpy as np
import pytest
from data_frame import Frame
from exported import read_vectors, skipping_graph, tuned_stack
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense.exceptions import ExportError
from nengo_dense.export import Deployment, deployment
from nengo_dense.export.c import CFormat
from nengo_dense.export.vectors import SUFFIX
from nengo_dense.heads import HEADS
from nengo_dense.layers import GraphLayer, GraphOutput
from nengo_dense.layers.tuning_record import TuningRecord

RATES = nengo.RectifiedLinear()


def test_vectors_are_what_the_simulator_gives(tmp_path, rng):
    stack = tuned_stack()
    x = rng.uniform(-1, 1, size=(3, 6))
    stack.export(tmp_path / "net.c", samples=x)
    arrays = read_vectors(tmp_path / f"net.c{SUFFIX}")
    with nengo.Network(seed=stack.seed) as network:
        network.add(stack)
        source = nengo.Node(np.zeros(6))
        nengo.Connection(source, stack.input, synapse=None)
        probes = [nengo.Probe(layer.neurons) for layer in stack.layers]
        logits = nengo.Probe(stack.logits)
    with nengo_dense.Simulator(network, minibatch_size=3, progress_bar=False) as sim:
        sim.run_steps(40, data={source: np.repeat(x[:, None], 40, axis=1)})
    np.testing.assert_array_equal(arrays["samples"], x)
    np.testing.assert_array_equal(arrays["logits"], sim.data[logits])
    for number, probe in enumerate(probes):
        np.testing.assert_array_equal(arrays[f"spikes_{number}"], sim.data[probe] > 0)
    header = json.loads(str(arrays["header"]))
    assert header["n_steps"] == 40
    assert header["head"] == "softmax"


def test_outputs_follow_from_spikes_and_the_readout_that_is_kept(tmp_path):
    tuned_stack(readout="linear").export(tmp_path / "net.c")
    arrays = read_vectors(tmp_path / f"net.c{SUFFIX}")
    header = json.loads(str(arrays["header"]))
    spikes = arrays["spikes_2"][:, header["readout_start"] - 1 : -1]
    outputs = spikes.mean(axis=1) @ arrays["readout_weights"].T + arrays["readout_bias"]
    np.testing.assert_allclose(arrays["outputs"], outputs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("frame_steps", [1, 4, 12])
def test_what_was_tuned_for_frames_answers_one_when_its_spikes_have_come(
    tmp_path, rng, frame_steps
):
    stack = tuned_stack(readout="linear")
    time = frame_steps / 1000
    stack.tuned = TuningRecord(time, 0.001, "host", -np.ones(6), np.ones(6), frame_time=time)
    x = rng.uniform(-1, 1, size=(3, 6))
    stack.export(tmp_path / "net.c", samples=x)
    arrays = read_vectors(tmp_path / f"net.c{SUFFIX}")
    how = {"per_frame": True, "progress_bar": False, "mask": np.ones((3, 1))}
    np.testing.assert_allclose(
        arrays["outputs"], nengo_dense.predict(stack, x[:, None], **how)[:, 0], rtol=1e-12
    )
    header = json.loads(str(arrays["header"]))
    late = header["n_steps"] - frame_steps
    assert late == 3 + 2  # populations, and a step for each of two synapses of 2 ms
    assert header["readout_start"] == late + frame_steps // 10


@pytest.mark.parametrize(
    "arguments", [{}, {"encoding": "spikes"}, {"encoding": "spikes", "encoder": {"start": 0.5}}]
)
def test_what_the_host_sends_follows_from_the_numbers_that_are_kept(arguments, tmp_path):
    tuned_stack(**arguments).export(tmp_path / "net.c")
    arrays = read_vectors(tmp_path / f"net.c{SUFFIX}")
    drive = arrays["samples"] @ arrays["host_weights"].T
    drive = np.maximum((arrays["host_gain"] * drive + arrays["host_bias"]) * 0.001, 0)
    voltage = np.tile(arrays["host_start"], (len(drive), 1))
    assert (voltage == arguments.get("encoder", {"start": 0})["start"]).all()
    for step in range(40):
        voltage += drive
        np.testing.assert_array_equal(arrays["spikes_0"][:, step], voltage >= 1)
        voltage -= np.floor(voltage)


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_a_graphs_vectors_hold_the_whole_calculation(encoding, tmp_path, rng):
    graph = skipping_graph(encoding)
    x = rng.uniform(-1, 1, size=(3, 7))
    graph.export(tmp_path / "net.c", samples=x, presentation_time=0.05)
    arrays = read_vectors(tmp_path / f"net.c{SUFFIX}")
    header = json.loads(str(arrays["header"]))
    assert "head" not in header
    assert header["inputs"] == {"x": [0, 4], "z": [4, 7]}
    assert header["outputs"] == {"first": [0, 3, "softmax"], "other": [3, 5, "linear"]}
    ends = [stop for _, stop in header["host"].values()]
    seen = dict(zip(header["host"], np.split(arrays["spikes_0"], ends[:-1], axis=2), strict=True))
    for number, name in enumerate(n for n in header["sources"] if n != "readout"):
        seen[name] = arrays[f"spikes_{number + 1}"]
    read = [
        seen[name][:, 5:] if name in header["host"] else seen[name][:, 4:-1]
        for name in header["sources"]["readout"]
    ]
    spikes = np.concatenate(read, axis=2).mean(axis=1)
    logits = spikes @ arrays["readout_weights"].T + x @ arrays["direct_weights"].T
    logits += arrays["readout_bias"]
    np.testing.assert_allclose(HEADS["softmax"](logits[:, :3]), arrays["outputs"][:, :3])
    np.testing.assert_allclose(logits[:, 3:], arrays["outputs"][:, 3:])


def test_samples_of_several_inputs_may_have_their_names(tmp_path, rng):
    x = {"z": rng.uniform(size=(2, 3)), "x": rng.uniform(size=(2, 4))}
    skipping_graph().export(tmp_path / "net.c", samples=x, presentation_time=0.02)
    found = read_vectors(tmp_path / f"net.c{SUFFIX}")["samples"]
    np.testing.assert_array_equal(found, np.concatenate([x["x"], x["z"]], axis=1))
    with pytest.raises(ValidationError, match="an array for each of the inputs x, z, got x"):
        skipping_graph().export(tmp_path / "net.c", samples={"x": x["x"]}, presentation_time=0.02)


def test_a_tuned_graph_is_written_as_its_record_says(tmp_path):
    low, high = np.arange(7.0) / 10, np.arange(7.0) / 10 + 0.5
    graph = skipping_graph(tuned=TuningRecord(0.03, 0.001, "host", low, high))
    graph.export(tmp_path / "net.c")
    arrays = read_vectors(tmp_path / f"net.c{SUFFIX}")
    assert arrays["logits"].shape == (16, 30, 5)
    assert ((low <= arrays["samples"]) & (arrays["samples"] <= high)).all()


def test_a_graph_on_the_host_alone_is_refused(tmp_path):
    layers = [GraphLayer(name, {"x": np.ones((2, 3))}, on_chip=False) for name in "ab"]
    output = GraphOutput({"a": np.ones((1, 2)), "b": np.ones((1, 2))})
    graph = nengo_dense.DenseGraph({"x": 3}, layers, {"y": output}, label="jets")
    with pytest.raises(ExportError, match="all its layers run on the host; convert"):
        graph.export(tmp_path / "net.c", presentation_time=0.02, samples=np.ones((1, 3)))


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_layers_are_the_integers_of_the_program(encoding):
    stack = tuned_stack(encoding=encoding)
    built = Deployment.of(stack, 10, 0.001, np.zeros((1, 6)))
    below, spikes = built.spikes[0], built.spikes[1:]
    for layer, fired in zip(built.layers, spikes, strict=True):
        assert layer.weights.shape == (fired.shape[2], below.shape[2])
        assert (layer.weights % 64 == 0).all(), "a weight is 8 bits, 6 bits up"
        assert layer.weights.any()
        assert sorted(np.concatenate(layer.cores)) == list(range(layer.n_neurons))
        below = fired


def test_samples_lie_in_the_range_that_the_stack_was_tuned_for(tmp_path):
    stack = tuned_stack()
    low, high = np.arange(6.0), np.arange(6.0) + 0.5
    object.__setattr__(stack.tuned, "input_low", low)
    object.__setattr__(stack.tuned, "input_high", high)
    stack.export(tmp_path / "net.c")
    x = read_vectors(tmp_path / f"net.c{SUFFIX}")["samples"]
    assert x.shape == (16, 6)
    assert ((low <= x) & (x <= high)).all()


def test_everything_that_stands_in_the_way_is_named_at_once(tmp_path):
    synapses = [nengo.Alpha(0.01), 0.002, None]
    stack = tuned_stack(tuned=None, neuron_type=RATES, label="jets", synapse=synapses)
    with pytest.raises(ExportError, match="The stack 'jets' cannot be written as C:") as caught:
        stack.export(tmp_path / "net.c")
    untuned, *layers, synapse = caught.value.problems
    assert "was not tuned for the chip's integers: make it with nengo_dense.convert" in untuned
    assert "layer1 has RectifiedLinear neurons, and on the host only Spiking" in layers[0]
    assert (
        "layer2 has RectifiedLinear neurons, and on the chip only SpikingRectifiedLinear or LIF"
        in layers[1]
    )
    assert len(layers) == 3
    assert "synapse number 0 is Alpha(tau=0.01), and the chip has only Lowpass" in synapse
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"encoding": "chip"}, "encoding='chip' leaves the first spikes to nengo-loihi's own"),
        ({"units": (4, 2), "synapse": None}, "its only layer of neurons runs on the host"),
    ],
)
def test_stacks_without_chip_part_of_their_own_are_refused(arguments, match, tmp_path):
    stack = tuned_stack(**{"synapse": 0.002, **arguments})
    with pytest.raises(ExportError, match=match):
        stack.export(tmp_path / "net.c")


def test_presentation_time_stands_for_a_record_of_tuning(tmp_path, rng):
    stack = tuned_stack(tuned=None)
    x = rng.uniform(size=(2, 6))
    stack.export(tmp_path / "net.c", presentation_time=0.02, samples=x)
    assert read_vectors(tmp_path / f"net.c{SUFFIX}")["logits"].shape == (2, 20, 3)
    with pytest.raises(ValidationError, match="samples: must be given for a stack that was not"):
        stack.export(tmp_path / "other.c", presentation_time=0.02)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"samples": np.zeros((2, 5))}, r"must have shape \(batch, 6\)"),
        ({"samples": np.full((2, 6), np.nan)}, "samples: .*NaN"),
        ({"presentation_time": -1}, "presentation_time"),
        ({"dt": 0}, "dt"),
        ({"precision": 8}, "has no argument 'precision'; it takes samples, presentation_time, dt"),
    ],
)
def test_options_are_looked_at(options, match, tmp_path):
    with pytest.raises(ValidationError, match=match):
        tuned_stack().export(tmp_path / "net.c", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["net.c", "net.h", f"net.c{SUFFIX}"])
def test_files_of_another_kind_are_left_alone(name, tmp_path):
    (tmp_path / name).write_text("int main(void) { return 0; }")
    with pytest.raises(FileExistsError, match=f"{name} exists and is not"):
        tuned_stack().export(tmp_path / "net.c")
    assert (tmp_path / name).read_text() == "int main(void) { return 0; }"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_format_takes_paths_as_stacks_do(tmp_path):
    written = CFormat().export(tuned_stack(), str(tmp_path / "net.c"))
    assert written.files[0] == tmp_path / "net.c"
    with pytest.raises(ValidationError, match=r"path: must be a path, got 3"):
        CFormat().export(tuned_stack(), 3)


def test_files_of_the_same_kind_are_replaced(tmp_path):
    for seed in (0, 1):
        tuned_stack(seed=seed).export(tmp_path / "net.c")
    first = tmp_path / "first"
    first.mkdir()
    tuned_stack(seed=1).export(first / "net.c")
    assert (first / "net.c").read_text() == (tmp_path / "net.c").read_text()


def test_the_stack_stays_as_it_is(tmp_path):
    stack = tuned_stack()
    before = stack.arguments()
    with nengo.Network() as network:
        stack.export(tmp_path / "net.c")
    assert not network.all_objects
    assert not network.networks
    after = stack.arguments()
    for name in ("weights", "biases"):
        for ours, same in zip(before[name], after[name], strict=True):
            np.testing.assert_array_equal(ours, same)
    assert after["tuned"] is before["tuned"]


def test_problems_of_a_sound_stack_are_none():
    assert deployment.problems(tuned_stack()) == []


def test_samples_are_held_against_what_the_stack_was_tuned_for(tmp_path, rng):
    x, path = rng.uniform(-1, 1, size=(30, 6)), tmp_path / "net.c"
    stack = tuned_stack(columns=tuple("abcdef"))
    with pytest.raises(ValidationError, match="samples: has its columns in another order than"):
        stack.export(path, samples=Frame(list("fedcba"), x))
    stack.export(path, samples=Frame(list("abcdef"), x))
    with pytest.warns(UserWarning, match="This stack was tuned on other inputs than these: 100%"):
        stack.export(path, samples=100 * x + 10)
    with pytest.warns(UserWarning, match="was tuned for steps of 1 ms, and here they are 2 ms"):
        stack.export(path, samples=x, dt=0.002)
    with pytest.warns(UserWarning, match="was tuned for presentations of 40 ms"):
        stack.export(path, samples=x, presentation_time=0.005)


@pytest.mark.parametrize("suffix", [".c", ".nir"])
def test_differences_are_said_of_the_line_that_exports(tmp_path, suffix):
    if suffix == ".nir":
        pytest.importorskip("nir", reason="writing NIR graphs needs nir")
    with pytest.warns(UserWarning, match="was tuned for steps of") as said:
        tuned_stack().export(tmp_path / f"net{suffix}", dt=0.002)
    assert __file__ in [each.filename for each in said if "tuned" in str(each.message)]


def test_weights_that_were_changed_in_a_layer_are_not_exported_as_tuned(tmp_path):
    stack = tuned_stack()
    stack.layers[1].set_parameters(stack.weights[1] / 2, stack.biases[1])
    with pytest.raises(ExportError, match="it was not tuned for the chip's integers"):
        stack.export(tmp_path / "net.c")
    with pytest.warns(UserWarning, match="the transform of .*layer2.weights.* is another"):
        stack.export(tmp_path / "net.c", samples=np.ones((2, 6)), presentation_time=0.02)


def test_a_time_in_milliseconds_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="presentation_time: is 40 seconds, that is 40000"):
        tuned_stack().export(tmp_path / "net.c", presentation_time=40)
