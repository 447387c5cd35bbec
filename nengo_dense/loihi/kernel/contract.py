"""What the rest of the emulator may ask of a kernel; `.choice` hands it out."""

from typing import Protocol

import numpy as np

from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording


class Kernel(Protocol):
    """What advances the chip's compartments; see `.numpy_kernel.NumpyKernel`."""

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance all lanes and say which registers overflowed."""


class Fire(Protocol):
    """What runs a host layer ahead; see `.compiled_host.fire`."""

    def __call__(
        self,
        current: np.ndarray,
        voltage: np.ndarray,
        output: np.ndarray,
        dt: float,
        height: float,
        signed: bool,
        subtracts: bool,
        n_steps: int,
        spikes: np.ndarray,
        first_step: int,
        first_column: int,
        values: np.ndarray,
    ) -> None:
        """Run rectified linear neurons for some steps with a constant current."""


class Follow(Protocol):
    """What runs a readout after the chip; see `.compiled_host.follow`."""

    def __call__(
        self,
        lanes: int,
        n_steps: int,
        work: np.ndarray,
        received: np.ndarray,
        kept: np.ndarray,
        program: np.ndarray,
        factors: np.ndarray,
    ) -> None:
        """Follow the instructions of a readout."""
