"""Samples that change while they are shown."""

import nengo
import nengo_loihi
import numpy as np
import pytest
from data_frame import Frame
from nengo.exceptions import ValidationError
from numpy.testing import assert_array_equal

from nengo_dense.evaluation import evaluate, predict
from nengo_dense.evaluation.ladder_samples import mean_logits
from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.layers import DenseGraph, DenseStack, GraphLayer, GraphOutput
from nengo_dense.layers.source import with_source
from nengo_dense.sequence import Sequences, join

N, FRAMES, STEPS = 7, 6, 5
LENGTHS = np.array([6, 2, 5, 6, 1, 3, 2])
TIMES = {"presentation_time": FRAMES * STEPS / 1000, "progress_bar": False}


def make(readout="linear", **options):
    rng = np.random.RandomState(0)
    weights = [rng.randn(20, 4) / 2, rng.randn(12, 20) / 3, rng.randn(3, 12) / 3]
    return DenseStack([20, 12, 3], 4, weights=weights, seed=1, readout=readout, **options)


@pytest.fixture
def x(rng):
    return rng.uniform(-1, 1, (N, FRAMES, 4))


def ragged(x):
    return [one[:length] for one, length in zip(x, LENGTHS, strict=True)]


def in_nengo_loihi(stack, frames, steps):
    """Run nengo-loihi's own simulator on one sequence; return logits and spikes a layer."""
    shown = nengo.processes.PresentInput(frames, steps / 1000)
    network, _ = with_source(stack, shown)
    with network:
        probe = nengo.Probe(stack.logits)
        spikes = [nengo.Probe(layer.neurons) for layer in stack.layers]
    with nengo_loihi.Simulator(network, progress_bar=False) as sim:
        sim.run_steps(len(frames) * steps)
        # a spike's height is 1 / max_rate / dt, and a neuron on the host may spike twice a step
        heights = [layer.max_rate * 0.001 for layer in stack.layers]
        counts = [sim.data[p].sum() * h for p, h in zip(spikes, heights, strict=True)]
        return sim.data[probe], counts


def last_mean(logits):
    ((_, means),) = RunningWindow(1, len(logits), logits.shape[1]).add(logits[None])
    return means[0, -1]


@pytest.mark.parametrize("target", ["sim", "nengo"])
def test_a_sequence_that_does_not_change_is_a_sample(x, target):
    stack, still = make("softmax"), x[:, 0]
    repeated = np.repeat(still[:, None], FRAMES, axis=1)
    y = np.arange(N) % 3
    one = evaluate(stack, still, y, target=target, **TIMES)
    other = evaluate(stack, repeated, y, target=target, **TIMES)
    assert_array_equal(one.answers_over_time, other.answers_over_time)
    for layer, same in zip(one.layers, other.layers, strict=True):
        assert_array_equal(layer.rates, same.rates)
    assert one.energy == other.energy


@pytest.mark.filterwarnings("ignore:The shortest sequence is shown for 1 step,")
@pytest.mark.parametrize("steps", [1, STEPS])
def test_ends_apart_are_what_nengo_loihi_does_with_each_alone(x, steps):
    # fast neurons, which spike within few steps
    stack, parts = make(max_rate=1000.0, synapse=0.001), ragged(x)
    y = np.full((N, 3), 0.5)
    time = FRAMES * steps / 1000
    result = evaluate(stack, parts, y, presentation_time=time, progress_bar=False)
    fired = np.zeros(2)
    for i, part in enumerate(parts):
        logits, counts = in_nengo_loihi(stack, part, steps)
        assert_array_equal(result.outputs[i], last_mean(logits))
        fired += counts
    assert [layer.spikes * N for layer in result.layers] == pytest.approx(fired.tolist())
    assert result.energy.neuron_updates == pytest.approx(12 * LENGTHS.mean() * steps)
    assert_array_equal(
        predict(stack, parts, presentation_time=time, progress_bar=False), result.outputs
    )


