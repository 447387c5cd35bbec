"""The interface of a kernel, and the tables that NumPy and compiled code both use.

A kernel advances the chip (`.state`) and runs the host's instructions (`.instruction`). There are
two, `.numpy_kernel` and `.numba_kernel`; `.choice` selects one. Both have the same functions under
the same names: `.numpy_chip` is the reference of `.compiled_update`, and `.numpy_host` that of
`.compiled_host`. Both compute equal values.
"""

from typing import NamedTuple, Protocol

import numpy as np

from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import Estimated
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Compartments

#: Registers that can overflow, in the order of their bits in the functions' return values.
REGISTERS = ("q0", "current", "u2")


class Parameters(NamedTuple):
    """Parameters of compartments, see `.program.Compartments`; they never change.

    Attributes
    ----------
    keep_u, keep_v, scale_u, scale_v, bias, vth, vmin, vmax, refract : (n,) array
    """

    keep_u: np.ndarray
    keep_v: np.ndarray
    scale_u: np.ndarray
    scale_v: np.ndarray
    bias: np.ndarray
    vth: np.ndarray
    vmin: np.ndarray
    vmax: np.ndarray
    refract: np.ndarray

    @classmethod
    def of(cls, chip: Compartments) -> "Parameters":
        """Take the parameters that a step needs from a program's compartments."""
        return cls(*(getattr(chip, name) for name in cls._fields))


class Registers(NamedTuple):
    """The values that a step of the chip reads and writes.

    Attributes
    ----------
    total : (..., n) int32 or float32 array
        Sum of the weights of all spikes that arrive; the step overwrites it.
    noise : (..., n) array
        Added to the current after its decay.
    current, voltage : (..., n) int32 or float32 array
    refractory : (..., n) int32 array
    spiked : (..., n) uint8 array
    """

    total: np.ndarray
    noise: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    refractory: np.ndarray
    spiked: np.ndarray


class Kernel(Protocol):
    """Computes the steps of a `.program.Program` and of the host's instructions."""

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance the chip in all lanes by ``drive.spikes.shape[1]`` steps.

        Parameters
        ----------
        state : ChipState
            Overwritten with the state after the last step.
        drive : Drive
        recordings : list of Recording
            Filled; at most one per key.

        Returns
        -------
        overflowed : set of str
            Those of `REGISTERS` that overflowed in any lane, compartment or step.
        """

    def follow(self, instructions: Instructions, stretch: Stretch) -> None:
        """Run the host's instructions in all lanes, for the steps of a stretch."""

    def fire_estimated(
        self, estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
    ) -> np.ndarray:
        """Let neurons fire by an estimate, and tell in which lanes that is right.

        See `.numpy_estimate.fire_estimated`.
        """

    def may_estimate(self, saved: float) -> bool:
        """Whether layers are to fire by an estimate, which saves so many nanoseconds."""

    def multiply_lanes(self, vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Multiply an (n, m) matrix, which never changes, by (lanes, m) vectors, in any order."""


def overflowed(bits: int) -> set[str]:
    """Name the registers whose bits are set."""
    return {name for bit, name in enumerate(REGISTERS) if bits >> bit & 1} if bits else set()
