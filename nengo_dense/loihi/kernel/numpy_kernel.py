"""The kernel in NumPy alone: all lanes at once, step by step. It is the reference."""

import numpy as np

from nengo_dense.loihi.kernel import numpy_estimate, numpy_host
from nengo_dense.loihi.kernel.contract import Parameters, Registers, overflowed
from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Stretch
from nengo_dense.loihi.kernel.numpy_chip import hold, update_float, update_integer
from nengo_dense.loihi.kernel.numpy_estimate import Estimated
from nengo_dense.loihi.kernel.numpy_spikes import make_add
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Program


class NumpyKernel:
    """Advance the chip and run the host's instructions; see `.contract.Kernel`.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._parameters = Parameters.of(program.compartments)
        self._holds = bool((program.compartments.refract > 1).any())
        self._add = make_add(program)
        self._update = update_integer if program.dtype == np.int32 else update_float

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance the chip in all lanes by ``drive.spikes.shape[1]`` steps."""
        none = np.zeros(1, dtype=self.program.dtype)
        overflow = 0
        for step in range(drive.spikes.shape[1]):
            total = np.zeros_like(state.current) if drive.extra is None else drive.extra.copy()
            self._add(total, state)
            if drive.noise_q is not None:
                total += drive.noise_q[step]
            noise = none if drive.noise_u is None else drive.noise_u[step]
            registers = Registers(total, noise, *state[:-1])
            overflow |= self._update(registers, self._parameters)
            if self._holds:
                hold(registers, self._parameters)
            state.pending[...] = drive.spikes[:, step]
            for recording in recordings:
                if recording.key == "count":
                    recording.values[...] += state.spiked[:, recording.columns]
                else:
                    source = getattr(state, recording.key)
                    recording.values[:, step] = source[:, recording.columns]
        return overflowed(overflow)

    def follow(self, instructions: Instructions, stretch: Stretch) -> None:
        """Run the host's instructions in all lanes, for the steps of a stretch."""
        numpy_host.follow(instructions, stretch)

    def fire_estimated(
        self, estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
    ) -> np.ndarray:
        """Let neurons fire by an estimate, and tell in which lanes that is right."""
        return numpy_estimate.fire_estimated(estimated, firing, stretch, n_steps)

    def may_estimate(self, saved: float) -> bool:
        """Whether layers are to fire by an estimate: whenever that saves anything."""
        return True

    def multiply_lanes(self, vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Multiply a matrix by the vectors of all lanes, adding in any order."""
        return np.asarray(vectors @ matrix.T)