def test_a_mask_says_what_a_list_says(x):
    stack = make()
    mask = np.arange(FRAMES) < LENGTHS[:, None]
    padded = np.where(mask[..., None], x, np.nan)
    assert_array_equal(
        predict(stack, padded, mask=mask, **TIMES), predict(stack, ragged(x), **TIMES)
    )


@pytest.mark.parametrize("size", [1, 3])
def test_batches_and_order_do_not_matter(x, size):
    stack, parts = make("softmax"), ragged(x)
    y = np.arange(N) % 3
    whole = evaluate(stack, parts, y, **TIMES)
    divided = evaluate(stack, parts, y, minibatch_size=size, **TIMES)
    assert_array_equal(whole.answers_over_time, divided.answers_over_time)
    assert whole.energy.joules == pytest.approx(divided.energy.joules)
    back = evaluate(stack, parts[::-1], y[::-1], **TIMES)
    assert_array_equal(whole.answers_over_time, back.answers_over_time[::-1])


def test_an_answer_stays_after_the_end(x):
    result = evaluate(make("softmax"), ragged(x), np.arange(N) % 3, **TIMES)
    for answers, length in zip(result.answers_over_time, LENGTHS * STEPS, strict=True):
        assert (answers[length - 1 :] == answers[length - 1]).all()


def test_every_frame_has_an_answer_when_its_spikes_have_come_through(x):
    stack, parts = make(), ragged(x)
    found = predict(stack, parts, per_frame=True, **TIMES)
    assert [len(part) for part in found] == LENGTHS.tolist()
    for part, outputs in zip(parts, found, strict=True):
        logits, _ = in_nengo_loihi(stack, np.concatenate([part, part[-1:], part[-1:]]), STEPS)
        late = 3 + 2 * 3  # populations and a synapse at the readout; two synapses of 5 ms
        frames = logits[late : late + len(part) * STEPS].reshape(len(part), STEPS, -1)
        assert_array_equal(outputs, [last_mean(frame) for frame in frames])
    y = [rows + 1 for rows in found]
    result = evaluate(stack, parts, y, per_frame=True, **TIMES)
    assert_array_equal(result.outputs, np.concatenate(found))
    assert result.mae == pytest.approx(1)
    assert result.n == LENGTHS.sum()
    whole = predict(stack, x, per_frame=True, **TIMES)
    assert whole.shape == (N, FRAMES, 3)


def test_weights_of_sequences_are_those_of_their_frames(x):
    stack, parts = make("softmax"), ragged(x)
    y = [np.zeros(length, int) for length in LENGTHS]
    weights = np.arange(1.0, N + 1)
    options = {"per_frame": True, **TIMES}
    one = evaluate(stack, parts, y, sample_weight=weights, **options)
    each = [np.full(length, w) for length, w in zip(LENGTHS, weights, strict=True)]
    other = evaluate(stack, parts, y, sample_weight=each, **options)
    assert one.metrics == other.metrics
    assert_array_equal(one.sample_weight, np.concatenate(each))


def test_tables_have_a_row_for_each_sequence_or_frame(x):
    one_hot, whole = np.eye(3)[Y], make("softmax", classes=["a", "b", "c"])
    found = evaluate(whole, x, Frame(["a", "b", "c"], one_hot), **TIMES)
    assert_array_equal(found.truth, Y)
    every = np.arange(N * FRAMES).reshape(N, FRAMES) % 3
    found = evaluate(make("softmax"), x, Frame(range(FRAMES), every), per_frame=True, **TIMES)
    assert_array_equal(found.truth, every.ravel())


def test_columns_of_tables_of_frames_are_found_by_name(x):
    stack, y = make("softmax", classes=["a", "b", "c"]), [np.arange(n) % 3 for n in LENGTHS]
    turned = [Frame(["c", "a", "b"], np.eye(3)[part][:, [2, 0, 1]]) for part in y]
    found = evaluate(stack, ragged(x), turned, per_frame=True, **TIMES)
    assert_array_equal(found.truth, np.concatenate(y))
    turned[2] = Frame(["a", "c", "b"], turned[2].rows)
    with pytest.raises(ValidationError, match=r"'c', 'a', 'b' at first, and .* for sequence 2"):
        evaluate(stack, ragged(x), turned, per_frame=True, **TIMES)


