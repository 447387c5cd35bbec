"""ND404: silence is an error where it shuts the way to an output, a warning elsewhere."""

import nengo
import numpy as np
import pytest
from nengo.dists import Choice

import nengo_dense
from nengo_dense.checks import check

RELU = nengo.SpikingRectifiedLinear(amplitude=0.01, initial_state={"voltage": Choice([0])})
SOUND, TOO_SMALL = 0.3, 1e-3
XOR = [np.ones((4, 2)), np.ones((3, 4))]


class Sketch(nengo.Network):
    """source -> first, and whatever is drawn behind it; every layer has 5 neurons."""

    def __init__(self, **kwargs):
        super().__init__(seed=0, add_to_container=False, **kwargs)
        with self:
            self.source = nengo.Node(np.full(5, 0.5), label="source")
            self.first = self.layer("first")
            nengo.Connection(self.source, self.first.neurons, transform=np.eye(5))

    def layer(self, label):
        with self:
            return nengo.Ensemble(
                5, 1, label=label, neuron_type=RELU, gain=Choice([100]), bias=Choice([0])
            )

    def node(self, label):
        with self:
            return nengo.Node(lambda t, x: None, size_in=5, label=label)

    def link(self, pre, post, weight=SOUND):
        with self:
            pre, post = (getattr(obj, "neurons", obj) for obj in (pre, post))
            nengo.Connection(pre, post, transform=np.full((5, 5), weight))

    def found(self, seconds=0.05):
        report = check(self, run=seconds, select=["ND404", "ND100"])
        assert not report.problems
        return {f.target: f for f in report.findings}


def severities(found):
    return {target: finding.severity for target, finding in found.items()}


def test_silent_layer_on_the_only_way_is_an_error_and_names_the_output():
    net = Sketch()
    second, out = net.layer("second"), net.node("out")
    net.link(net.first, second, TOO_SMALL)
    net.link(second, out)
    found = net.found()
    assert severities(found) == {"second": "error"}
    assert found["second"].message.endswith("; nothing reaches out")


@pytest.mark.parametrize(
    "weight, cause",
    [
        (TOO_SMALL, "its input never reaches the threshold (largest weight "),
        (-SOUND, "all of its weights are negative"),
        (0.0, "all of its weights are zero"),
    ],
)
def test_cause_of_silence_is_told(weight, cause):
    net = Sketch()
    net.link(net.first, net.layer("last"), weight)
    assert cause in net.found()["last"].message


@pytest.mark.parametrize("first, severity", [([0, 0], "warning"), ([1e-5, 0], "error")])
def test_first_samples_of_zeros_say_nothing_of_a_layer(first, severity):
    with nengo.Network(seed=0) as net:
        net.add(stack := nengo_dense.DenseStack([4, 3], 2, weights=XOR, encoding="spikes", seed=0))
        samples = nengo.processes.PresentInput([first, [0, 1]], 0.05)
        nengo.Connection(nengo.Node(samples), stack.input, synapse=None)
    (found,) = check(net, run=0.05, select=["ND404"]).findings
    assert found.severity == severity
    assert ("samples shown in this time are all zeros" in found.message) == (not any(first))
    assert ("run=1" in found.remedy) == (not any(first))
    assert not check(net, run=1, select=["ND404"]).findings


def test_silent_output_is_an_error():
    net = Sketch()
    net.link(net.first, net.layer("last"), TOO_SMALL)
    found = net.found()
    assert severities(found) == {"last": "error"}
    assert "nothing reaches" not in found["last"].message


def test_layers_behind_a_silent_one_say_which_to_repair():
    net = Sketch()
    second, third = net.layer("second"), net.layer("third")
    net.link(net.first, second, TOO_SMALL)
    net.link(second, third)
    found = net.found()
    assert severities(found) == {"second": "error", "third": "error"}
    assert "its input, second, is silent" in found["third"].message
    assert found["third"].remedy == "Repair that first."


def test_output_of_the_other_head_does_not_count():
    net = Sketch()
    good, bad = net.layer("good"), net.layer("bad")
    net.link(net.first, good)
    net.link(net.first, bad, TOO_SMALL)
    net.link(good, net.node("answer"))
    net.link(bad, net.node("question"))
    found = net.found()
    assert severities(found) == {"bad": "error"}
    assert found["bad"].message.endswith("; nothing reaches question")


