"""One build, read twice, gives what nengo-loihi gives by the normal path."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice
from numpy.testing import assert_array_equal

from nengo_dense.checks import registry
from nengo_dense.checks.runner import Facts
from nengo_dense.checks.untouched import untouched

LIF = nengo.LIF(initial_state={"voltage": Choice([0])})
RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0])})


class Leaving(nengo.dists.Distribution):
    """Ends the process when it is asked for samples."""

    def sample(self, n, d=None, rng=np.random):
        raise SystemExit(3)


def facts_of(network, run_time=0.0):
    given = {"network": network, "dt": 0.001, "run_time": run_time, "build": True}
    return Facts(registry.load(), given)


def mixed():
    """Decoded and direct connections, a layer that is split, a merged passthrough, a host part."""
    rng = np.random.RandomState(0)
    with nengo.Network(seed=4) as net:
        source = nengo.Node(lambda t: [np.sin(20 * t), 0.5], label="source")
        host = nengo.Ensemble(30, 2, neuron_type=LIF, label="host")
        a = nengo.Ensemble(40, 2, neuron_type=LIF, label="a")
        b = nengo.Ensemble(
            1100, 1, neuron_type=RELU, gain=Choice([100]), bias=Choice([0]), label="b"
        )
        node = nengo.Node(size_in=20)
        nengo.Connection(source, host, synapse=None)
        nengo.Connection(source, a)
        nengo.Connection(host, a)
        nengo.Connection(a.neurons[:20], node, synapse=None)
        nengo.Connection(
            node, b.neurons, transform=rng.uniform(-1e-3, 2e-3, (1100, 20)), synapse=0.005
        )
        net.spikes = nengo.Probe(b.neurons)
        net.value = nengo.Probe(a, synapse=0.01)
    nengo_loihi.add_params(net)
    net.config[host].on_chip = False
    return net


def test_float_build_equals_simreal():
    net = mixed()
    with untouched(net):
        ours = facts_of(net)["float_build"]
    with untouched(net):
        theirs = nengo_loihi.Simulator(net, target="simreal", progress_bar=False)
        theirs.close()
    assert len(ours.model.blocks) == len(theirs.model.blocks) == 4
    for mine, block in zip(ours.model.blocks, theirs.model.blocks, strict=True):
        assert_array_equal(mine.compartment.bias, block.compartment.bias)
        assert_array_equal(mine.compartment.vth, block.compartment.vth)
        for a, b in zip(mine.synapses, block.synapses, strict=True):
            assert_array_equal(np.concatenate(a.weights, 1), np.concatenate(b.weights, 1))


def test_integer_build_equals_sim():
    net = mixed()
    with untouched(net):
        ours = facts_of(net, run_time=0.01)["integer_build"]
    with untouched(net):
        theirs = nengo_loihi.Simulator(net, target="sim", progress_bar=False)
        theirs.close()
    for mine, block in zip(ours.model.blocks, theirs.model.blocks, strict=True):
        for name in ("bias", "vth", "decay_u", "decay_v", "refract_delay"):
            assert_array_equal(getattr(mine.compartment, name), getattr(block.compartment, name))
        for a, b in zip(mine.synapses, block.synapses, strict=True):
            assert a.synapse_cfg == b.synapse_cfg
            assert_array_equal(np.concatenate(a.weights, 1), np.concatenate(b.weights, 1))


def test_both_runs_equal_nengo_loihi_s():
    net = mixed()
    with untouched(net):
        facts = facts_of(net, run_time=0.05)
        runs = {"sim": facts["run"], "simreal": facts["float_run"]}
    for target, run in runs.items():
        with (
            untouched(net),
            nengo_loihi.Simulator(net, target=target, progress_bar=False) as sim,
        ):
            sim.run(0.05)
        rates = np.count_nonzero(sim.data[net.spikes], axis=0) / 0.05
        assert rates.any()
        assert_array_equal(run.rates["b"], rates)


def test_learning_during_a_run_does_not_change_the_build():
    with nengo.Network(seed=0) as net:
        pre = nengo.Ensemble(20, 1, neuron_type=LIF)
        out, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
        rule = nengo.PES(learning_rate=1e-2)
        conn = nengo.Connection(pre, out, learning_rule_type=rule, function=lambda x: 0)
        nengo.Connection(nengo.Node([0.9]), pre)
        nengo.Connection(nengo.Node([1.0]), error)
        nengo.Connection(error, conn.learning_rule)
        nengo.Probe(out)
    learned = []
    for run_time in (0.0, 0.05):
        with untouched(net):
            facts = facts_of(net, run_time)
            assert facts["trial"].error is None
            blocks = facts["integer_build"].model.blocks
        synapses = [s for block in blocks for s in block.synapses if s.learning]
        learned.append(np.concatenate([w.ravel() for w in synapses[0].weights]))
    assert_array_equal(*learned)


@pytest.mark.parametrize("first", ["float_run", "run"])
def test_runs_do_not_depend_on_their_order(first):
    net = mixed()
    with untouched(net):
        facts = facts_of(net, run_time=0.05)
        facts[first]
        rates = facts["run"].rates["b"], facts["float_run"].rates["b"]
    for got, fact in zip(rates, ("run", "float_run"), strict=True):
        with untouched(net):
            alone = facts_of(net, run_time=0.05)[fact].rates["b"]
        assert alone.any()
        assert_array_equal(got, alone)
    assert (rates[0] != rates[1]).any()


def test_exit_in_a_function_is_a_trouble_of_its_object():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(4, 1, neuron_type=LIF, label="a")
        nengo.Ensemble(4, 1, neuron_type=LIF, label="odd", eval_points=Leaving(), radius=2)
    with untouched(net):
        (trouble,) = facts_of(net)["troubles"]
    assert (trouble.target, trouble.text) == ("odd", "SystemExit: 3")


def test_layers_are_the_ensembles_and_the_decoders():
    net = mixed()
    with net:
        net.slow = nengo.Probe(net.ensembles[1], synapse=0.1)
    with untouched(net):
        layers = facts_of(net)["float_build"].layers
    names = {layer.name: (layer.n_neurons, len(layer.blocks)) for layer in layers}
    assert names["a"] == (40, 1)
    assert names["b"] == (1100, 2)
    assert names["decoders of a -> value"] == (4, 1)  # of the probe
    assert names["decoders of a -> slow"] == (4, 1)
    assert len(names) == len(layers) == 4


def test_fact_that_needs_a_failed_one_names_the_first():
    net = mixed()
    with net:
        nengo.Ensemble(4, 1, encoders=np.zeros((4, 1)), label="odd", neuron_type=LIF)
    facts = facts_of(net)
    with untouched(net), pytest.raises(Exception, match=r"odd: .*zero-length encoders"):
        facts["run"]
