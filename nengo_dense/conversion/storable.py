"""Check that the chip's integers can store a layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense import compat
from nengo_dense.conversion.frame import NODE_TAU
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.stack import DenseStack
from nengo_dense.neurons import RECTIFIED_LINEAR, known

REMEDY = (
    "Rescale: bring weights and biases of the layer closer together. If its weights are all but "
    "zero, its training has collapsed: train it again, or prune it"
)


def check_storable(name: str, stack: DenseStack, specs: Sequence[DenseSpec], dt: float) -> None:
    """Refuse layers on the chip whose weights, biases and thresholds no exponent holds.

    nengo-loihi finds this when it builds a network, and says neither the layer nor the values. A
    layer on several cores may still fail on one of them.

    Parameters
    ----------
    name : str
        The model's, for messages.
    stack : DenseStack
    specs : sequence of DenseSpec
        What the stack was made of, for its layers' names.
    dt : float
        Step in seconds.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        With every such layer.
    """
    problems = []
    below = zip(_spike_values(stack, dt), _time_constants(stack), strict=True)
    for i, (layer, (values, tau)) in enumerate(zip(stack.layers, below, strict=True)):
        weight = layer.unit_gain * float((np.abs(layer.weights) * values).max())
        if layer.on_chip and not _fits(layer, weight, tau, dt):
            problems.append(
                f"{specs[i].label or layer.ensemble.label}: has a largest weight of "
                f"{np.abs(layer.weights).max():.3g} beside a largest bias of "
                f"{np.abs(layer.bias).max():.3g}; no weight exponent of the chip holds both and "
                f"the threshold. {REMEDY}"
            )
    if problems:
        raise ConversionError(name, problems)


def _spike_values(stack: DenseStack, dt: float) -> list[np.ndarray]:
    """Return what a spike in every step stands for, for each input of each layer."""
    if stack.encoder is None:
        first = np.ones(stack.size_in)
    else:
        first = np.abs(stack.encoder.decoders).max(axis=1) / (stack.encoder.layer.max_rate * dt)
    return [first, *(np.array(1 / (layer.max_rate * dt)) for layer in stack.layers[:-1])]


def _time_constants(stack: DenseStack) -> list[float]:
    """Return the time constant in seconds in front of each layer, 0 for none or another kind."""
    known: dict[str, list[Any]] = {"host": [None], "spikes": [], "chip": [NODE_TAU]}
    synapses = [*known[stack.encoding], *stack.synapses[:-1]]
    taus = [getattr(synapse, "tau", synapse) for synapse in synapses]
    return [float(tau) if isinstance(tau, int | float) else 0.0 for tau in taus]


def _fits(layer: DenseLayer, weight: float, tau: float, dt: float) -> bool:
    """Let nengo-loihi look for an exponent, with the largest and the smallest numbers alone."""
    compat.nengo_loihi()
    from nengo_loihi.block import LoihiBlock
    from nengo_loihi.builder.discretize import discretize_compartment

    neuron_type = layer.ensemble.neuron_type
    found = known(neuron_type)
    if not found.on_loihi:
        return True  # nengo-loihi itself says what it makes of other types
    compartment = LoihiBlock(2).compartment
    compartment.bias[:] = [layer.ensemble.bias.min(), layer.ensemble.bias.max()]
    if found.curve == RECTIFIED_LINEAR:
        compartment.configure_relu(vth=1 / dt, dt=dt)
    else:
        compartment.configure_lif(tau_rc=neuron_type.tau_rc, tau_ref=neuron_type.tau_ref, dt=dt)
    compartment.configure_filter(tau, dt=dt)
    try:
        discretize_compartment(compartment, weight)
    except (BuildError, AssertionError):  # an assertion where the threshold becomes zero
        return False
    return True
