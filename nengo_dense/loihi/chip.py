"""The emulated chip: a program, its state in all lanes, noise, learning and a kernel."""

from collections.abc import Callable

import numpy as np
from nengo.exceptions import SimulationError

from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording
from nengo_dense.loihi.learning import LearningSynapse
from nengo_dense.loihi.program import Program


class Chip:
    """Run a program in many lanes at once.

    Parameters
    ----------
    program : Program
    kernel : Kernel
    lanes : int
        Number of simulations to run side by side.
    seed : int
        Seed of the chip's noise and stochastic rounding, the same in every lane.
    error_scale : float
        ``pes_error_scale`` of the model.
    complain : callable
        Called with a message when something goes wrong on the chip.
    """

    def __init__(
        self,
        program: Program,
        kernel: Kernel,
        lanes: int,
        seed: int,
        error_scale: float,
        complain: Callable[[str], None],
    ) -> None:
        self.complain = complain
        self.program = program
        self.kernel = kernel
        self.lanes = lanes
        self.error_scale = error_scale
        chip = program.compartments
        self._noisy = bool(chip.noise_enabled.any())
        self._scheduled = [group for group in program.inputs if group.scheduled]
        self.rng = np.random.RandomState()  # to make one takes longer than to seed it
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Return to the state before the first step."""
        self.n_steps = 0
        self.state = ChipState.zeros(self.program, self.lanes)
        self.rng.seed(seed)
        self.learnings = [
            LearningSynapse(self.program, number, self.lanes, self.error_scale, self.complain)
            for number in range(len(self.program.learnings))
        ]

    def advance(self, spikes: np.ndarray, recordings: list[Recording]) -> set[str]:
        """Advance by ``spikes.shape[1]`` steps.

        Parameters
        ----------
        spikes : (lanes, n_steps, n_inputs) uint8 array
            Spikes that the host sends in each step; they arrive one step later.
        recordings : list of Recording

        Returns
        -------
        overflowed : set of str
            Names of the registers that overflowed.

        Raises
        ------
        nengo.exceptions.SimulationError
            An input neuron has more than 255 scheduled spikes in one step.
        """
        self._add_scheduled(spikes)
        if not self.learnings:
            return self._advance_plain(spikes, recordings)
        overflowed: set[str] = set()
        for step in range(spikes.shape[1]):
            parts = [recording.at(step) for recording in recordings]
            overflowed |= self._advance_learning(spikes[:, step : step + 1], parts)
        return overflowed

    def _advance_plain(self, spikes: np.ndarray, recordings: list[Recording]) -> set[str]:
        n_steps = spikes.shape[1]
        noise = self._sample_noise(n_steps) if self._noisy else ()
        drive = Drive(spikes, *noise)
        self.n_steps += n_steps
        return self.kernel.advance(self.state, drive, recordings)

    def _advance_learning(self, spikes: np.ndarray, recordings: list[Recording]) -> set[str]:
        """Advance one step: learning comes before the compartments' noise is drawn."""
        extra = np.zeros_like(self.state.current)
        self.n_steps += 1
        for learning in self.learnings:
            learning.receive(self.n_steps, self.state, extra, self.rng)
        for learning in self.learnings:
            learning.learn(self.n_steps, self.rng)
        noise_q, noise_u = self._sample_noise(1)
        drive = Drive(spikes, noise_q, noise_u, extra)
        return self.kernel.advance(self.state, drive, recordings)

    def _sample_noise(self, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw noise as nengo-loihi does: for every compartment, with or without noise."""
        chip = self.program.compartments
        shape = (n_steps, len(chip))
        if self.program.dtype == np.int32:
            uniform = self.rng.randint(-127, 128, size=shape, dtype=np.int32)
        else:
            uniform = self.rng.uniform(-1, 1, size=shape).astype(np.float32)
        noise = ((uniform + chip.noise_offset) * chip.noise_scale).astype(self.program.dtype)
        return noise * ~chip.noise_on_u, noise * chip.noise_on_u

    def _add_scheduled(self, spikes: np.ndarray) -> None:
        """Add the spikes that were scheduled when the model was built."""
        for group in self._scheduled:
            for step in group.scheduled.keys() & range(
                self.n_steps + 1, self.n_steps + spikes.shape[1] + 1
            ):
                counts = np.bincount(group.scheduled[step], minlength=group.size)
                if counts.max(initial=0) > 255:
                    raise SimulationError(
                        f"Input {group.label}: one neuron has {counts.max()} spikes in step "
                        f"{step}; at most 255 can be emulated"
                    )
                part = slice(group.start, group.start + group.size)
                spikes[:, step - self.n_steps - 1, part] += counts.astype(np.uint8)
