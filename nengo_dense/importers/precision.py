"""The floating point precision of a source model."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Precision:
    """A kind of floating point numbers.

    Parameters
    ----------
    epsilon : float
        Distance from 1 to the next larger number.
    largest : float
        Largest finite number.
    smallest : float
        Smallest positive number that is kept in full.
    """

    epsilon: float
    largest: float
    smallest: float

    def coarser(self, other: "Precision") -> "Precision":
        """Return what holds of a computation that uses both."""
        return Precision(
            max(self.epsilon, other.epsilon),
            min(self.largest, other.largest),
            max(self.smallest, other.smallest),
        )


def _precision(bits: int, kind: type) -> Precision:
    limits = np.finfo(kind)
    return Precision(2.0**-bits, float(limits.max), float(limits.smallest_normal))


#: Name of a type, as NumPy and the frameworks have it -> its precision. IEEE 754-2019, table 3.5;
#: bfloat16 and the format that graphics cards use in products (TensorFloat-32) are float32 with
#: 7 and 10 bits after the point.
PRECISIONS = {
    "float64": _precision(52, np.float64),
    "float32": _precision(23, np.float32),
    "tensorfloat32": _precision(10, np.float32),
    "float16": _precision(10, np.float16),
    "bfloat16": _precision(7, np.float32),
}


def coarsest(names: set[str], default: str = "float32") -> Precision:
    """Return the precision of a computation that uses these types; unknown ones are passed over.

    >>> coarsest({"float32", "int64", "float16"}) == PRECISIONS["float16"]
    True
    """
    found = [PRECISIONS[name] for name in names if name in PRECISIONS] or [PRECISIONS[default]]
    result = found[0]
    for other in found[1:]:
        result = result.coarser(other)
    return result
