"""How large values usually are, whatever odd ones there are among them."""

import numpy as np

#: A value is odd if it is further from zero than this many times the given percentile of all that
#: are not zero: one wrong entry must not decide how the others are encoded.
ODD, USUAL_PERCENTILE = 2.0, 99.9


def usual_magnitude(x: np.ndarray) -> np.ndarray:
    """Return how far from zero each column goes, without its odd values.

    Parameters
    ----------
    x : (batch, n) ndarray

    Returns
    -------
    magnitudes : (n,) ndarray
        The largest value's, or the percentile where the largest is odd; 1 where all are zero.
    """
    magnitude = np.abs(x)
    highest = magnitude.max(axis=0)
    usual = np.array(
        [np.percentile(c[c > 0], USUAL_PERCENTILE) if c.any() else 1.0 for c in magnitude.T]
    )
    return np.where(highest > 0, np.where(highest <= ODD * usual, highest, usual), 1.0)
