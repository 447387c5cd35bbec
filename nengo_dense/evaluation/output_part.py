"""The outputs of a stack, a graph or their source: where their logits lie, and their heads."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nengo_dense.heads import HEADS
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.stack import DenseStack


@dataclass(frozen=True)
class OutputPart:
    """One of the outputs, whose logits lie one after the other.

    Attributes
    ----------
    name : str
        Empty where there is one output without a name.
    head : str
        A key of `nengo_dense.heads.HEADS`.
    columns : slice
        Where its logits lie.
    """

    name: str
    head: str
    columns: slice

    @property
    def n(self) -> int:
        """(int) Number of values."""
        return int(self.columns.stop - self.columns.start)

    @property
    def may_be_either(self) -> bool:
        """(bool) Whether it may be values as well as logits of classes."""
        return self.head == "linear" and self.n > 1

    def of(self, logits: np.ndarray) -> np.ndarray:
        """Return the output for all logits, (..., n_logits)."""
        return HEADS[self.head](logits[..., self.columns])


def in_a_row(outputs: Iterable[tuple[str, str, int]]) -> list[OutputPart]:
    """Return the parts for the name, head and size of each output."""
    parts, start = [], 0
    for name, head, n in outputs:
        parts.append(OutputPart(name, head, slice(start, start + n)))
        start += n
    return parts


def parts_of(stack: AnyDense) -> list[OutputPart]:
    """Return the outputs of a stack or a graph."""
    if isinstance(stack, DenseStack):
        return in_a_row([("", stack.readout, stack.units[-1])])
    return in_a_row(
        (name, head, stack.readouts[name].size_out) for name, head in stack.heads.items()
    )
