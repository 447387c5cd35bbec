"""Calibration data: checks, and division into training samples and held-back samples."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.samples import check_inputs, hold_back

#: Samples below which nothing can be said of a layer's rates, let alone be held back.
LEAST_SAMPLES = 20
#: Samples that are shown to the chip at once.
BATCH_SIZE = 256
#: Share of the samples that judge, and the most that do.
HELD_BACK, MOST_HELD_BACK = 0.15, 1000
#: A value is odd if it is further from zero than this many times the given percentile of all that
#: are not zero: one wrong entry must not decide how the others are encoded.
ODD, USUAL_PERCENTILE = 2.0, 99.9


@dataclass(frozen=True)
class Samples:
    """Calibration inputs and what is wanted of them.

    Attributes
    ----------
    x : (batch, size_in) ndarray
    targets : (batch, n_out) ndarray
        Logits that are wanted, of all outputs side by side.
    source : (batch, n_out) ndarray, optional
        The source model's logits, where others are wanted.
    labels : (batch, n_outputs) ndarray of int, optional
        True classes, see `nengo_dense.conversion.goal`.
    """

    x: np.ndarray
    targets: np.ndarray
    source: np.ndarray | None = None
    labels: np.ndarray | None = None

    @property
    def source_logits(self) -> np.ndarray:
        """((batch, n_out) ndarray) The source model's logits."""
        return self.targets if self.source is None else self.source

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, key: Any) -> "Samples":
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return Samples(**{name: part[key] for name, part in given.items() if part is not None})


def check_calibration(calibration: object, n_in: int) -> np.ndarray:
    """Return calibration inputs as an array, or say what is wrong with them.

    Returns
    -------
    x : (batch, n_in) ndarray

    Raises
    ------
    nengo.exceptions.ValidationError
        Another width, NaN or infinity, too few samples, all samples the same.
    """
    x = check_inputs(calibration, n_in, "calibration")
    if len(x) < LEAST_SAMPLES:
        raise ValidationError(
            f"must have at least {LEAST_SAMPLES} samples, better some thousand, got {len(x)}. "
            "Pass training inputs, prepared as the model sees them; labels are not needed.",
            attr="calibration",
        )
    if (x == x[0]).all():
        raise ValidationError(
            f"all {len(x)} samples are the same, which says nothing about rates. Pass training "
            "inputs, prepared as the model sees them.",
            attr="calibration",
        )
    return x


def divide(samples: Samples, seed: int) -> tuple[Samples, Samples]:
    """Divide samples at random into those to learn from and those held back."""
    n_held_back = min(max(1, round(HELD_BACK * len(samples))), MOST_HELD_BACK)
    rest, held_back = hold_back(len(samples), n_held_back, seed)
    return samples[rest], samples[held_back]


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
