"""What the host does in a step, as a list of instructions that a kernel can follow.

Every instruction does one thing to all numbers of a vector, in all lanes. All vectors lie in one
array, one after another, each as (lanes, size); a *place* is where a vector begins for one lane.
So one list serves any number of lanes.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np


class Kind(IntEnum):
    """What an instruction does with its target."""

    RECEIVE = 0  #: set it to what the chip sent
    SET = 1  #: set it to ``a``
    ADD = 2  #: add the source
    FILTER = 3  #: set it to ``state = a * state + b * source``
    FIRE = 4  #: add the source to the state and set it to ``a`` for each spike
    SEND = 5  #: none; send the chip a spike for every number of the source that is not zero
    FIRE_AND_SEND = 6  #: both; only its value after the last step counts
    KEEP = 7  #: keep the source for a probe


class Instruction(NamedTuple):
    """One thing done in every step.

    Attributes
    ----------
    kind : Kind
    size : int
        Numbers of one lane.
    target : int
        Place of the vector that is written; for ``KEEP`` among what is kept.
    source : int
        Place of the vector that is read; for ``RECEIVE`` among what was received.
    state : int
        Place of a vector that is read and written.
    a, b : float
        Factors. For ``FIRE``, ``b`` says what a spike does to the state: 1 is taken away for
        each (``b = 1``), or it is reset to zero and never falls below (``b = 0``).
    width, first : int
        The source is a part of a vector of ``width`` numbers, from ``first`` on; 0 if it is whole.
    column : int
        For ``SEND`` and ``FIRE_AND_SEND``: the chip's input neuron that the first number drives.
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
        """Write instructions into tables."""
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
        """Read the tables again."""
        for places, (a, b) in zip(self.places.tolist(), self.factors.tolist(), strict=True):
            kind, size, target, source, state, width, first, column = places
            yield Instruction(Kind(kind), size, target, source, state, a, b, width, first, column)


class Stretch(NamedTuple):
    """Some steps, and what instructions read and write in them.

    Attributes
    ----------
    lanes, n_steps : int
    vectors : (lanes * sum of sizes,) float64 array
        Overwritten with what is after the last step.
    received, kept : (n_steps * lanes * sum of sizes,) float64 array
        What the chip sent, and what probes keep: one vector after another, each as
        (n_steps, lanes, size).
    spikes : (lanes, steps, n_inputs) uint8 array
        What the chip is sent, from `first_step` on.
    first_step : int
    """

    lanes: int
    n_steps: int
    vectors: np.ndarray
    received: np.ndarray
    kept: np.ndarray
    spikes: np.ndarray
    first_step: int = 0
