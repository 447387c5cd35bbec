"""A DenseStack is the layers that one would write by hand."""

import pickle

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from numpy.testing import assert_allclose, assert_array_equal

import nengo_dense
from nengo_dense.heads import softmax
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder
from nengo_dense.layers.head import HeadNode, SoftmaxNode
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.tuning_record import TuningRecord

UNITS, SIZE_IN = [6, 5, 2], 3
RNG = np.random.RandomState(1)
WEIGHTS = [RNG.uniform(-0.5, 1, shape) for shape in ((6, 3), (5, 6), (2, 5))]
BIASES = [RNG.uniform(0, 0.3, n) for n in UNITS]
X = np.array([0.9, 0.2, -0.4])
ENCODINGS = ("host", "spikes", "chip")


def make_stack(**kwargs):
    return DenseStack(UNITS, SIZE_IN, **{"weights": WEIGHTS, "biases": BIASES, **kwargs})


def run(net, simulator=nengo_loihi.Simulator, steps=200):
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(steps)
        return [np.array(sim.data[probe]) for probe in net.all_probes]


def with_stimulus(stack):
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        nengo.Connection(nengo.Node(X), stack.input, synapse=None)
        for layer in stack.layers:
            nengo.Probe(layer.neurons)
        nengo.Probe(stack.logits)
        nengo.Probe(stack.output)
    return net


