"""Confidence intervals of an accuracy."""

import math
from statistics import NormalDist

import numpy as np


def wilson_interval(n_correct: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bound a proportion by Wilson's score interval.

    Unlike the usual ``p ± 1.96 s`` it stays within [0, 1] and does not shrink to nothing at 0 or
    1: five right out of five only shows that the accuracy is above 57 %.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.

    Parameters
    ----------
    n_correct, n : float
        Successes out of how many trials, above 0. With weights the trials are the number that
        would say as much without (`effective_number`).
    confidence : float, optional
        Between 0 and 1.

    Returns
    -------
    low, high : float

    Examples
    --------
    >>> "{:.3f} {:.3f}".format(*wilson_interval(5, 5))
    '0.566 1.000'
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = n_correct / n
    centre = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # at 0 and 1 a bound is p itself, which rounding may miss
    return max(0.0, min(p, (centre - spread) / scale)), min(1.0, max(p, (centre + spread) / scale))


def effective_number(weights: np.ndarray) -> float:
    """Return how many samples of equal weight would vary as little as these do.

    Source: L. Kish, "Survey sampling", Wiley 1965, section 11.7: ``sum(w)**2 / sum(w**2)``.

    Examples
    --------
    >>> effective_number(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / (weights**2).sum())
