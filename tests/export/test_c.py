import re

import nengo
import numpy as np
import pytest
from compiled import Library
from exported import needs_gcc, read_vectors, skipping_graph, tuned_stack

from nengo_dense.exceptions import ExportError
from nengo_dense.export.c import identifier
from nengo_dense.export.c_core import Core, weight_type

LEAKY = nengo.LIF(tau_rc=0.02, tau_ref=0.003)
FLOORLESS = nengo.LIF(tau_rc=4, tau_ref=0, min_voltage=-100)
RECTIFIED = nengo.SpikingRectifiedLinear()


def layers_of(arrays):
    names = sorted(name for name in arrays if name.startswith("spikes_"))
    return arrays["spikes_0"], np.concatenate([arrays[name] for name in names[1:]], axis=2)


@needs_gcc
@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize("kind", [RECTIFIED, LEAKY, FLOORLESS], ids=["if", "lif", "no floor"])
def test_compiled_code_gives_the_emulators_spikes(encoding, kind, tmp_path):
    kinds = [RECTIFIED, kind, kind] if encoding == "host" else kind
    stack = tuned_stack(encoding=encoding, neuron_type=kinds)
    stack.export(tmp_path / "net.c")
    sent, fired = layers_of(read_vectors(tmp_path / "net.c.vectors.npz"))
    assert fired.any(axis=(0, 1)).mean() > 0.5, "most neurons fire"
    found = Library(tmp_path / "net.c").spikes(sent, fired.shape[2])
    np.testing.assert_array_equal(found, fired)


@needs_gcc
def test_a_step_may_be_a_number_of_numpys(tmp_path):
    stack = tuned_stack()
    stack.export(tmp_path / "net.c", dt=np.float64(0.001), presentation_time=np.float32(0.02))
    sent, fired = layers_of(read_vectors(tmp_path / "net.c.vectors.npz"))
    found = Library(tmp_path / "net.c", "-DNET_HOST").spikes(sent, fired.shape[2])
    np.testing.assert_array_equal(found, fired)


@needs_gcc
def test_layers_on_several_cores_give_the_emulators_spikes(tmp_path, monkeypatch):
    monkeypatch.setattr("nengo_dense.loihi.partition.MAX_COMPARTMENTS", 7)
    tuned_stack(units=(12, 20, 9, 3)).export(tmp_path / "net.c")
    text = (tmp_path / "net.c").read_text()
    assert "weights_4" in text, "three cores and two"
    sent, fired = layers_of(read_vectors(tmp_path / "net.c.vectors.npz"))
    found = Library(tmp_path / "net.c").spikes(sent, fired.shape[2])
    np.testing.assert_array_equal(found, fired)


@needs_gcc
@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_graphs_give_the_emulators_spikes_and_answers(encoding, tmp_path, rng):
    x = {"x": rng.uniform(-1, 1, size=(4, 4)), "z": rng.uniform(-1, 1, size=(4, 3))}
    encoders = {"z": {"start": 0.25}, "x": {"start": 0.5}} if encoding == "spikes" else {}
    graph = skipping_graph(encoding, neuron_type=LEAKY, encoders=encoders)
    graph.export(tmp_path / "net.c", samples=x, presentation_time=0.05)
    arrays = read_vectors(tmp_path / "net.c.vectors.npz")
    sent, fired = layers_of(arrays)
    assert fired.any(axis=(0, 1)).mean() > 0.5, "most neurons fire"
    library = Library(tmp_path / "net.c", "-DNET_HOST")
    np.testing.assert_array_equal(library.spikes(sent, fired.shape[2]), fired)
    for sample, logits in zip(arrays["samples"], arrays["logits"], strict=True):
        found = np.zeros(5)
        library.call("run", np.ascontiguousarray(sample), found)
        np.testing.assert_allclose(found, logits[5:].mean(axis=0), rtol=1e-12, atol=1e-12)


