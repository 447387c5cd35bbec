"""Saved stacks: exact round trips, and one sentence for everything that is not such a file."""

import dataclasses
import io
import json
import pickle
import zipfile
from pathlib import Path

import nengo
import nengo_loihi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.exceptions import FileFormatError
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.tuning_record import TuningRecord
from nengo_dense.neurons import IN_FILES

NEURON_TYPES = {
    "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear(),
    "LIF": nengo.LIF(tau_rc=0.03, tau_ref=0.001),
    "LoihiSpikingRectifiedLinear": nengo_loihi.LoihiSpikingRectifiedLinear(),
    "LoihiLIF": nengo_loihi.LoihiLIF(tau_rc=0.025),
    "RectifiedLinear": nengo.RectifiedLinear(),
    "LIFRate": nengo.LIFRate(tau_rc=0.01),
}


def small_stack(**kwargs):
    rng = np.random.RandomState(1)
    arguments = {
        "weights": [rng.uniform(-0.5, 1, shape) for shape in ((6, 3), (5, 6), (2, 5))],
        "biases": [rng.uniform(0, 0.3, n) for n in (6, 5, 2)],
        "max_rate": [200.0, 120.0],
        "label": "small",
        "seed": 3,
    }
    return DenseStack([6, 5, 2], 3, **{**arguments, **kwargs})


def outputs(stack, simulator=nengo.Simulator, steps=60):
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.9, 0.2, -0.4])
        nengo.Network.add(stack)
        nengo.Connection(source, stack.input, synapse=None)
        probes = [nengo.Probe(layer.neurons) for layer in stack.layers]
        probes.append(nengo.Probe(stack.output))
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(steps)
        return [np.array(sim.data[probe]) for probe in probes]


def round_trip(stack, path):
    stack.save(path)
    return DenseStack.load(path)


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
@pytest.mark.parametrize("readout", ["softmax", "linear", "relu"])
@pytest.mark.filterwarnings("ignore:Lost . extra bits")
def test_loaded_stack_gives_identical_spikes_on_the_emulator(tmp_path, encoding, readout):
    stack = small_stack(encoding=encoding, readout=readout)
    loaded = round_trip(stack, tmp_path / "stack.npz")
    for before, after in zip(
        outputs(stack, nengo_loihi.Simulator),
        outputs(loaded, nengo_loihi.Simulator),
        strict=True,
    ):
        assert np.count_nonzero(before) > 0
        assert_array_equal(before, after)


@pytest.mark.parametrize("neuron_type", NEURON_TYPES.values(), ids=NEURON_TYPES.keys())
def test_loaded_stack_gives_identical_output_for_every_neuron_type(tmp_path, neuron_type):
    stack = small_stack(neuron_type=neuron_type)
    loaded = round_trip(stack, tmp_path / "stack.npz")
    for before, after in zip(outputs(stack), outputs(loaded), strict=True):
        assert_array_equal(before, after)
    for layer, other in zip(stack.layers, loaded.layers, strict=True):
        assert layer.ensemble.neuron_type == other.ensemble.neuron_type


def test_everything_a_stack_was_made_from_comes_back(tmp_path):
    stack = small_stack(
        encoding="spikes",
        readout="linear",
        synapse=[None, nengo.Alpha(0.01), 0.003],
        encoder={
            "scale": [1, 2, 3],
            "signed": [True, False, True],
            "offset": [5, 0, -7.5],
            "start": 0.25,
            "max_rate": 80,
        },
        neuron_type=[nengo.LIF(), nengo.SpikingRectifiedLinear()],
    )
    loaded = round_trip(stack, tmp_path / "stack.npz")
    for name in ("units", "size_in", "readout", "encoding", "synapses", "label", "seed"):
        assert getattr(loaded, name) == getattr(stack, name), name
    for name in ("scale", "signed", "offset", "resting"):
        assert_array_equal(getattr(loaded.encoder, name), getattr(stack.encoder, name))
    assert (loaded.encoder.layer.max_rate, loaded.encoder.layer.start) == (80, 0.25)
    kinds = (each.encoder.layer.ensemble.neuron_type for each in (stack, loaded))
    assert next(kinds) == next(kinds)
    for before, after in zip(stack.weights, loaded.weights, strict=True):
        assert_array_equal(before, after)
    for before, after in zip(stack.biases, loaded.biases, strict=True):
        np.testing.assert_allclose(before, after, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "classes", [["no", "yes"], [3, 7], [0.5, 1.5], [False, True], np.array(["a", "ä"], object)]
)
def test_classes_come_back_as_they_are(tmp_path, classes):
    loaded = round_trip(small_stack(classes=classes), tmp_path / "stack.npz")
    assert loaded.classes.tolist() == list(classes)
    assert round_trip(small_stack(), tmp_path / "stack.npz").classes is None


