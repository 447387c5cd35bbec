import re
from dataclasses import replace

import nengo
import numpy as np
import pytest

from nengo_dense.conversion.tuning import best_parameters, ending, step_size, tuning
from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.distillation import Comparison, Distillation
from nengo_dense.conversion.tuning.effort import EFFORTS, USUAL, Effort
from nengo_dense.conversion.tuning.goal import Goal, Goals
from nengo_dense.conversion.tuning.host_limit import LIMIT, HostLimit, share_beyond
from nengo_dense.conversion.tuning.judgement import judge
from nengo_dense.conversion.tuning.schedule import MOST_COOLING, Schedule
from nengo_dense.conversion.tuning.soap import Soap
from nengo_dense.conversion.tuning.through_time import loss_and_gradient
from nengo_dense.conversion.tuning.tuning import tune
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.kernel.choice import COMPILING

WINDOWS = [Window(2, 25, 0.5), Window(5, 50, 0.5)]
N_UPDATES = 60
#: By how much steps are larger then than in the usual number of updates.
HASTE = np.sqrt(USUAL / N_UPDATES)


@pytest.fixture(autouse=True)
def _few_updates(monkeypatch):
    monkeypatch.setitem(EFFORTS, "normal", Effort(40, N_UPDATES, N_UPDATES))


@pytest.fixture
def layers(rng):
    weights = [rng.randn(10, 4), rng.randn(8, 10) / 3, rng.randn(3, 8)]
    return weights, [0.2 * rng.randn(n) for n in (10, 8, 3)]


@pytest.fixture
def source(layers):
    weights, biases = layers

    def logits(x):
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            x = np.maximum(x @ w.T + b, 0)
        return x @ weights[-1].T + biases[-1]

    return logits


@pytest.fixture
def problem(layers, source, rng):
    weights, biases = layers
    x = rng.randn(300, 4)
    samples = Samples(x, source(x))

    def make():
        return Circuit(
            DenseStack(
                [10, 8, 3],
                4,
                weights=weights,
                biases=biases,
                max_rate=[200.0, 250.0],
                synapse=[0.002, None],
            ),
            0.001,
        )

    return (
        make,
        samples[:250],
        samples[250:],
        Goals.for_targets(samples.targets[:, 0], ["softmax"]).at(WINDOWS),
    )


def run(problem, seed, windows=WINDOWS):
    make, *samples, goals = problem
    circuit, how = make(), {"effort": "normal", "progress_bar": False}
    judgements = tune(circuit, *samples, goals.at(windows), seed=seed, **how)
    return circuit, judgements


def test_held_back_samples_come_closer_and_the_best_is_kept(problem):
    circuit, (first, *_, last) = run(problem, 1)
    assert last.loss < 0.7 * first.loss
    assert last.bears(first)
    _, _, held_back, goals = problem
    assert judge(circuit, held_back, goals) == last


def test_the_same_seed_gives_the_same_parameters(problem):
    first, second, other = (run(problem, seed)[0] for seed in (1, 1, 2))
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(first.weights, other.weights, strict=True))