@needs_gcc
def test_header_of_a_graph_says_where_things_lie(tmp_path, rng):
    graph = skipping_graph()
    graph.export(tmp_path / "net.c", samples=rng.uniform(size=(1, 7)), presentation_time=0.02)
    text = (tmp_path / "net.h").read_text()
    for line in ("c: 0 to 7", "d: 8 to 14", "x encoder: 0 to 7", "z: 4 to 6", "other: 3 to 4"):
        assert f"   - {line}\n" in text or f"   - {line} */" in text


@needs_gcc
@pytest.mark.parametrize(
    "arguments", [{}, {"encoding": "spikes"}, {"encoding": "spikes", "encoder": {"start": 0.5}}]
)
def test_host_part_answers_as_our_integers_do(arguments, tmp_path, rng):
    stack = tuned_stack(**arguments)
    stack.export(tmp_path / "my-net.c", samples=rng.uniform(-1, 1, size=(5, 6)))
    arrays = read_vectors(tmp_path / "my-net.c.vectors.npz")
    library = Library(tmp_path / "my-net.c", "-DMY_NET_HOST")
    for sample, logits in zip(arrays["samples"], arrays["logits"], strict=True):
        found = np.zeros(3)
        library.call("run", np.ascontiguousarray(sample), found)
        np.testing.assert_allclose(found, logits[4:].mean(axis=0), rtol=1e-12, atol=1e-12)


def test_chip_part_has_no_floating_point_number(tmp_path):
    tuned_stack().export(tmp_path / "net.c")
    chip, _, host = (tmp_path / "net.c").read_text().partition("#ifdef NET_HOST")
    number = r"\b(float|double|malloc)\b|\d\.\d"
    assert re.search(number, host)
    assert not re.search(number, chip)


@needs_gcc
def test_host_part_is_left_out_where_the_readout_filters(tmp_path):
    stack = tuned_stack(synapse=0.002)
    written = stack.export(tmp_path / "net.c")
    (sentence,) = written.differences
    assert "the host's part is not written, as the readout has a synapse (0.002)" in sentence
    assert "double" not in (tmp_path / "net.c").read_text()
    sent, fired = layers_of(read_vectors(tmp_path / "net.c.vectors.npz"))
    found = Library(tmp_path / "net.c").spikes(sent, fired.shape[2])
    np.testing.assert_array_equal(found, fired)


def test_floors_that_32_bits_do_not_hold_are_refused(tmp_path):
    deep = nengo.LIF(tau_rc=4, tau_ref=0, min_voltage=-1e7)
    stack = tuned_stack(neuron_type=[RECTIFIED, deep, RECTIFIED])
    with pytest.raises(ExportError, match="layer2 has a voltage floor of -2147483647, below"):
        stack.export(tmp_path / "net.c")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("stem", "name"), [("net", "net"), ("a b-c", "a_b_c"), ("2", "net_2"), ("größe", "gr__e")]
)
def test_any_file_name_becomes_an_identifier(stem, name):
    assert identifier(stem) == name


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(-128, 127, "int8_t"), (-129, 0, "int16_t"), (0, 128, "int16_t"), (0, 40000, "int32_t")],
)
def test_weights_are_in_the_narrowest_type_that_holds_them(low, high, kind):
    core = Core(0, [], np.array([[low, high]]), 0, np.zeros(2), {})
    assert weight_type([core]) == kind


@needs_gcc
@pytest.mark.parametrize("suffix", [".c", ".h"])
def test_header_and_source_are_written_whichever_is_named(suffix, tmp_path):
    written = tuned_stack().export(tmp_path / f"a b{suffix}")
    assert written.files[0].suffix == suffix
    assert [file.name for file in sorted(tmp_path.iterdir())] == [
        "a b.c",
        "a b.c.vectors.npz",
        "a b.h",
    ]
    Library(tmp_path / "a b.c")  # compiles
