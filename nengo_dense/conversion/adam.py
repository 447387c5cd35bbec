"""Adam: the step sizes of parameters along their gradients."""

from collections.abc import Sequence
from typing import Any

import numpy as np

#: Decay of the two averages, as their authors recommend.
BETA_1, BETA_2 = 0.9, 0.999
#: Share of the step size that is left at the end of its half cosine.
FINAL_SHARE = 0.02
#: Updates over which the step size grows from zero.
WARM_UP = 20
#: Share of the effort in which the step size falls, once nothing more is gained.
COOLING = 0.25


class Adam:
    """Step sizes from running averages of gradients and their squares.

    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Parameters
    ----------
    parameters : sequence of ndarray
        Changed in place.
    sizes : sequence of float or ndarray
        What each one's steps are relative to, of a shape that goes with its own.
    """

    def __init__(self, parameters: Sequence[np.ndarray], sizes: Sequence[Any]) -> None:
        self.parameters = parameters
        self.mean = [np.zeros_like(p) for p in parameters]
        self.square = [np.zeros_like(p) for p in parameters]
        self.n_updates = 0
        self.sizes = sizes

    def update(self, gradients: Sequence[np.ndarray], rate: float) -> None:
        """Change all parameters by one step."""
        self.n_updates += 1
        correct_1 = 1 - BETA_1**self.n_updates
        correct_2 = 1 - BETA_2**self.n_updates
        for i, gradient in enumerate(gradients):
            self.mean[i] += (1 - BETA_1) * (gradient - self.mean[i])
            self.square[i] += (1 - BETA_2) * (gradient**2 - self.square[i])
            size = np.sqrt(self.square[i] / correct_2) + 1e-12
            self.parameters[i][...] -= (rate * self.sizes[i] / correct_1) * self.mean[i] / size


class Schedule:
    """Shares of the step size: a short rise, then half a cosine down.

    Where large steps gain nothing more, smaller ones still do; so the rest of the cosine is then
    gone through in less time.
    """

    def __init__(self) -> None:
        self._cooled_from: float | None = None

    def cool(self, used: float) -> None:
        """Hurry from now on; asked again, nothing changes.

        Parameters
        ----------
        used : float
            Share of the whole effort that is used, 0 to 1.
        """
        if self._cooled_from is None:
            self._cooled_from = min(used, 1.0)

    def place(self, used: float) -> float:
        """Return how much of the cosine is behind, from 0 to 1: all of it if 1 is reached."""
        start = self._cooled_from
        if start is not None and start < 1 - COOLING:
            used = start + (used - start) * (1 - start) / COOLING
        return min(round(used, 9), 1.0)  # sums of shares may fall short of 1 by their rounding

    def share(self, n: int, used: float) -> float:
        """Return the share of the step size.

        Parameters
        ----------
        n : int
            Number of the update, from 1, since Adam knew nothing of the gradients.
        used : float
            Share of the whole effort that is used, 0 to 1.
        """
        cosine = 0.5 * (1 + np.cos(np.pi * self.place(used)))
        return float((FINAL_SHARE + (1 - FINAL_SHARE) * cosine) * min(1.0, n / WARM_UP))
