"""The running average of parameters that Adam changes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

#: Updates that are averaged. On letters held back from training, 8.6 % are answered otherwise than
#: by the source in 10 steps, after 750 updates, and without averages 9.2 % after 1500 (two seeds);
#: 100 and 200 do no better than 50.
HORIZON = 50


class Average:
    """A running average of parameters.

    Each update follows the noise of its batch, and the parameters go round the place that they
    are to find. Their average is nearer to it (B. T. Polyak and A. B. Juditsky, "Acceleration of
    stochastic approximation by averaging", SIAM J. Control Optim. 30, 1992).

    Parameters
    ----------
    parameters : sequence of ndarray
        Changed in place by others, and by `in_place`.
    """

    def __init__(self, parameters: Sequence[np.ndarray]) -> None:
        self._parameters = parameters
        self._mean = [p.copy() for p in parameters]
        self._n_updates = 0

    def follow(self) -> None:
        """Take in the parameters as they are after one more update."""
        self._n_updates += 1
        share = 1 / min(self._n_updates, HORIZON)
        for mean, parameter in zip(self._mean, self._parameters, strict=True):
            mean += share * (parameter - mean)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average in the place of the parameters for a time."""
        kept = [p.copy() for p in self._parameters]
        self._set(self._mean)
        try:
            yield
        finally:
            self._set(kept)

    def _set(self, values: Sequence[np.ndarray]) -> None:
        for parameter, value in zip(self._parameters, values, strict=True):
            parameter[...] = value
