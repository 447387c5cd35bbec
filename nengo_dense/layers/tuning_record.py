"""What a stack was tuned for, kept with it, so that another use can be told from this one."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import finite_array, number, positive

#: Part of a presentation after which answers are good, where nothing else is said.
EARLIEST = 0.25
#: Inputs are foreign if they leave the range seen by more than the range itself, in this share of
#: the samples: test data always leave it a little, data of another scale nearly always by far.
FOREIGN_SHARE = 0.05
#: How close times must be, relative to each other, to count as the same.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class TuningRecord:
    """What the weights and biases of a stack were tuned for.

    Parameters
    ----------
    presentation_time : float
        How long a sample was shown, in seconds.
    dt : float
        Step in seconds.
    encoding : str
        Of the stack.
    input_low, input_high : (size_in,) ndarray
        Least and greatest value of each input in the calibration data.
    earliest : float, optional
        When answers are good for the first time, in seconds; after a quarter if not given.
    effort : str or float, optional
        Spent on tuning: a word, or seconds.
    gap : float, optional
        Held-back samples that the chip's integers answered otherwise than the source model, in
        per cent; of values the root mean square of the difference, in per cent of their standard
        deviation.
    data : str, optional
        Fingerprint of the calibration inputs, see `fingerprint`.

    Raises
    ------
    nengo.exceptions.ValidationError
        Times that are not above 0, inputs of different numbers, or a gap below 0.
    """

    presentation_time: float
    dt: float
    encoding: str
    input_low: np.ndarray
    input_high: np.ndarray
    earliest: float | None = None
    effort: str | float | None = None
    gap: float | None = None
    data: str | None = None

    def __post_init__(self) -> None:
        for name in ("presentation_time", "dt", "earliest"):
            value = getattr(self, name)
            if not (name == "earliest" and value is None):
                object.__setattr__(self, name, positive(value, name, self, "seconds"))
        if self.gap is not None and not 0 <= number(self.gap, "gap", self) < np.inf:
            raise ValidationError(f"must be 0 or more, got {self.gap:g}", "gap", self)
        for name, kinds in (("effort", str | int | float), ("data", str)):
            value = getattr(self, name)
            if not (value is None or isinstance(value, kinds)):
                raise ValidationError(f"must be text or None, got {value!r}", name, self)
        shape = (np.size(self.input_low),)
        for name in ("input_low", "input_high"):
            values = finite_array(getattr(self, name), shape, name, self)
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def first_answer(self) -> float:
        """(float) When answers are good for the first time, in seconds."""
        return self.earliest or EARLIEST * self.presentation_time

    def differences(
        self,
        *,
        dt: float | None = None,
        presentation_time: float | None = None,
        target: str | None = None,
        x: np.ndarray | None = None,
    ) -> list[str]:
        """Say in which ways a run is not what the stack was tuned for.

        Parameters
        ----------
        dt, presentation_time : float, optional
            Of the run, in seconds.
        target : {"sim", "simreal", "loihi", "nengo"}, optional
            What it runs on.
        x : (n, size_in) array_like, optional
            The inputs.

        Returns
        -------
        sentences : list of str
            Each with the value tuned for, the value got, and the way out; empty if all is as it
            was.
        """
        found = []
        if dt is not None and not np.isclose(dt, self.dt, rtol=TOLERANCE, atol=0):
            found.append(
                f"This stack was tuned for steps of {1000 * self.dt:g} ms, and this run has "
                f"{1000 * dt:g} ms, so that its neurons lose other parts of their input: take "
                f"dt={self.dt:g}, or convert the model again with dt={dt:g}."
            )
        earliest = self.first_answer
        if presentation_time is not None and presentation_time < earliest * (1 - TOLERANCE):
            found.append(
                f"This stack was tuned for samples shown for {1000 * self.presentation_time:g} "
                f"ms, with answers from {1000 * earliest:g} ms on, and these are shown for "
                f"{1000 * presentation_time:g} ms: show them for longer, or convert the model "
                f"again with presentation_time={presentation_time:g}."
            )
        if target == "nengo" and self.encoding == "chip":
            found.append(
                "This stack was tuned for the spikes that nengo-loihi makes of its input, and in "
                "Nengo its first layer gets the input itself, so that values come out too large: "
                "run it on the chip or its emulator, or convert with encoding='host' or 'spikes'."
            )
        if x is not None:
            found += self._foreign(np.asarray(x, dtype=np.float64))
        return found

    def _foreign(self, x: np.ndarray) -> list[str]:
        """Say whether inputs are on another scale than those seen."""
        span = self.input_high - self.input_low
        beyond = (x < self.input_low - span) | (x > self.input_high + span)
        share = float(beyond.any(axis=1).mean())
        if share <= FOREIGN_SHARE:
            return []
        feature = int(beyond.mean(axis=0).argmax())
        return [
            f"This stack was tuned on other inputs than these: {share:.0%} of the samples are far "
            f"outside, first of all input {feature} with {x[:, feature].min():.4g} to "
            f"{x[:, feature].max():.4g} instead of {self.input_low[feature]:.4g} to "
            f"{self.input_high[feature]:.4g}. Prepare them as the calibration data were, or "
            "convert the model again with calibration data like these."
        ]


def fingerprint(x: np.ndarray) -> str:
    """Digest inputs, (n, size_in): equal numbers in the same order have equal digests."""
    values = np.ascontiguousarray(x, dtype="<f8")
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()[:16]


def check_tuned(tuned: Any, size_in: int, obj: object) -> TuningRecord | None:
    """Return a record of as many inputs as a stack has, or None for None.

    Raises
    ------
    nengo.exceptions.ValidationError
        Something else, or a record of another number of inputs.
    """
    if tuned is None:
        return None
    if not isinstance(tuned, TuningRecord):
        raise ValidationError(
            f"must be a TuningRecord or None, got {type(tuned).__name__}", "tuned", obj
        )
    if len(tuned.input_low) != size_in:
        raise ValidationError(
            f"must be of {size_in} inputs, as the stack is, got {len(tuned.input_low)}",
            "tuned",
            obj,
        )
    return tuned
