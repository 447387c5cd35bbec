"""How well numbers survive, against what can be worked out by hand."""

import dataclasses

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice

from nengo_dense.checks import registry
from nengo_dense.checks.runner import Facts
from nengo_dense.checks.untouched import untouched
from nengo_dense.loihi.program import Program

RELU = nengo.SpikingRectifiedLinear(amplitude=0.01, initial_state={"voltage": Choice([0])})
N_IN, N_OUT = 6, 4


@pytest.fixture(scope="module")
def facts():
    return build_facts()


def build_facts(synapse=0.005, n_out=N_OUT):
    """A host layer of 6 neurons that sends to 4 on the chip, by weights that are all unlike."""
    weights = np.random.RandomState(1).uniform(-0.5, 0.5, (n_out, N_IN))
    with nengo.Network(seed=0) as net:
        first, second = (
            nengo.Ensemble(n, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]))
            for n in (N_IN, n_out)
        )
        nengo.Connection(first.neurons, second.neurons, transform=weights, synapse=synapse)
    nengo_loihi.add_params(net)
    net.config[first].on_chip = False
    with untouched(net):
        known = Facts(
            registry.load(), {"network": net, "dt": 0.001, "run_time": 0.0, "build": True}
        )
        return {name: known[name] for name in ("quantization", "integer_build")}


def test_the_middle_neuron_s_ratio_is_of_its_own_weights(facts):
    (found,) = facts["quantization"]
    before, after = (w.reshape(N_IN, N_OUT) for w in (found.weights, found.stored))
    ratios = (before**2).sum(axis=0) / ((after - before) ** 2).sum(axis=0)
    assert found.neuron_sqnr == pytest.approx(np.median(10 * np.log10(ratios)))
    assert found.sqnr == pytest.approx(
        10 * np.log10((before**2).sum() / ((after - before) ** 2).sum())
    )


def test_exponents_are_those_of_the_core(facts):
    (found,) = facts["quantization"]
    (layer,) = facts["integer_build"].layers
    assert found.weight_exps == (layer.blocks[0].synapses[0].synapse_cfg.weight_exp,)


def test_stored_weights_lie_on_the_steps(facts):
    (found,) = facts["quantization"]
    steps = found.stored / found.step
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert np.abs(found.stored - found.weights).max() <= found.step


def test_what_remains_of_a_current_is_stored_in_4096ths(facts):
    (found,) = facts["quantization"]
    assert found.tau_wanted == pytest.approx(0.005)
    remains = 4096 * np.exp(-0.001 / np.array([found.tau_wanted, found.tau_stored]))
    assert remains[1] == pytest.approx(round(remains[1]), abs=1e-6)
    assert 0 < abs(remains[1] - remains[0]) <= 1
    chip = Program.from_model(facts["integer_build"].model).compartments
    assert remains[1] == pytest.approx(chip.keep_u[0])


def test_a_single_neuron_is_a_layer(facts):
    (found,), (wide,) = build_facts(n_out=1)["quantization"], facts["quantization"]
    assert (found.tau_wanted, found.tau_stored) == (wide.tau_wanted, wide.tau_stored)
    assert len(found.weights) == N_IN


def test_without_a_filter_nothing_of_a_current_remains():
    (found,) = build_facts(synapse=None)["quantization"]
    assert (found.tau_wanted, found.tau_stored, found.decay_error) == (0, 0, 0)


def test_layer_without_weights_loses_none(facts):
    (found,) = facts["quantization"]
    lone = dataclasses.replace(found, weights=np.empty(0), stored=np.empty(0))
    assert (lone.share_zeroed, lone.sqnr) == (0.0, np.inf)


def test_layer_without_a_filter_has_no_error_of_decay(facts):
    (found,) = facts["quantization"]
    assert dataclasses.replace(found, tau_wanted=0.0).decay_error == 0
    halved = dataclasses.replace(found, tau_wanted=0.01, tau_stored=0.005)
    assert halved.decay_error == pytest.approx(-0.5)
