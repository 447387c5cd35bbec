"""What a check says that a network costs is what an evaluation says, and what can be counted."""

import nengo
import numpy as np
import pytest
from nengo.dists import Choice

from nengo_dense.checks import check
from nengo_dense.evaluation import evaluate
from nengo_dense.layers import DenseStack

STEPS = 100


@pytest.mark.filterwarnings("ignore:No neuron of")  # random weights, shown for a moment
@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
def test_check_and_evaluate_report_the_same_energy(encoding, rng):
    stack = DenseStack([40, 30, 8, 3], 4, encoding=encoding, seed=1)
    samples = rng.uniform(-1.2, 1.2, (3, 4)) if encoding == "chip" else rng.uniform(1, 2, (3, 4))
    operations, joules = [], []
    for sample in samples:
        with nengo.Network(seed=1) as net:
            nengo.Network.add(stack)
            nengo.Connection(nengo.Node(sample), stack.input, synapse=None)
        layers = check(net, run=STEPS * 0.001).layers
        operations.append(STEPS * 0.001 * sum(row["synops_per_second"] for row in layers))
        joules.append(STEPS * 0.001 * sum(row["power"] for row in layers))
    result = evaluate(
        stack, samples, [0, 1, 2], presentation_time=STEPS * 0.001, progress_bar=False
    )
    assert np.mean(operations) == pytest.approx(result.energy.synaptic_operations)
    assert np.mean(joules) == pytest.approx(result.energy.joules)
    assert result.energy.synaptic_operations > 8 * STEPS


def test_decode_neurons_cost_something():
    """Each spike of the layer reaches both decode neurons of the probed value."""
    with nengo.Network(seed=0) as net:
        layer = nengo.Ensemble(20, 1, label="layer", bias=Choice([2]), gain=Choice([1]))
        nengo.Probe(layer, label="value")
    first, decoders = check(net, run=0.1).layers
    assert decoders["layer"] == "decoders of layer -> value"
    assert first["synops_per_second"] == 0
    assert first["power"] == pytest.approx(20 * 1000 * 81e-12)
    spikes = 20 * first["rate_mean"]
    assert decoders["synops_per_second"] == pytest.approx(2 * spikes)
    assert decoders["power"] == pytest.approx(2 * spikes * 23.6e-12 + 2 * 1000 * 81e-12)
    assert spikes > 0