def test_side_way_beside_an_open_one_is_a_warning():
    net = Sketch()
    open_, side, out = net.layer("open"), net.layer("side"), net.node("out")
    net.link(net.first, open_)
    net.link(net.first, side, TOO_SMALL)
    net.link(open_, out)
    net.link(side, out)
    found = net.found()
    assert severities(found) == {"side": "warning"}
    assert found["side"].message.endswith("; every output is reached by another path")
    assert found["side"].remedy.startswith("If it is not silent by design (selection, inhibition)")


def test_all_ways_shut_together_is_an_error_of_each():
    net = Sketch()
    left, right, out = net.layer("left"), net.layer("right"), net.node("out")
    for layer in (left, right):
        net.link(net.first, layer, TOO_SMALL)
        net.link(layer, out)
    assert severities(net.found()) == {"left": "error", "right": "error"}


def test_way_over_the_host_alone_opens_nothing():
    net = Sketch()
    second, out = net.layer("second"), net.node("out")
    net.link(net.first, second, TOO_SMALL)
    net.link(second, out)
    with net:
        nengo.Connection(net.source, out)
        nengo.Connection(nengo.Node([1.0]), out, transform=np.ones((5, 1)))
    assert severities(net.found()) == {"second": "error"}


def test_layer_that_nothing_is_connected_to_is_an_error_if_it_feeds_an_output():
    net = Sketch()
    forgotten = net.layer("forgotten")
    net.link(forgotten, net.node("out"))
    found = net.found()
    assert severities(found) == {"forgotten": "error"}
    assert "it has no input" in found["forgotten"].message


def test_layer_that_is_linked_to_nothing_is_a_warning():
    net = Sketch()
    net.layer("idle")
    assert severities(net.found()) == {"idle": "warning"}


def gated(*, answer):
    """Both layers behind ``first`` meet in ``held``: one excites it, one holds it down."""
    net = Sketch()
    relay, gate, held = net.layer("relay"), net.layer("gate"), net.layer("held")
    net.link(net.first, relay)
    net.link(net.first, gate)
    net.link(relay, held)
    net.link(gate, held, -3.0)
    net.link(held, net.node("out"))
    if answer:
        net.link(relay, net.node("answer"))
    return net.found()


def test_layer_that_another_holds_down_is_a_warning():
    assert severities(gated(answer=True)) == {"held": "warning"}


def test_layer_that_another_holds_down_is_an_error_where_nothing_else_is_reached():
    found = gated(answer=False)
    assert "its input never reaches the threshold" in found["held"].message
    assert severities(found) == {"held": "error"}


def test_recurrent_layer_is_an_output():
    net = Sketch()
    last = net.layer("last")
    net.link(net.first, last, TOO_SMALL)
    net.link(last, last)
    assert severities(net.found()) == {"last": "error"}


def test_dead_layer_of_a_stack_is_an_error():
    with nengo.Network(seed=0) as net:
        stack = nengo_dense.DenseStack([6, 5, 3], 4, seed=0, label="stack")
        nengo.Connection(nengo.Node(np.full(4, 0.5)), stack.input, synapse=None)
    weights, biases = list(stack.weights), list(stack.biases)
    stack.set_parameters([weights[0], -np.abs(weights[1]), weights[2]], biases)
    report = check(net, run=0.05)
    (found,) = [f for f in report.findings if f.code == "ND404"]
    assert (found.target, found.severity) == ("stack.layer2", "error")
    assert "nothing reaches stack." in found.message


@pytest.fixture(scope="module")
def selection():
    """Three actions, of which the second is chosen."""
    with nengo.Network(seed=0) as net:
        utility = nengo.Node([0.3, 0.8, 0.4], label="utility")
        net.config[nengo.Ensemble].neuron_type = nengo.LIF(initial_state={"voltage": Choice([0])})
        basal_ganglia = nengo.networks.BasalGanglia(3, n_neurons_per_ensemble=20)
        thalamus = nengo.networks.Thalamus(3)
        nengo.Connection(utility, basal_ganglia.input, synapse=None)
        nengo.Connection(basal_ganglia.output, thalamus.input)
        net.chosen = nengo.Probe(thalamus.output, synapse=0.01)
        net.spikes = {ens.label: nengo.Probe(ens.neurons) for ens in net.all_ensembles}
    return net


def test_populations_that_are_not_chosen_are_warnings_and_silent_in_nengo_too(selection):
    report = check(selection, run=0.1)
    assert not report.count("error")
    silent = [f.target.rpartition(".")[2] for f in report.findings if f.code == "ND404"]
    assert silent == ["Striatal D2 neurons_0"]
    with nengo.Simulator(selection, progress_bar=False) as sim:
        sim.run(0.1)
    assert sim.data[selection.chosen][-1].argmax() == 1
    for label in silent:
        assert not sim.data[selection.spikes[label]].any()
