from operator import attrgetter, methodcaller

import numpy as np
import pytest

from nengo_dense.conversion.tuning import best_parameters
from nengo_dense.conversion.tuning.answer import Samples, Window
from nengo_dense.conversion.tuning.best_parameters import BestParameters
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import Judgement
from nengo_dense.layers.stack import DenseStack


@pytest.fixture
def circuit(rng):
    weights = [rng.uniform(0, 0.1, size=s) for s in ((5, 4), (6, 5), (3, 6))]
    return Circuit(
        DenseStack([5, 6, 3], 4, weights=weights, max_rate=250.0, synapse=[0.002, None]), 0.001
    )


def judged(loss, apart=0.0, wrong=0.0, n=1000):
    """Return what is said where the first of so many answers are off, of one output."""
    return Judgement(loss, (apart,), (wrong,), np.array([off(apart, n), off(wrong, n)]))


def off(share, n):
    return (np.arange(n) < round(share * n)).astype(float)


def kept_after(circuit, rng, monkeypatch, judgements):
    """Return which parameters are kept, by the number of their judgement."""
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"]).at([Window(0, 10, 1.0)])
    found = BestParameters(circuit, samples, samples, goals)
    judgements = [judged(*said) for said in judgements]
    given = iter(judgements)
    monkeypatch.setattr(best_parameters, "judge", lambda *_: next(given))
    for number in range(len(judgements)):
        circuit.biases[-1][:] = number
        found.judge_now()
    assert found.restore() == judgements[found.best]
    np.testing.assert_array_equal(circuit.biases[-1], found.best)
    return found.best


