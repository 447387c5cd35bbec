"""The cost of an inference on the chip."""

from collections.abc import Sequence

import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.loihi.energy import Energy
from nengo_dense.report_table import three_digits


def operations_of(
    layers: Sequence[DenseLayer],
    senders: Sequence[Sequence[int]],
    sent: np.ndarray,
    spikes_in: float,
) -> list[float]:
    """Count the synaptic operations of each layer on the chip, 0 for others.

    A dense layer uses all its weights for a spike, so the operations are those that
    `nengo_dense.loihi.energy.count_energy` finds in the built network, and are known of a network
    that was not built for the chip.

    Parameters
    ----------
    layers : sequence of DenseLayer
    senders : sequence of sequence of int
        For each layer the numbers of those whose spikes it gets.
    sent : (n_layers,) ndarray
        Spikes that each of them sends.
    spikes_in : float
        Spikes that a layer on the chip gets which has no senders: of the input's values.
    """
    return [
        (float(sent[list(numbers)].sum()) if numbers else spikes_in) * layer.ensemble.n_neurons
        if layer.on_chip
        else 0.0
        for layer, numbers in zip(layers, senders, strict=True)
    ]


def energy_of(layers: Sequence[DenseLayer], operations: Sequence[float], n_steps: float) -> Energy:
    """Count what the cores do in one presentation.

    Parameters
    ----------
    layers : sequence of DenseLayer
    operations : sequence of float
        As `operations_of` counts them.
    n_steps : float
    """
    on_chip = sum(layer.ensemble.n_neurons for layer in layers if layer.on_chip)
    return Energy(sum(operations), on_chip * n_steps)


def spikes_for_values(x: np.ndarray, n_steps: int) -> float:
    """Count the spikes that nengo-loihi makes of the values of a node: the mean of all samples.

    It has an on and an off neuron for each value (nengo-loihi 1.1.0, ``OnOffDecodeNeurons``),
    which gather ``(1 + value) / 2`` and ``(1 - value) / 2`` of a spike in every step and send
    whole ones, at most one a step.

    Parameters
    ----------
    x : (n, size_in) or (n, n_frames, size_in) ndarray
        Frames share the time.
    n_steps : int
        Steps that each sample is shown.
    """
    spikes = 0.0
    for sign in (1, -1):
        gathered = np.clip((1 + sign * x) / 2, 0, 1)
        gathered = gathered if x.ndim == 2 else gathered.mean(axis=1)
        spikes += float(np.floor(n_steps * gathered).sum()) / len(x)
    return spikes


def describe(energy: Energy) -> str:
    """Say it in a line."""
    return (
        f"on the chip, an inference: {energy.synaptic_operations:.0f} synaptic operations, "
        f"{energy.neuron_updates:.0f} neuron updates, "
        f"{three_digits(1e6 * energy.joules)} microjoules"
    )
