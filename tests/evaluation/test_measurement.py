import html
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nengo
import nengo_loihi
import numpy as np
import pytest
from joblib import parallel_config
from nengo.exceptions import ValidationError
from sklearn import metrics

from nengo_dense.evaluation import batch, evaluate, measurement, predict
from nengo_dense.evaluation.decision import decide_over_time
from nengo_dense.evaluation.recorder import Recorder
from nengo_dense.evaluation.window import kept_sums
from nengo_dense.layers import DenseStack
from nengo_dense.layers.tuning_record import TuningRecord


@pytest.fixture
def stack(rng):
    sizes = [6, 20, 12, 4]
    weights = [rng.randn(n_out, n_in) / np.sqrt(n_in / 2) for n_in, n_out in pairwise(sizes)]
    return DenseStack(sizes[1:], sizes[0], weights=weights, seed=1)


@pytest.fixture
def data(rng):
    return rng.uniform(-1, 1, size=(9, 6)), rng.randint(4, size=9)


def run_one_by_one(stack, x, n_steps):
    """Logits and spikes of every sample, each in a nengo_loihi simulation of its own."""
    logits, spikes = [], []
    for value in x:
        with nengo.Network(seed=0) as net:
            nengo.Network.add(stack)
            nengo.Connection(nengo.Node(value), stack.input, synapse=None)
            p_logits = nengo.Probe(stack.logits)
            p_spikes = [nengo.Probe(layer.neurons) for layer in stack.layers]
        with nengo_loihi.Simulator(net) as sim:
            sim.run_steps(n_steps)
        logits.append(sim.data[p_logits].copy())
        spikes.append([np.count_nonzero(sim.data[p], axis=0) for p in p_spikes])
    return np.array(logits), [np.sum(s, axis=0) for s in zip(*spikes, strict=True)]


@pytest.mark.parametrize("minibatch_size", [1, 4, 1000])
def test_equals_nengo_loihi_sample_by_sample(stack, data, minibatch_size):
    x, y = data
    logits, spikes = run_one_by_one(stack, x, n_steps=40)
    result = evaluate(
        stack, x, y, presentation_time=0.04, minibatch_size=minibatch_size, progress_bar=False
    )
    np.testing.assert_array_equal(result.predictions_over_time, decide_over_time(logits))
    for layer, total in zip(result.layers, spikes, strict=True):
        np.testing.assert_allclose(layer.rates, total / (0.04 * len(x)), rtol=1e-12)
        assert layer.spikes * len(x) == pytest.approx(total.sum())
    assert result.accuracy == np.mean(decide_over_time(logits)[:, -1] == y)


def test_energy_counts_spikes_times_fan_out(stack, data):
    result = evaluate(stack, *data, presentation_time=0.03, progress_bar=False)
    host, chip = result.layers
    assert (host.on_chip, chip.on_chip) == (False, True)
    assert result.energy.synaptic_operations == pytest.approx(host.spikes * 12)
    assert result.energy.neuron_updates == 12 * 30


@pytest.mark.parametrize("encoding", ["spikes", "chip"])
def test_energy_counts_what_the_encoding_sends(data, rng, encoding):
    stack = DenseStack([7, 5, 4], 6, encoding=encoding, seed=1)
    result = evaluate(stack, *data, presentation_time=0.03, progress_bar=False)
    spikes = [layer.spikes for layer in result.layers]
    if encoding == "chip":  # an on and an off neuron: of 30 spikes a feature one is never whole
        spikes.insert(0, 29 * 6)
    assert result.energy.synaptic_operations == pytest.approx(spikes[0] * 7 + spikes[1] * 5)
    assert result.energy.neuron_updates == (7 + 5) * 30


def test_energy_counts_one_spike_a_step_of_a_faster_host_neuron():
    stack = DenseStack(
        [1, 3, 2],
        1,
        weights=[np.ones((1, 1)), np.ones((3, 1)), np.ones((2, 3))],
        max_rate=[3000, 100],
    )
    with pytest.warns(UserWarning, match="fire in nearly every step|No neuron of"):
        result = evaluate(stack, [[1.0]], [0], presentation_time=0.03, progress_bar=False)
    assert result.layers[0].spikes == pytest.approx(90)
    assert result.energy.synaptic_operations == 30 * 3