def by_hand(encoding="host"):
    """The same network in a user's own words."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(X)
        first = DenseLayer(6, 3, weights=WEIGHTS[0], bias=BIASES[0], on_chip=encoding != "host")
        second = DenseLayer(5, 6, weights=WEIGHTS[1], bias=BIASES[1])
        logits, output = nengo.Node(size_in=2), SoftmaxNode(2)
        nengo.Connection(stimulus, first.input, synapse=None)
        nengo.Connection(first.output, second.input, synapse=0.005)
        nengo.Connection(second.output, logits, transform=WEIGHTS[2], synapse=0.005)
        nengo.Connection(
            nengo.Node([1.0]), logits, transform=BIASES[2][:, np.newaxis], synapse=None
        )
        nengo.Connection(logits, output, synapse=None)
        for target in (first.neurons, second.neurons, logits, output):
            nengo.Probe(target)
    return net


@pytest.mark.parametrize("simulator", [nengo.Simulator, nengo_loihi.Simulator])
def test_stack_and_hand_written_layers_give_the_same_spikes(simulator):
    for ours, theirs in zip(
        run(with_stimulus(make_stack()), simulator), run(by_hand(), simulator), strict=True
    ):
        assert np.count_nonzero(theirs) > 0
        assert_array_equal(ours, theirs)


def test_converted_arrays_and_hand_written_layers_give_the_same_spikes():
    from nengo_dense import plugins
    from nengo_dense.conversion import convert

    if not plugins.find("nengo_dense.importers"):
        pytest.skip("importers are entry points, and nengo_dense is not installed here")
    stack = convert(list(zip(WEIGHTS, BIASES, strict=True)), synapse=0.005, max_rate=250)
    spikes, theirs = run(with_stimulus(stack))[:2], run(by_hand())[:2]
    for ours, expected in zip(spikes, theirs, strict=True):
        assert np.count_nonzero(expected) > 0
        assert_array_equal(ours, expected)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.filterwarnings("ignore:Lost . extra bits")
def test_encoding_decides_what_is_on_the_chip(encoding):
    stack = make_stack(encoding=encoding)
    with nengo_loihi.Simulator(with_stimulus(stack), progress_bar=False) as sim:
        placed = [sim.model.split.on_chip(layer.ensemble) for layer in stack.layers]
        if stack.encoder is not None:
            placed.append(sim.model.split.on_chip(stack.encoder.layer.ensemble))
        sim.run_steps(2)
    expected = {"host": [False, True], "spikes": [True, True, False], "chip": [True, True]}
    assert placed == expected[encoding]
    assert (stack.encoder is not None) == (encoding == "spikes")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_computes_the_dense_network(encoding):
    y = X
    for weights, bias in zip(WEIGHTS[:-1], BIASES[:-1], strict=True):
        y = np.maximum(weights @ y + bias, 0)
    logits = WEIGHTS[-1] @ y + BIASES[-1]
    stack = make_stack(encoding=encoding, max_rate=100)
    *_, got, probability = run(with_stimulus(stack), nengo.Simulator, 2000)
    assert_allclose(got[500:].mean(axis=0), logits, atol=0.05)
    assert_allclose(probability[500:].mean(axis=0), softmax(logits), atol=0.02)


def test_linear_readout_is_the_logits():
    stack = make_stack(readout="linear")
    assert stack.output is stack.logits
    assert isinstance(make_stack().output, SoftmaxNode)


@pytest.mark.parametrize("simulator", [nengo.Simulator, nengo_loihi.Simulator])
def test_a_rectifying_head_gives_the_logits_without_what_is_negative(simulator):
    stack = make_stack(readout="relu", biases=[*BIASES[:-1], [-2.0, 0.5]])
    assert isinstance(stack.output, HeadNode)
    *_, logits, output = run(with_stimulus(stack), simulator)
    assert logits.min() < -0.5 < 0.5 < logits.max()
    assert_array_equal(output, np.maximum(logits, 0))


def test_classes_that_are_set_later_are_checked_and_saved(tmp_path):
    stack = make_stack()
    stack.classes = ["no", "yes"]
    stack.save(tmp_path / "named.npz")
    assert DenseStack.load(tmp_path / "named.npz").classes.tolist() == ["no", "yes"]
    assert pickle.loads(pickle.dumps(stack)).classes.tolist() == ["no", "yes"]
    with pytest.raises(ValidationError, match=r"classes.*must have shape \(2,\)"):
        stack.classes = ["no", "yes", "maybe"]
    assert stack.classes.tolist() == ["no", "yes"]


def test_classes_and_record_are_kept_until_the_weights_are_exchanged():
    record = TuningRecord(0.1, 0.001, "host", np.zeros(3), np.ones(3))
    stack = make_stack(classes=["no", "yes"], tuned=record)
    again = DenseStack(**stack.arguments())
    assert again.classes.tolist() == ["no", "yes"]
    assert again.tuned is stack.tuned
    again.set_parameters(again.weights, again.biases)
    assert again.classes.tolist() == ["no", "yes"]
    assert again.tuned is None
    assert make_stack().classes is make_stack().tuned is None


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_public_list_of_a_network_holds_what_cannot_be_hashed(encoding):
    """nengo-gui walks these lists and asks each item for its hash."""
    with nengo.Network() as net:
        make_stack(encoding=encoding)
    for network in (net, *net.all_networks):
        for name in dir(network):
            value = getattr(network, name)
            if not name.startswith("_") and isinstance(value, list):
                assert len(dict.fromkeys(value)) <= len(value), name


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nengo_gui_finds_a_name_for_every_object(encoding):
    NameFinder = pytest.importorskip("nengo_gui.namefinder").NameFinder
    with nengo.Network() as net:
        stack = make_stack(encoding=encoding, classes=[0, 1])
    finder = NameFinder({"net": net, "stack": stack}, net)
    for obj in (*net.all_nodes, *net.all_ensembles, *net.all_connections, *net.all_networks):
        assert finder.name(obj)
    assert finder.name(stack.layers[1]) == "stack.layers[1]"


def test_weights_and_biases_read_back():
    stack = make_stack(neuron_type=nengo.LIF(), max_rate=[90, 140])
    for got, given in zip(stack.weights, WEIGHTS, strict=True):
        assert_array_equal(got, given)
    for got, given in zip(stack.biases, BIASES, strict=True):
        assert_allclose(got, given, atol=1e-12)
    assert [layer.max_rate for layer in stack.layers] == [90, 140]


def test_drawn_weights_follow_the_seed():
    first, again, other = (DenseStack(UNITS, 3, seed=s).weights for s in (1, 1, 2))
    for a, b, c in zip(first, again, other, strict=True):
        assert_array_equal(a, b)
        assert (a != c).any()
    assert all((bias == 0).all() for bias in DenseStack(UNITS, 3, seed=1).biases)


def test_stack_without_a_context_belongs_to_nobody_and_a_refused_one_leaves_nothing():
    with nengo.Network() as net:
        inside = make_stack()
        make_stack(add_to_container=False)
        with pytest.raises(ValidationError, match="readout"):
            make_stack(readout="none")
    assert net.networks == [inside]


BAD = {
    "readout": (
        {"readout": "argmax"},
        r"readout.*'softmax', .*'linear', 'relu', got 'argmax'",
    ),
    "classes": ({"classes": ["a", "b", "c"]}, r"classes.*\(2,\).*got \(3,\)"),
    "classes twice": ({"classes": ["a", "a"]}, r"classes.*2 different names"),
    "classes of any kind": ({"classes": [None, 1]}, r"classes.*numbers or text, got object"),
    "classes ragged": ({"classes": [[1], [2, 3]]}, r"classes.*parts of different shapes"),
    "tuned": ({"tuned": {"dt": 0.001}}, r"tuned.*TuningRecord or None, got dict"),
    "tuned of another": (
        {"tuned": TuningRecord(0.1, 0.001, "host", [0], [1])},
        r"tuned.*of 3 inputs.*got 1",
    ),
    "encoding": ({"encoding": "rate"}, r"encoding.*'host', 'spikes', 'chip', got 'rate'"),
    "no hidden layer": ({"units": [2]}, r"units.*at least one layer of neurons.*\[2\]"),
    "no units": ({"units": []}, r"units.*at least one layer"),
    "unit zero": ({"units": [6, 0, 2]}, r"units.*at least 1, got 0"),
    "unit fraction": ({"units": [6, 1.5, 2]}, r"units.*whole number.*1\.5"),
    "size_in": ({"size_in": 0}, r"size_in.*at least 1, got 0"),
    "unit a list": ({"units": [[6], 5, 2]}, r"units.*whole number of at least 1, got \[6\]"),
    "too wide": ({"units": [2**31, 5, 2]}, r"units.*2147483648 outputs of 3 inputs.*narrower"),
    "weights a scalar": ({"weights": np.array(3)}, r"weights.*3 units, got array\(3\)"),
    "readout an array": ({"readout": np.zeros(2)}, r"readout.*'relu', got array"),
    "encoding an array": ({"encoding": np.zeros(2)}, r"encoding.*'chip', got array"),
    "encoder an array": ({"encoder": np.zeros(2)}, r"encoder.*a dict with.*got array"),
    "neighbours": (
        {"weights": [WEIGHTS[0], WEIGHTS[1][:, :5], WEIGHTS[2]]},
        r"weights\[1\].*\(5, 6\), got \(5, 5\)",
    ),
    "keras kernels": (
        {"weights": [w.T for w in WEIGHTS]},
        r"weights\[0\].*\(6, 3\), got \(3, 6\).*transpose",
    ),
    "too few weights": ({"weights": WEIGHTS[:2]}, r"weights.*each of the 3 units, got 2"),
    "weights a number": ({"weights": 1.0}, r"weights.*3 units, got 1\.0"),
    "too many biases": ({"biases": [*BIASES, [1]]}, r"biases.*each of the 3 units, got 4"),
    "biases a number": ({"biases": 0}, r"biases.*3 units, got 0"),
    "bias shape": ({"biases": [BIASES[0], BIASES[0], BIASES[2]]}, r"biases\[1\].*\(5,\), got \(6"),
    "bias nan": ({"biases": [BIASES[0], BIASES[1], [np.nan, 0]]}, r"biases\[2\].*NaN"),
    "max_rate": ({"max_rate": -1}, r"max_rate.*above 0 hertz, got -1"),
    "max_rates": ({"max_rate": [1, 2, 3]}, r"max_rate.*2 of them in a list, got 3"),
    "synapses": ({"synapse": [0.1]}, r"synapse.*2 of them in a list, got 1"),
    "synapse": ({"synapse": "slow"}, r"synapse.*time constant in seconds.*'slow'"),
    "synapse negative": ({"synapse": -0.1}, r"synapse.*at least 0 .* got -0\.1"),
    "synapse nan": ({"synapse": np.nan}, r"synapse.*NaN"),
    "synapse without end": ({"synapse": [0.1, 1e300]}, r"synapse.*at most 1e\+100.* got 1e\+300"),
    "synapse beyond floats": ({"synapse": 10**400}, r"synapse.*a float can hold"),
    "synapse true": ({"synapse": True}, r"synapse.*time constant in seconds.*got True"),
    "rate true": ({"max_rate": True}, r"max_rate.*must be a number, got True"),
    "unit beyond all": ({"units": [10**5000, 3]}, r"units.*at most 9223372036854775807, got"),
    "classes masked": ({"classes": np.ma.masked_equal([1, 2], 2)}, r"classes.*1 of 2 values are"),
    "neuron_types": ({"neuron_type": [nengo.LIF()]}, r"neuron_type.*2 of them.*got 1"),
    "neuron_type": ({"neuron_type": "relu"}, r"neuron_type.*'relu'"),
    "encoder": ({"encoder": {"scale": 2}}, r"encoder.*encoding='spikes', got encoding='host'"),
    "encoder scale": (
        {"encoding": "spikes", "encoder": {"scale": [1, 0, 1]}},
        r"scale.*above 0.*got 0",
    ),
    "encoder word": (
        {"encoding": "spikes", "encoder": {"gain": 1}},
        r"encoder.*'gain'.*scale, signed, offset, resting, start, max_rate",
    ),
    "encoder that starts below 0": (
        {"encoding": "spikes", "encoder": {"start": -0.5}},
        r"start.*at least 0 and below 1, got -0\.5",
    ),
    "encoder that rests alone": (
        {"encoding": "spikes", "encoder": {"resting": 1, "signed": [True, False, True]}},
        r"resting.*unless every value is signed.*got 1",
    ),
}


@pytest.mark.parametrize("changed, message", BAD.values(), ids=BAD.keys())
def test_bad_argument_is_named(changed, message):
    arguments = {"units": UNITS, "size_in": SIZE_IN, "weights": WEIGHTS, "biases": BIASES}
    arguments |= changed
    with pytest.raises(ValidationError, match=message):
        DenseStack(arguments.pop("units"), arguments.pop("size_in"), **arguments)


def test_weights_are_not_drawn_where_they_are_exchanged():
    stack = make_stack()
    before = stack.weights
    drawn = nengo.dists.Gaussian(0, 1)
    for weights, biases in ((None, stack.biases), (stack.weights, None), (drawn, stack.biases)):
        with pytest.raises(ValidationError, match=r"(weights|biases): must be arrays, got"):
            stack.set_parameters(weights, biases)
    for one, other in zip(before, stack.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("classes", [[b"no", b"yes"], np.array([b"no", b"yes"])])
def test_classes_in_bytes_are_text(classes):
    np.testing.assert_array_equal(make_stack(classes=classes).classes, ["no", "yes"])


# The encoder


@pytest.mark.parametrize("signed", [True, False, [True, False, True]])
def test_encoder_and_its_decoders_give_the_values_back(signed):
    values = np.array([0.5, 1.5, -2.0])
    with nengo.Network(seed=0) as net:
        encoder = SpikeEncoder(3, scale=[1, 2, 4], signed=signed, max_rate=200)
        nengo.Connection(nengo.Node(values), encoder.input, synapse=None)
        decoded = nengo.Node(size_in=3)
        nengo.Connection(encoder.output, decoded, transform=encoder.decoders, synapse=None)
        nengo.Probe(decoded)
    (data,) = run(net, nengo.Simulator, 1000)
    expected = np.where(np.broadcast_to(signed, 3), values, np.maximum(values, 0))
    assert_allclose(data.mean(axis=0), expected, atol=4 / 200)
    assert encoder.decoders.shape == (3, 3 + np.sum(np.broadcast_to(signed, 3)))


def test_encoder_says_the_difference_from_its_offset():
    values = np.array([1003.0, 14.0, -7.5])
    with nengo.Network(seed=0) as net:
        encoder = SpikeEncoder(3, scale=[4, 4, 1], offset=[1000, 11, -7], signed=[0, 0, 1])
        nengo.Connection(nengo.Node(values), encoder.input, synapse=None)
        decoded = nengo.Node(size_in=3)
        nengo.Connection(encoder.output, decoded, transform=encoder.decoders, synapse=None)
        nengo.Probe(decoded)
    (data,) = run(net, nengo.Simulator, 1000)
    assert_allclose(data.mean(axis=0), [3, 3, -0.5], atol=0.02)
    assert encoder.layer.ensemble.n_neurons == 4


def test_resting_pairs_share_their_spikes_and_differ_by_the_value():
    values = np.array([0.5, -0.25, 0.0])
    with nengo.Network(seed=0) as net:
        encoder = SpikeEncoder(3, resting=1, max_rate=500)
        nengo.Connection(nengo.Node(values), encoder.input, synapse=None)
        decoded = nengo.Node(size_in=3)
        nengo.Connection(encoder.output, decoded, transform=encoder.decoders, synapse=None)
        nengo.Probe(decoded)
        nengo.Probe(encoder.output)
    decoded, spikes = run(net, nengo.Simulator, 1000)
    assert_allclose(decoded.mean(axis=0), values, atol=0.01)
    on, off = np.split(np.count_nonzero(spikes, axis=0), 2)
    assert_allclose(on + off, 1000, atol=2)


@pytest.mark.parametrize("start, rounded", [(0, np.floor), (0.5, lambda x: np.floor(x + 0.5))])
def test_an_encoder_starts_so_that_spikes_are_rounded_down_or_to_the_nearest(start, rounded):
    values = np.array([0.013, 0.437, 0.461, 0.986])
    with nengo.Network(seed=0) as net:
        encoder = SpikeEncoder(4, signed=False, max_rate=1000, start=start)
        nengo.Connection(nengo.Node(values), encoder.input, synapse=None)
        nengo.Probe(encoder.output)
    for n_steps in (10, 25, 100):
        (spikes,) = run(net, nengo.Simulator, n_steps)
        assert_array_equal(np.count_nonzero(spikes, axis=0), rounded(n_steps * values))
    assert SpikeEncoder(4, **encoder.arguments()).layer.start == start


@pytest.mark.parametrize("start", [0.5, 0.9])
def test_an_encoder_starts_alike_in_every_lane_of_both_emulators(start):
    stack = make_stack(encoding="spikes", encoder={"start": start, "max_rate": 400})
    expected = run(with_stimulus(stack))
    net = with_stimulus(stack)
    (node,) = (node for node in net.nodes if node.size_in == 0)
    x = np.tile(np.stack([X, -X, X])[:, np.newaxis], (1, 200, 1))
    with nengo_dense.Simulator(net, minibatch_size=3, progress_bar=False) as sim:
        for _ in range(2):
            sim.run_steps(200, data={node: x})
            for probe, values in zip(net.all_probes, expected, strict=True):
                assert_array_equal(sim.data[probe][0], values)
                assert_array_equal(sim.data[probe][2], values)
            sim.reset()
    assert expected[0].any()
    fresh = run(with_stimulus(make_stack(encoding="spikes", encoder={"max_rate": 400})))
    assert (fresh[0] != expected[0]).any()


def test_encoder_is_on_the_host_and_its_spikes_take_one_axon_each():
    stack = make_stack(encoding="spikes", encoder={"signed": [True, False, False]})
    with nengo_loihi.Simulator(with_stimulus(stack), progress_bar=False) as sim:
        (block,) = sim.model.objs[stack.layers[0].ensemble]["in"]
        assert [synapse.n_axons for synapse in block.synapses] == [4]
        sim.run_steps(2)


def test_parameters_given_are_copied(rng):
    given = [rng.normal(size=shape) for shape in ((4, 3), (5, 4), (2, 5), 4, 5, 2)]
    kept = [each.copy() for each in given]
    stack = DenseStack([4, 5, 2], 3, weights=given[:3], biases=given[3:])
    for _ in range(2):
        for each in given:
            each[:] = 0
        for found, wanted in zip([*stack.weights, *stack.biases], kept, strict=True):
            assert_allclose(found, wanted, rtol=1e-12)
        given = [each.copy() for each in kept]
        stack.set_parameters(given[:3], given[3:])


def test_a_stack_shows_its_layers():
    assert (
        repr(DenseStack([4, 3], 2, seed=0)) == "<DenseStack: 2 → 4 → 3 softmax, encoding 'host'>"
    )
    stack = DenseStack([4, 3], 2, readout="linear", encoding="spikes", label="jets", seed=0)
    assert str(stack) == "<DenseStack 'jets': 2 → 4 → 3 linear, encoding 'spikes'>"
