"""For regression: fit the readout to the measured firing rates of the last layer."""

from collections.abc import Sequence

import numpy as np

from nengo_dense.conversion.calibration import BATCH_SIZE, Samples
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.judgement import judge

#: Strengths with which weights are held to where they were, as shares of the rates' mean square:
#: held-back samples choose.
STRENGTHS = (1e-1, 1e-2, 1e-3)
#: Samples to fit to; more say little more.
MOST_SAMPLES = 2048


def fit_readout(
    chain: Chain,
    fit: Samples,
    held_back: Samples,
    distillation: Distillation,
    windows: Sequence[Window],
) -> float:
    """Replace the readout's weights and biases by those that fit best, if that is better.

    Ridge regression of the wanted logits on the rates of a whole presentation. It holds the
    weights to what they were, so that few samples change little. Values that are differences of
    large terms need it: a gradient takes thousands of steps to find what the terms have in common.
    For classes it would be the wrong measure, above all early in a presentation.

    Parameters
    ----------
    chain : Chain
        Its readout is changed in place.
    fit, held_back : Samples
        To fit to, and to choose by.
    distillation : Distillation
        How far logits are from the wanted ones.
    windows : sequence of Window

    Returns
    -------
    loss : float
        Of the samples that judge, with the readout that was chosen.
    """
    sample = fit[:MOST_SAMPLES]
    rates = _last_rates(chain, sample, [window for window in windows if not window.early])
    # less their means, so that the bias is free
    centre, level = rates.mean(axis=0), sample.targets.mean(axis=0)
    moment = (rates - centre).T @ (rates - centre)
    wanted = (sample.targets - level).T @ (rates - centre)
    weights, bias = chain.weights[-1], chain.biases[-1]
    before, best = weights.copy(), (weights.copy(), bias.copy())
    lowest = judge(chain, held_back, distillation, windows).loss
    for strength in STRENGTHS:
        ridge = max(strength * np.trace(moment) / len(moment), np.finfo(float).tiny)
        system = moment + ridge * np.eye(len(moment))
        weights[...] = np.linalg.solve(system, (wanted + ridge * before).T).T
        bias[...] = level - weights @ centre
        loss = judge(chain, held_back, distillation, windows).loss
        if loss < lowest:
            lowest, best = loss, (weights.copy(), bias.copy())
    weights[...], bias[...] = best
    return lowest


def _last_rates(chain: Chain, samples: Samples, windows: Sequence[Window]) -> np.ndarray:
    """Return the mean rates of the last layer over the one window given, (batch, n_neurons)."""
    parts = [
        chain.run(samples.x[i : i + BATCH_SIZE], windows)[0].rates[-1]
        for i in range(0, len(samples), BATCH_SIZE)
    ]
    return np.concatenate(parts).astype(np.float64)
