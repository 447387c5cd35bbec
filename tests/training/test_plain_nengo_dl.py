"""One DenseStack, trained with plain NengoDL calls, then run by every other simulator."""

import nengo
import numpy as np
import pytest

from nengo_dense.emulator.simulator import Simulator
from nengo_dense.layers.placement import placements
from nengo_dense.layers.stack import DenseStack
from nengo_dense.training.synapse import without_synapses

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"
tf = pytest.importorskip("tensorflow", reason=REASON)
nengo_dl = pytest.importorskip("nengo_dl", reason=REASON)
nengo_loihi = pytest.importorskip("nengo_loihi")

N_STEPS = 60


@pytest.fixture(scope="module")
def digits():
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits are scikit-learn's")
    data = datasets.load_digits()
    order = np.random.RandomState(0).permutation(len(data.target))
    x, y = data.data[order] / 16, data.target[order]
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


def train(stack, x, y, epochs=15):
    """What the documentation shows: NengoDL's calls alone, on the stack in a user's network."""
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        logits = nengo.Probe(stack.logits)
        output = nengo.Probe(stack.output)
    with (
        without_synapses(net),
        nengo_dl.Simulator(net, minibatch_size=50, progress_bar=False, seed=0) as sim,
    ):
        sim.compile(
            optimizer=tf.optimizers.Adam(0.005),
            loss={logits: tf.losses.SparseCategoricalCrossentropy(from_logits=True)},
        )
        sim.fit({source: x[:, None]}, {logits: y[:, None, None]}, epochs=epochs, verbose=0)
        sim.freeze_params(net)
    return net, source, logits, output


@pytest.fixture(scope="module", params=["SpikingRectifiedLinear", "LIF"])
def trained(request, digits):
    neuron_type = {
        "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear(),
        "LIF": nengo.LIF(tau_rc=0.02, tau_ref=0.001),
    }[request.param]
    stack = DenseStack([32, 16, 10], 64, neuron_type=neuron_type, max_rate=300, seed=1)
    before = stack.weights, stack.biases
    parts = [stack.layers, [layer.ensemble for layer in stack.layers]]
    kept = [list(part) for part in parts]
    network = train(stack, *digits[0])
    assert [list(part) for part in parts] == kept
    return stack, before, network


def test_every_weight_and_bias_was_trained(trained):
    stack, (weights, biases), _ = trained
    for old, new in zip(weights + biases, stack.weights + stack.biases, strict=True):
        assert old.shape == new.shape
        assert np.all(np.isfinite(new))
        assert np.abs(new - old).max() > 1e-4


def test_filters_are_back_after_training(trained):
    stack, _, _ = trained
    assert stack.readout_connection.synapse == nengo.Lowpass(0.005)


def test_placement_outlives_freezing(trained):
    stack, _, (net, *_) = trained
    assert [p.ensemble for p in placements(net)] == [layer.ensemble for layer in stack.layers]
    assert [layer.on_chip for layer in stack.layers] == [False, True]


# nengo-loihi 1.1.0 fills integer arrays with NaN before it writes to them
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_the_trained_stack_runs_bit_exactly_on_both_loihi_emulators(trained, digits):
    _, _, (net, source, logits, output) = trained
    source.output = digits[1][0][0]
    try:
        with nengo_loihi.Simulator(net, progress_bar=False, target="sim") as theirs:
            theirs.run_steps(N_STEPS)
        with Simulator(net, progress_bar=False) as ours:
            ours.run_steps(N_STEPS)
        for probe in (logits, output):
            np.testing.assert_array_equal(ours.data[probe], theirs.data[probe])
        assert np.any(ours.data[logits])
    finally:
        source.output = np.zeros(64)


def test_the_emulator_keeps_what_was_learnt(trained, digits):
    _, _, (net, source, logits, _) = trained
    x, y = digits[1]
    shown = np.repeat(x[:, None], N_STEPS, axis=1)
    with Simulator(net, minibatch_size=len(x), progress_bar=False) as sim:
        sim.run_steps(N_STEPS, data={source: shown})
        answers = sim.data[logits][:, N_STEPS // 2 :].mean(axis=1).argmax(axis=1)
    assert np.mean(answers == y) > 0.93


def test_a_trained_stack_can_be_saved_and_loaded(trained, tmp_path):
    stack, _, _ = trained
    stack.save(tmp_path / "stack.npz")
    loaded = DenseStack.load(tmp_path / "stack.npz")
    for old, new in zip(stack.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    for old, new in zip(stack.biases, loaded.biases, strict=True):
        # kept in the units of W x, while LIF neurons hold a current: there and back rounds once
        np.testing.assert_allclose(old, new, rtol=1e-9, atol=1e-15)


def test_a_single_output_keeps_its_shape_when_frozen(digits):
    """NengoDL turns (1, 1) transforms into scalars."""
    stack = DenseStack([1, 1], 1, readout="linear", seed=0)
    with nengo.Network() as net:
        nengo.Network.add(stack)
    with nengo_dl.Simulator(net, progress_bar=False) as sim:
        sim.freeze_params(net)
    assert [w.shape for w in stack.weights] == [(1, 1), (1, 1)]
    assert [b.shape for b in stack.biases] == [(1,), (1,)]


def test_filters_come_back_after_an_error():
    stack = DenseStack([3, 2], 2, synapse=0.01)
    with pytest.raises(RuntimeError, match="stopped"), without_synapses(stack):
        raise RuntimeError("stopped")
    assert stack.readout_connection.synapse == nengo.Lowpass(0.01)
