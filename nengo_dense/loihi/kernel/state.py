"""The state of a running program: arrays with one row per lane."""

from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.program import Program


class ChipState(NamedTuple):
    """The compartments of all lanes, written in place.

    Attributes
    ----------
    current, voltage : (lanes, n_compartments) int32 or float32 array
    refractory : (lanes, n_compartments) int32 array
        Steps for which the voltage is still held at zero.
    spiked : (lanes, n_compartments) uint8 array
        Whether the compartment spiked in the last step.
    pending : (lanes, n_inputs) uint8 array
        Input spikes of the last step; they arrive in the next step.
    """

    current: np.ndarray
    voltage: np.ndarray
    refractory: np.ndarray
    spiked: np.ndarray
    pending: np.ndarray

    @classmethod
    def zeros(cls, program: Program, lanes: int) -> "ChipState":
        """Make the state of a chip before its first step."""
        shape = (lanes, program.n_compartments)
        return cls(
            current=np.zeros(shape, dtype=program.dtype),
            voltage=np.zeros(shape, dtype=program.dtype),
            refractory=np.zeros(shape, dtype=np.int32),
            spiked=np.zeros(shape, dtype=np.uint8),
            pending=np.zeros((lanes, program.n_inputs), dtype=np.uint8),
        )


class Drive(NamedTuple):
    """The chip's inputs during some steps, apart from its own spikes.

    Attributes
    ----------
    spikes : (lanes, n_steps, n_inputs) uint8 array
        Number of input spikes; those of the last step arrive in the next run.
    noise_q, noise_u : (n_steps, n_compartments) array or None
        Noise on the input and on the current, the same for all lanes.
    extra : (lanes, n_compartments) array or None
        Input from learning synapses; only with one step.
    """

    spikes: np.ndarray
    noise_q: np.ndarray | None = None
    noise_u: np.ndarray | None = None
    extra: np.ndarray | None = None


class Recording(NamedTuple):
    """The array to which a run writes one state variable, or counts spikes, of some compartments.

    Attributes
    ----------
    key : str
        ``"spiked"``, ``"voltage"``, ``"current"`` or ``"count"``.
    columns : (k,) int64 array
        Compartments.
    values : (lanes, n_steps, k) array
        Filled by the run. A count is (lanes, k); the run adds the spikes of all its steps.
    """

    key: str
    columns: np.ndarray
    values: np.ndarray

    def at(self, step: int) -> "Recording":
        """Return the recording of a single step."""
        if self.key == "count":
            return self
        return self._replace(values=self.values[:, step : step + 1])
