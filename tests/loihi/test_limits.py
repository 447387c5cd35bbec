"""Our numbers against those that nengo-loihi enforces."""

import inspect

import nengo
import nengo_loihi.block
import numpy as np
import pytest
from nengo_loihi.block import LoihiBlock, Synapse
from nengo_loihi.builder import discretize
from nengo_loihi.hardware.interface import HardwareInterface

from nengo_dense.loihi import limits
from nengo_dense.loihi.build import build_model


@pytest.mark.parametrize(
    "name", ["MAX_COMPARTMENTS", "MAX_IN_AXONS", "MAX_OUT_AXONS", "MAX_SYNAPSE_BITS"]
)
def test_core_limits_are_nengo_loihis(name):
    assert getattr(limits, name) == getattr(nengo_loihi.block, name)


@pytest.mark.parametrize("name", ["Q_BITS", "U_BITS", "VTH_EXP", "VTH_MAX", "BIAS_MAX"])
def test_register_limits_are_nengo_loihis(name):
    assert getattr(limits, name) == getattr(discretize, name)


def test_mantissa_limits_are_nengo_loihis():
    assert discretize.VTH_MAN_MAX == limits.VTH_MAN_MAX
    assert discretize.BIAS_MAN_MAX == limits.BIAS_MAN_MAX
    assert discretize.BIAS_EXP_MAX == limits.BIAS_EXP_MAX


def test_default_weight_format_has_our_bits():
    synapse = Synapse(1)
    synapse.set_weights(np.ones((1, 3)))
    config = synapse.synapse_cfg
    assert config.real_weight_bits == limits.WEIGHT_BITS
    assert config.n_synapses + 1 == limits.WEIGHTS_PER_ENTRY
    assert config.compression == 3  # no index stored beside a weight
    one_word = (limits.WORD_BITS - limits.ENTRY_HEADER_BITS) // limits.WEIGHT_BITS
    assert config.bits_per_axon(one_word) == limits.WORD_BITS
    assert config.bits_per_axon(one_word + 1) == 2 * limits.WORD_BITS


def test_spike_limit_is_the_boards_default():
    parameter = inspect.signature(HardwareInterface.__init__).parameters[
        "snip_max_spikes_per_step"
    ]
    assert parameter.default == limits.SNIP_MAX_SPIKES_PER_STEP


def test_utilization_counts_against_the_same_limits():
    used = LoihiBlock(3).utilization()
    assert {limit for _, limit in used.values()} == {
        limits.MAX_COMPARTMENTS,
        limits.MAX_IN_AXONS,
        limits.MAX_OUT_AXONS,
        limits.MAX_SYNAPSE_BITS,
    }


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_weights_that_are_all_so_small_are_left_out_by_nengo_loihi(share):
    weights = np.full((2, 3), share * limits.NO_WEIGHT)
    with nengo.Network(seed=0) as network:
        nengo_loihi.add_params(network)
        relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
        first, second = (nengo.Ensemble(n, 1, neuron_type=relu) for n in (3, 2))
        between = nengo.Node(size_in=3)
        nengo.Connection(first.neurons, between, synapse=None)
        nengo.Connection(between, second.neurons, transform=weights)
    blocks = build_model(network, 0.001, discretize=False).blocks
    assert sum(len(block.synapses) for block in blocks) == (share > 1)