def test_the_lowest_loss_is_kept(circuit, rng, monkeypatch):
    losses = [(1.0, 0.1, 0), (0.5, 0.1, 0), (0.2, 0.05, 0), (0.3, 0.06, 0)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 2


def test_what_comes_later_is_kept_where_the_difference_may_be_chance(circuit, rng, monkeypatch):
    # 4 of 1,000 samples more are two standard errors, and 10 are more
    losses = [(1.0, 0.1, 0), (0.2, 0.05, 0), (0.3, 0.053, 0), (0.25, 0.06, 0)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 2


def test_what_comes_later_is_held_against_the_lowest_loss(circuit, rng, monkeypatch):
    """Or a little more could be lost each time."""
    losses = [(1.0, 0.1, 0), (0.2, 0.05, 0), (0.3, 0.053, 0), (0.3, 0.056, 0)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 2


def test_no_lower_loss_than_the_first_is_nothing_gained(circuit, rng, monkeypatch):
    losses = [(1.0, 0.1, 0), (1.0, 0.1, 0), (1.1, 0.05, 0)]
    assert kept_after(circuit, rng, monkeypatch, losses) == 0


def test_all_samples_tell_of_parameters_that_learned_from_none(circuit, rng, monkeypatch):
    """Of those held back the first answered all as the source does, of all fewer."""
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"]).at([Window(0, 10, 1.0)])
    others = samples[:15].joined(samples[:15])
    how = samples, samples, goals
    said = {20: [judged(1.0, 0.0), judged(0.5, 0.1)], 50: [judged(1.0, 0.1)]}
    for given, expected in ((None, 0), (others, 1)):
        found = BestParameters(circuit, *how, given)
        left = {n: list(judgements) for n, judgements in said.items()}
        monkeypatch.setattr(
            best_parameters, "judge", lambda _, of, *__, left=left: left[len(of)].pop(0)
        )
        found.judge_now()
        found.judge_now()
        assert found.best == expected


def test_a_few_samples_of_many_are_no_reason_to_give_up_a_lower_loss(circuit, rng, monkeypatch):
    """38 and 42 of 1,000 that both answer otherwise, of which 20 are the same."""
    later = np.array([np.roll(off(0.042, 1000), 18), np.zeros(1000)])
    given = [judged(1.0, 0.038), Judgement(0.3, (0.042,), (0.0,), later)]
    monkeypatch.setattr(best_parameters, "judge", lambda *_: given.pop(0))
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"]).at([Window(0, 10, 1.0)])
    found = BestParameters(circuit, samples, samples, goals)
    found.judge_now()
    found.judge_now()
    assert found.best == 1


@pytest.mark.parametrize(("first", "later", "best"), [(2, 3, 1), (2, 4, 0), (0, 1, 0)])
def test_one_of_a_few_samples_says_nothing_where_some_were_off(
    circuit, rng, monkeypatch, first, later, best
):
    losses = [(1.0, first / 15, 0, 15), (0.3, later / 15, 0, 15)]
    assert kept_after(circuit, rng, monkeypatch, losses) == best


@pytest.mark.parametrize(("later", "best"), [(1, 2), (3, 2), (4, 1)])
def test_the_first_count_for_less_once_others_are_kept(circuit, rng, monkeypatch, later, best):
    """These answered all of 152 as the source does, and so did what has four times the loss."""
    losses = [(1.0, 0, 0, 152), (0.6, 0, 0, 152), (0.15, later / 152, 0, 152)]
    assert kept_after(circuit, rng, monkeypatch, losses) == best


def said_of_losses(circuit, rng, monkeypatch, losses, say):
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"]).at([Window(0, 10, 1.0)])
    found = BestParameters(circuit, samples, samples, goals)
    said = []
    for loss in losses:
        monkeypatch.setattr(best_parameters, "judge", lambda *_, loss=loss: judged(loss))
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


def of_two(*shares):
    """Return a judgement of two outputs: their samples apart, then those that are wrong."""
    distances = np.array([off(share, 1000) for share in shares])
    return Judgement(0.5, shares[:2], shares[2:], distances)


def test_what_one_output_gains_is_no_reason_for_another_to_lose():
    first = of_two(0.1, 0.5, 0.2, 0)
    assert of_two(0.1, 0.2, 0.2, 0).bears(first)
    assert not of_two(0.11, 0.2, 0.2, 0).bears(first)
    assert not of_two(0.1, 0.2, 0.21, 0).bears(first)


def test_samples_that_both_answer_alike_say_nothing_of_chance():
    some, others = np.zeros((2, 2, 1000))
    some[0, :30], others[0, 30:72] = 1, 1  # 12 of 72 differences more: 1.4 standard errors
    first, second = (Judgement(0.5, (0.03,), (0.0,), values) for values in (some, others))
    assert second.is_alike(first, 2)
    assert not second.is_alike(first, 1)
    others[0, 42:72], others[0, :30] = 0, 1  # all that were off before, and 12 more
    assert not second.is_alike(first, 2)
    assert first.is_alike(second, 1)


def test_values_are_held_against_their_own_scatter(rng):
    squares = rng.gamma(1, size=(1, 1000))
    first = Judgement(1.0, (1.0,), (0.0,), np.concatenate([squares, 0 * squares]))
    for more, borne in ((0.01, True), (0.1, False), (-0.1, True)):
        scatter = 1 + more + 0.3 * rng.normal(size=squares.shape)
        other = Judgement(0.5, (1.0,), (0.0,), np.concatenate([squares * scatter, 0 * squares]))
        assert other.is_alike(first, 2) == borne


@pytest.mark.parametrize(
    ("n", "others", "same"), [(2000, 2, True), (2000, 3, False), (1999, 0, False)]
)
def test_many_samples_tell_that_the_first_answer_as_the_source(
    circuit, rng, monkeypatch, n, others, same
):
    monkeypatch.setattr(best_parameters, "judge", lambda *_: judged(0.2, others / n, 0, n))
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["softmax"]).at([Window(0, 10, 1.0)])
    how = samples, samples, goals
    found = BestParameters(circuit, *how, samples)
    found.judge_now()
    assert found.are_same == same


@pytest.mark.parametrize(("others", "same"), [(2, True), (3, False)])
def test_a_sample_of_which_one_label_is_other_is_answered_otherwise(
    circuit, rng, monkeypatch, others, same
):
    distances = np.array([off(others / 2000, 2000) / 3, np.zeros(2000)])
    found = Judgement(0.2, (others / 6000,), (0.0,), distances)
    monkeypatch.setattr(best_parameters, "judge", lambda *_: found)
    samples = Samples(rng.uniform(size=(20, 4)), rng.normal(size=(20, 3)))
    goals = Goals.for_targets(samples.targets, ["sigmoid"]).at([Window(0, 10, 1.0)])
    first = BestParameters(circuit, samples, samples, goals, samples)
    first.judge_now()
    assert first.are_same == same