@pytest.mark.parametrize("target", ["sim", "simreal", "nengo"])
def test_every_target_finds_a_clear_answer(target):
    stack = DenseStack([2, 2, 2], 2, weights=[np.eye(2)] * 3)
    x = np.array([[0.9, 0.0], [0.0, 0.9]] * 3)
    result = evaluate(stack, x, [0, 1] * 3, target=target, progress_bar=False)
    assert result.accuracy == 1
    np.testing.assert_array_equal(result.confusion_matrix, [[3, 0], [0, 3]])


def test_does_not_change_the_stack_or_its_network(stack, data):
    with nengo.Network() as net:
        net.add(stack)
    before = len(net.all_objects), [w.copy() for w in stack.weights]
    first = evaluate(stack, *data, presentation_time=0.02, progress_bar=False)
    assert len(net.all_objects) == before[0]
    for old, new in zip(before[1], stack.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    again = evaluate(stack, *data, presentation_time=0.02, progress_bar=False)
    np.testing.assert_array_equal(first.predictions_over_time, again.predictions_over_time)


def test_processes_give_the_same(stack, data):
    x, y = data
    alone = evaluate(stack, x, y, presentation_time=0.02, progress_bar=False)
    spread = evaluate(
        stack, x, y, presentation_time=0.02, minibatch_size=4, n_jobs=2, progress_bar=False
    )
    np.testing.assert_array_equal(alone.predictions_over_time, spread.predictions_over_time)


def test_a_dask_cluster_gives_the_same(stack, data):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    x, y = data
    alone = evaluate(stack, x, y, presentation_time=0.02, progress_bar=False)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        spread = evaluate(
            stack, x, y, presentation_time=0.02, minibatch_size=4, n_jobs=-1, progress_bar=False
        )
    np.testing.assert_array_equal(alone.predictions_over_time, spread.predictions_over_time)


TEXT = ["b", "d", "a", "c"]


@pytest.mark.parametrize("where", ["stack", "argument"])
def test_labels_are_the_sources_and_so_are_predictions(stack, data, where):
    x, y = data
    indices = evaluate(stack, x, y, presentation_time=0.02, progress_bar=False)
    names = np.array(TEXT)
    if where == "stack":
        stack = DenseStack(**{**stack.arguments(), "classes": TEXT})
    result = evaluate(
        stack,
        x,
        names[y],
        presentation_time=0.02,
        classes=TEXT if where == "argument" else None,
        progress_bar=False,
    )
    np.testing.assert_array_equal(result.truth, y)
    np.testing.assert_array_equal(result.labels, names[y])
    np.testing.assert_array_equal(result.classes, TEXT)
    np.testing.assert_array_equal(result.predictions, names[indices.predictions])
    np.testing.assert_array_equal(result.confusion_matrix, indices.confusion_matrix)
    assert result.accuracy == indices.accuracy


def test_labels_from_one_need_no_renumbering_where_a_class_is_missing():
    stack = DenseStack([3, 3, 3], 3, weights=[np.eye(3)] * 3, classes=[1, 2, 3])
    x = np.eye(3)[[0, 1, 0]] * 0.9
    assert evaluate(stack, x, [1, 2, 1], progress_bar=False).accuracy == 1


def test_labels_and_samples_are_checked_against_the_stack(stack, data):
    x, y = data
    with pytest.raises(ValidationError, match="y: must be within 0 and 3 for 4 outputs"):
        evaluate(stack, x, y + 4)
    with pytest.raises(ValidationError, match=r"x: must have shape \(batch, 6\)"):
        evaluate(stack, x[:, :5], y)
    with pytest.raises(ValidationError, match=r"classes: must have shape \(4,\)"):
        evaluate(stack, x, y, classes=["a", "b"])


@pytest.mark.parametrize("readout", ["linear", "relu"])
def test_the_head_decides_and_of_equal_outputs_the_first(readout):
    """Logits below zero are all zero behind a relu, as in the source model."""
    weights = [np.eye(2), np.eye(2), -np.eye(2)]
    stack = DenseStack([2, 2, 2], 2, weights=weights, readout=readout)
    x = np.array([[0.9, 0.1], [0.1, 0.9]])
    result = evaluate(stack, x, [1, 0], progress_bar=False)
    expected = {"linear": [1, 0], "relu": [0, 0]}
    np.testing.assert_array_equal(result.predictions, expected[readout])


def tuned(stack, **changes):
    record = TuningRecord(0.1, 0.001, stack.encoding, np.full(6, -1.0), np.full(6, 1.0))
    return DenseStack(**{**stack.arguments(), "tuned": replace(record, **changes)})


def test_a_run_as_the_stack_was_tuned_for_has_no_notes(stack, data):
    result = evaluate(tuned(stack), *data, presentation_time=0.1, progress_bar=False)
    assert result.notes == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dt": 0.002}, "tuned for steps of 2 ms, and here they are 1 ms"),
        (
            {"presentation_time": 1.0},
            "presentations of 1000 ms, .* is presented for 30 ms",
        ),
        ({"encoding": "chip"}, "tuned with encoding='chip' and has encoding='"),
        ({"input_high": np.full(6, -0.9)}, "tuned on other inputs than these"),
    ],
)
def test_another_run_than_the_stack_was_tuned_for_is_said(stack, data, changes, message):
    with pytest.warns(UserWarning, match=message) as caught:
        result = evaluate(
            tuned(stack, **changes), *data, presentation_time=0.03, dt=0.001, progress_bar=False
        )
    assert [str(warning.message) for warning in caught] == list(result.notes)
    assert Path(caught[0].filename) == Path(__file__)
    assert f"note: {result.notes[0]}" in result.summary()


