import warnings

import nengo
import nengo_loihi
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.evaluation import evaluate
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


def logits_of_nengo_loihi(stack, x, n_steps, n_shown):
    """Run nengo-loihi's own simulator on a stream, fed by PresentInput: (n, n_steps, n_out)."""
    shown = nengo.processes.PresentInput(x, n_steps * 0.001)
    network, _ = with_source(stack, shown)
    with network:
        probe = nengo.Probe(stack.logits)
        spikes = [nengo.Probe(layer.neurons) for layer in stack.layers]
    with nengo_loihi.Simulator(network) as sim:
        sim.run_steps(n_shown * n_steps)
        counts = [np.count_nonzero(sim.data[p], axis=0) for p in spikes]
        return sim.data[probe].reshape(n_shown, n_steps, -1), counts


@pytest.mark.parametrize("encoding", ["host", "spikes", "chip"])
def test_equals_nengo_loihi_fed_by_present_input(stack, data, encoding):
    x, y = data
    arguments = {**stack.arguments(), "encoding": encoding}
    if encoding != "host":
        arguments["neuron_type"] = nengo.SpikingRectifiedLinear()
    if encoding == "spikes":
        arguments["synapse"] = 0.005
    stack = DenseStack(**arguments)
    logits, counts = logits_of_nengo_loihi(stack, x, 20, 60)
    result = evaluate(
        stack, x, y, presentation_time=0.02, reset=False, minibatch_size=1, progress_bar=False
    )
    assert result.stream.n_streams == 1
    np.testing.assert_array_equal(result.answers_over_time, decide_over_time(logits))
    for layer, count in zip(result.layers[-2:], counts, strict=True):
        np.testing.assert_allclose(layer.rates, count / (60 * 0.02), rtol=1e-12)


def test_a_gap_is_a_presentation_of_zeros(stack, data):
    x, y = data
    with_zeros = np.zeros((120, 6))
    with_zeros[::2] = x
    logits, counts = logits_of_nengo_loihi(stack, with_zeros, 20, 120)
    result = evaluate(
        stack,
        x,
        y,
        presentation_time=0.02,
        reset=False,
        gap=0.02,
        minibatch_size=1,
        progress_bar=False,
    )
    np.testing.assert_array_equal(result.answers_over_time, decide_over_time(logits[::2]))
    assert result.layers[-1].spikes == pytest.approx(counts[-1].sum() / 60)
    assert result.energy.neuron_updates == 12 * 40
    assert "20 ms each and 20 ms between, without a reset" in result.summary()
    assert result.to_dict()["gap"] == 0.02


def test_values_are_equal_bit_for_bit(stack, data):
    """Regression keeps the very values, where a class could hide a difference."""
    x, _ = data
    linear = DenseStack(**{**stack.arguments(), "readout": "linear"})
    logits, _ = logits_of_nengo_loihi(linear, x, 20, 60)
    y = np.zeros((60, 4))
    result = evaluate(
        linear,
        x,
        y,
        task="regression",
        presentation_time=0.02,
        reset=False,
        minibatch_size=1,
        progress_bar=False,
    )
    total = np.concatenate([np.zeros((60, 1, 4)), np.cumsum(logits, axis=1)], axis=1)
    np.testing.assert_array_equal(result.outputs, (total[:, 20] - total[:, 2]) / 18)


@pytest.mark.filterwarnings("ignore:A sample is shown for")
@pytest.mark.parametrize("steps, gap", [(1, 0.001), (2, 0.001), (5, 0.0)])
def test_single_steps_round_as_in_a_long_run(stack, data, steps, gap):
    """One step alone rounds otherwise than a piece of a run does."""
    x, y = data
    linear = DenseStack(**{**stack.arguments(), "readout": "linear"})
    period = steps + round(gap / 0.001)
    shown = np.zeros((60, period, 6))
    shown[:, :steps] = x[:, None]
    logits, _ = logits_of_nengo_loihi(linear, shown.reshape(-1, 6), 1, 60 * period)
    logits = logits.reshape(60, period, 4)[:, :steps]
    result = evaluate(
        linear,
        x,
        np.eye(4)[y] / 2,
        presentation_time=steps / 1000,
        reset=False,
        gap=gap,
        minibatch_size=1,
        progress_bar=False,
    )
    start = int(np.floor(round(steps * 0.1, 9)))
    total = np.concatenate([np.zeros((60, 1, 4)), np.cumsum(logits, axis=1)], axis=1)
    expected = (total[:, steps] - total[:, start]) / (steps - start)
    np.testing.assert_array_equal(result.outputs, expected)


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
    groups = stream.groups(2)
    assert [len(places) for places in groups] == [5, 5, 4]
    rows = np.concatenate([np.concatenate(places) for places in groups])
    np.testing.assert_array_equal(np.sort(rows), np.arange(23))
    assert [len(rows) for rows in groups[2]] == [1, 1, 1, 1]


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
        ({"presentation_time": 0.001}, "presentation_time: must last two steps or more"),
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
