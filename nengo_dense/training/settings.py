"""The settings of `fit`, checked."""

from dataclasses import dataclass
from typing import Any

from nengo_dense.arguments import between, check_seed, count, flag, positive, quantities
from nengo_dense.array_like import to_array
from nengo_dense.exceptions import invalid
from nengo_dense.loihi.limits import WEIGHT_BITS


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
        checked: dict[str, Any] = {"seed": check_seed(self.seed)}
        for attr in ("epochs", "minibatch_size", "patience"):
            checked[attr] = count(getattr(self, attr), attr)
        for attr in ("learning_rate", "rate_weight", "dt"):
            checked[attr] = positive(getattr(self, attr), attr)
        for attr in ("loihi_aware", "noise"):
            checked[attr] = flag(getattr(self, attr), attr)
        checked["dropout"] = between(self.dropout, 0, 1, "dropout", with_high=False)
        if self.weight_clip is not None:
            checked["weight_clip"] = positive(self.weight_clip, "weight_clip")
        if self.weight_bits is not None:
            checked["weight_bits"] = count(self.weight_bits, "weight_bits", least=2)
            between(self.weight_bits, 2, WEIGHT_BITS, "weight_bits")
        for attr, value in checked.items():
            object.__setattr__(self, attr, value)
        if self.rate_target is not None:
            object.__setattr__(self, "rate_target", self._band())

    def _band(self) -> tuple[float, float]:
        """Make a (low, high) pair, in hertz, of what was given."""
        given = to_array(self.rate_target, "rate_target")
        band = (0, given) if given.ndim == 0 else given
        low, high = quantities(band, (2,), "rate_target")
        if not 0 <= low < high or high * self.dt > 1:
            raise invalid(
                f"must be a band 0 <= low < high <= {1 / self.dt:g} hertz (one spike a step), "
                f"got {low:g} to {high:g}",
                "rate_target",
            )
        return float(low), float(high)
