"""For regression: fit the readout to the measured firing rates of what it reads."""

from collections.abc import Iterator

import numpy as np

from nengo_dense.conversion.tuning.answer import Samples
from nengo_dense.conversion.tuning.circuit import Circuit
from nengo_dense.conversion.tuning.goal import Goals
from nengo_dense.conversion.tuning.judgement import answer_all, judge_answers

#: Strengths with which weights are held to where they were, as shares of the rates' mean square:
#: held-back samples choose.
STRENGTHS = (1e-1, 1e-2, 1e-3)
#: Samples to fit to; more say little more.
MOST_SAMPLES = 2048


def fit_readout(circuit: Circuit, fit: Samples, held_back: Samples, goals: Goals) -> float:
    """Replace weights and biases of outputs of values by those that fit best, if that is better.

    Ridge regression of the wanted logits on the rates of a whole presentation. It holds the
    weights to what they were, so that few samples change little. Values that are differences of
    large terms need it: a gradient takes thousands of steps to find what the terms have in common.
    For classes it would be the wrong measure, above all early in a presentation.

    Parameters
    ----------
    circuit : Circuit
        Its outputs are changed in place.
    fit, held_back : Samples
        To fit to, and to choose by.
    goals : Goals
        How far logits are from the wanted ones.

    Returns
    -------
    loss : float
        Of the samples that judge, with the readout that was chosen.
    """
    sample = fit[:MOST_SAMPLES]
    found = list(answer_all(circuit, sample, goals.last_windows))
    targets = np.concatenate([answer.targets for answer, _ in found])
    first = len(circuit.parts.layers)
    # no readout changes what they read
    others = list(answer_all(circuit, held_back, goals.windows))
    lowest = judge_answers(circuit, others, goals).loss
    for number, goal in enumerate(goals.of_outputs):
        if not goal.distillation.late:
            continue
        weights, bias = circuit.weights[first + number], circuit.biases[first + number]
        best = weights.copy(), bias.copy()
        rates = np.concatenate([read[number] for _, read in found])
        for trial in _ridge(rates, targets[:, goal.columns], weights.copy()):
            weights[...], bias[...] = trial
            loss = judge_answers(circuit, others, goals).loss
            if loss < lowest:
                lowest, best = loss, trial
        weights[...], bias[...] = best
    return lowest


def _ridge(
    rates: np.ndarray, wanted: np.ndarray, before: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield weights and biases, held to what the weights were with each of `STRENGTHS`."""
    # less their means, so that the bias is free
    centre, level = rates.mean(axis=0), wanted.mean(axis=0)
    moment = (rates - centre).T @ (rates - centre)
    right = (wanted - level).T @ (rates - centre)
    for strength in STRENGTHS:
        ridge = max(strength * np.trace(moment) / len(moment), np.finfo(float).tiny)
        system = moment + ridge * np.eye(len(moment))
        weights = np.linalg.solve(system, (right + ridge * before).T).T
        yield weights, level - weights @ centre
