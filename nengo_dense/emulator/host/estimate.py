"""A host layer's product for all lanes at once, where its rounding changes no spike.

Nengo multiplies weights by one lane's values; all lanes in one product are much faster, but round
otherwise. How far apart both can be is known: with ``u = 2**-53`` and ``g = m u / (1 - m u)``, a
sum of m products that is rounded in any order, fused or not, is at most ``g * sum(|w| |x|)`` from
the exact one (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1), and
``sum(|w| |x|)`` is at most the product of both lengths. So Nengo's result lies between two bounds.
If neurons fire alike for both, they fire so for Nengo's (see `.numpy_estimate`). So they fire once
for the lower bound, and again only in other lanes, where the product is made as Nengo makes it.
"""

import math
from dataclasses import dataclass

import numpy as np
from nengo.builder.operator import Copy, DotInc, ElementwiseInc, Operator, Reset
from nengo.builder.signal import Signal

from nengo_dense.emulator.host.group import OperatorGroup
from nengo_dense.emulator.host.operators import times
from nengo_dense.emulator.host.plan import Firing, Plan, check_charge
from nengo_dense.emulator.host.signals import LaneSignals
from nengo_dense.loihi.kernel import numpy_host
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.instruction import AHEAD, Instructions, Kind, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import Estimated

#: Fewest weights and lanes for which one product of all lanes saves more than the bounds take.
#: Fewer weights, half a MiB, stay in a core's second cache from lane to lane.
MANY_WEIGHTS, MANY_LANES = 2**16, 16
#: Neurons in all lanes of a smaller layer, for which the way that they then fire saves more.
MANY_NEURONS = 2**12
#: Nanoseconds that it saves them in each step (measured with 200 and 400 lanes of 64 neurons).
SAVED = 0.1
#: Half the distance from 1 to the next number.
ROUNDING = 2.0**-53
#: Numbers up to this may have a square that is rounded to zero or to few digits. Added to lengths,
#: it also bounds the rounding of products that are too small for all digits.
TINY = 2.0**-500
#: Products of lengths below this overflow in no order.
MOST = 2.0**1000
#: For the rounding of the bounds themselves: steps more in each sum, and a share.
MORE_STEPS, SHARE = 4, 1.001


