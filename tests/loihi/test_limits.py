"""Our numbers against those that nengo-loihi enforces."""

import inspect

import nengo_loihi.block
import numpy as np
import pytest
from nengo_loihi.block import LoihiBlock, Synapse
from nengo_loihi.builder import discretize
from nengo_loihi.hardware.interface import HardwareInterface

from nengo_dense.loihi import limits


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
