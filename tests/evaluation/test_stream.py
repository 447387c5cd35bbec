import warnings

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation import decision_curve, evaluate, predict
from nengo_dense.evaluation.decision import decide_over_time
from nengo_dense.evaluation.stream import Stream
from nengo_dense.layers import DenseStack
from nengo_dense.layers.source import with_source


@pytest.fixture
def stack(rng):
    weights = [rng.randn(20, 6) / 2, rng.randn(12, 20) / 3, rng.randn(4, 12) / 3]
    return DenseStack([20, 12, 4], 6, weights=weights, seed=1)


@pytest.fixture
def data(rng):
    return rng.uniform(-1, 1, size=(60, 6)), rng.randint(4, size=60)


def by_hand(stack, x, n_steps, gap, delay, target="sim"):
    """Simulate one stream; return the logits in each sample's window, so late, and the spikes."""
    rows = [np.concatenate([np.repeat([one], n_steps, 0), np.zeros((gap, 6))]) for one in x]
    after = rows[-1][-1:]  # nothing after a gap, and else the last sample on
    inputs = np.concatenate([*rows, np.repeat(after, max(delay - gap, 0), axis=0)])
    network, _ = with_source(stack, nengo.processes.PresentInput(inputs, 0.001))
    with network:
        probe = nengo.Probe(stack.logits)
        spikes = [nengo.Probe(layer.neurons) for layer in stack.layers]
    make = nengo.Simulator if target == "nengo" else nengo_loihi.Simulator
    with make(network, progress_bar=False) as sim:
        sim.run_steps(len(inputs))
        heights = [1000 / layer.max_rate for layer in stack.layers]
        counts = [sim.data[p].sum(axis=0) / h for p, h in zip(spikes, heights, strict=True)]
        begins = np.arange(len(x)) * (n_steps + gap) + delay
        return np.stack([sim.data[probe][b : b + n_steps] for b in begins]), counts


def means_of(logits):
    """Average what is read of each window, all but its first tenth."""
    steps = logits.shape[1]
    first = steps // 10
    sums = np.cumsum(logits, axis=1)
    return (sums[:, -1] - (sums[:, first - 1] if first else 0)) / (steps - first)


# populations, and a step for each synapse of 5 ms in which the first half of a spike comes
@pytest.mark.parametrize(
    ("encoding", "delay"),
    [("host", 3 + 2 * 3), ("spikes", 4 + 3 * 3), ("chip", 3 + 1 + 2 * 3 + 3)],
)
def test_equals_nengo_loihi_fed_by_present_input(stack, data, encoding, delay):
    x, y = data
    arguments = {**stack.arguments(), "encoding": encoding}
    if encoding != "host":
        arguments["neuron_type"] = nengo.SpikingRectifiedLinear()
    if encoding == "spikes":
        arguments["synapse"] = 0.005
    stack = DenseStack(**arguments)
    logits, counts = by_hand(stack, x, 20, 0, delay)
    result = evaluate(
        stack, x, y, presentation_time=0.02, reset=False, minibatch_size=1, progress_bar=False
    )
    assert result.stream.n_streams == 1
    assert result.delay == delay
    np.testing.assert_array_equal(result.answers_over_time, decide_over_time(logits))
    for layer, count in zip(result.layers[-2:], counts[-2:], strict=True):
        np.testing.assert_allclose(layer.rates, count / (60 * 0.02 + delay / 1000), rtol=1e-12)


@pytest.mark.parametrize("gap", [2, 20])
def test_a_gap_is_a_presentation_of_zeros(stack, data, gap):
    x, y = data
    logits, counts = by_hand(stack, x, 20, gap, 9)
    result = evaluate(
        stack,
        x,
        y,
        presentation_time=0.02,
        reset=False,
        gap=gap / 1000,
        minibatch_size=1,
        progress_bar=False,
    )
    np.testing.assert_array_equal(result.answers_over_time, decide_over_time(logits))
    assert result.layers[-1].spikes == pytest.approx(counts[-1].sum() / 60)
    every = 20 + gap + max(9 - gap, 0) / 60
    assert result.energy.neuron_updates == pytest.approx(12 * every)
    assert f"20 ms each and {gap} ms between, without a reset" in result.summary()
    assert result.to_dict()["gap"] == gap / 1000


@pytest.fixture
def fast():
    """Make stacks whose values say when spikes come, of which any late one changes them."""
    rng = np.random.RandomState(0)
    weights = [rng.randn(20, 6) / 2, rng.randn(12, 20) / 3, rng.randn(3, 12) / 3]
    biases = [np.full(n, 0.3) for n in (20, 12, 3)]
    shared = {"weights": weights, "biases": biases, "readout": "linear", "max_rate": 1000.0}
    return lambda encoding: DenseStack(
        [20, 12, 3],
        6,
        encoding=encoding,
        synapse=[0.002] * (2 if encoding == "spikes" else 1) + [None],
        encoder={"max_rate": 1000.0} if encoding == "spikes" else None,
        seed=1,
        **shared,
    )