def test_how_far_tuning_left_a_stack_from_its_source_is_in_every_report(stack, data):
    plain = evaluate(stack, *data, progress_bar=False)
    assert plain.tuned is None
    assert "tuned" not in plain.summary()
    assert "tuned" not in plain.to_dict()
    result = evaluate(tuned(stack, gap=6.1, judged=574), *data, progress_bar=False)
    said = "the stack was tuned for presentations of 100 ms at 1 ms a step, encoding 'host'; "
    said += "6.1% from the source on 574 held-back samples"
    assert said in result.summary().splitlines()
    assert said in html.unescape(result.to_html())
    found = result.to_dict()["tuned"]
    assert (found["gap"], found["judged"], found["presentation_time"]) == (6.1, 574, 0.1)
    json.loads(result.to_json())


def test_what_is_another_than_was_tuned_is_said(stack, data):
    again = tuned(stack)
    other = DenseStack(**{**again.arguments(), "max_rate": 100})
    again.layers[0].ensemble.gain = 2 * again.layers[0].ensemble.gain
    for changed in (again, other):
        with pytest.warns(UserWarning, match="the gain of .*layer1.* is another since") as caught:
            result = evaluate(changed, *data, presentation_time=0.03, progress_bar=False)
        assert [str(each.message) for each in caught] == list(result.notes) == [changed.altered]
        changed.tuned = None
        assert evaluate(changed, *data, presentation_time=0.03, progress_bar=False).notes == ()


def test_samples_are_shown_as_long_as_in_tuning_unless_told_otherwise(stack, data):
    short = tuned(stack, presentation_time=0.03, dt=0.002)
    assert short.tuned is not None
    as_tuned = evaluate(short, *data, progress_bar=False)
    assert (as_tuned.n_steps, as_tuned.dt, as_tuned.notes) == (15, 0.002, ())
    assert evaluate(stack, *data, progress_bar=False).n_steps == 100
    outputs = predict(short, data[0], progress_bar=False)
    same = predict(stack, data[0], presentation_time=0.03, dt=0.002, progress_bar=False)
    np.testing.assert_array_equal(outputs, same)


def test_frames_are_shown_as_long_as_in_tuning(stack, rng):
    x = rng.uniform(-1, 1, size=(3, 4, stack.size_in))
    framed = tuned(stack, presentation_time=0.05, frame_time=0.01)
    outputs = predict(framed, x, progress_bar=False)
    same = predict(framed, x, presentation_time=0.04, progress_bar=False)
    np.testing.assert_array_equal(outputs, same)


def test_long_presentations_are_run_in_smaller_batches(stack, data, monkeypatch):
    x, y = data
    whole = evaluate(stack, x, y, presentation_time=0.03, progress_bar=False)
    monkeypatch.setattr(batch, "LOGITS_BYTES", 8 * kept_sums(30) * 4 * 2)
    sizes = []
    record = Recorder.record
    monkeypatch.setattr(
        Recorder, "record", lambda self, x, *rest: sizes.append(len(x)) or record(self, x, *rest)
    )
    parts = evaluate(stack, x, y, presentation_time=0.03, progress_bar=False)
    assert max(sizes) == 2
    np.testing.assert_array_equal(parts.answers_over_time, whole.answers_over_time)
    for one, other in zip(parts.layers, whole.layers, strict=True):
        np.testing.assert_allclose(one.rates, other.rates, rtol=1e-12)