def test_nothing_changes_where_everything_is_worse(problem, monkeypatch):

    def forget(self, slopes, rate):
        for values in self.parameters:
            values[...] = np.std(values) * np.random.RandomState(1).normal(size=values.shape)

    monkeypatch.setattr(Soap, "update", forget)
    circuit, (first, *_, last) = run(problem, 1)
    assert first == last
    unchanged, known = problem[0](), np.concatenate([part.frames for part in problem[1:3]])
    HostLimit(known, share_beyond(50)).hold(unchanged, known)
    for a, b in zip(circuit.weights, unchanged.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def driven(circuit, samples):
    return samples.frames @ circuit.weights[0].T + circuit.biases[0]


def test_no_sample_drives_a_neuron_on_the_host_beyond_one_spike_a_step(problem):
    make, fit, judge, _ = problem
    circuit, _ = run(problem, 1, [Window(6, 60, 1.0)])
    for part in (fit, judge):
        assert driven(circuit, part).max() <= LIMIT * (1 + 1e-9)
    assert driven(make(), fit).max() > 1.01


def test_in_short_presentations_a_few_samples_may(problem):
    _, fit, judge, _ = problem
    circuit, _ = run(problem, 1)
    drive = np.concatenate([driven(circuit, part) for part in (fit, judge)])
    beyond = (drive > LIMIT * (1 + 1e-9)).sum(axis=0)
    assert np.all(beyond <= share_beyond(50) * (drive > 0).sum(axis=0))
    assert beyond.any()


def test_values_with_an_offset_and_a_scale_come_as_close_as_others(problem):
    make, fit, judge, _ = problem
    losses = []
    for scale, offset in ((1.0, 0.0), (300.0, 2000.0)):
        circuit = make()
        circuit.weights[-1] *= scale
        circuit.biases[-1][:] = scale * circuit.biases[-1] + offset
        parts = [Samples(s.x, scale * s.targets + offset) for s in (fit, judge)]
        deviation = parts[0].targets[:, 0].std(axis=0)
        values = Distillation((Comparison("linear", deviation, 2 / 3, early=False),))
        goals = Goals((Goal(slice(None), "linear", values, 1.0),)).at(WINDOWS[1:])
        how = {"effort": "normal", "seed": 1, "progress_bar": False}
        *_, last = tune(circuit, *parts, goals, **how)
        losses.append(last.loss)
    # roundings decide about spikes, so both ways part
    assert losses[1] == pytest.approx(losses[0], rel=0.5)
    assert max(losses) < 0.02


class Seen(nengo.utils.progress.ProgressBar):
    """Keep what is shown."""

    def __init__(self):
        self.names = []

    def update(self, progress):
        self.names.append(progress.name_during)

    def close(self):
        pass


@pytest.mark.filterwarnings("ignore:Answers of the converted network")
def test_progress_says_how_far_from_the_source_and_that_functions_are_compiled(
    problem, monkeypatch
):
    make, *samples, goals = problem
    monkeypatch.setattr("nengo_dense.conversion.tuning.tuning.is_compiled", lambda: False)
    bar = Seen()
    tune(make(), *samples, goals, effort=0.5, seed=1, progress_bar=bar)
    assert bar.names[0] == COMPILING
    assert re.fullmatch(r"Tuning, \d+\.\d% from the source", bar.names[-1])


def count_updates(problem, monkeypatch, source=None, goals=None):
    calls = []
    make, *samples, usual = problem
    gradient = tuning.loss_and_gradient

    def counted(*arguments, **how):
        calls.append(1)
        return gradient(*arguments, **how)

    monkeypatch.setattr(tuning, "loss_and_gradient", counted)
    how = {"effort": "normal", "seed": 1, "progress_bar": False}
    tune(make(), *samples, goals or usual, source=source, **how)
    return len(calls)


def test_tuning_ends_soon_when_nothing_better_is_found(problem, monkeypatch):
    """With steps of no size nothing changes; four judgements say so, and then steps cool down."""
    monkeypatch.setattr(step_size, "LEARNING_RATE", 0.0)
    assert count_updates(problem, monkeypatch) < N_UPDATES


def test_tuning_of_classes_ends_where_hardly_anything_is_left_to_gain(
    problem, monkeypatch, source
):
    usual = count_updates(problem, monkeypatch, source)
    monkeypatch.setattr(ending, "ENOUGH", 100.0)
    first = N_UPDATES / ending.N_JUDGEMENTS
    short = count_updates(problem, monkeypatch, source)
    assert short == pytest.approx((1 + MOST_COOLING) * first, abs=1)
    assert short < usual / 2


def test_what_answers_as_the_source_is_not_tuned_but_scaled(problem, monkeypatch, source):
    make, *samples, goals = problem
    monkeypatch.setattr(best_parameters, "SAME", 1.0)
    monkeypatch.setattr(best_parameters, "TELLING", 0)
    assert count_updates(problem, monkeypatch, source) == 0
    circuit, before = make(), make()
    how = {"effort": "normal", "seed": 1, "progress_bar": False}
    first, last = tune(circuit, *samples, goals, source=source, **how)
    assert last == judge(circuit, samples[1], goals)
    assert last.loss < first.loss
    assert last.apart == first.apart
    known = np.concatenate([part.frames for part in samples])
    HostLimit(before.standard(known), share_beyond(50)).hold(before, known)
    factor = circuit.weights[-1][0, 0] / before.weights[-1][0, 0]
    for a, b in zip(circuit.weights, before.weights, strict=True):
        np.testing.assert_allclose(a, factor * b if a is circuit.weights[-1] else b)


def test_labels_are_learned_where_answers_are_the_sources(problem, monkeypatch, source):
    make, fit, held_back, goals = problem
    monkeypatch.setattr(best_parameters, "SAME", 1.0)
    monkeypatch.setattr(best_parameters, "TELLING", 0)
    labelled = [
        replace(part, labels=part.targets.argmax(axis=2)[..., np.newaxis])
        for part in (fit, held_back)
    ]
    assert count_updates((make, *labelled, goals), monkeypatch, source) > 0


def test_values_and_what_learns_from_labels_gain_to_the_end(problem, monkeypatch, source):
    monkeypatch.setattr(ending, "ENOUGH", 100.0)
    values = Goals.for_targets(problem[1].targets[:, 0], ["linear"], task="regression").at(WINDOWS)
    assert count_updates(problem, monkeypatch, source, values) > N_UPDATES / 2
    assert count_updates(problem, monkeypatch) > N_UPDATES / 2


@pytest.mark.parametrize(("head", "goes_by_rate"), [("softmax", True), ("sigmoid", False)])
def test_sigmoids_go_through_the_steps_however_many_spikes_there_are(
    problem, monkeypatch, head, goes_by_rate
):
    make, fit, held_back, _ = problem
    goals = Goals.for_targets(fit.targets[:, 0], [head]).at(WINDOWS)
    ways = set()

    def noted(*given, by_rate):
        ways.add(by_rate)
        return loss_and_gradient(*given, by_rate=by_rate)

    monkeypatch.setattr(tuning, "has_many_spikes", lambda *_: True)
    monkeypatch.setattr(tuning, "loss_and_gradient", noted)
    tune(make(), fit, held_back, goals, effort="fast", seed=1, progress_bar=False)
    assert ways == {goes_by_rate}


@pytest.mark.parametrize("by_rate", [False, True], ids=["through time", "by rate"])
def test_steps_are_as_large_as_the_loss_allows(problem, monkeypatch, by_rate):
    """A stack that is almost right keeps what it has: its steps are small from the start."""
    make, *samples, goals = problem
    sizes = []
    monkeypatch.setattr(tuning, "has_many_spikes", lambda *_: by_rate)
    monkeypatch.setattr(Soap, "update", lambda self, gradient, rate: sizes.append(rate))
    losses = []
    for most in (step_size.MOST_RATE, 1e-6):
        sizes.clear()
        how = {"effort": "normal", "seed": 1, "progress_bar": False}
        first, *_ = tune(make(), *samples, goals, most_rate=most, **how)
        losses.append((first.loss, sizes[0]))
    (loss, free), (_, bounded) = losses
    share = Schedule().share(1, 1 / N_UPDATES)
    rate = step_size.LEARNING_RATE * (step_size.SURER if by_rate else 1)
    assert 0 < free == pytest.approx(HASTE * rate * loss * share)
    assert bounded == pytest.approx(1e-6 * share)


def test_steps_that_make_it_worse_are_taken_back_and_become_smaller(problem, monkeypatch):
    make, *samples, goals = problem
    rates = []
    update = Soap.update

    def seen(self, slopes, rate):
        rates.append(rate)
        update(self, slopes, rate)

    monkeypatch.setattr(step_size, "LEARNING_RATE", 1e6)
    monkeypatch.setattr(Soap, "update", seen)
    how = {"effort": "normal", "seed": 1, "progress_bar": False}
    first, second, *_, last = tune(make(), *samples, goals, most_rate=3.0, **how)
    assert second.loss > first.loss
    assert last.loss < first.loss
    assert rates[-1] < max(rates) * step_size.RETREAT**2
