"""Nothing is added to the network in whose context something of ours is called."""

import nengo
import numpy as np
import pytest

import nengo_dense
from nengo_dense.context import outside_networks
from nengo_dense.evaluation.rung_by_rung import with_rate_neurons
from nengo_dense.importers.form.spec import DenseSpec
from nengo_dense.training import fit, without_synapses

#: Random weights, shown for a moment: some layers are silent.
pytestmark = pytest.mark.filterwarnings("ignore:No neuron of")


@pytest.fixture
def model(rng):
    return [
        DenseSpec(rng.randn(8, 4) / 2, rng.rand(8), "relu"),
        DenseSpec(rng.randn(6, 8) / 3, rng.rand(6), "relu"),
        DenseSpec(rng.randn(3, 6), np.zeros(3), "softmax"),
    ]


def contents(network):
    """List everything in a network."""
    everything = [network, *network.all_networks]
    return [list(objects) for part in everything for objects in part.objects.values()]


def test_an_open_network_is_left_and_come_back_to():
    with nengo.Network() as outer, nengo.Network() as inner:
        with outside_networks():
            assert not list(nengo.Network.context)
            assert not list(nengo.Config.context)
        assert list(nengo.Network.context) == [outer, inner]
        node = nengo.Node()
    assert inner.nodes == [node]


def test_an_open_network_is_come_back_to_after_an_error():
    with nengo.Network() as network:
        with pytest.raises(KeyError, match="inside"), outside_networks():
            raise KeyError("inside")
        assert list(nengo.Network.context) == [network]


def test_defaults_of_an_open_network_do_not_reach_ours(rng):
    stack = nengo_dense.DenseStack([8, 6, 3], 4, seed=0)
    x, y = rng.rand(5, 4), np.arange(5) % 3
    options = {"presentation_time": 0.02, "progress_bar": False}
    alone = nengo_dense.evaluate(stack, x, y, **options)
    with nengo.Network() as network:
        network.config[nengo.Probe].synapse = nengo.Alpha(0.5)
        network.config[nengo.Connection].synapse = nengo.Alpha(0.5)
        network.config[nengo.Node].output = np.ones(4)
        inside = nengo_dense.evaluate(stack, x, y, **options)
    np.testing.assert_array_equal(inside.answers_over_time, alone.answers_over_time)


@pytest.mark.parametrize("target", ["sim", "simreal", "nengo"])
def test_evaluate_adds_nothing(rng, target):
    with nengo.Network(seed=0) as network:
        stack = nengo_dense.DenseStack([8, 6, 3], 4, seed=0)
        before = contents(network)
        nengo_dense.evaluate(
            stack,
            rng.rand(5, 4),
            np.arange(5) % 3,
            target=target,
            presentation_time=0.02,
            progress_bar=False,
        )
        assert contents(network) == before


@pytest.mark.parametrize("calibrated", [True, False])
def test_ladder_adds_nothing(model, rng, calibrated):
    x = rng.rand(30, 4)
    with nengo.Network(seed=0) as network:
        nengo.Node()
        before = contents(network)
        nengo_dense.ladder(
            model, x, np.arange(30) % 3, calibration=x if calibrated else None, progress_bar=False
        )
        assert contents(network) == before


def test_check_simulator_and_training_helpers_add_nothing(rng):
    with nengo.Network(seed=0) as network:
        stack = nengo_dense.DenseStack([8, 6, 3], 4, seed=0)
        nengo.Connection(nengo.Node(rng.rand(4)), stack.input, synapse=None)
        before = contents(network)
        nengo_dense.check(network, run=0.02)
        with_rate_neurons(stack)
        with without_synapses(network):
            pass
        with nengo_dense.Simulator(network, progress_bar=False) as sim:
            sim.run(0.01)
        assert contents(network) == before


def test_convert_and_load_add_the_stack_and_nothing_else(model, rng, tmp_path):
    with nengo.Network(seed=0) as network:
        stack = nengo_dense.convert(model, calibration=rng.rand(30, 4), progress_bar=False)
        stack.save(tmp_path / "stack.npz")
        loaded = nengo_dense.DenseStack.load(tmp_path / "stack.npz")
    assert network.networks == [stack, loaded]
    assert not network.nodes
    assert not network.probes


@pytest.mark.dl
def test_training_adds_nothing(rng):
    pytest.importorskip("tensorflow", reason="TensorFlow is in the dl environment")
    pytest.importorskip("nengo_dl", reason="NengoDL is in the dl environment")
    with nengo.Network(seed=0) as network:
        stack = nengo_dense.DenseStack([8, 6, 3], 4, seed=0)
        before = contents(network)
        fit(stack, rng.rand(30, 4), np.arange(30) % 3, epochs=1, progress_bar=False)
        assert contents(network) == before
