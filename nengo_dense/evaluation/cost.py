"""What an inference costs the chip, from published energies of Loihi."""

from dataclasses import dataclass

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
