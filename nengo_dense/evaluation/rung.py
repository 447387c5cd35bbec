"""One rung of the ladder from a trained model to the chip's integers."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Rung:
    """One step of the ladder.

    Attributes
    ----------
    name : str
    accuracy : float
        0 to 1.
    confidence_interval : (float, float)
        Wilson interval at 95 %.
    agreement : float
        Share of samples on which it answers as the source model does, right or wrong.
    rate_errors : list of float
        For each layer of neurons the root mean square difference of its mean rate from the rung
        above, relative to that rung's; empty for the first two rungs.
    """

    name: str
    accuracy: float
    confidence_interval: tuple[float, float]
    agreement: float
    rate_errors: list[float]
