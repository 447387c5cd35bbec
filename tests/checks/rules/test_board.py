"""ND208: whether a board can be used is nengo-loihi's to say."""

import nengo
import nengo_loihi
import pytest
from nengo_loihi import hardware

from nengo_dense.checks import check

ZERO = {"voltage": nengo.dists.Choice([0])}


def network():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(5, 1, neuron_type=nengo.SpikingRectifiedLinear(initial_state=ZERO))
    return net


def codes():
    return [f.code for f in check(network(), run=0, select="ND208").findings]


def test_finding_is_there_exactly_where_the_board_cannot_be_used(monkeypatch):
    if not hardware.HAS_NXSDK:
        with pytest.raises(AssertionError, match="Must have NxSDK installed"):
            nengo_loihi.Simulator(network(), target="loihi", progress_bar=False)
        assert codes() == ["ND208"]
    monkeypatch.setattr(hardware, "HAS_NXSDK", True)
    assert codes() == []


def test_nothing_is_said_of_a_network_that_does_not_build():
    net = network()
    net.ensembles[0].neuron_type = nengo.Izhikevich()
    report = check(net, run=0)
    assert not [f for f in report.findings if f.code == "ND208"]
    assert "ND208" in {s.code for s in report.skipped}
