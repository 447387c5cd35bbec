"""Whether labels number the classes as a model does, told by what is answered."""

import numpy as np

#: Labels seem to be counted from 1 if this many samples or more are there, none has label 0, and
#: this share of the answers is one below.
TELLING, ALIKE = 20, 0.5
#: They seem to be in another order if this much more of the answers agree with it, and how many
#: labels are named then.
CLEARLY, SHOWN = 0.2, 5


def are_below(truth: np.ndarray, answers: np.ndarray) -> bool:
    """Tell labels that are counted from 1, in a set without the last class.

    Parameters
    ----------
    truth, answers : (n,) ndarray of int
        Indices of outputs.

    Examples
    --------
    >>> are_below(np.arange(1, 30) % 3 + 1, np.arange(1, 30) % 3)
    True
    """
    right, below = (float((answers == truth - less).mean()) for less in (0, 1))
    return len(truth) >= TELLING and truth.min() >= 1 and below >= ALIKE and right <= below / 2


def other_order(truth: np.ndarray, answers: np.ndarray, n_classes: int) -> str:
    """Tell labels that number the classes in another order than the outputs; empty if not.

    The order which most answers agree with is that of a linear assignment. A model that answers
    one class alone agrees with some order as often as that class is right, which says nothing.

    Parameters
    ----------
    truth, answers : (n,) ndarray of int
        Indices of outputs.
    n_classes : int

    Examples
    --------
    >>> other_order(np.arange(60) % 3, np.arange(60) % 3, 3)
    ''
    >>> other_order(np.arange(60) % 3, (np.arange(60) + 1) % 3, 3)
    'Labels 0, 1, 2 are mostly answered as 1, 2, 0: so taken, 100% of ..., and 0% as they are'
    """
    n = len(truth)
    if n < TELLING * n_classes:
        return ""
    counts = np.zeros((n_classes, n_classes), dtype=int)  # label, answer
    np.add.at(counts, (truth, answers), 1)
    right = counts.trace() / n
    least = max(ALIKE, CLEARLY + max(right, counts.sum(axis=1).max() / n))
    if counts.max(axis=1).sum() / n < least:  # no order has more
        return ""
    from scipy.optimize import linear_sum_assignment  # slow to import, and hardly ever needed

    rows, order = linear_sum_assignment(counts, maximize=True)
    best = counts[rows, order].sum() / n
    if best < least:
        return ""
    moved = np.flatnonzero((order != rows) & (counts.sum(axis=1) > 0))
    names = (", ".join(map(str, some[:SHOWN])) for some in (moved, order[moved]))
    return (
        f"Labels {next(names)} are mostly answered as {next(names)}"
        f"{', and so on' if len(moved) > SHOWN else ''}: so taken, {best:.0%} of the answers are "
        f"the label, and {right:.0%} as they are"
    )
