import h5py
import nengo
import numpy as np
import pytest
from exported import read_vectors, skipping_graph, tuned_stack

from nengo_dense.conversion.settling import LAVA_NEURON, settle
from nengo_dense.exceptions import ExportError
from nengo_dense.export.netx import NetxFormat

RECTIFIED = nengo.SpikingRectifiedLinear()


def settled_stack(encoding="host", kind=LAVA_NEURON, **arguments):
    kinds = [RECTIFIED, kind, kind] if encoding == "host" else kind
    stack = tuned_stack(encoding=encoding, neuron_type=kinds, **arguments)
    settle(stack, 0.001)
    return stack


def lava(file, sent):
    """Run a netx file as lava-nc 0.10.0 and lava-dl 0.6.0 do, typed off from their formulas."""
    layers = [file[f"layer/{i}"] for i in range(len(file["layer"]))]
    spikes, fired = [], sent
    for layer in layers:
        neuron = layer["neuron"]
        assert neuron["type"][0] == b"CUBA"
        assert layer["type"][0] == b"dense"
        u, v = np.zeros((2, len(sent), layer["shape"][0]), dtype=np.int64)
        found = np.zeros((*sent.shape[:2], layer["shape"][0]), dtype=np.uint8)
        before = np.zeros_like(fired[:, 0])
        for step in range(sent.shape[1]):
            arrived = before @ layer["weight"][()].T.astype(np.int64)
            u = np.sign(u) * (np.abs(u) * (4096 - (neuron["iDecay"][()] - 1 + 1)) >> 12)
            u = u + (arrived << 6)
            v = np.sign(v) * (np.abs(v) * (4096 - neuron["vDecay"][()]) >> 12)
            v = np.clip(v + u + (layer["bias"][()] << 6), -(2**23) + 1, 2**23 - 1)
            spiked = v > neuron["vThMant"][()] << 6
            v[spiked] = 0
            found[:, step], before = spiked, fired[:, step]
        spikes.append(found)
        fired = found
    return spikes


@pytest.mark.parametrize("encoding", ["host", "spikes"])
@pytest.mark.parametrize(
    "kind", [LAVA_NEURON, nengo.LIF(tau_rc=0.03, tau_ref=0)], ids=["integrator", "leaky"]
)
def test_lavas_formulas_give_the_emulators_spikes(encoding, kind, tmp_path):
    written = settled_stack(encoding, kind).export(tmp_path / "net.net")
    assert written.differences == []
    arrays = read_vectors(tmp_path / "net.net.vectors.npz")
    with h5py.File(tmp_path / "net.net") as file:
        found = lava(file, arrays["spikes_0"])
    assert len(found) == sum(name.startswith("spikes_") for name in arrays) - 1
    for number, spikes in enumerate(found):
        assert spikes.any(axis=(0, 1)).mean() > 0.5, "most neurons fire"
        np.testing.assert_array_equal(spikes, arrays[f"spikes_{number + 1}"])


def test_long_streams_meet_the_floor_and_stay_the_same(tmp_path):
    biases = [np.full(12, 0.4), np.full(10, -3.0), np.full(8, -3.0), np.zeros(3)]
    biases[1][:5] = 0.5
    stack = settled_stack(biases=biases, n_steps=400)
    stack.export(tmp_path / "net.net")
    arrays = read_vectors(tmp_path / "net.net.vectors.npz")
    with h5py.File(tmp_path / "net.net") as file:
        for number, spikes in enumerate(lava(file, arrays["spikes_0"])):
            np.testing.assert_array_equal(spikes, arrays[f"spikes_{number + 1}"])


