"""ND406, ND407, ND411, ND504: what a stack was tuned for, and what becomes of it."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.processes import PresentInput

from nengo_dense import DenseGraph, DenseStack
from nengo_dense.checks import check
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput

tuning_record = pytest.importorskip(
    "nengo_dense.layers.tuning_record", reason="stacks keep no record of their tuning yet"
)

RNG = np.random.RandomState(0)
X = RNG.uniform(0.2, 0.9, (5, 4))


def record(encoding="host", **changes):
    """Tuned at 1 ms for presentations of 100 ms, of values from 0 to 1."""
    arguments = {"presentation_time": 0.1, "dt": 0.001, "encoding": encoding}
    arguments |= {"input_low": np.zeros(4), "input_high": np.ones(4)}
    return tuning_record.TuningRecord(**{**arguments, **changes})


def network(tuned=True, encoding="host", x=X, seconds=0.1, wire=nengo.Connection, **kwargs):
    weights = [np.full(shape, 0.5) for shape in ((6, 4), (5, 6), (3, 5))]
    with nengo.Network(seed=0) as net:
        net.stack = DenseStack(
            [6, 5, 3],
            4,
            weights=weights,
            encoding=encoding,
            tuned=record(encoding) if tuned is True else tuned,
            label="stack",
            seed=0,
            **kwargs,
        )
        net.source = nengo.Node(PresentInput(x, seconds), label="samples")
        wire(net.source, net.stack.input, synapse=None)
    return net


def found(net, code, **options):
    report = check(net, **{"run": 0, "select": code, **options})
    assert not report.problems
    assert all(f.severity in ("warning", "info") for f in report.findings)
    return report.findings


@pytest.mark.parametrize("encoding", ["host", "spikes"])
def test_run_as_it_was_tuned_is_no_finding(encoding):
    for code in ("ND411", "ND504"):
        assert found(network(encoding=encoding), code) == []


def test_stack_that_was_not_tuned_is_no_finding_whatever_the_run():
    net = network(tuned=None, x=1000 * X, seconds=0.002)
    assert found(net, "ND411", dt=0.005) == []


def test_other_step_is_found():
    (finding,) = found(network(), "ND411", dt=0.005)
    assert (finding.target, finding.severity) == ("stack", "warning")
    assert "tuned for steps of 1 ms" in finding.message
    assert "5 ms" in finding.message


def test_shorter_presentation_is_found():
    (finding,) = found(network(seconds=0.01), "ND411")
    assert "100 ms" in finding.message
    assert "10 ms" in finding.message


def slowly(*synapses):
    def wire(pre, post, synapse):
        for synapse in synapses[:-1]:
            relay = nengo.Node(size_in=4)
            nengo.Connection(pre, relay, synapse=synapse)
            pre = relay
        nengo.Connection(pre, post, synapse=synapses[-1])

    return wire


@pytest.mark.parametrize(
    ("synapses", "share"),
    [((0.1,), 63), ((0.05,), 86), ((nengo.Alpha(0.05),), 59), ((0.05, None, 0.05), 60)],
)
def test_slow_synapse_before_it_is_found(synapses, share):
    (finding,) = found(network(wire=slowly(*synapses)), "ND411")
    assert finding.severity == "warning"
    assert f"100 ms of each: {share}% of a sample has come through" in finding.message
    assert found(network(wire=slowly(*synapses), seconds=1.0), "ND411") == []
    assert found(network(wire=slowly(0.005)), "ND411") == []


def test_slower_of_two_ways_is_found():
    def wire(pre, post, synapse):
        nengo.Connection(pre[:2], post[:2], synapse=None)
        nengo.Connection(pre[2:], post[2:], synapse=0.1)

    (finding,) = found(network(wire=wire), "ND411")
    assert "63% of a sample" in finding.message


def test_values_of_an_input_that_get_nothing_are_found():
    def wire(pre, post, synapse):
        nengo.Connection(pre[:2], post[[3, 1]], synapse=synapse)

    for tuned in (True, None):
        (finding,) = found(network(tuned=tuned, wire=wire), "ND401")
        assert (finding.target, finding.severity) == ("stack.input", "warning")
        assert "nothing for 2 of its 4 values, first for number 0" in finding.message
        assert found(network(tuned=tuned), "ND401") == []


def test_inputs_of_another_scale_are_found():
    (finding,) = found(network(x=100 * X), "ND411")
    assert "other inputs" in finding.message


def test_images_are_compared_value_by_value():
    assert found(network(x=X.reshape(5, 2, 2)), "ND411") == []
    assert len(found(network(x=100 * X.reshape(5, 2, 2)), "ND411")) == 1


def scaled(pre, post, **kwargs):
    nengo.Connection(pre, post, transform=0.01, **kwargs)


def computed(pre, post, **kwargs):
    nengo.Connection(pre, post, function=lambda x: x / 100, **kwargs)


def through_a_node(pre, post, **kwargs):
    node = nengo.Node(size_in=4)
    nengo.Connection(pre, node, **kwargs)
    nengo.Connection(node, post, **kwargs)


def in_a_ring(pre, post, **kwargs):
    a, b = nengo.Node(size_in=4), nengo.Node(size_in=4)
    nengo.Connection(a, b, **kwargs)
    nengo.Connection(b, a, **kwargs)
    nengo.Connection(b, post, **kwargs)


def from_neurons(pre, post, **kwargs):
    nengo.Connection(nengo.Ensemble(10, 4), post, **kwargs)


def from_nothing(pre, post, **kwargs):
    pass


def one_by_one(pre, post, **kwargs):
    """Also turned round, and doubled by a second way."""
    for i in range(4):
        nengo.Connection(pre[i], post[3 - i], **kwargs)
    nengo.Connection(pre, post, transform=np.eye(4)[::-1], **kwargs)


def drawn(pre, post, **kwargs):
    nengo.Connection(pre, post, transform=nengo.dists.Uniform(0, 1), **kwargs)


def test_range_is_that_of_what_arrives():
    assert found(network(x=100 * X, wire=scaled), "ND411") == []
    assert "100%" in found(network(x=1e4 * X, wire=scaled), "ND411")[0].message
    assert found(network(x=X / 2, wire=one_by_one), "ND411") == []
    x = X * [10, 1, 1, 1]
    (finding,) = found(network(x=x, wire=one_by_one), "ND411")
    low, high = 2 * x[:, 0].min(), 2 * x[:, 0].max()
    assert f"Input 3 is outside most often, with {low:.4g} to {high:.4g}" in finding.message


@pytest.mark.parametrize("wire", [computed, drawn])
def test_range_is_not_looked_at_where_nobody_knows_what_arrives(wire):
    assert found(network(x=100 * X, wire=wire), "ND411") == []
    assert len(found(network(x=100 * X, seconds=0.01, wire=wire), "ND411")) == 1


@pytest.mark.parametrize("whole", [0.1, 0.01])
def test_frames_follow_one_another_as_in_tuning(whole):
    net = network(record(presentation_time=whole, frame_time=0.01), seconds=0.01)
    assert found(net, "ND411") == []
    (finding,) = found(net, "ND502")
    assert "5 frames for 10 ms each, one after another as in tuning" in finding.message
    assert finding.remedy.startswith("Show one sequence a run")


def test_frames_of_another_length_are_found_and_whole_samples_are_none():
    tuned = record(frame_time=0.01)
    (finding,) = found(network(tuned, seconds=0.004), "ND411")
    assert "frames of 10 ms, and here they last 4 ms" in finding.message
    for net in (network(tuned), network(seconds=0.01)):
        (finding,) = found(net, "ND502")
        assert "ms each, with no reset in between" in finding.message
    assert found(network(tuned), "ND411") == []


def test_time_given_in_milliseconds_is_found():
    (finding,) = found(network(seconds=100), "ND411")
    assert "if milliseconds are meant, give presentation_time=0.1" in finding.message


def test_samples_of_zeros_are_an_input_of_zeros():
    findings = check(network(x=np.zeros((5, 4))), run=0, select="ND401").findings
    assert [(f.target, f.severity) for f in findings] == [("samples", "error")]


def test_samples_are_seen_through_passthrough_nodes():
    assert len(found(network(x=100 * X, seconds=0.01, wire=through_a_node), "ND411")) == 2


@pytest.mark.parametrize("wire", [in_a_ring, from_neurons, from_nothing])
def test_stack_without_a_source_of_samples_is_judged_by_the_step_alone(wire):
    net = network(wire=wire)
    assert found(net, "ND411", build=False) == []
    assert len(found(net, "ND411", dt=0.002, build=False)) == 1


def test_what_is_another_than_was_tuned_is_found():
    net = network()
    net.stack.layers[1].ensemble.gain = 2 * net.stack.layers[1].ensemble.gain
    (finding,) = found(net, "ND411")
    assert (finding.target, finding.message) == ("stack", net.stack.altered)


def test_other_encoding_than_in_the_record_is_found():
    (finding,) = found(network(tuned=record("spikes")), "ND411")
    assert finding.message == "was tuned with encoding='spikes' and has encoding='host'"


@pytest.mark.parametrize(
    "encoding, away", [("host", ["layer2"]), ("spikes", ["layer1", "layer2"])]
)
def test_layers_that_run_on_the_host_are_found(encoding, away):
    net = network(encoding=encoding)
    nengo_loihi.add_params(net)
    for layer in net.stack.layers:
        net.config[layer.ensemble].on_chip = False
    (finding,) = found(net, "ND504")
    assert (finding.target, finding.severity) == ("stack", "warning")
    assert (finding.value, finding.limit) == (len(away), 0)
    assert ", ".join(f"stack.{name}" for name in away) in finding.message
    assert "1.4 to 1.8 times too large" in finding.message


def test_other_things_that_are_called_tuned_are_left_alone():
    with nengo.Network(seed=0) as net:
        net.tuned = "to 440 Hz"
        nengo.Ensemble(5, 1)
    for code in ("ND411", "ND504"):
        assert found(net, code) == []


def test_network_of_several_inputs_is_judged_by_the_step_alone():
    net = network(x=100 * X)
    del net.stack.input
    assert found(net, "ND411") == []
    assert len(found(net, "ND411", dt=0.002)) == 1


def test_stack_that_is_itself_checked_is_found():
    stack = network().stack
    nengo_loihi.add_params(stack)
    stack.config[stack.layers[1].ensemble].on_chip = False
    assert len(found(stack, "ND504")) == 1


def test_layers_of_a_graph_belong_where_they_were():
    """Two layers on the host, of which the first in order is on the chip."""
    matrix = np.full((3, 4), 0.2)
    graph = DenseGraph(
        {"input": 4},
        [
            GraphLayer("a", {"input": matrix}),
            GraphLayer("b", {"input": matrix}, on_chip=False),
            GraphLayer("c", {"input": matrix}, on_chip=False),
        ],
        {"output": GraphOutput({"a": np.eye(3), "b": np.eye(3), "c": np.eye(3)})},
        tuned=record(),
        label="graph",
    )
    assert found(graph, "ND504") == []
    nengo_loihi.add_params(graph)
    graph.config[graph.layers[0].ensemble].on_chip = False
    (finding,) = found(graph, "ND504")
    assert finding.value == 1
    assert "but a runs on the host" in finding.message


@pytest.mark.parametrize(
    "seconds, tuned, severity",
    [(0.05, True, "info"), (0.05, None, "warning"), (0.1, True, "warning")],
)
def test_host_neurons_above_one_spike_a_step_are_left_if_tuning_counted_on_it(
    seconds, tuned, severity
):
    made = tuned and record(presentation_time=seconds)
    net = network(made, x=np.full((1, 4), 0.9), seconds=seconds, max_rate=[3000, 250])
    (finding,) = found(net, "ND407", run=0.1)
    assert finding.severity == severity
    assert ("tuning counted the spikes" in finding.remedy) == (severity == "info")


def test_fast_rates_are_told_unless_they_were_tuned_for_this_length():
    def rates(tuned, seconds=0.1):
        net = network(tuned, x=np.full((1, 4), 0.6), seconds=seconds, max_rate=[250, 300])
        return found(net, "ND406", run=0.1)

    assert len(rates(None)) == 1
    assert rates(True) == []
    assert len(rates(True, seconds=0.01)) == 1


def test_rates_of_ensembles_that_represent_values_are_mended_in_their_words():
    with nengo.Network(seed=0) as net:
        ensemble = nengo.Ensemble(20, 1, max_rates=nengo.dists.Choice([400]), label="values")
        nengo.Connection(nengo.Node([1.0]), ensemble)
    (finding,) = found(net, "ND406", run=0.1)
    assert "take more neurons, or multiply max_rates by" in finding.remedy
    assert "convert" not in finding.remedy
