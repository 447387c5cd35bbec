"""What an inference costs the chip."""

from collections.abc import Sequence

import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.loihi.energy import Energy


def energy_of(
    layers: Sequence[DenseLayer], sent: np.ndarray, spikes_in: float, n_steps: int
) -> Energy:
    """Count what the cores do in one presentation.

    A dense layer uses all its weights for a spike, so the operations are those that
    `nengo_dense.loihi.energy.count_energy` finds in the built network, and are known of a network
    that was not built for the chip.

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


def describe(energy: Energy) -> str:
    """Say it in a line."""
    return (
        f"on the chip, an inference: {energy.synaptic_operations:.0f} synaptic operations, "
        f"{energy.neuron_updates:.0f} neuron updates, {1e6 * energy.joules:.3g} microjoules"
    )
