"""The effort of tuning: a number of updates, or a time limit."""

import time
from typing import Any, NamedTuple

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import choice, positive
from nengo_dense.conversion.tuning.answer import BATCH_SIZE


class Effort(NamedTuple):
    """A number of updates that follows from the data alone.

    Attributes
    ----------
    passes : int
        Over the calibration data.
    least, most : int
        Updates, with presentations of up to `SHORT` steps.
    """

    passes: int
    least: int
    most: int


#: Steps of a presentation beyond which there are fewer updates, as their root: each takes longer,
#: and there is less to learn. On letters held back from training, half of the updates at 100 steps
#: cost 0.2 points (rectifiers, every layer on the chip or not) and 0.3 (GELU, a residual net).
SHORT = 100
#: Updates that step sizes are chosen for. With fewer of them all has to be learned in fewer steps.
USUAL = 750
#: What the words stand for.
EFFORTS = {
    "fast": Effort(5, 100, 200),
    "normal": Effort(20, 300, 750),
    "best": Effort(80, 800, 4000),
}


class Budget:
    """How much of an effort is used, by number of updates or by the clock.

    Parameters
    ----------
    effort : {"fast", "normal", "best"} or float
        In seconds if a number; the clock starts now. The result then hangs on the machine too.
    n_samples : int
        To learn from.
    n_steps : int
        Of a presentation.
    values : bool
        Whether values are wanted and not classes. These may stray far more than the right class
        does, and get twice as many updates at least.
    """

    def __init__(self, effort: str | float, n_samples: int, n_steps: int, values: bool) -> None:
        self._started = time.perf_counter()
        self._seconds = None if isinstance(effort, str) else effort
        self._n_updates = 0
        if isinstance(effort, str):
            passes, least, most = EFFORTS[effort]
            share = min(1.0, float(np.sqrt(SHORT / n_steps)))
            wanted = share * min(passes * n_samples // BATCH_SIZE, most)
            self._n_updates = max(round(wanted), least * (2 if values else 1))

    @property
    def haste(self) -> float:
        """(float) How many times larger steps have to be than in `USUAL` updates."""
        return float(np.sqrt(USUAL / self._n_updates)) if self._seconds is None else 1.0

    def used(self, n: int) -> float:
        """Return the share that is used after ``n`` updates; 1 or more if nothing is left."""
        if self._seconds is None:
            return n / self._n_updates
        return (time.perf_counter() - self._started) / self._seconds


def check_effort(value: Any) -> str | float:
    """Return an effort, a word or seconds, or raise a ValidationError."""
    if isinstance(value, str):
        return choice(value, tuple(EFFORTS), "effort")
    if isinstance(value, bool):
        raise ValidationError(f"must be a word or seconds, got {value}", attr="effort")
    return positive(value, "effort", unit="seconds")


def half(effort: str | float) -> str | float:
    """Return what each of two parts of a work is given: half of the seconds, or the word."""
    return effort if isinstance(effort, str) else effort / 2
