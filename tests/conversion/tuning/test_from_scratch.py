import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nengo_dense.conversion.tuning import from_scratch
from nengo_dense.conversion.tuning.answer import Samples, deadlines
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.effort import EFFORTS, Effort
from nengo_dense.conversion.tuning.from_scratch import FIRST_STEPS, tune_new
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import judge
from nengo_dense.conversion.tuning.step_size import MODERATE_RATE, MOST_RATE
from nengo_dense.conversion.tuning.tuning import tune
from nengo_dense.layers.stack import DenseStack

HOW = {"effort": "fast", "seed": 0, "progress_bar": False}
N_STEPS = 60


@pytest.fixture(params=["softmax", "linear", "sigmoid"])
def problem(rng, request):
    """A circuit that knows nothing, samples, held-back samples and what is wanted of them."""
    x = rng.uniform(-1, 1, size=(900, 3))
    y = np.stack([np.linalg.norm(x, axis=1) - 0.95, x[:, 0] - np.abs(x[:, 1])], axis=1)
    right = {"linear": y, "sigmoid": np.sign(y), "softmax": np.sign(y[:, :1]) * [1, -1]}
    targets = right[request.param] * (1 if request.param == "linear" else 10)
    stack = DenseStack([16, 12, 2], 3, max_rate=400, synapse=[0.002, None], seed=1)
    task = "regression" if request.param == "linear" else None
    goals = Goals.for_targets(targets, [request.param], task=task)
    samples = Samples(x, targets)
    return Circuit(stack, 0.001), samples[:700], samples[700:], goals


def parameters(circuit):
    return [*circuit.weights, *circuit.biases]


@pytest.fixture
def asked(monkeypatch):
    """The goals that are tuned for and the largest steps, one tuning after another."""
    noted = []

    def note(*args, most_rate=MOST_RATE, **how):
        noted.append((args[3], most_rate))
        return tune(*args, most_rate=most_rate, **how)

    monkeypatch.setattr(from_scratch, "tune", note)
    return noted


def test_what_knows_nothing_learns_in_short_presentations_first(problem, asked):
    circuit, fit, held_back, goals = problem
    goals = goals.at(deadlines(N_STEPS, circuit.depth))
    before = judge(circuit, held_back, goals)
    found = tune_new(circuit, fit, held_back, goals, **HOW)
    short = goals.at(deadlines(FIRST_STEPS, circuit.depth))
    assert asked == [(short, MODERATE_RATE), (goals, MODERATE_RATE)]
    assert found[0] == before
    assert found[-1] == judge(circuit, held_back, goals)
    assert found[1].loss < 0.8 * before.loss  # by the short ones alone
    assert found[-1].loss < 0.5 * before.loss


def test_what_has_learned_is_tuned_as_ever(problem, asked, monkeypatch):
    circuit, fit, held_back, goals = problem
    goals = goals.at(deadlines(N_STEPS, circuit.depth))
    tune_new(circuit, fit, held_back, goals, **HOW)
    learned = [w.copy() for w in parameters(circuit)]
    asked.clear()
    monkeypatch.setitem(EFFORTS, "fast", Effort(1, 24, 24))
    found = tune_new(circuit, fit, held_back, goals, **HOW)
    assert asked == [(goals, MOST_RATE)]
    tuned = [w.copy() for w in parameters(circuit)]
    for parameter, value in zip(parameters(circuit), learned, strict=True):
        parameter[...] = value
    assert found == tune(circuit, fit, held_back, goals, **HOW)
    for parameter, value in zip(parameters(circuit), tuned, strict=True):
        assert_array_equal(parameter, value)


def test_of_sequences_frames_stay_as_long_and_the_first_steps_as_small(problem, asked):
    circuit, *samples, goals = problem
    goals = goals.at(deadlines(N_STEPS, circuit.depth))
    twice = [
        Samples(s.x.repeat(2, axis=1), s.targets.repeat(2, axis=1), frame_steps=N_STEPS // 2)
        for s in samples
    ]
    tune_new(circuit, *twice, goals, **HOW)
    assert asked == [(goals, MODERATE_RATE)]
