"""The arithmetic of capacity gives the numbers of nengo-loihi's own build, without building."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice, Uniform

from nengo_dense.checks import check
from nengo_dense.layers import DenseStack

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0])})
KEYS = ("layer", "n_neurons", "cores", "in_axons", "out_axons", "synapse_bits", "core_shares")


def chain(*sizes, shapes=(), on_chip_input=False):
    with nengo.Network(seed=0) as net:
        source = nengo.Node(np.full(sizes[0], 0.5))
        before = source
        for i, n in enumerate(sizes[0 if not on_chip_input else 1 :]):
            layer = nengo.Ensemble(
                n, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]), label=f"layer{i}"
            )
            size = before.size_out
            init = nengo.Dense((n, size), init=Uniform(0.001, 0.01))
            nengo.Connection(before, layer.neurons, transform=init)
            before = layer.neurons
        nengo.Probe(before)
    nengo_loihi.add_params(net)
    if not on_chip_input:
        net.config[net.ensembles[0]].on_chip = False
    for layer, shape in zip(net.ensembles[1:], shapes, strict=False):
        net.config[layer].block_shape = nengo_loihi.BlockShape((shape,), (layer.n_neurons,))
    return net


def decoded():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(150, 3, label="a", neuron_type=RELU)
        b = nengo.Ensemble(80, 2, label="b", neuron_type=RELU)
        nengo.Connection(a[:2], b, synapse=0.005, label="ab")
        nengo.Connection(b, a[1:], synapse=0.005, label="ba")
        nengo.Connection(nengo.Node([0.1]), b[0], label="in")
        nengo.Connection(a.neurons[10:20], b.neurons, transform=np.ones((80, 10)), label="nn")
        nengo.Connection(b, nengo.Node(lambda t, x: None, size_in=2), label="out")
        nengo.Connection(
            a[0], b[0], solver=nengo.solvers.LstsqL2(weights=True), label="weights", synapse=0.005
        )
        nengo.Probe(a, label="probe")
    return net


def encoded():
    """Two values and two ensembles into one: each kind shares its encoders."""
    with nengo.Network(seed=0) as net:
        a, b = (nengo.Ensemble(n, 2, label=f"e{n}", neuron_type=RELU) for n in (40, 70))
        for k in range(2):
            nengo.Connection(nengo.Node([0.1, 0.2]), b, label=f"in{k}")
            nengo.Connection(a, b, synapse=0.005, label=f"ab{k}")
    return net


def stacked():
    """Layers of which partition makes other cores than nengo-loihi would by itself."""
    rng = np.random.RandomState(0)
    stack = DenseStack([16, 1024, 512, 10], 20, seed=0, label="stack")
    with nengo.Network(seed=0) as net:
        net.add(stack)
        nengo.Connection(nengo.Node(rng.uniform(size=20)), stack.input, synapse=None)
    return net


def convolved(on_chip):
    """Host -> chip, and a convolution into the chip or out of it."""
    net = chain(4, 6, 8)
    kernel = nengo.Convolution(2, (4, 2), kernel_size=(1,), strides=(1,))
    with net:
        chip = net.ensembles[-1]
        if on_chip:
            nengo.Connection(nengo.Node(np.ones(8)), chip.neurons, transform=kernel)
        else:
            nengo.Connection(chip.neurons, nengo.Node(size_in=8), transform=kernel)
    return net


def test_arithmetic_leaves_convolutions_into_the_chip_to_the_build():
    skipped = {s.code: s.reason for s in check(convolved(True), run=0, build=False).skipped}
    assert "capacity is only computed for dense connections" in skipped["ND202"]
    assert "is a Convolution; use build=True" in skipped["ND202"]
    outside = check(convolved(False), run=0, build=False)
    assert "ND202" not in {s.code for s in outside.skipped}
    assert [row["layer"] for row in outside.layers] == ["layer1", "layer2"]


def test_decoders_hear_the_ensemble_that_they_decode():
    with nengo.Network(seed=0) as net:
        nengo.Probe(nengo.Ensemble(30, 2, label="lone", neuron_type=RELU))
    built, planned = (check(net, run=0, build=build).layers for build in (True, False))
    for rows in (built, planned):
        lone, decoders = ({key: row[key] for key in KEYS[1:]} for row in rows)
        assert (lone["in_axons"], decoders["in_axons"], decoders["n_neurons"]) == (0, 30, 4)
    assert [row["out_axons"] for row in built] == [row["out_axons"] for row in planned]


@pytest.mark.parametrize(
    "make",
    [
        lambda: chain(4, 6, 5),
        lambda: chain(65, 1024, 10),
        lambda: chain(100, 300, 200, 50),
        lambda: chain(100, 300, 200, shapes=(70, 33)),
        lambda: chain(20, 1100, 100),
        lambda: chain(40, 130, 10, on_chip_input=True),
        decoded,
        encoded,
        stacked,
    ],
)
def test_arithmetic_equals_the_build(make):
    built, planned = check(make(), run=0), check(make(), run=0, build=False)
    skipped = {s.code for s in built.skipped} - {"ND207", "ND208"}  # they need integers
    assert not any(code.startswith("ND20") for code in skipped)
    by_name = {row["layer"]: row for row in planned.layers}
    assert len(by_name) == len(built.layers)
    for row in built.layers:
        assert {key: by_name[row["layer"]][key] for key in KEYS} == {key: row[key] for key in KEYS}
    assert planned.cores == built.cores


def test_widest_layer_is_answered_without_building():
    report = check(chain(4096, 4096), run=0, build=False)
    (layer,) = report.layers
    assert layer["in_axons"] == 4096
    assert layer["cores"] == report.cores > 128
    assert {f.code for f in report.findings} >= {"ND205", "ND206"}
    reasons = {s.code: s.reason for s in report.skipped}
    assert reasons["ND100"] == "no troubles: the network is not built, because of build=False"


def reservoir(n, n_in):
    """A layer that hears values from a node, at two axons each, and its own neurons."""
    weights = nengo.Dense((n, n_in), Uniform(0, 1)), nengo.Dense((n, n), Uniform(0, 1e-3))
    with nengo.Network(seed=0) as net:
        layer = nengo.Ensemble(
            n, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]), label="reservoir"
        )
        nengo.Connection(nengo.Node(np.ones(n_in)), layer.neurons, transform=weights[0])
        nengo.Connection(layer.neurons, layer.neurons, transform=weights[1])
    return net


def test_what_cannot_be_built_is_told_without_building_it():
    report = check(reservoir(1000, 1600))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.code, finding.target, finding.value) == ("ND202", "reservoir", 4200)
    assert {s.reason for s in report.skipped if s.code in ("ND100", "ND405")} == {
        "no troubles: reservoir needs 4200 input axons, so nothing is built"
    }


def test_what_is_built_in_a_moment_is_asked_all_the_same():
    net = chain(4097, 2)
    with net:
        nengo.Ensemble(4, 1, encoders=np.zeros((4, 1)), label="odd", neuron_type=RELU)
    errors = {(f.code, f.target) for f in check(net, run=0).findings if f.severity == "error"}
    assert errors == {("ND202", "layer1"), ("ND100", "odd")}


def test_remedies_give_the_largest_block_that_fits():
    report = check(chain(784, 1000), run=0, build=False)
    (finding,) = [f for f in report.findings if f.code == "ND204"]
    assert "BlockShape((142,), (1000,))" in finding.remedy
    assert finding.value > finding.limit == 1_048_576


def test_remedy_for_output_axons_is_the_largest_block():
    net = chain(16, 1024, 4096, shapes=(114, 114))
    (finding,) = [f for f in check(net, run=0, build=False).findings if f.code == "ND203"]
    assert finding.target == "layer1"
    assert "at most 113 neurons" in finding.remedy