@pytest.mark.filterwarnings("ignore:.*fire in nearly every step:UserWarning")  # made to be fast
@pytest.mark.parametrize(
    ("encoding", "target", "delay", "steps", "gap"),
    [  # each way with no gap, a shorter one than the delay, and as long a one or a longer
        (*way, *shown)
        for way, times in (
            (("host", "sim", 2 + 1), [(1, 0), (1, 1), (2, 1), (1, 7), (5, 0), (12, 20), (60, 1)]),
            (("spikes", "sim", 3 + 2), [(1, 0), (2, 1), (5, 4), (12, 20), (60, 0)]),
            (("chip", "sim", 3 + 1 + 3), [(1, 0), (1, 1), (1, 7), (5, 4), (60, 0), (60, 1)]),
            (("host", "nengo", 1 + 1), [(1, 0), (1, 1), (1, 7), (5, 0)]),
            (("spikes", "nengo", 2 + 2), [(1, 0), (2, 1), (5, 4), (12, 20)]),
        )
        for shown in times
    ],
)
def test_samples_are_read_when_their_spikes_have_come_through(
    fast, rng, monkeypatch, encoding, target, delay, steps, gap
):
    """Of streams of different lengths, each of them simulated alone."""
    monkeypatch.setattr("nengo_dense.evaluation.stream.LEAST_SAMPLES", 4)
    stack, order = fast(encoding), rng.permutation(14)
    x = rng.uniform(-1, 1, size=(14, 6))
    expected, fired = np.zeros((14, 3)), 0.0
    for part in (order[:5], order[5:10], order[10:]):
        logits, counts = by_hand(stack, x[part], steps, gap, delay, target)
        expected[part] = means_of(logits)
        fired += counts[-1].sum()
    how = {"presentation_time": steps / 1000, "gap": gap / 1000, "order": order, "reset": False}
    result = evaluate(stack, x, expected + 1, target=target, progress_bar=False, **how)
    assert result.stream.n_streams == 3
    np.testing.assert_array_equal(result.outputs, expected)
    np.testing.assert_allclose(result.error_over_time[-1], 1)
    assert result.latency == pytest.approx((steps + delay) / 1000)
    assert result.layers[-1].spikes * 14 == pytest.approx(fired)
    every = steps + gap + max(delay - gap, 0) * 3 / 14
    on_chip = 12 + 20 * (encoding != "host")
    if target == "sim":
        assert result.energy.neuron_updates == pytest.approx(on_chip * every)
        assert result.cost.latency(0.001) == pytest.approx(result.latency)
    assert not [note for note in result.notes if "is shown for" in note], "answers wait"


@pytest.mark.filterwarnings("ignore:.*fire in nearly every step:UserWarning")  # made to be fast
@pytest.mark.parametrize(("steps", "gap"), [(1, 0), (3, 0), (3, 2), (50, 0)])
def test_frames_of_one_long_sequence_are_samples_of_a_stream(fast, rng, steps, gap):
    """Both wait alike; a gap is a frame of zeros, where it is as long as a frame."""
    x = rng.uniform(-1, 1, size=(60, 6))
    frames = x if not gap else np.stack([x, np.zeros_like(x)], axis=1).reshape(120, 6)
    stack = fast("host")
    how = {"progress_bar": False, "minibatch_size": 1}
    found = evaluate(
        stack,
        x,
        np.full((60, 3), 0.5),
        presentation_time=steps / 1000,
        gap=steps / 1000 if gap else 0,
        reset=False,
        **how,
    )
    seconds = len(frames) * steps / 1000
    other = predict(stack, frames[None], per_frame=True, presentation_time=seconds, **how)[0]
    np.testing.assert_array_equal(found.outputs, other[::2] if gap else other)


@pytest.mark.filterwarnings("ignore:.*fire in nearly every step:UserWarning")  # made to be fast
def test_processes_and_parts_of_a_run_do_not_matter(fast, rng, monkeypatch):
    monkeypatch.setattr("nengo_dense.evaluation.stream.LEAST_SAMPLES", 4)
    x, y = rng.uniform(-1, 1, size=(30, 6)), np.full((30, 3), 0.5)
    for steps, gap in ((1, 0), (7, 2), (60, 1)):
        how = {"presentation_time": steps / 1000, "gap": gap / 1000, "reset": False}
        how["progress_bar"] = False
        whole = evaluate(fast("host"), x, y, **how)
        spread = evaluate(fast("host"), x, y, n_jobs=2, **how)
        with monkeypatch.context() as patch:
            patch.setattr("nengo_dense.evaluation.succession.SHOWN_BYTES", 1)
            divided = evaluate(fast("host"), x, y, **how)
        for other in (spread, divided):
            np.testing.assert_array_equal(other.outputs, whole.outputs)
            assert other.energy.joules == pytest.approx(whole.energy.joules)
            assert other.layers[-1].spikes == pytest.approx(whole.layers[-1].spikes)


