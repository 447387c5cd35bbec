"""What a kernel does, and the tables that NumPy and compiled code both work on.

A kernel advances the chip (`.state`) and follows the host's instructions (`.instruction`). There
are two, `.numpy_kernel` and `.numba_kernel`, and `.choice` hands one out. Both are made of the
same functions, under the same names: `.numpy_chip` is the reference of `.compiled_chip`,
`.numpy_host` of `.compiled_host`. Every value that one computes equals the other's.
"""

from typing import NamedTuple, Protocol

import numpy as np

from nengo_dense.loihi.kernel.instruction import Instructions, Stretch
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Compartments

#: Registers that can overflow, in the order of their bits in what the functions return.
REGISTERS = ("q0", "current", "u2")


class Parameters(NamedTuple):
    """What compartments are; see `.program.Compartments`. Never written.

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
        """Gather what a step needs to know of a program's compartments."""
        return cls(*(getattr(chip, name) for name in cls._fields))


class Registers(NamedTuple):
    """What a step of the chip reads and writes.

    Attributes
    ----------
    total : (..., n) int32 or float32 array
        Sum of the weights of all spikes that arrive; lost in the step.
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
    """What a `.program.Program` runs on."""

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance the chip in all lanes by ``drive.spikes.shape[1]`` steps.

        Parameters
        ----------
        state : ChipState
            Overwritten with what is after the last step.
        drive : Drive
        recordings : list of Recording
            Filled; at most one for each key.

        Returns
        -------
        overflowed : set of str
            Those of `REGISTERS` that overflowed in any lane, compartment or step.
        """

    def follow(self, instructions: Instructions, stretch: Stretch) -> None:
        """Follow the host's instructions in all lanes for the steps of a stretch."""


def overflowed(bits: int) -> set[str]:
    """Name the registers whose bits are set."""
    return {name for bit, name in enumerate(REGISTERS) if bits >> bit & 1}
