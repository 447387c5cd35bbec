"""What `fit` was asked to do, checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import count, finite_array, positive, random_state


@dataclass(frozen=True)
class Settings:
    """Settings of a training; `nengo_dense.training.fitting.fit` explains each.

    Raises
    ------
    nengo.exceptions.ValidationError
        A value out of range.
    """

    epochs: int
    minibatch_size: int
    learning_rate: float
    dropout: float
    patience: int
    rate_target: Any
    rate_weight: float
    loihi_aware: bool
    noise: bool
    weight_bits: int | None
    weight_clip: float | None
    dt: float
    seed: int | None

    def __post_init__(self) -> None:
        for attr in ("epochs", "minibatch_size", "patience"):
            count(getattr(self, attr), attr, self)
        for attr in ("learning_rate", "rate_weight", "dt"):
            positive(getattr(self, attr), attr, self)
        if self.weight_clip is not None:
            positive(self.weight_clip, "weight_clip", self)
        if not 0 <= finite_array(self.dropout, (), "dropout", self) < 1:
            raise ValidationError(
                f"must be from 0 to below 1, got {self.dropout:g}", "dropout", self
            )
        if (
            self.weight_bits is not None
            and not 2 <= count(self.weight_bits, "weight_bits", self) <= 8
        ):
            raise ValidationError(
                f"must be from 2 to 8, the bits of Loihi's weights, got {self.weight_bits}",
                "weight_bits",
                self,
            )
        random_state(self.seed, self)
        if self.rate_target is not None:
            object.__setattr__(self, "rate_target", self._band())

    def _band(self) -> tuple[float, float]:
        """Make a (low, high) pair, in hertz, of what was given."""
        band = (0, self.rate_target) if np.ndim(self.rate_target) == 0 else self.rate_target
        low, high = finite_array(band, (2,), "rate_target", self)
        if not 0 <= low < high or high * self.dt > 1:
            raise ValidationError(
                f"must be a band 0 <= low < high <= {1 / self.dt:g} hertz (one spike a step), "
                f"got {low:g} to {high:g}",
                "rate_target",
                self,
            )
        return float(low), float(high)
