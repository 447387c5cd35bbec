"""The time at which a sample is answered: by a margin, or at a deadline."""

from dataclasses import dataclass

import numpy as np

from nengo_dense.report_table import three_digits

#: Margins that are tried, as evenly spread as leads are.
N_MARGINS = 40


@dataclass(frozen=True, eq=False)
class Decision:
    """What comes of answering early.

    Attributes
    ----------
    predictions : (n,) ndarray
        Labels, as they were answered.
    times : (n,) ndarray
        Seconds until each answer.
    accuracy : float
    confidence_interval : (float, float)
        Wilson interval of the accuracy at 95 %.
    latency : float
        Mean time until an answer in seconds.
    joules : float
        Mean energy of the chip until an answer: that of a whole presentation, by its share of the
        time, as rates hardly change meanwhile.

    Examples
    --------
    `nengo_dense.evaluation.Classification.at_deadline` and its ``at_margin`` make one:

    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    >>> result = nengo_dense.evaluate(stack, [[0.1, 0.9, 0.4, 0.2]], [1], progress_bar=False)
    >>> decision = result.at_deadline(0.02)
    >>> decision.times
    array([0.02])
    >>> decision.joules < result.energy.joules
    True
    """

    predictions: np.ndarray
    times: np.ndarray
    accuracy: float
    confidence_interval: tuple[float, float]
    latency: float
    joules: float

    def __repr__(self) -> str:
        return (
            f"<Decision: accuracy {self.accuracy:.2%} after {1000 * self.latency:.1f} ms in the "
            f"mean, {three_digits(1e6 * self.joules)} microjoules>"
        )


def margins_of(leads: np.ndarray) -> np.ndarray:
    """Return margins to choose among, rising, from 0 to the greatest lead.

    Parameters
    ----------
    leads : (n, n_steps) ndarray
    """
    shares = np.linspace(0, 1, N_MARGINS)
    return np.unique(np.append(0.0, np.quantile(leads, shares).astype(np.float64)))
