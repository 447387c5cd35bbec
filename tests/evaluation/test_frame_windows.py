"""Answers of frames, read when their spikes have come through, against one simulation each."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nengo_dense.evaluation import decision_curve, evaluate, predict
from nengo_dense.layers import DenseStack
from nengo_dense.layers.source import with_source

LENGTHS = np.array([5, 1, 3, 5, 2, 4, 1])
N, FRAMES = len(LENGTHS), 5


def make_stack(encoding="host", synapse=None):
    rng = np.random.RandomState(0)
    weights = [rng.randn(20, 5) / 2, rng.randn(12, 20) / 3, rng.randn(3, 12) / 3]
    synapses = [0.002] * (2 if encoding == "spikes" else 1) + [synapse]
    settings = {"weights": weights, "readout": "linear", "synapse": synapses, "seed": 1}
    settings["biases"] = [np.full(n, 0.3) for n in (20, 12, 3)]
    if encoding == "spikes":
        settings["encoder"] = {"max_rate": 1000.0}
    return DenseStack([20, 12, 3], 5, encoding=encoding, max_rate=1000.0, **settings)


@pytest.fixture
def parts(rng):
    return [rng.uniform(-1, 1, (n, 5)) for n in LENGTHS]


def by_hand(network, part, steps, delay, target):
    """Simulate a sequence alone; average what its frames give, so many steps later."""
    inputs = np.concatenate([np.repeat(part, steps, axis=0), np.repeat(part[-1:], delay, axis=0)])
    whole, _ = with_source(network, nengo.processes.PresentInput(inputs, 0.001))
    with whole:
        nodes = getattr(network, "readouts", None) or {"y": network.logits}
        probes = [nengo.Probe(node) for node in nodes.values()]
    make = nengo.Simulator if target == "nengo" else nengo_loihi.Simulator
    with make(whole, progress_bar=False) as sim:
        sim.run_steps(len(inputs))
        logits = np.concatenate([sim.data[probe] for probe in probes], axis=1)
    first, means = steps // 10, []  # the first tenth is not read
    for start in range(delay, delay + len(part) * steps, steps):
        sums = np.cumsum(logits[start : start + steps], axis=0)
        before = sums[first - 1] if first else 0
        means.append((sums[-1] - before) / (steps - first))
    return np.array(means)


def times(steps):
    return {"presentation_time": FRAMES * steps / 1000, "progress_bar": False, "per_frame": True}


@pytest.mark.filterwarnings("ignore:.*fire in nearly every step:UserWarning")  # made to be fast
@pytest.mark.parametrize(
    ("encoding", "synapse", "target", "delay", "steps"),
    [  # each way with frames shorter than the delay, and with some as long or longer
        (*way, steps)
        # populations, and a step for each synapse in which the first half of a spike comes
        for way, frames in (
            (("host", None, "sim", 2 + 1), (1, 2, 5, 12)),
            (("host", 0.002, "sim", 3 + 2), (1, 5)),
            (("spikes", None, "sim", 3 + 2), (2, 12)),
            (("chip", None, "sim", 3 + 1 + 3), (1, 12)),
            (("host", None, "nengo", 1 + 1), (1, 5)),
            (("spikes", None, "nengo", 2 + 2), (2, 5)),
        )
        for steps in frames
    ],
)
def test_frames_are_answered_so_many_steps_later(parts, encoding, synapse, target, delay, steps):
    stack = make_stack(encoding, synapse)
    expected = [by_hand(stack, part, steps, delay, target) for part in parts]
    how = {"target": target, **times(steps)}
    for size in (1000, 3, 1):
        found = predict(stack, parts, minibatch_size=size, **how)
        for ours, theirs in zip(found, expected, strict=True):
            assert_array_equal(ours, theirs)
    y = [one + 1 for one in expected]
    result = evaluate(stack, parts, y, **how)
    assert_array_equal(result.outputs, np.concatenate(expected))
    assert result.latency == pytest.approx((steps + delay) / 1000)
    assert result.to_dict()["sequences"]["delay"] == delay
    if target == "sim":
        assert result.cost.latency(0.001) == pytest.approx(result.latency)
        # all of a sequence, until its last answer
        every = (LENGTHS * steps + delay).sum() / LENGTHS.sum()
        on_chip = 12 + 20 * (encoding != "host")
        assert result.energy.neuron_updates == pytest.approx(on_chip * every)


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize(("encoding", "delay"), [("host", 3 + 2), ("spikes", 4 + 3)])
def test_ways_of_different_length_are_read_at_the_time_of_the_longest(
    make_graph, parts, encoding, delay, steps
):
    graph = make_graph(encoding, seed=1)
    expected = [by_hand(graph, part, steps, delay, "sim") for part in parts]
    graph_logits = predict(graph, parts, **times(steps))["value"]
    for ours, theirs in zip(graph_logits, expected, strict=True):
        assert_array_equal(ours, theirs[:, 3:])


def test_processes_and_order_do_not_matter(parts):
    stack = make_stack()
    one = predict(stack, parts, **times(2))
    two = predict(stack, parts, n_jobs=2, **times(2))
    back = predict(stack, parts[::-1], **times(2))
    for ours, theirs, turned in zip(one, two, back[::-1], strict=True):
        assert_array_equal(ours, theirs)
        assert_array_equal(ours, turned)


def test_parts_of_a_run_are_its_whole(parts, monkeypatch):
    whole = predict(make_stack(), parts, **times(30))
    monkeypatch.setattr("nengo_dense.evaluation.succession.SHOWN_BYTES", 1)
    for ours, theirs in zip(predict(make_stack(), parts, **times(30)), whole, strict=True):
        assert_array_equal(ours, theirs)


def test_spikes_are_those_of_all_steps_until_the_last_answer(parts):
    stack, counts = make_stack(), np.zeros(2)
    for part in parts:
        inputs = np.concatenate([np.repeat(part, 4, axis=0), np.repeat(part[-1:], 3, axis=0)])
        whole, _ = with_source(stack, nengo.processes.PresentInput(inputs, 0.001))
        with whole:
            probes = [nengo.Probe(layer.neurons) for layer in stack.layers]
        with nengo_loihi.Simulator(whole, progress_bar=False) as sim:
            sim.run_steps(len(inputs))
            counts += [sim.data[probe].sum() for probe in probes]  # of height 1
    y = [np.zeros((n, 3)) for n in LENGTHS]
    result = evaluate(stack, parts, y, task="regression", **times(4))
    spikes = [layer.spikes * LENGTHS.sum() for layer in result.layers]
    assert spikes == pytest.approx(counts.tolist())


def test_early_answers_come_later_too(parts):
    y = [np.arange(n) % 3 for n in LENGTHS]
    stack = make_stack()
    stack.classes = np.arange(3)
    result = evaluate(stack, parts, y, task="classification", **times(4))
    early = result.at_deadline(0.006)
    assert_array_equal(early.predictions, result.predictions_over_time[:, 2])
    assert early.latency == pytest.approx(0.006)
    assert result.at_deadline(result.latency).accuracy == result.accuracy
    (over_time,) = [axes for axes in result.plot().axes if axes.get_xlabel() == "time (ms)"]
    assert_array_equal(over_time.lines[0].get_xdata().round(9), [4, 5, 6, 7])
    curve = decision_curve(stack, parts, y, calibration=(parts, y), **times(4)).plot()
    curve.draw_without_rendering()
    (axes,) = curve.axes
    (energy,) = axes.child_axes
    # no energy until 3 ms, and from there on as much as there is of all steps by 7 ms
    whole = 1e6 * result.energy.joules / 4
    wanted = (np.array(axes.get_xlim()) - 3) * whole
    assert energy.get_xlim() == pytest.approx(wanted)
    with pytest.raises(nengo.exceptions.ValidationError, match="must be at least 4 steps"):
        result.at_deadline(0.003)
