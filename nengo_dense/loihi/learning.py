"""PES learning on the chip, with a copy of the weights for every lane.

The arithmetic is that of nengo-loihi 1.1.0's emulator (``SynapseState``). All lanes use the same
random numbers: every lane represents a simulation with the same seed, and nengo-loihi draws one
number for every trace and weight, whatever their values.
"""

from collections.abc import Callable

import numpy as np

from nengo_dense.loihi.arithmetic import (
    LEARN_FRAC,
    LEARN_MAX,
    learn_overflow_bits,
    round_stochastic,
    scale_pes_errors,
    shift,
)
from nengo_dense.loihi.kernel.state import ChipState
from nengo_dense.loihi.program import Program
from nengo_dense.loihi.projection import Projection


class LearningSynapse:
    """Weights, traces and errors of one learning synapse, in all lanes.

    Parameters
    ----------
    program : Program
    number : int
        Index of the synapse in ``program.learnings``.
    lanes : int
    error_scale : float
        ``pes_error_scale`` of the model.
    complain : callable
        Called with a message if spikes are lost.
    """

    def __init__(
        self,
        program: Program,
        number: int,
        lanes: int,
        error_scale: float,
        complain: Callable[[str], None],
    ) -> None:
        self.complain = complain
        self.learning = program.learnings[number]
        self.synapse = self.learning.synapse
        self.error_scale = error_scale
        self.integer = program.dtype == np.int32
        self._arrivals = [
            _Arrival(program, projection)
            for projection in program.projections
            if projection.learning == number
        ]
        n_axons, size = self.learning.weights.shape
        self.targets = slice(self.learning.start, self.learning.start + size)
        self.weights = np.repeat(self.learning.weights[None], lanes, axis=0)
        self.trace = np.zeros((lanes, n_axons), dtype=program.dtype)
        self.traced = np.zeros((lanes, n_axons), dtype=bool)
        self.errors = np.zeros((lanes, size // 2), dtype=program.dtype)

    def set_error(self, error: np.ndarray | None) -> None:
        """Set the error of this step: (lanes, size / 2) array, or None for zero."""
        self.errors[...] = 0
        if error is not None:
            self.errors += scale_pes_errors(error, self.error_scale)

    def receive(
        self, step: int, state: ChipState, total: np.ndarray, rng: np.random.RandomState
    ) -> None:
        """Add the weights of arriving spikes to ``total``, then update the traces."""
        counts = np.zeros(self.trace.shape, dtype=np.int64)
        for arrival in self._arrivals:
            arrival.count(state, counts, total[:, self.targets], self.weights)
        if (counts + self.traced > 1).any():
            self.complain("Synaptic trace spikes lost")
        self.traced |= counts > 0
        if step % self.synapse.train_epoch == 0:
            self._update_trace(rng)

    def learn(self, step: int, rng: np.random.RandomState) -> None:
        """Update the weights, in the steps in which the chip does."""
        if step % self.synapse.learn_epoch == 0:
            self._update_weights(rng)

    def _update_trace(self, rng: np.random.RandomState) -> None:
        decay = np.exp(-self.synapse.train_epoch / self.synapse.tracing_tau)
        trace = decay * self.trace
        trace[self.traced] += self.synapse.tracing_mag
        if self.integer:
            uniform = rng.rand(trace.shape[1])
            trace = round_stochastic(trace, uniform, LEARN_MAX, self.trace.dtype, "synapse trace")
        self.trace[...] = trace
        self.traced[...] = False

    def _update_weights(self, rng: np.random.RandomState) -> None:
        errors = np.hstack([-self.errors, self.errors])
        delta = self.trace[:, :, None] * errors[:, None, :]
        if not self.integer:
            self.weights += self.synapse.learning_rate * delta
            return
        config = self.synapse.synapse_cfg
        exponent, shift_bits = config.real_weight_exp, config.shift_bits
        rate_shift = LEARN_FRAC + self.synapse._lr_exp - learn_overflow_bits(n_factors=2)
        learned = shift(self.weights, LEARN_FRAC - exponent)
        learned = learned + shift(delta * self.synapse._lr_int, rate_shift)
        uniform = rng.rand(*self.weights.shape[1:])
        rounded = round_stochastic(
            learned * 2 ** (-LEARN_FRAC - shift_bits),
            uniform,
            2 ** (8 - shift_bits) - 1,
            self.weights.dtype,
            "learning weights",
        )
        self.weights[...] = np.left_shift(rounded, exponent + shift_bits)


class _Arrival:
    """Spikes of one group of sources to the axons of a learning synapse."""

    def __init__(self, program: Program, projection: Projection) -> None:
        group = [*program.inputs, *program.blocks][projection.source]
        self.from_input = group.start < program.n_inputs
        first = group.start - (0 if self.from_input else program.n_inputs)
        self.sources = first + np.flatnonzero(projection.rows >= 0)
        self.axons = projection.rows[projection.rows >= 0]

    def count(
        self, state: ChipState, counts: np.ndarray, total: np.ndarray, weights: np.ndarray
    ) -> None:
        """Count spikes by axon and add their weights, source by source."""
        spikes = (state.pending if self.from_input else state.spiked)[:, self.sources]
        for source in np.flatnonzero(spikes.any(axis=0)):
            counts[:, self.axons[source]] += spikes[:, source]
            for times in range(spikes[:, source].max()):
                lanes = np.flatnonzero(spikes[:, source] > times)
                total[lanes] += weights[lanes, self.axons[source]]
