"""Integers of changed weights and biases are those that nengo-loihi makes of them."""

import nengo
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nengo_dense import compat
from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.core_rounding import Rounded, Rounding
from nengo_dense.loihi.program import Program

pytestmark = pytest.mark.filterwarnings("ignore:Lost .* extra bits:UserWarning")

ZERO = {"voltage": nengo.dists.Choice([0])}
NEURONS = {
    "relu": nengo.SpikingRectifiedLinear(initial_state=ZERO),
    "lif": nengo.LIF(initial_state=ZERO),
    "low": nengo.LIF(tau_rc=0.3, tau_ref=0.004, min_voltage=-2, initial_state=ZERO),
}


def two_into_one(neuron_type, synapse):
    """Two populations on the host send spikes to one of 40 neurons, on three cores."""
    loihi = compat.nengo_loihi()
    with nengo.Network(seed=0) as net:
        loihi.add_params(net)
        net.pre = [
            nengo.Ensemble(n, 1, neuron_type=NEURONS["relu"], gain=np.ones(n), bias=np.ones(n))
            for n in (5, 7)
        ]
        net.post = nengo.Ensemble(
            40, 1, neuron_type=neuron_type, gain=np.linspace(1.5, 3, 40), bias=np.zeros(40)
        )
        net.config[net.post].block_shape = loihi.BlockShape((16,), (40,))
        for pre in net.pre:
            net.config[pre].on_chip = False
            nengo.Connection(
                pre.neurons,
                net.post.neurons,
                transform=np.ones((40, pre.n_neurons)),
                synapse=synapse,
            )
    return net


def set_numbers(floats, net, rng):
    """Numbers of all sizes; some weights are none, some all of a synapse."""
    for pre in net.pre:
        weights = 10 ** rng.uniform(-4, 1) * rng.normal(size=(40, pre.n_neurons))
        weights[rng.uniform(size=weights.shape) < rng.choice([0, 0.3])] = 0
        floats.set_weights(pre, net.post, 0 * weights if rng.uniform() < 0.1 else weights)
    floats.set_bias(net.post, 10 ** rng.uniform(-3, 3) * rng.normal(size=40))


@pytest.mark.parametrize("synapse", [None, 0.001, 0.005, 0.1])
@pytest.mark.parametrize("neurons", NEURONS)
def test_all_numbers_are_nengo_loihis(neurons, synapse, rng):
    net = two_into_one(NEURONS[neurons], synapse)
    floats = build_floats(net, 0.001)
    for pre in net.pre:
        floats.set_weights(pre, net.post, np.ones((40, pre.n_neurons)))
    rounding = Rounding.of(floats, floats.integers().model)
    exponents, n_left = set(), 0
    for _ in range(60):
        set_numbers(floats, net, rng)
        found = rounding.integers()
        try:
            model = floats.integers().model
        except nengo.exceptions.BuildError:
            assert found is None
            continue
        if found is None:
            n_left += 1
            continue
        program = Program.from_model(model)
        for name in Rounded._fields[:-1]:
            expected = getattr(program.compartments, name)
            assert_array_equal(getattr(found, name), expected, name)
            assert getattr(found, name).dtype == expected.dtype
        synapses = [synapse for block in model.blocks for synapse in block.synapses]
        for values, synapse_ in zip(found.values, synapses, strict=True):
            assert_array_equal(values, np.concatenate(synapse_.weights).ravel())
            assert values.dtype == np.int32
            exponents.add(synapse_.synapse_cfg.weight_exp)
    assert len(exponents) > 3
    assert n_left < 6


def test_weights_of_nothing_and_compartments_that_differ_are_left_to_nengo_loihi():
    net = two_into_one(NEURONS["relu"], None)
    floats = build_floats(net, 0.001)
    for pre in net.pre:
        floats.set_weights(pre, net.post, np.zeros((40, pre.n_neurons)))
    integers = floats.integers().model
    assert Rounding.of(floats, integers).integers() is None
    block = next(iter(floats.model.blocks))
    for name in ("vth", "enable_noise"):
        array = getattr(block.compartment, name)
        before, array[0] = array[0], 7
        assert Rounding.of(floats, integers) is None
        array[0] = before
    assert Rounding.of(floats, integers) is not None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_not_finite_is_left_to_nengo_loihi(rng, bad, number):
    net = two_into_one(NEURONS["relu"], None)
    floats = build_floats(net, 0.001)
    set_numbers(floats, net, rng)
    rounding = Rounding.of(floats, floats.integers().model)
    assert rounding.integers() is not None
    bias = np.zeros(40)
    bias[20 * number] = bad
    floats.set_bias(net.post, bias)
    assert rounding.integers() is None
    floats.set_bias(net.post, np.zeros(40))
    weights = rng.normal(size=(40, net.pre[number].n_neurons))
    weights[7, 3] = bad
    floats.set_weights(net.pre[number], net.post, weights)
    assert rounding.integers() is None