def test_a_stack_that_is_all_on_the_host_is_refused_by_the_chip():
    stack = DenseStack([2, 2], 2)
    with pytest.raises(ValidationError, match=r"no layer of this stack is on the chip.*'spikes'"):
        evaluate(stack, np.ones((2, 2)), [0, 0])


def test_a_model_is_to_be_converted_first(data):
    with pytest.raises(
        ValidationError, match=r"a DenseStack or a DenseGraph, got list; .*convert.*Simulator"
    ):
        evaluate([(np.eye(6), np.zeros(6))], *data)


def test_unknown_target_is_refused(stack, data):
    with pytest.raises(ValidationError, match="must be one of 'sim', 'simreal', 'nengo'"):
        evaluate(stack, *data, target="loihi")


def test_presentation_must_last_a_step(stack, data):
    with pytest.raises(ValidationError, match="presentation_time: must be above 0 seconds"):
        evaluate(stack, *data, presentation_time=0)
    with pytest.raises(ValidationError, match=r"at least one step of 0\.001 seconds, got 0\.0002"):
        evaluate(stack, *data, presentation_time=0.0002)
    with pytest.raises(ValidationError, match="dt: must be above 0 seconds, got 0"):
        evaluate(stack, *data, dt=0)


def test_answers_that_fill_the_memory_are_refused_before_the_work(stack, data, monkeypatch):
    monkeypatch.setattr(measurement, "ANSWERS_BYTES", 9 * 100 - 1)
    with pytest.raises(ValidationError, match=r"^presentation_time: the answers of 9 samples"):
        evaluate(stack, *data, presentation_time=0.1, progress_bar=False)
    assert evaluate(stack, *data, presentation_time=0.099, progress_bar=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"presentation_time": 1e99}, "presentation_time: must be at most 1000000 steps"),
        ({"dt": 1e-320}, "dt: must be from 1e-100 to"),
        ({"presentation_time": np.datetime64(1, "Y")}, "presentation_time: must be numbers"),
        ({"target": np.zeros(2)}, "target: must be one of"),
        ({"minibatch_size": 0}, "minibatch_size: must be a whole number of at least 1"),
        ({"n_jobs": 0}, "n_jobs: must be a whole number of processes"),
        ({"n_jobs": True}, "n_jobs: must be a whole number of processes"),
        ({"progress_bar": "yes"}, "progress_bar: must be True, False or"),
    ],
)
def test_impossible_arguments_are_named(stack, data, options, message):
    with pytest.raises(ValidationError, match=f"^{message}"):
        evaluate(stack, *data, **options)


@pytest.mark.parametrize(
    "scale, message", [(300.0, "fire in nearly every step"), (0.0, "No neuron of")]
)
def test_layers_that_cannot_pass_on_what_the_model_does_are_said(rng, scale, message):
    weights = [rng.rand(6, 4), rng.rand(5, 6) - 0.5, rng.randn(3, 5)]
    untuned = DenseStack([6, 5, 3], 4, weights=weights, seed=0)
    x = scale * (0.5 + rng.rand(30, 4))
    with pytest.warns(UserWarning, match=message):
        result = evaluate(
            untuned, x, np.arange(30) % 3, presentation_time=0.05, progress_bar=False
        )
    assert any(message in note for note in result.notes)


def test_weighted_measures_are_those_of_scikit_learn(stack, data, rng):
    x, y = data
    weights = rng.rand(9)
    result = evaluate(
        stack, x, y, presentation_time=0.03, sample_weight=weights, progress_bar=False
    )
    found, options = result.predictions, {"sample_weight": weights}
    accuracy = metrics.accuracy_score(y, found, **options)
    assert result.accuracy == pytest.approx(accuracy)
    assert result.accuracy_over_time[-1] == pytest.approx(accuracy)
    assert result.confidence_interval[0] < accuracy < result.confidence_interval[1]
    matrix = metrics.confusion_matrix(y, found, labels=range(4), **options)
    np.testing.assert_allclose(result.confusion_matrix, matrix)
    balanced = metrics.recall_score(y, found, labels=np.unique(y), average="macro", **options)
    assert result.balanced_accuracy == pytest.approx(balanced)
    f1 = metrics.f1_score(y, found, average="macro", **options)
    assert result.macro_f1 == pytest.approx(f1)


