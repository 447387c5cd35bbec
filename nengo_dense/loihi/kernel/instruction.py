"""The host's work in a step, as a list of instructions that a kernel can run.

Every instruction applies one operation to all numbers of a vector, in all lanes. All vectors are
in one array, one after another, each as (lanes, size). A *place* is the index at which a vector
begins if there is one lane, so one list of instructions works for any number of lanes.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np


class Kind(IntEnum):
    """The operation of an instruction on its target."""

    RECEIVE = 0  #: set it to the values that the chip sent; in the first step it has them
    SET = 1  #: set it to ``a``
    ADD = 2  #: add the source
    FILTER = 3  #: set it to ``state = a * state + b * source``
    FIRE = 4  #: add the source to the state and set it to ``a`` for each spike
    SEND = 5  #: no target; send the chip a spike for every non-zero number of the source
    FIRE_AND_SEND = 6  #: both, ahead of the others if need be: none reads target or state
    KEEP = 7  #: keep the source for a probe
    FIRE_SEND_AND_ADD = 8  #: likewise, and add the target to the vector behind it, in every step
    ADD_BOTH = 9  #: set it to ``a``, then add the source and the state, which it only reads
    FILTER_RECEIVED = 10  #: filter the values that the chip sent; in the first step, the source


#: Those that may run ahead of the others.
AHEAD = Kind.FIRE_AND_SEND, Kind.FIRE_SEND_AND_ADD


class Instruction(NamedTuple):
    """One operation that is done in every step.

    Attributes
    ----------
    kind : Kind
    size : int
        Length of the vector in one lane.
    target : int
        Place of the vector that is written; for ``KEEP``, in `Stretch.kept`.
    source : int
        Place of the vector that is read; for ``RECEIVE``, in `Stretch.received`.
    state : int
        Place of a vector that is read and written.
    a, b : float
        Factors. For all that fire, ``b = 1`` subtracts 1 from the state for each spike; ``b = 0``
        resets the state to zero at a spike, and never lets it fall below zero.
    width, first : int
        The source is a part of a vector of ``width`` numbers, beginning at ``first``. Both are 0
        if the source is a whole vector.
    column : int
        For all that send: the chip's input neuron that the first number drives. For
        ``FILTER_RECEIVED``: place in `Stretch.received`.
    """

    kind: Kind
    size: int
    target: int = 0
    source: int = 0
    state: int = 0
    a: float = 0.0
    b: float = 0.0
    width: int = 0
    first: int = 0
    column: int = 0


class Instructions(NamedTuple):
    """A list of instructions as tables.

    Attributes
    ----------
    places : (n, 8) uint64 array
        Kind, size, target, source, state, width, first, column of each `Instruction`.
    factors : (n, 2) float64 array
        Its ``a`` and ``b``.
    """

    places: np.ndarray
    factors: np.ndarray

    @classmethod
    def of(cls, instructions: Sequence[Instruction]) -> "Instructions":
        """Convert instructions to tables."""
        places = [
            (i.kind, i.size, i.target, i.source, i.state, i.width or i.size, i.first, i.column)
            for i in instructions
        ]
        factors = [(i.a, i.b) for i in instructions]
        return cls(
            np.array(places, dtype=np.uint64).reshape(-1, 8),
            np.array(factors, dtype=np.float64).reshape(-1, 2),
        )

    def read(self) -> Iterator[Instruction]:
        """Convert the tables back to instructions."""
        for places, (a, b) in zip(self.places.tolist(), self.factors.tolist(), strict=True):
            kind, size, target, source, state, width, first, column = places
            yield Instruction(Kind(kind), size, target, source, state, a, b, width, first, column)


class Stretch(NamedTuple):
    """A number of steps, and the arrays that instructions read and write in them.

    Attributes
    ----------
    lanes, n_steps : int
    vectors : (lanes * sum of sizes,) float64 array
        Overwritten with the values after the last step.
    received : ((n_steps - 1) * lanes * sum of sizes,) float64 array
        Values that the chip sent, for the steps after the first: one vector after another, each as
        (n_steps - 1, lanes, size).
    kept : (n_steps * lanes * sum of sizes,) float64 array
        Values kept for probes, likewise, in all steps.
    spikes : (lanes, steps, n_inputs) uint8 array
        Spikes sent to the chip, from `first_step` on.
    first_step : int
    """

    lanes: int
    n_steps: int
    vectors: np.ndarray
    received: np.ndarray
    kept: np.ndarray
    spikes: np.ndarray
    first_step: int = 0

    def vector(self, place: int, size: int) -> np.ndarray:
        """Return the vector at a place of all lanes: (lanes, size), of which changes stay."""
        start = self.lanes * place
        return self.vectors[start : start + self.lanes * size].reshape(self.lanes, size)

    def total(self, firing: Instruction) -> np.ndarray:
        """Return the vector behind an instruction's target, likewise."""
        return self.vector(firing.target + firing.size, firing.size)