@dataclass(eq=False)
class Estimate:
    """A product that only decides when neurons fire.

    Attributes
    ----------
    groups : list of OperatorGroup
        Those that only copy what the product reads, the product's, those that only copy it, and
        one whose last operator adds it to the neurons' current.
    firing : Firing
    left : Instructions
        Of the plan, without those neurons, if nothing reads their output but the chip.
    gain : (n,) array
        By which the product is multiplied before it is added.
    lengths : (n,) array
        Of the matrix's rows.
    longest : float
    saved : float
        Nanoseconds that it saves in each step; infinite for products that take long.
    fixed : bool
        Whether all else in the neurons' current is the same in all lanes and runs.
    matrix : array
        By which the product multiplies.
    values : (lanes, m) array
        What it multiplies, in all lanes.
    start : ((lanes or 1, n) array, (lanes or 1,) array) or None
        All else in the neurons' current, if it was computed; and whether its sum is finite.
    """

    groups: list[OperatorGroup]
    firing: Firing
    left: Instructions
    gain: np.ndarray
    lengths: np.ndarray
    longest: float
    saved: float
    fixed: bool
    matrix: np.ndarray
    values: np.ndarray
    start: tuple[np.ndarray, np.ndarray] | None = None

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
                case [Reset(value=0), DotInc() as product] if _is_large(product, signals):
                    leaders = _leaders(group, plan, signals, probed)
                    groups = leaders + _followers(group, plan, signals)
                    written: set[Signal] = set().union(*(each.writes for each in groups))
                    readers, current = plan.readers(written), {_result(groups[-1])}
                    gain = _gain(groups[-1].operators[-1], signals)
                    firing = [each for each in plan.firing if readers == [each.charge]]
                    alone = firing and firing[0].charge.reads == current and not written & probed
                    if alone and np.isfinite(gain).all() and _begins_low(firing[0].voltage):
                        with np.errstate(all="ignore"):
                            lengths = _lengths(signals[product.A])
                        return cls(
                            groups=groups,
                            firing=firing[0],
                            left=_without(firing[0], plan),
                            gain=gain,
                            lengths=lengths,
                            longest=float(lengths.max()),
                            matrix=signals[product.A],
                            values=signals[_source(groups[0])],
                            saved=_saved(product, signals),
                            fixed=_is_fixed(groups[-1], plan, signals),
                        )
        return None

    def fire(
        self, signals: LaneSignals, kernel: Kernel, n_steps: int, stretch: Stretch
    ) -> Instructions:
        """Let the neurons fire in a stretch as in Nengo.

        Parameters
        ----------
        signals : LaneSignals
        kernel : Kernel
        n_steps : int
            In which their input stays the same, from the start.
        stretch : Stretch
            The first of them. Its vectors get the neurons' input, with which they fire as in Nengo
            for all of them.

        Returns
        -------
        left : Instructions
            That are still to be run.
        """
        # what is copied is added to zero: that only changes the sign of zeros, and no spike
        matrix, values = self.matrix, self.values
        with np.errstate(all="ignore"):
            lengths, (start, is_finite) = _lengths(values), self._start(signals)
            estimated = Estimated(
                product=kernel.multiply_lanes(values, matrix),
                lane_error=_share(matrix) * lengths,
                row_error=self.lengths,
                start=start,
                gain=self.gain,
                lowest=self.firing.charge.lowest,
                dt=self.firing.charge.dt,
            )
            alike = kernel.fire_estimated(estimated, self.firing.instruction, stretch, n_steps)
            alike &= lengths * self.longest < MOST
            alike &= is_finite
        if not alike.all():
            charge = estimated.charge(times(matrix, values[~alike]), ~alike)
            self._fire_again(kernel, stretch, ~alike, charge)
        return self.left

    def _start(self, signals: LaneSignals) -> tuple[np.ndarray, np.ndarray]:
        """Compute what is in the neurons' current before the product is added; see `start`."""
        if self.start is None or not self.fixed:
            for step in self.groups[-1].steps[:-1]:
                step()
            start = signals[_result(self.groups[-1])]
            start = start[:1].copy() if self.fixed else start
            self.start = start, np.isfinite(start.sum(axis=1))
        return self.start

    def _fire_again(
        self, kernel: Kernel, stretch: Stretch, lanes: np.ndarray, charge: np.ndarray
    ) -> None:
        """Let the neurons of some lanes fire by an input that is Nengo's."""
        firing, (some, n) = self.firing.instruction, charge.shape
        check_charge(charge, firing.b == 1)
        stretch.vector(firing.source, n)[lanes] = charge
        if firing.kind not in AHEAD:
            return
        rest = np.broadcast_to(self.firing.voltage.initial_value, charge.shape)
        zeros = np.zeros_like(charge)
        vectors = np.concatenate([zeros, zeros, charge, rest]).ravel()
        columns = slice(firing.column, firing.column + n)
        steps = slice(stretch.first_step, stretch.first_step + stretch.n_steps)
        spikes = np.empty((some, stretch.n_steps, n), dtype=np.uint8)
        alone = firing._replace(target=0, source=2 * n, state=3 * n, column=0)
        part = stretch._replace(lanes=some, vectors=vectors, spikes=spikes, first_step=0)
        kernel.follow(Instructions.of([alone]), part)
        stretch.spikes[lanes, steps, columns] = spikes
        target, total, _, voltage = vectors.reshape(4, some, n)
        stretch.vector(firing.target, n)[lanes] = target
        stretch.vector(firing.state, n)[lanes] = voltage
        if firing.kind == Kind.FIRE_SEND_AND_ADD:
            stretch.total(firing)[lanes] = total

    def settle(self, signals: LaneSignals, n_steps: int) -> None:
        """Compute input and voltage as Nengo does, after some steps from the start."""
        for group in self.groups:
            for step in group.steps:
                step()
        voltage = signals[self.firing.voltage]
        voltage[...] = self.firing.voltage.initial_value
        charge, spikes = self.firing.charge.values(signals), np.empty_like(voltage)
        counts = self.firing.instruction.b == 1
        for _ in range(n_steps):
            numpy_host.fire(spikes, charge, voltage, 1.0, counts)


def _is_large(product: DotInc, signals: LaneSignals) -> bool:
    """Whether a product of a constant matrix and each lane's vector is worth an estimate."""
    a, x, y = product.A, product.X, product.Y
    plain = a.ndim == 2 and x.ndim == y.ndim == 1 and not y.is_view and not a.sparse
    lanes = a.base not in signals.per_lane and x.base in signals.per_lane
    floats = a.dtype == x.dtype == y.dtype == np.float64
    many = a.size >= MANY_WEIGHTS or a.shape[0] * signals.lanes >= MANY_NEURONS
    return plain and lanes and floats and many and signals.lanes >= MANY_LANES


