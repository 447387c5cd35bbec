"""How sure an accuracy is."""

import math
from statistics import NormalDist


def wilson_interval(n_correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bound a proportion by Wilson's score interval.

    Unlike the usual ``p ± 1.96 s`` it stays within [0, 1] and does not shrink to nothing at 0 or
    1: five right out of five only shows that the accuracy is above 57 %.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.

    Parameters
    ----------
    n_correct, n : int
        Successes out of how many trials (at least one).
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
