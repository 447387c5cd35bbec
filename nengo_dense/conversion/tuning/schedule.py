"""How step sizes rise and fall while an effort is used."""

import numpy as np

#: Share of the step size that is left at the end of its half cosine.
FINAL_SHARE = 0.02
#: Updates over which the step size grows from zero.
WARM_UP = 20
#: Share of the effort in which the step size falls, once nothing more is gained; and the most of
#: it, relative to what was used until then.
COOLING, MOST_COOLING = 0.25, 0.6


class Schedule:
    """Shares of the step size: a short rise, then half a cosine down.

    Where large steps gain nothing more, smaller ones still do; so the rest of the cosine is then
    gone through in less time.
    """

    def __init__(self) -> None:
        self._cooled: tuple[float, float] | None = None

    def cool(self, used: float) -> None:
        """Hurry from now on; asked again, nothing changes.

        Parameters
        ----------
        used : float
            Share of the whole effort that is used, 0 to 1.
        """
        if self._cooled is None:
            lasts = min(COOLING, MOST_COOLING * used, 1 - used)
            self._cooled = used, max(lasts, np.finfo(float).tiny)

    def place(self, used: float) -> float:
        """Return how much of the cosine is behind, from 0 to 1: all of it if 1 is reached."""
        if self._cooled is not None:
            start, lasts = self._cooled
            used = start + (used - start) * (1 - start) / lasts
        return min(round(used, 9), 1.0)  # sums of shares may fall short of 1 by their rounding

    def share(self, n: int, used: float) -> float:
        """Return the share of the step size.

        Parameters
        ----------
        n : int
            Number of the update, from 1, since nothing was known of the gradients.
        used : float
            Share of the whole effort that is used, 0 to 1.
        """
        cosine = 0.5 * (1 + np.cos(np.pi * self.place(used)))
        return float((FINAL_SHARE + (1 - FINAL_SHARE) * cosine) * min(1.0, n / WARM_UP))
