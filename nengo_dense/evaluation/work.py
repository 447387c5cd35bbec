"""What an inference is made of: operations on the chip, on the host, and in the source."""

from collections.abc import Sequence
from dataclasses import dataclass

import nengo
import numpy as np

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.limits import MAX_COMPARTMENTS


@dataclass(frozen=True)
class Work:
    """Operations of one inference, the mean of all samples.

    Attributes
    ----------
    host_operations : float
        Multiply-accumulates on the host: its layers in every step, and a column of the readout's
        weights for each spike that it gets.
    source_operations : int
        Multiply-accumulates of the same layers computed once, with values in the place of spikes.
    source_neurons : int
        Their neurons.
    steps : float
    busiest : tuple of (int, float)
        Neurons, and synaptic operations a step, of the layer on the chip that takes longest, as if
        it were on one core (but of no more neurons than a core has).
    """

    host_operations: float
    source_operations: int
    source_neurons: int
    steps: float
    busiest: tuple[int, float]


def work_of(
    stack: AnyDense,
    populations: Sequence[DenseLayer],
    sent: np.ndarray,
    chip: Sequence[float],
    steps: float,
) -> Work:
    """Count what is done outside the chip's own energy.

    Parameters
    ----------
    stack : DenseStack or DenseGraph
    populations : sequence of DenseLayer
        As `trial.populations_of` gives them.
    sent : (n_populations,) ndarray
        Spikes that each of them sends.
    chip : sequence of float
        Synaptic operations of each of them on the chip.
    steps : float
    """
    readouts = [stack.logits] if isinstance(stack, DenseStack) else list(stack.readouts.values())
    spikes = {layer.neurons: n for layer, n in zip(populations, sent, strict=True)}
    host, source = 0.0, 0
    for connection in stack.connections:
        if connection.post_obj not in readouts or _is_bias(connection):
            continue
        weights = int(connection.size_out)
        source += weights * int(connection.size_in)
        given = spikes.get(connection.pre_obj)
        host += weights * (connection.size_in * steps if given is None else float(given))
    encoders = {part.layer for part in stack.networks if isinstance(part, SpikeEncoder)}
    for layer in populations:
        n_in = int(layer.input.size_in)
        if layer in encoders:
            host += n_in * steps
            continue
        source += n_in * layer.ensemble.n_neurons
        if not layer.on_chip:
            host += n_in * layer.ensemble.n_neurons * steps
    neurons = sum(layer.ensemble.n_neurons for layer in stack.layers)
    each = [
        (min(layer.ensemble.n_neurons, MAX_COMPARTMENTS), operations / steps)
        for layer, operations in zip(populations, chip, strict=True)
        if layer.on_chip
    ]
    return Work(host, source, neurons, steps, max(each, key=lambda one: one[1], default=(0, 0.0)))


def _is_bias(connection: nengo.Connection) -> bool:
    """Tell the connection of a constant from one of values."""
    before = connection.pre_obj
    return isinstance(before, nengo.Node) and before.size_in == 0
