"""A kernel that computes in NumPy until compiled code is worth the wait; see `.patience`."""

import threading
from collections.abc import Callable

import numpy as np

from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.instruction import Instruction, Instructions, Stretch
from nengo_dense.loihi.kernel.numpy_estimate import Estimated
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.patience import Patience
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.program import Program

#: Nanoseconds that NumPy takes for a step of the chip, for a compartment of a lane, for a weight,
#: and for a weight of a lane (`NumpyKernel` on one core; they need only be right within a factor).
STEP, COMPARTMENT, WEIGHT, WEIGHT_OF_LANE = 30e3, 12.0, 1.0, 0.1
#: Likewise if weights are floats, which are added source by source.
SOURCE, FLOAT_OF_LANE = 20e3, 2.0
#: Likewise for an instruction of the host, for a number of its vectors, and for a product's term.
INSTRUCTION, NUMBER, TERM = 4e3, 1.5, 0.1


class EarlyKernel:
    """Advance the chip and run the host's instructions; see `.contract.Kernel`.

    All kernels compute equal values from the same state, so one can go on where another ends.

    Parameters
    ----------
    program : Program
    patience : Patience
    make_compiled : callable
        Makes the compiled kernel of a program.
    estimating : Patience, optional
        As of the compiled kernel, which may take over between an estimate's functions.
    """

    def __init__(
        self,
        program: Program,
        patience: Patience,
        make_compiled: Callable[[Program], Kernel],
        estimating: Patience | None = None,
    ) -> None:
        self.program = program
        self._patience, self._make_compiled = patience, make_compiled
        self._estimating = estimating
        self._early: Kernel | None = None
        self._compiled: Kernel | None = None
        self._turn = threading.Lock()  # threads may share the kernel
        self._per_step, self._per_lane = _price(program)

    def advance(self, state: ChipState, drive: Drive, recordings: list[Recording]) -> set[str]:
        """Advance the chip in all lanes by ``drive.spikes.shape[1]`` steps."""
        lanes, n_steps, _ = drive.spikes.shape
        kernel = self._for(n_steps * (self._per_step + lanes * self._per_lane))
        return kernel.advance(state, drive, recordings)

    def follow(self, instructions: Instructions, stretch: Stretch) -> None:
        """Run the host's instructions in all lanes, for the steps of a stretch."""
        each = INSTRUCTION * len(instructions.places) + NUMBER * len(stretch.vectors)
        self._for(stretch.n_steps * each).follow(instructions, stretch)

    def fire_estimated(
        self, estimated: Estimated, firing: Instruction, stretch: Stretch, n_steps: int
    ) -> np.ndarray:
        """Let neurons fire by an estimate, and tell in which lanes that is right."""
        kernel = self._for(n_steps * (INSTRUCTION + 2 * NUMBER * estimated.product.size))
        return kernel.fire_estimated(estimated, firing, stretch, n_steps)

    def may_estimate(self, saved: float) -> bool:
        """Whether layers are to fire by an estimate, which saves so many nanoseconds."""
        return self._estimating is None or self._estimating.is_over(saved)

    def multiply_lanes(self, vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Multiply a matrix by the vectors of all lanes, adding in any order."""
        return self._for(TERM * len(vectors) * matrix.size).multiply_lanes(vectors, matrix)

    def _for(self, nanoseconds: float) -> Kernel:
        """Return the kernel for some work, given the time that NumPy would take for it."""
        with self._turn:
            if self._compiled is None and self._patience.is_over(nanoseconds):
                self._compiled, self._early = self._make_compiled(self.program), None
            if self._compiled is not None:
                return self._compiled
            if self._early is None:
                self._early = NumpyKernel(self.program)
            return self._early


def _price(program: Program) -> tuple[float, float]:
    """Estimate the nanoseconds of a step, without lanes and for each lane."""
    n_weights = n_sources = 0
    for projection in program.projections:
        rows = projection.rows[projection.rows >= 0]
        n_weights += int(np.diff(projection.weights.starts)[rows].sum())
        n_sources += len(rows)
    neurons = COMPARTMENT * program.n_compartments
    if program.dtype == np.int32:
        return STEP + WEIGHT * n_weights, neurons + WEIGHT_OF_LANE * n_weights
    return STEP + SOURCE * n_sources, neurons + FLOAT_OF_LANE * n_weights