def test_results_say_what_was_shown(x):
    stack, y = make("softmax"), np.arange(N) % 3
    assert "on 7 sequences of 6 frames, 5 ms each, target" in repr(evaluate(stack, x, y, **TIMES))
    result = evaluate(stack, ragged(x), y, **TIMES)
    assert "on 7 sequences of up to 6 frames, 5 ms each" in result.summary()
    assert result.to_dict()["sequences"]["mean_length"] == LENGTHS.mean()
    assert len(result.replay.show(1).outputs) == 2 * STEPS
    assert_array_equal(result.replay.show(1).outputs[-1].argmax(), result.answers[1])
    by_frame = evaluate(stack, x, np.zeros((N, FRAMES), int), per_frame=True, **TIMES)
    assert "on 42 frames of 7 sequences, 5 ms each, target" in repr(by_frame)
    with pytest.raises(ValidationError, match="are frames of sequences"):
        by_frame.raster(0)


def test_means_over_frames_are_those_of_the_readout(x):
    """What a source answers for a sequence is averaged as what its copy on the chip answers."""
    sequences = Sequences.read(ragged(x), 4)
    logits = np.random.RandomState(3).randn(sequences.n_rows, 2)
    means = mean_logits(sequences, logits, STEPS)
    first = 0
    for mean, length in zip(means, LENGTHS, strict=True):
        steps = np.repeat(logits[first : first + length], STEPS, axis=0)
        np.testing.assert_allclose(mean, last_mean(steps), rtol=1e-12)
        first += length


Y = np.arange(N) % 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": lambda x: [*x[:-1], x[-1, :, :3]]}, "x: "),
        ({"mask": np.ones((N, 2))}, r"mask: must have shape \(7, 6\), 1 for the frames"),
        ({"mask": np.eye(N, FRAMES)}, "sequence 1 has frames after its end"),
        ({"mask": np.zeros((N, FRAMES))}, "sequence 0 has no frame"),
        ({"mask": np.full((N, FRAMES), 2)}, "1 for the frames of a sequence and 0 after"),
        ({"x": lambda x: x[:, 0], "mask": np.ones((N, 1))}, r"mask: goes with sequences"),
        ({"x": ragged, "mask": np.ones((N, 6))}, "a list of sequences says their ends"),
        (
            {"x": lambda x: x[:, 0], "per_frame": True},
            r"per_frame: .* \(7, .*x\[np.newaxis\] is one",
        ),
        ({"x": lambda x: np.where(x > 0.9, np.nan, x)}, "NaN or infinite values in sequence"),
        ({"x": lambda x: x[:, :0]}, "x: must have at least one sequence and one frame, got"),
        ({"presentation_time": 0.02}, r"20 steps cannot be divided among 6 .*0.018 or 0.024 can"),
        ({"presentation_time": 0.003, "per_frame": True}, r"of 1 or more whole steps; 0.006 can"),
        ({"reset": False}, "reset: must be True for sequences"),
        ({"gap": 0.01}, "gap: goes with reset=False"),
        ({"y": np.zeros((N, FRAMES, 3))}, "y: has a value for each frame; give per_frame=True"),
        ({"y": [np.zeros(length) for length in LENGTHS]}, "y: "),
        ({"per_frame": True}, r"for each frame of each of 7 sequences, got shape \(7,\)"),
        (
            {"per_frame": True, "y": [np.zeros(1, int)] * N},
            r"each frame of each of 7 sequences, got \(1,\) for sequence 0 of 6",
        ),
        (
            {"per_frame": True, "x": ragged, "y": [np.zeros(n + 1, int) for n in LENGTHS]},
            r"each frame of each of 7 sequences, got \(7,\) for sequence 0 of 6",
        ),
        ({"x": lambda x: x.astype(str)}, "x: must be numbers, got texts such as "),
        ({"x": lambda x: x + 1j}, "x: must be numbers, got complex values such as "),
        ({"x": lambda x: (9 * x).astype("M8[s]")}, "x: must be numbers, got dates such as "),
        ({"x": lambda x: ragged(x.astype(str))}, "x: must be numbers, got texts such as "),
        ({"x": lambda x: np.full(x.shape, 10**400)}, "x: must be numbers that a float can hold"),
        ({"x": ragged, "decision": "margin"}, "'margin' goes with sequences that are all as long"),
        ({"x": ragged, "per_frame": True, "y": np.zeros(N)}, "y: must have a value for each"),
    ],
)
def test_what_is_no_sequence_is_refused_before_anything_runs(x, change, message):
    arguments = {"y": Y, **TIMES, **change}
    shown = arguments.pop("x", lambda x: x)(x)
    with pytest.raises(ValidationError, match=message):
        evaluate(make("softmax"), shown, arguments.pop("y"), **arguments)


