"""The readout fitted to what the last layer really fires, where values are wanted."""

from collections.abc import Sequence

import numpy as np

from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.tuning import BATCH_SIZE, Samples, mean_loss

#: Strengths with which weights are held to where they were, as shares of the rates' mean square:
#: the held-back samples choose.
STRENGTHS = (1e-1, 1e-2, 1e-3)


def fit_readout(
    chain: Chain,
    fit: Samples,
    judge: Samples,
    distillation: Distillation,
    windows: Sequence[Window],
) -> None:
    """Replace the readout's weights and biases by those that fit best, if that is better.

    Ridge regression of the wanted logits on the measured rates, with the weights as they are in
    the place of zero: few samples change little. Values that are large sums of larger terms need
    it: a gradient would take thousands of steps to find what the terms have in common.

    Parameters
    ----------
    chain : Chain
        Its readout is changed in place.
    fit, judge : Samples
        To fit to, and to choose by.
    distillation : Distillation
        How far logits are from the wanted ones.
    windows : sequence of Window
        Count by their weights.
    """
    rates, weight = _measured(chain, fit, windows)
    targets = np.tile(fit.targets, (len(windows), 1))
    parameters = chain.weights[-1], chain.biases[-1]
    best = [p.copy() for p in parameters]
    lowest = mean_loss(chain, judge, distillation, windows)
    # rates and targets less their means, so that the bias is free
    centre, level = weight @ rates, weight @ targets
    deviations = rates - centre
    moment = (deviations.T * weight) @ deviations
    wanted = (weight[:, np.newaxis] * (targets - level)).T @ deviations
    for strength in STRENGTHS:
        ridge = strength * np.trace(moment) / len(moment) * np.eye(len(moment))
        weights = np.linalg.solve(moment + ridge, (wanted + best[0] @ ridge).T).T
        parameters[0][...], parameters[1][...] = weights, level - weights @ centre
        loss = mean_loss(chain, judge, distillation, windows)
        if loss < lowest:
            lowest, best = loss, [p.copy() for p in parameters]
    for parameter, value in zip(parameters, best, strict=True):
        parameter[...] = value


def _measured(
    chain: Chain, samples: Samples, windows: Sequence[Window]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the last layer's rates, window by window, and the weight of each row (sum 1)."""
    parts = [
        chain.run(samples.x[i : i + BATCH_SIZE], windows)
        for i in range(0, len(samples), BATCH_SIZE)
    ]
    rates = [part[k].rates[-1] for k in range(len(windows)) for part in parts]
    weight = np.repeat([window.weight for window in windows], len(samples)) / len(samples)
    return np.concatenate(rates).astype(np.float64), weight