@pytest.mark.parametrize("effort", ["best", 2.5])
def test_the_record_of_tuning_comes_back(tmp_path, effort):
    record = TuningRecord(0.05, 0.002, "host", [0.0, -1.5, 2.0], [1.0, 3.0, 2.0])
    record = dataclasses.replace(record, effort=effort, gap=0.3, data="0123456789abcdef")
    loaded = round_trip(small_stack(tuned=record), tmp_path / "stack.npz").tuned
    for name in ("presentation_time", "dt", "encoding", "effort", "gap", "data"):
        assert getattr(loaded, name) == getattr(record, name)
    for name in ("input_low", "input_high"):
        assert_array_equal(getattr(loaded, name), getattr(record, name))


def test_a_file_of_version_1_is_read_for_ever():
    loaded = DenseStack.load(Path(__file__).parent / "data" / "version_1.npz")
    assert (loaded.units, loaded.encoding, loaded.readout) == ([6, 5, 2], "spikes", "softmax")
    assert loaded.classes is loaded.tuned is None
    # as the version that wrote it printed
    *spikes, output = outputs(loaded, steps=100)
    counts = [np.count_nonzero(s, axis=0).tolist() for s in spikes]
    assert counts == [[7, 4, 0, 7, 4, 8], [6, 10, 5, 12, 8]]
    np.testing.assert_allclose(output[-1], [0.40264635, 0.59735365], rtol=0, atol=1e-8)
    *spikes, output = outputs(loaded, nengo_loihi.Simulator, steps=100)
    counts = [np.count_nonzero(s, axis=0).tolist() for s in spikes]
    assert counts == [[5, 4, 0, 6, 2, 7], [6, 7, 4, 9, 7]]
    np.testing.assert_allclose(output[-1], [0.44215389, 0.55784611], rtol=0, atol=1e-8)


def test_a_file_of_version_2_is_read_for_ever():
    loaded = DenseStack.load(Path(__file__).parent / "data" / "version_2.npz")
    # as the version that wrote it printed
    np.testing.assert_allclose(
        [w.sum() for w in loaded.weights],
        [8.9785487854122, 0.631043031559842, 3.676101600923198],
        rtol=1e-15,
    )
    assert loaded.classes.tolist() == ["no", "yes"]
    assert loaded.tuned.presentation_time == 0.05
    assert loaded.encoder.offset.tolist() == [0, 1, 2]
    assert loaded.fitted == {}


def test_a_file_of_version_3_is_read_for_ever():
    loaded = DenseStack.load(Path(__file__).parent / "data" / "version_3.npz")
    assert loaded.fitted == {"a": 0.01}
    assert loaded.encoder.layer.start == 0
    # as the version that wrote it printed
    spikes, _ = outputs(loaded, nengo_loihi.Simulator, steps=100)
    assert np.count_nonzero(spikes, axis=0).tolist() == [0, 0, 14, 7]


def test_errors_of_fitted_activations_come_back(tmp_path):
    stack = small_stack(fitted={"first": 0.031})
    assert round_trip(stack, tmp_path / "stack.npz").fitted == {"first": 0.031}


def test_saving_twice_writes_the_same_numbers(tmp_path):
    first = round_trip(small_stack(), tmp_path / "a.npz")
    second = round_trip(first, tmp_path / "b.npz")
    for before, after in zip(first.biases, second.biases, strict=True):
        assert_array_equal(before, after)


