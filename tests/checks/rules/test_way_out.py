"""The way out that a finding names is one: taken, it leaves no error."""

import re

import nengo
import nengo_loihi
import numpy as np
import pytest

import nengo_dense
from nengo_dense.checks import check


def errors(net, run=0.05):
    return [f for f in check(net, run=run).findings if f.severity == "error"]


def stack_in_a_network(add, **kwargs):
    stack = nengo_dense.DenseStack(kwargs.pop("units", [20, 10, 3]), 4, seed=0, **kwargs)
    with nengo.Network(seed=0) as net:
        if add:
            net.add(stack)
        nengo.Connection(nengo.Node(np.full(4, 0.9)), stack.input, synapse=None)
        nengo.Probe(stack.output)
    return net


def test_forgotten_stack_is_told_to_be_added():
    found = errors(stack_in_a_network(add=False))
    assert {f.code for f in found} == {"ND100", "ND101"}
    assert all("net.add(stack)" in f.remedy for f in found)
    assert not any("is not a part of the network" in f.message for f in found)
    assert errors(stack_in_a_network(add=True)) == []


def test_stack_alone_is_told_to_get_samples():
    stack = nengo_dense.DenseStack([20, 10, 3], 4, seed=0)
    (finding,) = check(stack, select="ND401").findings
    assert "net.add(stack), nengo.Connection(samples, stack.input" in finding.remedy
    assert finding.severity == "info"  # nothing is wrong with it
    (finding,) = check(stack_with_nothing_connected(), select="ND401").findings
    assert finding.remedy.startswith("Connect one: nengo.Connection(your_node, mine.input")
    assert finding.severity == "warning"


def stack_with_nothing_connected():
    with nengo.Network(seed=0) as net:
        nengo_dense.DenseStack([20, 10, 3], 4, seed=0, label="mine")
    return net


def test_part_of_an_ensemble_is_told_to_be_reached_by_a_transform():
    def net(post, **kwargs):
        with nengo.Network(seed=0) as net:
            nengo.Node([0.5, -0.5], label="source")
            a, b = (nengo.Ensemble(20, 2, label=name) for name in "ab")
            nengo.Connection(net.nodes[0], a)
            nengo.Connection(a[0], b[post] if post else b, **kwargs)
        return net

    (finding,) = errors(net(1))
    assert (finding.code, finding.target) == ("ND105", "a[0:1] -> b[1:2]")
    shape = re.search(r"np\.zeros\((\(.*\))\), with .* in its rows \[1:2\]\.$", finding.remedy)[1]
    transform = np.zeros(eval(shape))
    transform[1:2] = np.eye(1)
    assert errors(net(None, transform=transform)) == []


def test_start_of_the_voltage_is_told_with_the_neurons_own_type():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(5, 1, neuron_type=nengo.SpikingRectifiedLinear())
    (finding,) = check(net, select="ND113", run=0).findings
    assert "neuron_type=SpikingRectifiedLinear(..., initial_state=" in finding.remedy


def test_empty_network_is_told_to_be_filled():
    (finding,) = errors(nengo.Network(seed=0))
    assert (finding.code, finding.value) == ("ND101", 0)
    assert finding.remedy.endswith("net.add(stack).")


@pytest.mark.parametrize("n_tiny", [0, 5])  # inputs whose neurons were always silent in training
def test_outlier_is_told_by_how_much_to_reduce_it(n_tiny):
    weights = np.random.RandomState(0).normal(0, 0.1, (64, 64))
    weights[:, 64 - n_tiny :] *= 1e-5
    weights[3, 5] = outlier = 30 * np.abs(weights).max()

    def found(largest):
        weights[3, 5] = largest
        with nengo.Network(seed=0) as net:
            first, second = (
                nengo_dense.DenseLayer(64, 64, weights=w) for w in (np.eye(64), weights)
            )
            nengo.Connection(first.output, second.input, synapse=0.005)
        return check(net, run=0, select="ND302").findings

    (finding,) = found(outlier)
    factor = float(re.search(r"largest weight by a factor of (\S+),", finding.remedy)[1])
    assert found(outlier / factor / 1.1) == []
    assert found(outlier / factor * 1.3) != []


def test_saturated_layer_is_told_by_how_much_to_scale_it_down():
    relu = nengo.SpikingRectifiedLinear(initial_state={"voltage": nengo.dists.Choice([0])})
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(5, 1, neuron_type=relu, gain=np.ones(5), bias=np.full(5, 2000.0))
    (finding,) = check(net, run=0.05, select="ND405").findings
    assert finding.value == finding.limit == 1000
    # at 250 Hz and below, the possible rates lie close to one another
    assert finding.remedy == "Scale the layer down by 4 or more."


def test_one_hidden_layer_is_told_to_send_spikes():
    (finding,) = errors(stack_in_a_network(True, units=[10, 3], encoding="host", label="short"))
    assert finding.code == "ND101"
    assert finding.message == "all of its neurons (1 ensemble) are on the host"
    assert finding.remedy.startswith('Make short with encoding="spikes"')
    assert errors(stack_in_a_network(True, units=[10, 3], encoding="spikes")) == []


def test_layers_on_the_host_are_told_to_stay_on_the_chip():
    with nengo.Network(seed=0) as net:
        for _ in range(2):
            nengo_dense.DenseLayer(5, 4, on_chip=False)
    (finding,) = errors(net)
    assert finding.message == "all of its neurons (2 ensembles) are on the host"
    assert finding.remedy.startswith("Leave at least one layer on the chip")


def fast(max_rate, presentation_time=None):
    with nengo.Network(seed=0) as net:
        layer = nengo_dense.DenseLayer(5, 4, weights=np.eye(5, 4), max_rate=max_rate, label="fast")
        output = np.full(4, 0.999)
        if presentation_time:
            output = nengo.processes.PresentInput([output], presentation_time)
        host = nengo_dense.DenseLayer(4, 4, weights=np.eye(4), on_chip=False, label="host")
        nengo.Connection(nengo.Node(output), host.input, synapse=None)
        nengo.Connection(host.output, layer.input)
    return net


@pytest.mark.parametrize(
    "presentation_time, spikes",
    [(0.02, "in 20 ms that is 7 spikes (5 at 250 Hz)"), (None, "in 100 ms that is 36 spikes (25")],
)
def test_fast_rates_are_told_with_what_they_gain_and_lose(presentation_time, spikes):
    report = check(fast(500, presentation_time), run=0.2, select="ND406")
    (finding,) = report.findings
    assert finding.severity == "info"
    assert "steady rates are 50% apart (25% at 250 Hz)" in finding.message
    assert spikes in finding.message
    assert finding.remedy.startswith("Keep max_rate for presentations of 100 ms or less")
    factor = float(finding.remedy.partition("max_rate by ")[2].partition(",")[0])
    assert check(fast(500 * factor), run=0.2, select="ND406").findings == []


def test_settings_that_nengo_loihi_does_not_read_are_told_by_their_values():
    with nengo.Network(seed=0) as net, nengo.Network(label="sub") as sub:
        deep = nengo.Ensemble(4, 1, label="deep", neuron_type=nengo.SpikingRectifiedLinear())
    nengo_loihi.add_params(sub)
    sub.config[deep].block_shape = nengo_loihi.BlockShape((2,), (4,))
    (finding,) = check(net, run=0, select="ND110").findings
    assert "block_shape = BlockShape((2,), (4,)) is set on the sub-network sub" in finding.message
    assert finding.message.endswith("it uses block_shape = None")