def test_a_margin_goes_with_sequences_that_are_all_as_long(x):
    result = evaluate(make("softmax"), x, Y, decision="margin", **TIMES)
    assert 0 < result.at_margin(0.5).latency <= TIMES["presentation_time"]


def test_inputs_of_a_graph_may_be_sequences_by_name(rng):
    layers = [GraphLayer("a", {"p": rng.randn(8, 3), "q": rng.randn(8, 2)}, on_chip=False)]
    layers.append(GraphLayer("b", {"a": rng.rand(6, 8) / 4}))
    graph = DenseGraph(
        {"p": 3, "q": 2}, layers, {"y": GraphOutput({"b": rng.randn(2, 6)})}, seed=0
    )
    x = {"p": rng.uniform(-1, 1, (4, 6, 3)), "q": rng.uniform(-1, 1, (4, 6, 2))}
    joined = np.concatenate([x["p"], x["q"]], axis=2)
    assert_array_equal(predict(graph, x, **TIMES), predict(graph, joined, **TIMES))
    parts = {
        name: [one[:n] for one, n in zip(part, (6, 2, 3, 6), strict=True)]
        for name, part in x.items()
    }
    ends = [one[:n] for one, n in zip(joined, (6, 2, 3, 6), strict=True)]
    assert_array_equal(predict(graph, parts, **TIMES), predict(graph, ends, **TIMES))
    for q in (x["q"][:, 0], parts["q"]):
        with pytest.raises(ValidationError, match="as many sequences and frames for each input"):
            predict(graph, {**x, "q": q}, **TIMES)
    for q in (list(x["q"]), parts["q"][::-1], parts["q"][:3]):
        with pytest.raises(
            ValidationError, match="those of q end at other frames than those of p"
        ):
            predict(graph, {**parts, "q": q}, **TIMES)
    with pytest.raises(ValidationError, match="p: must be numbers, got dates such as"):
        predict(graph, {**x, "p": (9 * x["p"]).astype("M8[s]")}, **TIMES)


def test_an_array_of_arrays_is_a_list(x):
    parts = np.empty(N, dtype=object)
    parts[:] = ragged(x)
    stack = make()
    assert_array_equal(predict(stack, parts, **TIMES), predict(stack, ragged(x), **TIMES))
    for i, part in enumerate(x):  # all as long
        parts[i] = part
    assert_array_equal(predict(stack, parts, **TIMES), predict(stack, x, **TIMES))


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")  # torch says
def test_nested_tensors_are_told_how_to_be_given():
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    nested = torch.nested.nested_tensor([torch.ones(3, 2), torch.ones(1, 2)])
    with pytest.raises(ValidationError, match="x: is a nested tensor"):
        Sequences.read(nested, 2)
    with pytest.raises(ValidationError, match="a: is a nested tensor"):
        join({"a": nested, "b": nested}, {"a": 2, "b": 2})
    assert Sequences.read(list(nested.unbind()), 2).lengths.tolist() == [3, 1]
