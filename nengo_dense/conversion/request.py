"""What a conversion is asked for, checked."""

from typing import NamedTuple


class Request(NamedTuple):
    """Arguments of `nengo_dense.convert` that choose encoding, rates and activations.

    Attributes
    ----------
    encoding : str
    rate : float or None
        In hertz; the conversion's own choice if None.
    percentile : float or None
        Of activations; the conversion's own choice if None.
    error : float
        Of fitted activations.
    tune : bool
    """

    encoding: str
    rate: float | None
    percentile: float | None
    error: float
    tune: bool

    @property
    def encoded(self) -> float:
        """(float) Percentile of the inputs that encoders fire fastest for."""
        return self.percentile if self.tune and self.percentile else 100.0
