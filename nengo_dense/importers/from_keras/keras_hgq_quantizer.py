"""Fixed-point quantizers of HGQ2, read from configurations and weights alone.

A value has k sign bits, i integer bits and f fractional bits, found in training for all values of
a tensor together, or for each on its own. In single precision, as HGQ2 0.2 computes [1]_:

- ``SAT``: ``clip(x, -k 2**i, 2**i - 2**-f)``, then rounded to steps of ``2**-f``; ``SAT_SYM`` has
  the same limit on both sides.
- ``WRAP``: rounded, then what overflows wraps round, as integers do. The number of integer bits is
  taken from the data that the model was traced with, so that nothing of them overflows.
- No bits at all give 0.

With a ``scaler`` s it is s times this of x / s; an ``affine`` is done last.

References
----------
.. [1] C. Sun et al., "HGQ: High Granularity Quantization for real-time neural networks on FPGAs",
   arXiv:2405.00645, section 3; ``hgq/quantizer`` of calad0i/HGQ2, and
   ``quantizers/fixed_point`` of calad0i/quantizers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.importers.form.operation import Operation, Scaling
from nengo_dense.importers.reading.arithmetic_call import clip
from nengo_dense.importers.reading.quantizer import LEAST_LEVELS, jump, towards_zero

#: Name of a way of rounding -> the function. They differ in where what lies in the middle goes.
ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "RND": lambda x: np.floor(x + np.float32(0.5)),
    "RND_CONV": np.round,
    "RND_INF": lambda x: np.sign(x) * np.floor(np.abs(x) + np.float32(0.5)),
    "RND_MIN_INF": lambda x: -np.floor(np.float32(0.5) - x),
    "RND_ZERO": lambda x: -np.sign(x) * np.floor(np.float32(0.5) - np.abs(x)),
    "TRN": np.floor,
    "TRN_ZERO": np.trunc,
}

#: Ways of rounding that are off by half a step on average.
ONE_SIDED = ("TRN", "TRN_ZERO")

#: Ways of overflowing that are read.
OVERFLOWS = ("SAT", "SAT_SYM", "WRAP")

#: Settings that stand for a configuration's class.
FIXED: dict[str, dict[str, Any]] = {
    "HardSigmoidConfig": {"overflow_mode": "SAT", "affine": [0.25, 0.5]},
    "HardTanhConfig": {"overflow_mode": "SAT"},
}


class Bits(NamedTuple):
    """Numbers of bits, of arrays that broadcast to what is quantized.

    Parameters
    ----------
    sign, whole, fraction : ndarray of float32
        k, i and f.
    """

    sign: np.ndarray
    whole: np.ndarray
    fraction: np.ndarray

    @property
    def none(self) -> np.ndarray:
        """(ndarray of bool) Where there are no bits at all, so that all is 0."""
        return np.asarray(self.sign + self.whole + self.fraction <= 0)

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray], kind: str) -> "Bits":
        """Take the bits out of a quantizer's weights.

        Keras writes those first that are trained: ``f k i``, ``i f k`` or ``k i f`` of the kind
        "kif", with b = i + f in the place of f ``b k i``, ``b i k`` or ``k b i``. Only k is an
        array of small integers. The speed at which i fell in training may come last.
        """
        arrays = [np.asarray(array) for array in arrays]
        signs = [at for at, array in enumerate(arrays[:3]) if array.dtype.kind in "ui"]
        if len(signs) != 1 or len(arrays) not in (3, 4):
            raise ValueError(f"its quantizer has {len(arrays)} weight arrays, of which none is k")
        others = [np.round(a.astype(np.float32)) for a in arrays[:3] if a.dtype.kind not in "ui"]
        sign = arrays[signs[0]].astype(np.float32)
        if kind == "kbi":
            return cls(sign, others[1], others[0] - others[1])
        if signs == [1]:
            others.reverse()
        return cls(sign, *others)


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """A quantizer as it is deployed.

    Parameters
    ----------
    bits : Bits
    rounding : str
        A key of `ROUNDINGS`.
    overflow : str
        One of `OVERFLOWS`.
    of_weights : bool
        Whether it is that of a kernel, whose values never overflow where it is traced.
    scaler : float
    affine : (float, float)
    """

    bits: Bits
    rounding: str
    overflow: str
    of_weights: bool = False
    scaler: float = 1.0
    affine: tuple[float, float] = (1.0, 0.0)

    @classmethod
    def read(
        cls, declared: Any, arrays: Callable[[], Sequence[np.ndarray]]
    ) -> "FixedPoint | None":
        """Read a serialized configuration; None if it rounds nothing.

        Raises
        ------
        ValueError
            It is no fixed-point quantizer of HGQ2.
        """
        settings = {**declared["config"], **FIXED.get(declared["class_name"], {})}
        kind = settings["q_type"]
        if kind == "dummy":
            return None
        if kind not in ("kbi", "kif"):
            raise ValueError(f"its quantizer is of the type {kind!r}; only fixed point is read")
        if settings.get("bw_mapper") is not None:
            raise ValueError("its quantizer has a bw_mapper of its own; only HGQ2's own is read")
        rounding = str(settings["round_mode"]).upper().removeprefix("S_")  # drawn in training only
        overflow = str(settings["overflow_mode"]).upper()
        if rounding not in ROUNDINGS or overflow not in OVERFLOWS:
            raise ValueError(f"its quantizer rounds by {rounding} and overflows by {overflow}")
        traced = bool(settings.get("trainable", True)) and (kind == "kif" or rounding == "RND")
        scale, offset = settings.get("affine") or (1.0, 0.0)
        return cls(
            Bits.of(arrays(), kind),
            rounding,
            overflow,
            of_weights=bool(settings.get("is_weight")) and traced,
            scaler=float(settings.get("scaler") or 1.0),
            affine=(float(scale), float(offset)),
        )

    def _limits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the step, the lowest and the highest level, and where all is 0."""
        sign, whole, fraction = self.bits
        whole = np.maximum(whole, -fraction)
        with np.errstate(over="ignore", invalid="ignore"):
            step = np.exp2(-fraction)
            high = np.exp2(whole) - step
            low = -sign * (high if self.overflow == "SAT_SYM" else np.exp2(whole))
        return step, low, high, self.bits.none | (high <= low)

    @property
    def step(self) -> np.ndarray:
        """(ndarray) Distance of its levels."""
        return self._limits()[0]

    def rounded(self, x: np.ndarray) -> np.ndarray:
        """Return weights as they are deployed, rounded in single precision."""
        x = np.asarray(x, dtype=np.float32) / np.float32(self.scaler)
        step, low, high, none = self._limits()
        with np.errstate(all="ignore"):  # where all is 0
            if self.overflow != "WRAP":
                x = np.clip(x, low, high)
            x = ROUNDINGS[self.rounding](x / step) * step
            if self.overflow == "WRAP" and not self.of_weights:
                x = (x - low) % (high + step - low) + low
        if self.overflow != "WRAP" or not self.of_weights:
            x = np.where(none, np.float32(0), x)
        scale, offset = self.affine
        x = x * np.float32(self.scaler)
        result = np.asarray(x * np.float32(scale) + np.float32(offset), dtype=np.float64)
        if not np.isfinite(result).all():
            raise ValueError("its quantizer has bits beyond single precision")
        return result

    def operations(
        self,
        label: str,
        spread: Callable[[np.ndarray], np.ndarray],
        at_input: bool,
        grid: Any = 0.0,
    ) -> list[Operation]:
        """Return what it does to what flows: its limits and its zeros, without the rounding.

        Parameters
        ----------
        label : str
        spread : callable
            Makes of an array of bits a number, or one a feature.
        at_input : bool
            Whether it rounds inputs, whose limits need no neurons.
        grid : float or (n,) ndarray, optional
            Distance of the levels that its values lie on already, if they were rounded before.
        """
        step, low, high, none = (
            spread(np.asarray(each, dtype=np.float64)) for each in self._limits()
        )
        used = none == 0
        step, high = np.where(used, step, 1.0), np.where(used, high, 1.0)
        low = np.where(used, low, -1.0)
        few = used & ((high - low) / step + 1 < LEAST_LEVELS)
        if not at_input and 2 * np.count_nonzero(few) > np.count_nonzero(used):
            return [jump(label, "rounds most of its values to fewer than four levels")]
        if self.rounding == "TRN_ZERO" and np.any(used & (low < 0)):
            return [towards_zero(label)]
        steps: list[Operation] = []
        if self.scaler != 1:
            steps.append(Scaling(1 / self.scaler, 0.0, label))
        offset = np.where(used, np.maximum(step - grid, 0.0) / 2, 0.0)
        if self.rounding in ONE_SIDED and np.any(offset):
            steps.append(Scaling(1.0, -offset, label))
        if self.overflow != "WRAP" and not at_input:
            steps += clip(low, high, label)
        scale = self.scaler * self.affine[0]
        error = np.where(used, abs(scale) * step / 2, 0.0)
        return [*steps, Scaling(np.where(used, scale, 0.0), self.affine[1], label, error)]