@pytest.mark.filterwarnings("ignore:.*fire in nearly every step:UserWarning")  # made to be fast
@pytest.mark.parametrize(
    ("gap", "of_zeros"),
    # half a spike a step of each of two neurons for each value, and whole ones are sent
    [(0, 0), (2, 6 * 2 * (60 * 1 + 2)), (9, 6 * 2 * 60 * 4)],
)
def test_values_are_sent_until_the_last_answer(fast, gap, of_zeros):
    """A 1 is a spike of one neuron in every step."""
    x, how = np.ones((60, 6)), {"presentation_time": 0.01, "reset": False, "minibatch_size": 1}
    y = np.full((60, 3), 0.5)
    result = evaluate(fast("chip"), x, y, gap=gap / 1000, progress_bar=False, **how)
    assert result.delay == 7
    of_ones = 6 * (600 + 7 * (gap == 0))
    expected = (of_ones + of_zeros) * 20 / 60 + result.layers[0].spikes * 12
    assert result.energy.synaptic_operations == pytest.approx(expected)


def test_early_answers_of_a_stream_come_later_too(stack, data):
    how = {"presentation_time": 0.02, "reset": False, "progress_bar": False}
    result = evaluate(stack, *data, decision="margin", **how)
    early = result.at_deadline(0.012)
    np.testing.assert_array_equal(early.predictions, result.predictions_over_time[:, 12 - 9 - 1])
    assert early.latency == pytest.approx(0.012)
    assert result.at_margin(1e9).latency == pytest.approx(0.029)
    assert result.at_margin(0).latency == pytest.approx(0.001 + 0.009)
    with pytest.raises(ValidationError, match="must be at least 10 steps"):
        result.at_deadline(0.009)
    calibration = {"calibration": data, "minibatch_size": 1}
    curve = decision_curve(stack, *data, **calibration, **how)
    assert curve.decision.latency >= 0.01
    assert curve.by_deadline[0].latency == pytest.approx(0.01)
    assert curve.by_deadline[-1].latency == pytest.approx(0.029)


def test_parallel_streams_are_streams_by_themselves(stack, rng):
    x, y = rng.uniform(-1, 1, size=(205, 6)), rng.randint(4, size=205)
    order = rng.permutation(205)
    options = {"presentation_time": 0.02, "reset": False, "progress_bar": False}
    result = evaluate(stack, x, y, order=order, **options)
    assert result.stream.n_streams == 4
    parts = np.array_split(order, 4)
    assert [len(part) for part in parts] == [52, 51, 51, 51]
    for part in parts:
        alone = evaluate(stack, x[part], y[part], minibatch_size=1, **options)
        np.testing.assert_array_equal(alone.answers_over_time, result.answers_over_time[part])
    spread = evaluate(stack, x, y, order=order, n_jobs=2, **options)
    np.testing.assert_array_equal(spread.answers_over_time, result.answers_over_time)
    for one, other in zip(spread.layers, result.layers, strict=True):
        np.testing.assert_allclose(one.rates, other.rates, rtol=1e-9)


def test_places_hold_every_sample_once():
    stream = Stream(0, np.random.RandomState(0).permutation(23), 5)
    groups = stream.groups(2, 10)
    assert [len(places) for places in groups] == [5, 5, 4]
    rows = np.concatenate([np.concatenate(places) for places in groups])
    np.testing.assert_array_equal(np.sort(rows), np.arange(23))
    assert [len(rows) for rows in groups[2]] == [1, 1, 1, 1]


def test_ends_one_step_apart_are_in_different_groups():
    groups = Stream(0, np.arange(23), 5).groups(2, 1)
    lengths = [
        {sum(lane < len(rows) for rows in places) for lane in range(len(places[0]))}
        for places in groups
    ]
    assert lengths == [{5}, {5}, {4}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reset": True, "gap": 0.01}, "gap: goes with reset=False"),
        ({"reset": True, "order": "random"}, "order: goes with reset=False"),
        ({"gap": -0.01}, "gap: must be positive or 0 seconds, got -0.01"),
        ({"order": "shuffled"}, "order: must be None, 'random' or the numbers"),
        ({"order": np.zeros(60, dtype=int)}, "order: must have each number from 0 to 59 once"),
        ({"order": np.ones(60, bool)}, "order: must have each number from 0 to 59 once"),
        ({"order": np.arange(60.0)}, "order: must have each number from 0 to 59 once"),
        ({"reset": 0}, "reset: must be True or False"),
    ],
)
def test_impossible_streams_are_refused(stack, data, options, message):
    with pytest.raises(ValidationError, match=f"^{message}"):
        evaluate(stack, *data, **{"reset": False, **options})


def test_batches_are_no_stream(stack, data):
    x, y = data
    with pytest.raises(ValidationError, match=r"x: must be one array .* batches come in one"):
        evaluate(stack, iter([x]), y, reset=False)


def test_a_gap_in_milliseconds_is_said(stack, data):
    run = {"presentation_time": 0.1, "dt": 0.02, "reset": False, "progress_bar": False}
    with warnings.catch_warnings(record=True):  # of busy neurons, too
        warnings.simplefilter("always")
        found = evaluate(stack, data[0][:3], data[1][:3], gap=6, **run)
    assert any("there are 6 seconds without input" in note for note in found.notes)