def test_name_is_taken_as_given(tmp_path):
    small_stack().save(str(tmp_path / "stack.model"))
    assert [path.name for path in tmp_path.iterdir()] == ["stack.model"]
    assert DenseStack.load(str(tmp_path / "stack.model")).units == [6, 5, 2]


def test_loading_inside_a_network_adds_the_stack(tmp_path):
    small_stack().save(tmp_path / "stack.npz")
    with nengo.Network() as net:
        stack = DenseStack.load(tmp_path / "stack.npz")
    assert net.networks == [stack]


# Damaged files


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "stack.npz"
    record = TuningRecord(0.1, 0.001, "spikes", np.zeros(3), np.ones(3))
    small_stack(encoding="spikes", classes=["no", "yes"], tuned=record).save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch") / "stack.npz"


def assert_refused(path, content, match=None):
    """Loading must end in one sentence of ours."""
    path.write_bytes(content)
    with pytest.raises((FileFormatError, ValidationError), match=match) as caught:
        DenseStack.load(path)
    assert "\n" not in str(caught.value).strip()
    return str(caught.value)


def test_truncated_at_any_length_is_refused(saved, scratch):
    for length in {*range(40), *range(40, len(saved), 97), len(saved) - 1}:
        assert "stack.npz" in assert_refused(scratch, saved[:length], "damaged|not a saved")


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_flipped_bit_is_refused_or_harmless(saved, scratch, position, bit):
    damaged = bytearray(saved)
    damaged[int(position * len(damaged))] ^= 1 << bit
    scratch.write_bytes(bytes(damaged))
    try:
        stack = DenseStack.load(scratch)
    except (FileFormatError, ValidationError) as err:
        assert str(err)  # noqa: PT017 (one of two right answers)
    else:  # a date, an attribute or the like
        assert_array_equal(stack.weights[0], small_stack().weights[0])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(scratch, content):
    assert_refused(scratch, content, "cannot be read|not a saved")


@given(st.binary(max_size=100))
def test_bytes_after_the_magic_number_are_refused(scratch, content):
    assert_refused(scratch, b"PK\x03\x04" + content, "cannot be read")
    assert_refused(scratch, b"\x93NUMPY" + content, "cannot be read")


