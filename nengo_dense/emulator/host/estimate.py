"""A host layer's product for all lanes at once, where its rounding changes no spike.

Nengo multiplies weights by one lane's values; all lanes in one product are much faster, but round
otherwise. How far apart both can be is known: with ``u = 2**-53`` and ``g = m u / (1 - m u)``, a
sum of m products that is rounded in any order, fused or not, is at most ``g * sum(|w| |x|)`` from
the exact one (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1), and
``sum(|w| |x|)`` is at most the product of both lengths. So Nengo's result lies between two bounds.
If neurons fire alike for both, they fire so for Nengo's (see `.numpy_host.fires_alike`). In other
lanes the product is made as Nengo makes it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.builder.operator import Copy, DotInc, ElementwiseInc, Operator, Reset
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.operators import times
from nengo_dense.emulator.host.plan import Firing, Plan
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel import numpy_host
from nengo_dense.loihi.kernel.contract import Kernel

#: Fewest weights and lanes for which one product of all lanes saves more than the bounds take.
#: Fewer weights, half a MiB, stay in a core's second cache from lane to lane.
MANY_WEIGHTS, MANY_LANES = 2**16, 16
#: Half the distance from 1 to the next number.
ROUNDING = 2.0**-53
#: Numbers up to this may have a square that is rounded to zero or to few digits. Added to lengths,
#: it also bounds the rounding of products that are too small for all digits.
TINY = 2.0**-500
#: For the rounding of the bounds themselves: steps more in each sum, and a share.
MORE_STEPS, SHARE = 4, 1.001


@dataclass(frozen=True, eq=False)
class Estimate:
    """A product that only decides when neurons fire.

    Attributes
    ----------
    product : DotInc
    start : Reset
        Of what the product is added to.
    groups : list of OperatorGroup
        The product's, then those that turn it into the neurons' input, number by number.
    firing : Firing
    lengths : (n,) array
        Of the matrix's rows.
    """

    product: DotInc
    start: Reset
    groups: list[OperatorGroup]
    firing: Firing
    lengths: np.ndarray

    @classmethod
    def of(cls, plan: Plan, signals: LaneSignals, probed: set[Signal]) -> "Estimate | None":
        """Find such a product in a plan; None if there is none, or something else reads it.

        Parameters
        ----------
        plan : Plan
        signals : LaneSignals
        probed : set of Signal
            Signals of probes (for a view, its base).
        """
        for group in plan.steady:
            match group.operators:
                case [Reset() as start, DotInc() as product] if _is_large(product, signals):
                    found = _followers(group, plan)
                    readers = plan.readers(set() if found is None else _written(found))
                    if found is None or _written(found) & probed or len(readers) != 1:
                        continue
                    firing = [each for each in plan.firing if each.charge is readers[0]]
                    if len(firing) == 1:
                        lengths = _lengths(signals[product.A])
                        return cls(product, start, found, firing[0], lengths)
        return None

    def compute(self, signals: LaneSignals, kernel: Kernel, n_steps: int) -> None:
        """Compute the neurons' input so that they fire from now on as in Nengo, for some steps."""
        matrix, values = signals[self.product.A], signals[self.product.X]
        with np.errstate(all="ignore"):
            product = kernel.multiply_lanes(values, matrix)
            lengths = _lengths(values)
            error = np.multiply.outer(_share(matrix) * lengths, self.lengths)
            alike = np.isfinite(lengths * self.lengths.max())
            low = self._charge(signals, product - error)
            high = self._charge(signals, np.add(product, error, out=error))
            for charge in (low, high):  # an infinite number makes a sum infinite or NaN
                alike &= np.isfinite(charge.sum(axis=1))
        if alike.any():
            voltage = signals[self.firing.voltage]
            counts = self.firing.counts
            alike &= kernel.fires_alike(low, high, voltage, n_steps, counts)
        if not alike.all():
            product[~alike] = times(matrix, values[~alike])
            self._charge(signals, product)

    def _charge(self, signals: LaneSignals, product: np.ndarray) -> np.ndarray:
        """Return what neurons integrate with this product."""
        np.add(product, self.start.value, out=signals[self.product.Y])
        for group in self.groups[1:]:
            for step in group.steps:
                step()
        return self.firing.charge.values(signals)

    def settle(self, signals: LaneSignals, n_steps: int) -> None:
        """Compute input and voltage as Nengo does, after some steps from the start."""
        for group in self.groups:
            for step in group.steps:
                step()
        voltage = signals[self.firing.voltage]
        voltage[...] = self.firing.voltage.initial_value
        charge, spikes = self.firing.charge.values(signals), np.empty_like(voltage)
        for _ in range(n_steps):
            numpy_host.fire(spikes, charge, voltage, 1.0, self.firing.counts)


def _is_large(product: DotInc, signals: LaneSignals) -> bool:
    """Whether a product of a constant matrix and each lane's vector is worth an estimate."""
    a, x, y = product.A, product.X, product.Y
    plain = a.ndim == 2 and x.ndim == y.ndim == 1 and not y.is_view and not a.sparse
    lanes = a.base not in signals.per_lane and x.base in signals.per_lane
    floats = a.dtype == x.dtype == y.dtype == np.float64
    many = a.size >= MANY_WEIGHTS and signals.lanes >= MANY_LANES
    return plain and lanes and floats and many


def _followers(first: OperatorGroup, plan: Plan) -> list[OperatorGroup] | None:
    """List a group and those that depend on it; None if one mixes numbers."""
    found, written = [first], set(first.writes)
    for group in plan.steady:
        readers = [op for op in group.operators if {s.base for s in op.reads} & written]
        if group is first or not readers:
            continue
        if len(readers) > 1 or not _is_elementwise(readers[0], written):
            return None
        found.append(group)
        written |= group.writes
    return found


def _is_elementwise(op: Operator, written: set[Signal]) -> bool:
    """Whether each result rises, or falls, with one of the numbers that were written."""
    read: Any
    if type(op) is Copy:
        read, whole = op.src, op.src_slice is None and op.dst_slice is None
    elif type(op) is ElementwiseInc and op.A.base not in written:
        read, whole = op.X, op.A.shape == op.X.shape
    else:
        return False
    result: Signal = (op.sets + op.incs)[0]
    plain = not read.is_view and not result.is_view
    return whole and plain and read.shape == result.shape


def _written(groups: list[OperatorGroup]) -> set[Signal]:
    return set().union(*(group.writes for group in groups))


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """Bound the length of each vector from above, nearly; also where squares are too small."""
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)) + TINY * len(vectors.T))


def _share(matrix: np.ndarray) -> float:
    """Bound the distance of any two rounded products, as a share of both lengths' product."""
    steps = (matrix.shape[1] + MORE_STEPS) * ROUNDING
    return 2 * SHARE * steps / (1 - steps)
