"""ND117: the factor that the rule gives is the one between Nengo and the chip."""

import re

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.dists import Choice

import nengo_dense
from nengo_dense.checks import check

GOAL = 0.5


def learner(amplitude, rate, on_chip=True, rules=None):
    """Rectifiers that learn to give ``GOAL``."""
    kind = nengo.SpikingRectifiedLinear(
        amplitude=amplitude, initial_state={"voltage": Choice([0])}
    )
    with nengo.Network(seed=0) as net:
        source = nengo.Node([0.5, 0.2])
        pre = nengo.Ensemble(40, 2, neuron_type=kind, seed=1, label="pre")
        out, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
        nengo.Connection(source, pre)
        conn = nengo.Connection(
            pre, out, function=lambda x: [0], learning_rule_type=rules or nengo.PES(rate)
        )
        conn.label = "learned"
        nengo.Connection(out, error)
        nengo.Connection(nengo.Node([GOAL]), error, transform=-1)
        if rules is None:
            nengo.Connection(error, conn.learning_rule)
        net.probe = nengo.Probe(out, synapse=0.02)
    nengo_loihi.add_params(net)
    net.config[pre].on_chip = on_chip
    return net


def reached(simulator, *args):
    net = learner(*args)
    with simulator(net, progress_bar=False) as sim:
        sim.run(0.3)
    return float(sim.data[net.probe][-1].item())


def findings(net):
    report = check(net, run=0, build=False, select="ND117")
    assert not report.problems
    return report.findings


def test_nengo_learns_as_the_chip_does_at_the_rate_that_is_given():
    amplitude, rate = 0.1, 1e-4
    (finding,) = findings(learner(amplitude, rate))
    assert finding.value == pytest.approx(100)
    slow, fast = map(float, re.findall(r"\d[\d.e-]*\d", finding.remedy))
    assert (slow, fast) == pytest.approx((1e-6, 1e-2))
    chip = reached(nengo_loihi.Simulator, amplitude, rate)
    assert 0.05 < chip < 0.12
    assert reached(nengo.Simulator, amplitude, rate) == pytest.approx(0, abs=2e-3)
    assert reached(nengo.Simulator, amplitude, fast) == pytest.approx(chip, rel=0.25)


def test_chip_learns_the_same_whatever_the_amplitude():
    assert reached(nengo_loihi.Simulator, 1.0, 1e-4) == pytest.approx(
        reached(nengo_loihi.Simulator, 0.1, 1e-4), rel=0.05
    )


def test_amplitude_of_one_learns_alike_and_is_no_finding():
    assert findings(learner(1.0, 1e-4)) == []
    assert reached(nengo.Simulator, 1.0, 1e-4) == pytest.approx(
        reached(nengo_loihi.Simulator, 1.0, 1e-4), rel=0.25
    )


def test_learning_on_the_host_is_no_finding():
    assert findings(learner(0.01, 1e-4, on_chip=False)) == []


@pytest.mark.parametrize("wrap", [lambda r: [r], lambda r: {"rule": r}])
def test_rules_in_lists_and_dictionaries_are_found(wrap):
    (finding,) = findings(learner(0.1, 0, rules=wrap(nengo.PES(1e-3))))
    assert finding.target == "learned"
    assert "1e-05 on the chip" in finding.remedy


def test_other_rules_than_pes_are_no_finding():
    kind = nengo.LIF(amplitude=0.1)
    with nengo.Network(seed=0) as net:
        pre, post = (nengo.Ensemble(10, 1, neuron_type=kind) for _ in range(2))
        nengo.Connection(pre, post, learning_rule_type=nengo.Voja())
    assert findings(net) == []


def test_dense_layer_is_found():
    with nengo.Network(seed=0) as net:
        layer = nengo_dense.DenseLayer(20, 2, seed=1)
        out, error = nengo.Node(size_in=1), nengo.Node(size_in=1)
        nengo.Connection(nengo.Node(np.ones(2)), layer.input, synapse=None)
        conn = nengo.Connection(
            layer.ensemble, out, function=lambda x: [0], learning_rule_type=nengo.PES(1e-2)
        )
        nengo.Connection(out, error)
        nengo.Connection(error, conn.learning_rule)
    (finding,) = findings(net)
    assert finding.value == pytest.approx(layer.max_rate**2)