def _saved(product: DotInc, signals: LaneSignals) -> float:
    """Estimate the nanoseconds of a step that an estimate saves."""
    rows, columns = product.A.shape
    many = rows * columns >= MANY_WEIGHTS
    return math.inf if many else SAVED * rows * signals.lanes


def _leaders(
    product: OperatorGroup, plan: Plan, signals: LaneSignals, probed: set[Signal]
) -> list[OperatorGroup]:
    """List the groups that copy what a product reads, for it alone."""
    found = [product]
    while True:
        read = _source(found[0])
        writers = [group for group in plan.steady if read in group.writes]
        readers = [group for group in plan.steady if read in group.reads]
        alone = readers == found[:1] and not plan.readers({read}) and read not in probed
        if not alone or len(writers) != 1 or not _copies(writers[0], signals):
            return found[:-1]
        found = writers + found


def _source(group: OperatorGroup) -> Signal:
    """Return what the last operator multiplies by a matrix, or copies."""
    last = group.operators[-1]
    source: Signal = last.X if isinstance(last, DotInc) else last.src
    return source


def _followers(first: OperatorGroup, plan: Plan, signals: LaneSignals) -> list[OperatorGroup]:
    """List a group and those that copy its result, up to one that adds it, times a gain."""
    found = [first]
    while True:
        result = _result(found[-1])
        following = [group for group in plan.steady if result in group.reads]
        ends = len(found) > 1 and not _copies(found[-1], signals)
        if ends or len(following) != 1 or not _adds(following[0], result, signals):
            return found
        found += following


def _result(group: OperatorGroup) -> Signal:
    """Return what the last operator adds to."""
    result: Signal = group.operators[-1].incs[0]
    return result


def _copies(group: OperatorGroup, signals: LaneSignals) -> bool:
    """Whether a group only adds a lane's whole signal to zero."""
    match group.operators:
        case [Reset(value=0), Copy(src=source)]:
            whole = source in signals.per_lane and not source.is_view
            return whole and _adds(group, source, signals)
    return False


def _adds(group: OperatorGroup, signal: Signal, signals: LaneSignals) -> bool:
    """Whether a group's last operator, and no other, adds a signal number by number."""
    *others, last = group.operators
    match last:
        case Copy(inc=True, src_slice=None, dst_slice=None):
            whole = last.src is signal
        case ElementwiseInc():
            shared = last.A.base not in signals.per_lane and last.A.shape == signal.shape
            whole = shared and last.X is signal
        case _:
            return False
    result = last.incs[0]
    like = result.shape == signal.shape and result.dtype == signal.dtype and not result.is_view
    return whole and like and not any(signal in {s.base for s in op.reads} for op in others)


def _gain(op: Operator, signals: LaneSignals) -> np.ndarray:
    """Return what a product is multiplied by before an operator adds it."""
    if isinstance(op, ElementwiseInc):
        return np.array(signals[op.A], dtype=np.float64)
    return np.ones(op.incs[0].size)


def _begins_low(voltage: Signal) -> bool:
    """Whether voltages begin from 0 to 1, as the bound of their rounding takes them."""
    first = voltage.initial_value
    return bool(((first >= 0) & (first <= 1)).all())


def _is_fixed(group: OperatorGroup, plan: Plan, signals: LaneSignals) -> bool:
    """Whether what all operators but the last read is the same in all lanes and runs."""
    moving = set(signals.per_lane)
    for each in plan.steady:
        if not each.reads & moving:
            moving -= each.writes
    read = {signal.base for op in group.operators[:-1] for signal in op.reads}
    return not read & moving


def _without(firing: Firing, plan: Plan) -> Instructions:
    """List a plan's instructions without one, if that only fires and sends."""
    own, everything = firing.instruction, plan.instructions.read()
    if own.kind not in AHEAD:
        return plan.instructions
    return Instructions.of([i for i in everything if (i.kind, i.target) != (own.kind, own.target)])


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """Bound the length of each vector from above, nearly; also where squares are too small."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)) + TINY * len(vectors.T))


def _share(matrix: np.ndarray) -> float:
    """Bound the distance of any two rounded products, as a share of both lengths' product."""
    steps = (matrix.shape[1] + MORE_STEPS) * ROUNDING
    return 2 * SHARE * steps / (1 - steps)