def test_numbers_are_in_the_range_of_their_registers(tmp_path):
    settled_stack().export(tmp_path / "net.net")
    with h5py.File(tmp_path / "net.net") as file:
        for layer in file["layer"].values():
            weights = layer["weight"][()]
            assert (np.abs(weights) <= 254).all()
            assert not (weights % 2).any(), "where both signs occur, the last bit is the sign's"
            assert (np.abs(layer["bias"][()]) <= 4095).all()
            assert 0 < layer["neuron/vThMant"][()] <= 2**17 - 1
            assert 1 <= layer["neuron/iDecay"][()] <= 4096
            assert layer["neuron/vDecay"][()] == 1


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (RECTIFIED, "layer2 has its voltage floor at 0, and Lava's is -8388607: convert with t"),
        (nengo.LIF(tau_ref=0.002, min_voltage=-100), "layer2 has a refractory period"),
        (LAVA_NEURON, r"layer2 has \d+ biases that are no multiples of 64, and Lava's are"),
    ],
)
def test_what_lava_does_otherwise_is_refused(kind, match, tmp_path):
    stack = tuned_stack(neuron_type=[RECTIFIED, kind, kind])
    with pytest.raises(ExportError, match=match):
        stack.export(tmp_path / "net.net")
    assert not list(tmp_path.iterdir())


def test_layers_on_cores_of_different_scale_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("nengo_dense.loihi.partition.MAX_COMPARTMENTS", 5)
    with pytest.raises(ExportError, match="layer2 lies on 2 cores with different vth, and a"):
        settled_stack().export(tmp_path / "net.net")


@pytest.mark.filterwarnings("ignore:Lost . extra bits in weight rounding")
def test_biases_beyond_lavas_mantissa_are_refused(tmp_path, rng):
    weights = [rng.normal(size=(12, 6)), 1e-3 * rng.normal(size=(10, 12))]
    weights += [rng.normal(size=(8, 10)), rng.normal(size=(3, 8))]
    stack = settled_stack(weights=weights, biases=[np.full(n, 3.0) for n in (12, 10, 8, 3)])
    with pytest.raises(ExportError, match=r"layer2 has a bias of \d+, and Lava holds 262080"):
        stack.export(tmp_path / "net.net")


def test_a_layer_without_weights_is_refused(tmp_path, rng):
    weights = [rng.normal(size=(12, 6)), np.zeros((10, 12))]
    weights += [rng.normal(size=(8, 10)), rng.normal(size=(3, 8))]
    with pytest.raises(ExportError, match="layer2 has no weight but 0, which netx cannot read"):
        settled_stack(weights=weights).export(tmp_path / "net.net")


def test_sums_that_may_wrap_are_said(tmp_path, rng):
    weights = [rng.normal(size=(400, 6)), rng.choice([-0.9, 1.0], size=(10, 400))]
    weights += [rng.normal(size=(8, 10)), rng.normal(size=(3, 8))]
    stack = settled_stack(units=(400, 10, 8, 3), weights=weights)
    stack.set_parameters(stack.weights, [b - (i == 0) * 9 for i, b in enumerate(stack.biases)])
    (sentence,) = stack.export(
        tmp_path / "net.net", presentation_time=0.02, samples=np.zeros((1, 6))
    ).differences
    assert "layer2: if all its largest inputs came at once" in sentence


def test_graphs_are_refused_by_what_reads_what(tmp_path, rng):
    x = rng.uniform(size=(1, 7))
    match = "it is no chain.* while here c reads b and a, d reads c and x encoder and a; write it"
    with pytest.raises(ExportError, match=match):
        skipping_graph(neuron_type=LAVA_NEURON).export(
            tmp_path / "net.net", samples=x, presentation_time=0.02
        )
    assert not list(tmp_path.iterdir())


def test_other_hdf5_files_are_left_alone(tmp_path):
    with h5py.File(tmp_path / "net.net", "w") as file:
        file["x"] = 1
    with pytest.raises(FileExistsError, match="exists and is not a netx file"):
        settled_stack().export(tmp_path / "net.net")
    (tmp_path / "net.net").unlink()
    for seed in (0, 1):
        settled_stack(seed=seed).export(tmp_path / "net.net")
    with (tmp_path / "net.net").open("rb") as file:
        assert NetxFormat.kind.recognizes(file)
