"""Learning on the chip, integers and floats, against nengo-loihi's own emulator."""

import warnings

import nengo
import numpy as np
import pytest

from nengo_dense import compat
from nengo_dense.emulator import Simulator

loihi = compat.nengo_loihi()


def learner(rate):
    """Learn a constant from a population that fires at about this rate in Hz."""
    with nengo.Network(seed=0) as net:
        relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
        pre = nengo.Ensemble(
            10, 1, neuron_type=relu, gain=np.ones(10), bias=np.linspace(rate / 2, rate, 10)
        )
        post = nengo.Node(size_in=1)
        rule = nengo.PES(learning_rate=1e-3, pre_synapse=nengo.Lowpass(0.005))
        learned = nengo.Connection(
            pre, post, function=lambda x: 0, learning_rule_type=rule, synapse=0.01
        )
        error = nengo.Node(lambda t, x: x - 0.5, size_in=1)
        nengo.Connection(post, error, synapse=None)
        nengo.Connection(error, learned.learning_rule)
        net.probe = nengo.Probe(post, synapse=0.01)
    return net


def run(make, net, **kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with make(net, progress_bar=False, **kwargs) as sim:
            sim.run_steps(120)
    return sim.data[net.probe], any("spikes lost" in str(w.message) for w in caught)


@pytest.mark.parametrize("target", ["sim", "simreal"])
@pytest.mark.parametrize("rate, lost", [(200, False), (1500, True)])
def test_what_is_learned_and_which_spikes_are_lost_is_as_in_nengo_loihi(rate, lost, target):
    theirs = run(loihi.Simulator, learner(rate), target=target)
    ours = run(Simulator, learner(rate), target=target)
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert np.abs(ours[0]).max() > 0
    assert ours[1] == theirs[1] == lost