def test_own_metrics_are_called_as_scikit_learns(stack, data):
    x, y = data
    names = np.array(TEXT)
    own = {"kappa": metrics.cohen_kappa_score, "accuracy": metrics.accuracy_score}
    options = {"presentation_time": 0.02, "classes": TEXT, "progress_bar": False}
    result = evaluate(stack, x, names[y], metrics=own, **options)
    kappa = metrics.cohen_kappa_score(names[y], result.predictions)
    assert result.metrics["kappa"] == kappa
    assert f"kappa {kappa:.4g}" in result.summary()
    weights = np.arange(9.0)
    weighted = evaluate(stack, x, names[y], metrics=own, sample_weight=weights, **options)
    assert weighted.own_metrics["accuracy"] == pytest.approx(weighted.accuracy)


def test_a_metric_that_fails_later_costs_no_result(stack, data):
    def fussy(labels, predictions):
        if (labels != predictions).any():
            raise ValueError("not like this")
        return 1

    with pytest.warns(UserWarning, match="metric 'fussy' failed: ValueError: not like this"):
        result = evaluate(
            stack, *data, presentation_time=0.02, metrics={"fussy": fussy}, progress_bar=False
        )
    assert np.isnan(result.metrics["fussy"])
    assert result.accuracy < 1


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_batches_are_as_good_as_an_array(stack, data, n_jobs):
    x, y = data
    options = {"presentation_time": 0.02, "progress_bar": False, "n_jobs": n_jobs}
    whole = evaluate(stack, x, y, **options)
    parts = evaluate(stack, (x[i : i + 2] for i in range(0, 9, 2)), y, **options)
    np.testing.assert_array_equal(parts.answers_over_time, whole.answers_over_time)


def test_a_loader_that_shuffles_is_told(stack, data, rng):
    class Loader:
        def __iter__(self):
            return iter(np.array_split(rng.permutation(data[0]), 2))

    with pytest.warns(UserWarning, match="x yields other samples each time") as caught:
        result = evaluate(stack, Loader(), data[1], presentation_time=0.02, progress_bar=False)
    assert result.notes[-1] == str(caught[-1].message)
    assert Path(caught[-1].filename) == Path(__file__)


def test_batches_that_end_early_or_late_are_refused(stack, data):
    x, y = data
    options = {"presentation_time": 0.02, "progress_bar": False}
    with pytest.raises(ValidationError, match="x: ends after 5 samples, but there are 9 labels"):
        evaluate(stack, iter([x[:3], x[3:5]]), y, **options)
    with pytest.raises(ValidationError, match="x: yields more than 7 samples, one for each label"):
        evaluate(stack, iter([x]), y[:7], **options)


def test_agreement_takes_outputs_or_labels_of_the_source(stack, data):
    x, y = data
    options = {"presentation_time": 0.02, "progress_bar": False}
    outputs = predict(stack, x, **options)
    outputs[0] = -outputs[0]
    for source in (outputs, outputs.argmax(axis=1)):
        result = evaluate(stack, x, y, source=source, **options)
        assert result.agreement == pytest.approx(8 / 9)


def test_sources_probabilities_may_be_as_good_as_none(stack, data):
    x, y = data
    options = {"presentation_time": 0.02, "progress_bar": False}
    source = np.full((9, 4), 1e-90)
    source[:, 1] = 1.0
    result = evaluate(stack, x, y, source=source, **options)
    assert result.agreement == pytest.approx((result.predictions == 1).mean())


def test_a_single_output_chooses_between_two_classes(rng):
    weights = [rng.randn(20, 3), rng.randn(15, 20) / 4, rng.randn(1, 15) / 4]
    stack = DenseStack([20, 15, 1], 3, weights=weights, readout="linear", seed=0)
    x, names = rng.rand(30, 3), np.array(["no", "yes"])
    options = {"presentation_time": 0.04, "progress_bar": False}
    outputs = predict(stack, x, **options)
    truth = (outputs[:, 0] > 0).astype(int)
    truth[0] = 1 - truth[0]
    result = evaluate(
        stack,
        x,
        names[truth],
        classes=names,
        task="classification",
        source=outputs,
        decision="margin",
        **options,
    )
    assert result.accuracy == 29 / 30
    assert result.agreement == 1
    assert result.confusion_matrix.shape == (2, 2)
    np.testing.assert_allclose(result.leads_over_time[:, -1], 36 * np.abs(outputs[:, 0]), 1e-5)
    assert evaluate(stack, x, truth, task="classification", **options).accuracy == 29 / 30
