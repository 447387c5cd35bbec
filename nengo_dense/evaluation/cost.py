"""What an inference costs the chip, from published energies of Loihi."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.loihi.limits import (
    ENERGY_PER_NEURON_UPDATE,
    ENERGY_PER_SYNAPTIC_OPERATION,
    ENERGY_PER_SYNAPTIC_SPIKE,
)


@dataclass(frozen=True)
class Energy:
    """Operations of one inference on the chip, and their energy.

    Counts the neuromorphic cores only: neither the host, nor the chip's x86 cores and
    input/output, nor static power, which together often cost more.

    Attributes
    ----------
    synaptic_operations : float
        Weights added to a neuron's input: for each spike, the neurons that it reaches.
    neuron_updates : float
        Neurons times steps.
    """

    synaptic_operations: float
    neuron_updates: float

    @property
    def joules(self) -> float:
        """(float) Energy of one inference in joules."""
        per_operation = ENERGY_PER_SYNAPTIC_OPERATION + ENERGY_PER_SYNAPTIC_SPIKE
        return (
            self.synaptic_operations * per_operation
            + self.neuron_updates * ENERGY_PER_NEURON_UPDATE
        )

    def __str__(self) -> str:
        return (
            f"on the chip, an inference: {self.synaptic_operations:.0f} synaptic operations, "
            f"{self.neuron_updates:.0f} neuron updates, {1e6 * self.joules:.3g} microjoules"
        )


def energy_of(
    layers: Sequence[DenseLayer], sent: np.ndarray, spikes_in: float, n_steps: int
) -> Energy:
    """Count what the cores do in one presentation.

    Parameters
    ----------
    layers : sequence of DenseLayer
        One after the other.
    sent : (n_layers,) ndarray
        Spikes that each of them sends.
    spikes_in : float
        Spikes that the first one gets.
    n_steps : int
    """
    operations, updates = 0.0, 0
    for layer, spikes in zip(layers, sent, strict=True):
        if layer.on_chip:
            operations += spikes_in * layer.ensemble.n_neurons
            updates += layer.ensemble.n_neurons * n_steps
        spikes_in = float(spikes)
    return Energy(operations, updates)
