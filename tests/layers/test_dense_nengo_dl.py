"""The same DenseLayer and DenseStack in NengoDL."""

import nengo
import nengo_loihi
import numpy as np
import pytest

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder
from nengo_dense.layers.stack import DenseStack

pytestmark = pytest.mark.dl
REASON = "NengoDL is in the dl environment"
WEIGHTS = np.array([[0.5, 0.5], [1.0, 0.0], [-1.0, 0.2], [0.1, 0.1]])
BIAS = np.array([0.0, -0.2, 0.3, 0.1])
STIMULUS = np.array([0.6, 0.4])
TYPES = [
    nengo.SpikingRectifiedLinear(),
    nengo.LIF(),
    nengo.RectifiedLinear(),
    nengo.LIFRate(),
    nengo_loihi.LoihiSpikingRectifiedLinear(),
    nengo_loihi.LoihiLIF(),
]


@pytest.fixture
def nengo_dl():
    pytest.importorskip("tensorflow", reason=REASON)
    return pytest.importorskip("nengo_dl", reason=REASON)


def mean_output(simulator, net, probe, steps):
    kwargs = {} if simulator is nengo.Simulator else {"minibatch_size": None}
    with simulator(net, progress_bar=False, **kwargs) as sim:
        sim.run_steps(steps)
        return np.array(sim.data[probe]).mean(axis=0)


@pytest.mark.parametrize("neuron_type", TYPES, ids=lambda n: type(n).__name__)
def test_nengo_dl_gives_nengos_values(nengo_dl, neuron_type):
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(STIMULUS)
        with nengo.Network():
            layer = DenseLayer(
                4, 2, weights=WEIGHTS, bias=BIAS, neuron_type=neuron_type, max_rate=140
            )
        nengo.Connection(stimulus, layer.input, synapse=None)
        probe = nengo.Probe(layer.neurons)
    ours = mean_output(nengo_dl.Simulator, net, probe, 500)
    theirs = mean_output(nengo.Simulator, net, probe, 500)
    assert np.count_nonzero(theirs) == 3
    np.testing.assert_allclose(ours, theirs, atol=1 / (140 * 0.5) + 1e-6)  # one spike


@pytest.mark.parametrize("start", [0, 0.5])
def test_nengo_dl_starts_where_nengo_does(nengo_dl, start):
    with nengo.Network(seed=0) as net:
        encoder = SpikeEncoder(2, start=start, max_rate=140)
        nengo.Connection(nengo.Node(STIMULUS), encoder.input, synapse=None)
        probe = nengo.Probe(encoder.output)
    ours = mean_output(nengo_dl.Simulator, net, probe, 50)
    theirs = mean_output(nengo.Simulator, net, probe, 50)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert np.count_nonzero(theirs) == 2


def test_stack_runs_and_its_weights_are_trainable(nengo_dl):
    stack = DenseStack([4, 2], 2, seed=1, neuron_type=nengo.RectifiedLinear())
    with nengo.Network(seed=0) as net:
        nengo.Network.add(stack)
        nengo.Connection(nengo.Node(STIMULUS), stack.input, synapse=None)
        probe = nengo.Probe(stack.output)
    with nengo_dl.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        np.testing.assert_allclose(sim.data[probe][0].sum(axis=-1), 1, rtol=1e-5)
        shapes = sorted(tuple(weight.shape) for weight in sim.keras_model.trainable_weights)
    assert shapes