def test_missing_file_is_pythons_own_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        DenseStack.load(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("path", [None, 3, ["a"]])
def test_what_is_no_path_is_named(path):
    with pytest.raises(ValidationError, match="path: must be a path, got"):
        DenseStack.load(path)
    with pytest.raises(ValidationError, match="path: must be a path, got"):
        small_stack().save(path)


def test_folder_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        DenseStack.load(tmp_path)


def test_single_array_is_refused(scratch):
    file = io.BytesIO()
    np.save(file, np.arange(3))
    assert_refused(scratch, file.getvalue(), "single array")


def test_pickle_is_refused_unread(scratch):
    assert_refused(scratch, pickle.dumps([1, 2, 3]), "cannot be read")


# Whole files that are not ours


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def contents(saved):
    with np.load(io.BytesIO(saved)) as archive:
        return dict(archive)


def with_header(saved, **changed):
    """Make the saved file again with some header entries changed (``...`` removes one)."""
    arrays = contents(saved)
    header = json.loads(str(arrays["header"])) | changed
    header = {key: value for key, value in header.items() if value is not ...}
    return npz(**{**arrays, "header": np.array(json.dumps(header))})


def test_untouched_header_still_loads(saved, scratch):
    scratch.write_bytes(with_header(saved))
    assert DenseStack.load(scratch).units == [6, 5, 2]


def test_foreign_npz_is_refused_with_what_it_holds(scratch):
    assert_refused(scratch, npz(kernel=np.eye(2)), "no header.*kernel.*DenseStack.save")
    assert_refused(scratch, npz(), "no header.*nothing")
    assert_refused(scratch, npz(header=np.array("text")), "no header")
    assert_refused(scratch, npz(header=np.array("[]")), "no header")
    assert_refused(scratch, npz(header=np.array('{"format": "other"}')), "no header")


def test_deeply_nested_header_is_refused(scratch):
    assert_refused(scratch, npz(header=np.array("[" * 100_000)), "no header")


def test_zip_of_other_things_is_refused(scratch):
    with zipfile.ZipFile(scratch, "w") as archive:
        archive.writestr("header.npy", "not an array")
        archive.writestr("readme.txt", "hello")
    assert_refused(scratch, scratch.read_bytes(), "cannot be read|not a saved")


@pytest.mark.parametrize("version", [5, 0, "1", None, ...])
def test_other_version_is_refused_by_number(saved, scratch, version):
    got = None if version is ... else version
    assert_refused(
        scratch,
        with_header(saved, version=version),
        f"version {got!r}.*reads versions 1 to 4",
    )


KEYS = ("units", "size_in", "readout", "encoding", "max_rate", "label", "seed", "synapse")


@pytest.mark.parametrize("key", [*KEYS, "neuron_type"])
def test_missing_header_entry_is_named(saved, scratch, key):
    assert_refused(scratch, with_header(saved, **{key: ...}), f"damaged.*{key}")


@pytest.mark.parametrize(
    "name", ["weights_0", "weights_2", "bias_1", "encoder_scale", "tuned_input_low"]
)
def test_missing_array_is_named(saved, scratch, name):
    arrays = contents(saved)
    del arrays[name]
    assert_refused(scratch, npz(**arrays), f"damaged.*{name}")


@pytest.mark.parametrize(
    "name, value",
    [
        ("weights_0", np.ones((3, 6))),
        ("weights_1", np.ones(5)),
        ("bias_0", np.ones(7)),
        ("weights_0", np.full((6, 3), np.nan)),
        ("weights_0", np.full((6, 3), "text")),
        ("weights_0", np.ones((6, 3), dtype=complex)),
        ("encoder_scale", np.ones(4)),
        ("encoder_scale", np.zeros(3)),
        ("encoder_signed", np.full(3, np.inf)),
        ("encoder_max_rate", np.array(-1.0)),
        ("classes", np.array(["no"])),
        ("classes", np.array([1 + 1j, 2])),
        ("tuned_input_high", np.zeros(2)),
        ("tuned_input_high", np.full(3, np.nan)),
    ],
)
def test_array_that_does_not_fit_is_refused(saved, scratch, name, value):
    attr = (
        name.removeprefix("encoder_")
        .removeprefix("tuned_")
        .replace("bias_", "biases")
        .replace("weights_", "weights")
    )
    assert_refused(scratch, npz(**{**contents(saved), name: value}), attr.rstrip("012"))


def test_pickled_objects_are_refused_unread(saved, scratch):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was executed",))

    arrays = contents(saved)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            if name == "weights_0":
                trap = np.empty(1, dtype=object)
                trap[0] = Trap()
                np.save(member, trap, allow_pickle=True)
            else:
                np.save(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    assert_refused(scratch, file.getvalue(), "cannot be read.*(pickle|Object)")


@pytest.mark.parametrize("shape", [(10**6, 10**6), (2**62,), (2**40, 2**40), (-1, 3), (10**10,)])
def test_absurd_declared_shape_is_refused(saved, scratch, shape):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in contents(saved).items():
            whole = io.BytesIO()
            np.save(whole, array)
            content = member if name == "weights_0" else whole
            archive.writestr(f"{name}.npy", content.getvalue())
    assert_refused(scratch, file.getvalue(), "damaged")


@pytest.mark.parametrize(
    "changed, match",
    [
        ({"units": "many"}, "units|weights_3"),
        ({"units": 3}, "malformed|units"),
        ({"units": [6, -5, 2]}, "units.*-5"),
        ({"units": [10**12, 5, 2]}, "weights"),
        ({"units": [6, 5, 2, 4]}, "weights_3"),
        ({"units": []}, "units"),
        ({"units": None}, "malformed|units"),
        ({"size_in": 10**12}, "weights|size_in"),
        ({"size_in": "3"}, "size_in"),
        ({"readout": "argmax"}, "readout.*'argmax'"),
        ({"readout": ["softmax"]}, "readout"),
        ({"encoding": "light"}, "encoding.*'light'"),
        ({"max_rate": -1}, "max_rate"),
        ({"max_rate": [1, 2, 3]}, "max_rate"),
        ({"max_rate": None}, "max_rate"),
        ({"label": 7}, "label"),
        ({"seed": "x"}, "seed"),
        ({"seed": -4}, "seed"),
        ({"synapse": 3}, "synapse|malformed"),
        ({"synapse": [0.1, {"type": "Conv", "tau": 1}, 0.1]}, "Conv"),
        ({"synapse": [0.1, {"tau": 1}, 0.1]}, "type"),
        ({"synapse": ["slow", 0.1, 0.1]}, "synapse"),
        ({"synapse": [-1, 0.1, 0.1]}, "synapse|tau"),
        ({"neuron_type": [{"type": "Quantum"}, {"type": "LIF"}]}, "Quantum.*LIF"),
        ({"neuron_type": [{"type": "LIF", "tau_rc": -1}, {"type": "LIF"}]}, "tau_rc"),
        ({"neuron_type": [{"type": "LIF", "speed": 1}, {"type": "LIF"}]}, "speed"),
        ({"neuron_type": ["LIF", "LIF"]}, "neuron"),
        ({"neuron_type": [{"type": ["LIF"]}, {"type": "LIF"}]}, "neuron|malformed"),
        ({"neuron_type": {"type": "LIF"}}, "neuron type.*'type'"),
        ({"tuned": {"dt": 0.001}}, "damaged.*presentation_time"),
        ({"tuned": 3}, "damaged"),
        ({"tuned": {"dt": -1, "presentation_time": 0.1, "encoding": "host"}}, "dt.*above 0"),
    ],
)
def test_header_entry_that_makes_no_sense_is_refused(saved, scratch, changed, match):
    assert_refused(scratch, with_header(saved, **changed), match)


# What cannot be kept is refused when saving


class OwnLIF(nengo.LIF):
    """A neuron type that no file could name."""


@pytest.mark.parametrize("neuron_type", [OwnLIF(), nengo.AdaptiveLIF()])
def test_unknown_neuron_type_is_refused_before_anything_is_written(tmp_path, neuron_type):
    path = tmp_path / "stack.npz"
    name = type(neuron_type).__name__
    with pytest.raises(FileFormatError, match=rf"type \w+\.{name} cannot be saved.*LoihiLIF can"):
        small_stack(neuron_type=neuron_type).save(path)
    assert not path.exists()


def test_unknown_synapse_is_refused_before_anything_is_written(tmp_path):
    stack = small_stack(synapse=nengo.synapses.Triangle(0.01))
    with pytest.raises(FileFormatError, match=r"type Triangle cannot be saved.*Alpha.*None can"):
        stack.save(tmp_path / "stack.npz")
    assert not (tmp_path / "stack.npz").exists()


def test_state_that_a_file_cannot_keep_is_refused(tmp_path):
    start = {"refractory_time": nengo.dists.Choice([0.001])}
    stack = small_stack(neuron_type=nengo.LIF(initial_state=start))
    with pytest.raises(FileFormatError, match=r"initial_state.*cannot be saved"):
        stack.save(tmp_path / "stack.npz")


@pytest.mark.parametrize("number", [np.float32(0.01), np.float64(0.01)])
def test_numpy_time_constants_are_kept(tmp_path, number):
    loaded = round_trip(small_stack(synapse=[number, number]), tmp_path / "stack.npz")
    assert loaded.synapses == [float(number)] * 2


def test_numpy_seed_and_sizes_are_kept(tmp_path):
    stack = DenseStack(np.array([4, 2]), np.int64(3), seed=np.int64(5))
    loaded = round_trip(stack, tmp_path / "stack.npz")
    assert (loaded.units, loaded.size_in, loaded.seed) == ([4, 2], 3, 5)


def test_every_type_that_a_file_may_name_is_saved_here():
    assert NEURON_TYPES.keys() == IN_FILES.keys()
