from operator import attrgetter, methodcaller

import numpy as np
import pytest

from nengo_dense.conversion import best_parameters
from nengo_dense.conversion.answer import Samples, Window
from nengo_dense.conversion.best_parameters import BestParameters
from nengo_dense.conversion.circuit import Circuit
from nengo_dense.conversion.goal import Goals
from nengo_dense.conversion.judgement import Judgement
from nengo_dense.layers.stack import DenseStack


@pytest.fixture
def circuit(rng):
    weights = [rng.uniform(0, 0.1, size=s) for s in ((5, 4), (6, 5), (3, 6))]
    return Circuit(
        DenseStack([5, 6, 3], 4, weights=weights, max_rate=250.0, synapse=[0.002, None]), 0.001
    )


def kept_after(circuit, rng, monkeypatch, judgements):
    """Return which parameters are kept, by the number of their judgement."""
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"])
    found = BestParameters(circuit, samples, samples, goals, [Window(0, 10, 1.0)])
    judgements = [Judgement(loss, (apart,), (wrong,)) for loss, apart, wrong in judgements]
    given = iter(judgements)
    monkeypatch.setattr(best_parameters, "judge", lambda *_: next(given))
    for number in range(len(judgements)):
        circuit.biases[-1][:] = number
        found.judge_now()
    assert found.restore() == judgements[found.best]
    np.testing.assert_array_equal(circuit.biases[-1], found.best)
    return found.best


def test_the_lowest_loss_is_kept(circuit, rng, monkeypatch):
    losses = [(1.0, 0.1, 0), (0.5, 0.1, 0), (0.2, 0.05, 0), (0.3, 0.0, 0)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 2


def said_of_losses(circuit, rng, monkeypatch, losses, say):
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"])
    found = BestParameters(circuit, samples, samples, goals, [Window(0, 10, 1.0)])
    said = []
    for loss in losses:
        monkeypatch.setattr(
            best_parameters, "judge", lambda *_, loss=loss: Judgement(loss, (0,), (0,))
        )
        found.judge_now()
        said.append(say(found))
    return said


def test_the_first_steps_may_lead_away(circuit, rng, monkeypatch):
    losses = 1.0, 3.0, 2.0, 2.5, 2.2, 0.5
    say = attrgetter("since_lowest")
    assert said_of_losses(circuit, rng, monkeypatch, losses, say) == [0, 0, 0, 1, 2, 0]


def test_to_gain_is_what_the_last_judgements_gained_or_all_that_is_left(circuit, rng, monkeypatch):
    losses = 1.0, 4.0, 1.5, 1.25, 0.5, 0.75, 0.25, 0.5, 0.5
    said = said_of_losses(circuit, rng, monkeypatch, losses, methodcaller("to_gain", 2))
    assert said == [np.inf, 4.0, 1.5, 1.25, 0.5, 0.5, 0.25, 0.25, 0.0]


def test_fewer_answers_as_the_source_are_no_gain(circuit, rng, monkeypatch):
    losses = [(1.0, 0.1, 0), (0.5, 0.11, 0), (0.7, 0.1, 0), (0.6, 0.12, 0)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 2


def test_fewer_right_answers_are_no_gain(circuit, rng, monkeypatch):
    losses = [(1.0, 0.1, 0.1), (0.5, 0.0, 0.2), (0.4, 0.0, 0.3)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 0


def test_what_one_output_gains_is_no_reason_for_another_to_lose():
    first = Judgement(1.0, (0.1, 0.5), (0.2, 0))
    assert Judgement(0.5, (0.1, 0.2), (0.2, 0)).bears(first)
    assert not Judgement(0.5, (0.11, 0.2), (0.2, 0)).bears(first)
    assert not Judgement(0.5, (0.1, 0.2), (0.21, 0)).bears(first)


def test_a_much_lower_loss_bears_what_may_be_chance():
    first = Judgement(1.0, (0.1, 0.5), (0.2, 0), (0.01, 0.0, 0.02, 0.0))
    assert Judgement(0.7, (0.11, 0.5), (0.22, 0)).bears(first)
    assert not Judgement(0.9, (0.11, 0.5), (0.2, 0)).bears(first)
    assert not Judgement(0.7, (0.12, 0.5), (0.2, 0)).bears(first)
    assert not Judgement(0.7, (0.1, 0.51), (0.2, 0)).bears(first), "values have no such error"
    assert not Judgement(0.7, (0.1, 0.5), (0.23, 0)).bears(first)
