"""Whether inputs are of the scale that the calibration data of a stack had."""

from typing import NamedTuple

import numpy as np

#: Inputs have another scale if, in this share of the samples, they leave the calibration range by
#: more than this share of its width. Test data often leave it a little: of six data sets from 200
#: calibration samples on, 1.7 % of the samples do so by half of the width, and of 60 up to 7 %.
#: Uniform inputs of 2.5 times the range take R2 from 0.98 to 0.6 (16-12, every layer on the chip).
FOREIGN_SHARE, FAR = 0.05, 0.5
#: Inputs are of a smaller scale if this many samples or more keep within this share of the
#: calibration range, and of its distance from 0, in every input. Neurons that were tuned for the
#: whole range hardly fire then. One sample with a little noise, again and again, is not meant.
TELLING, NARROW_SHARE = 20, 0.1
#: From so many values on, this share is enough: of letters divided by 5 (64-32, 25 steps), 17 to
#: 26 % of the answers are others than the source's, and 4 to 6 % of letters as they are. Samples
#: of six data sets, also of one class alone, took more than 0.8 of their range; 100 samples of
#: three inputs with a few values far out (log-normal, sigma 2) may take 0.1.
MANY, NARROW_OF_MANY = 1000, 0.3
#: Inputs are shifted if this share of so many samples' values leave the range, by more than this
#: share of its width, on a side whose opposite no sample comes near, by that share of it. Shifted
#: by half of the range, letters are answered otherwise in 29 to 74 %. Of the six data sets, 4 % of
#: the values were so at most (of one class alone and 30 calibration samples, 12 %), and 17 to 88 %
#: where they are shifted by half, of either sign, but for one with few values far out.
SHIFTED_SHARE, OUTSIDE, AWAY = 0.15, 0.05, 0.25
#: What to do.
REMEDY = (
    "Preprocess them as the calibration data, or convert the model again with calibration data "
    "like these."
)


class InputRange(NamedTuple):
    """Least and greatest value of each input in calibration, each (size_in,)."""

    low: np.ndarray
    high: np.ndarray

    @property
    def span(self) -> np.ndarray:
        """((size_in,) ndarray) Width of each input's range; 0 where it stood still."""
        return self.high - self.low

    def differences(self, x: np.ndarray, n: int | None = None) -> list[str]:
        """Say of inputs, (n_rows, size_in), that they are others; nothing where they are not.

        Parameters
        ----------
        x : (n_rows, size_in) ndarray
        n : int, optional
            Samples that these are of, where they are frames of sequences.
        """
        tells = (len(x) if n is None else n) >= TELLING
        found = self._foreign(x)
        return found or (self._shifted(x) or self._narrow(x) if tells else [])

    def _foreign(self, x: np.ndarray) -> list[str]:
        """Describe inputs of another scale than the calibration data; empty if there are none."""
        span = self.span
        if (span > 0).any():  # of what stood still there, the range is not known; as of the others
            span = np.where(span > 0, span, np.median(span[span > 0]))
        beyond = (x < self.low - FAR * span) | (x > self.high + FAR * span)
        share = float(beyond.any(axis=1).mean())
        if share <= FOREIGN_SHARE:
            return []
        feature = int(beyond.mean(axis=0).argmax())
        return [
            f"This stack was tuned on other inputs than these: {share:.0%} of the samples are far "
            f"outside. Input {feature} is outside most often, with {self._where(x, feature)}"
        ]

    def _shifted(self, x: np.ndarray) -> list[str]:
        """Describe inputs that are on one side of the calibration data; empty if none are."""
        span = self.span
        above = (x > self.high + OUTSIDE * span) & (x.min(axis=0) > self.low + AWAY * span)
        below = (x < self.low - OUTSIDE * span) & (x.max(axis=0) < self.high - AWAY * span)
        outside = ((above | below) & (span > 0)).mean(axis=0)
        share = float(outside[span > 0].mean()) if (span > 0).any() else 0.0
        if share <= SHIFTED_SHARE:
            return []
        feature = int(outside.argmax())
        return [
            f"This stack was tuned on other inputs than these, which are shifted: {share:.0%} of "
            "their values are outside the range in calibration, all of an input on one side. "
            f"Input {feature} is outside most often, with {self._where(x, feature)}"
        ]

    def _narrow(self, x: np.ndarray) -> list[str]:
        """Describe inputs of a smaller scale than calibration data; empty if there are none."""
        span = self.span
        moves = span > 0
        if not moves.any():
            return []
        shares = np.ptp(x, axis=0)[moves] / span[moves]
        reach = np.maximum(np.abs(self.low), np.abs(self.high))[moves]
        most = NARROW_SHARE if len(x) * len(shares) < MANY else NARROW_OF_MANY
        is_small = bool((np.abs(x).max(axis=0)[moves] < most * reach).all())
        if not 0 < shares.max() < most or not is_small:
            return []
        feature = int(np.flatnonzero(moves)[shares.argmax()])
        return [
            f"This stack was tuned on inputs of a larger scale: no input takes more than "
            f"{shares.max():.2g} of its range in calibration. Input {feature} has "
            f"{self._where(x, feature)}"
        ]

    def _where(self, x: np.ndarray, feature: int) -> str:
        """Say which values an input has, which it had, and what to do."""
        return (
            f"{x[:, feature].min():.4g} to {x[:, feature].max():.4g} instead of "
            f"{self.low[feature]:.4g} to {self.high[feature]:.4g}. {REMEDY}"
        )
