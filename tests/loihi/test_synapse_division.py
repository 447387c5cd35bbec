"""Weights divided among cores are nengo-loihi's, number for number."""

import nengo
import numpy as np
import pytest
from nengo_loihi.builder import split_blocks
from numpy.testing import assert_array_equal

from nengo_dense import compat
from nengo_dense.layers.loihi_builder import install
from nengo_dense.loihi import synapse_division
from nengo_dense.loihi.build import build_floats
from tests.loihi.divided_network import divided
from tests.loihi.same_model import assert_same_model


@pytest.fixture(autouse=True)
def installed():
    install()


def built(net, monkeypatch, theirs=False):
    """Build a network, with nengo-loihi's own division or ours."""
    with monkeypatch.context() as patch:
        if theirs:
            original = split_blocks.split_synapse.__wrapped__
            patch.setattr(split_blocks, "split_synapse", original)
        return build_floats(net, 0.001).model


def with_shape(block, ensemble=(20,), weights=None):
    net = divided(weights)
    net.config[net.wide].block_shape = compat.nengo_loihi().BlockShape(block, ensemble)
    return net


@pytest.mark.parametrize(
    ("block", "ensemble"), [((8,), (20,)), ((7,), (20,)), ((2, 3), (4, 5)), ((4, 1), (4, 5))]
)
def test_same_numbers(block, ensemble, monkeypatch):
    net = with_shape(block, ensemble)
    ours = built(net, monkeypatch)
    assert len(ours.blocks) > 3
    assert_same_model(ours, built(net, monkeypatch, theirs=True))


def test_axons_with_equal_weights_share_them(monkeypatch):
    weights = np.arange(120.0).reshape(20, 6)
    weights[:, 4] = weights[:, 1]
    weights[:8, 3] = weights[:8, 0]  # on the first core alone
    net = with_shape((8,), weights=weights)
    ours = built(net, monkeypatch)
    first, second = [block.synapses[0] for block in list(ours.blocks)[:2]]
    assert_array_equal(first.axon_to_weight_map, [0, 1, 2, 0, 1, 3])
    assert_array_equal(second.axon_to_weight_map, [0, 1, 2, 3, 1, 4])
    assert_same_model(ours, built(net, monkeypatch, theirs=True))


def test_weights_that_are_shared_are_left_to_nengo_loihi(monkeypatch):
    loihi = compat.nengo_loihi()
    image = nengo.Convolution(3, (6, 6, 1), kernel_size=(3, 3), init=np.full((3, 3, 1, 3), 0.2))
    net = nengo.Network(seed=0)
    with net:
        loihi.add_params(net)
        pre = nengo.Ensemble(36, 1, gain=np.ones(36), bias=np.ones(36))
        net.config[pre].on_chip = False
        relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
        post = nengo.Ensemble(48, 1, neuron_type=relu, gain=np.ones(48), bias=np.zeros(48))
        net.config[post].block_shape = loihi.BlockShape((4, 2, 3), (4, 4, 3))
        nengo.Connection(pre.neurons, post.neurons, transform=image)
    fast = []
    monkeypatch.setattr(synapse_division, "divide", lambda *args: fast.append(args))
    assert_same_model(built(net, monkeypatch), built(net, monkeypatch, theirs=True))
    assert not fast
