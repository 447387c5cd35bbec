"""Measures as scikit-learn has them, from sums over samples.

Every measure takes sums that may have leading axes, so that a bootstrap has all its resamples in
one call. Names and conventions are those of scikit-learn's ``r2_score``,
``root_mean_squared_error``, ``mean_absolute_error`` (all with ``multioutput="uniform_average"``),
``balanced_accuracy_score`` and ``f1_score(average="macro")``.
"""

from collections.abc import Callable

import numpy as np

#: Resamples of a bootstrap, and most blocks of samples that are drawn from. Blocks of several
#: samples at random vary as much as single ones do, at a cost that stays the same.
N_RESAMPLES, MOST_BLOCKS = 1000, 2000
CONFIDENCE = 0.95


def regression_sums(truth: np.ndarray, outputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what the measures of a regression need of each sample: (n, 5, n_out).

    Along the second axis: weight, value, squared value, absolute error, squared error, the last
    four times the weight.

    Parameters
    ----------
    truth, outputs : (n, n_out) ndarray
        Both less the same number near the values' mean, which keeps rounding small.
    weights : (n,) ndarray
    """
    errors = outputs - truth
    each = [np.ones_like(truth), truth, truth**2, np.abs(errors), errors**2]
    return np.stack(each, axis=1) * weights[:, np.newaxis, np.newaxis]


def r2(sums: np.ndarray) -> np.ndarray:
    """Return the coefficient of determination, the mean of all outputs.

    Where all values of an output are the same, it counts as 1 if they are met exactly and as 0
    otherwise, as in scikit-learn.
    """
    weight, value, square, _, error = np.moveaxis(sums, -2, 0)
    spread = square - value**2 / weight
    # what is left of equal values is rounding
    constant = spread <= 1e-12 * np.maximum(square, np.finfo(float).tiny)
    ratio = error / np.where(constant, 1, spread)
    return np.where(constant, error == 0, 1 - ratio).mean(axis=-1)


def rmse(sums: np.ndarray) -> np.ndarray:
    """Return the root mean square error, the mean of all outputs."""
    return np.sqrt(sums[..., 4, :] / sums[..., 0, :]).mean(axis=-1)


def mae(sums: np.ndarray) -> np.ndarray:
    """Return the mean absolute error, the mean of all outputs."""
    return (sums[..., 3, :] / sums[..., 0, :]).mean(axis=-1)


def label_sums(truth: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return for each sample which labels it counts for: (n, 3, n_labels).

    Along the second axis, times the weight: right labels that were answered, wrong ones that
    were, right ones that were not.
    """
    each = [truth & answers, ~truth & answers, truth & ~answers]
    return np.stack(each, axis=1) * weights[:, np.newaxis, np.newaxis]


def f1(sums: np.ndarray) -> np.ndarray:
    """Return each label's F1, 0 where it is neither right nor answered anywhere."""
    hit, false, missed = np.moveaxis(sums, -2, 0)
    whole = 2 * hit + false + missed
    return 2 * hit / np.where(whole, whole, 1)


def macro_f1(sums: np.ndarray) -> np.ndarray:
    """Return the mean of all labels' F1."""
    return f1(sums).mean(axis=-1)


def block_sums(rows: np.ndarray, sums_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Sum up what samples add, in as many blocks as a bootstrap draws from.

    Parameters
    ----------
    rows : (n,) ndarray of int
        Numbers of the samples.
    sums_of : callable
        Gives what samples of some numbers add, a row each.

    Returns
    -------
    sums : (at most `MOST_BLOCKS`, ...) ndarray
    """
    order = np.random.RandomState(0).permutation(rows)
    blocks = np.array_split(order, min(len(order), MOST_BLOCKS))
    return np.stack([sums_of(block).sum(axis=0) for block in blocks])


def bootstrap_interval(
    sums: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float]:
    """Bound a measure by the percentiles of what other samples would have given.

    Source: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics
    7(1), 1979; the percentile interval at 95 %. The resamples are the same in every call.

    Parameters
    ----------
    sums : (n_blocks, ...) ndarray
        Of `block_sums`.
    measure : callable
        Takes sums with a leading axis for resamples.

    Returns
    -------
    low, high : float
    """
    n = len(sums)
    drawn = np.random.RandomState(0).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    resampled = (drawn @ sums.reshape(n, -1)).reshape(N_RESAMPLES, *sums.shape[1:])
    low, high = np.percentile(measure(resampled), [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)])
    return float(low), float(high)
