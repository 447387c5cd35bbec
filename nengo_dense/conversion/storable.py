"""Whether the chip's integers can hold a layer at all."""

from collections.abc import Sequence

import numpy as np
from nengo.exceptions import BuildError
from nengo.neurons import LIF, SpikingRectifiedLinear

from nengo_dense import compat
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.stack import DenseStack

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
    below = _spike_values(stack, dt)
    for i, (layer, values) in enumerate(zip(stack.layers, below, strict=True)):
        weight = layer.unit_gain * float((np.abs(layer.weights) * values).max())
        if layer.on_chip and not _fits(layer, weight, dt):
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


def _fits(layer: DenseLayer, weight: float, dt: float) -> bool:
    """Let nengo-loihi look for an exponent, with the largest and the smallest numbers alone."""
    compat.nengo_loihi()
    from nengo_loihi.block import LoihiBlock
    from nengo_loihi.builder.discretize import discretize_compartment

    neuron_type = layer.ensemble.neuron_type
    compartment = LoihiBlock(2).compartment
    compartment.bias[:] = [layer.ensemble.bias.min(), layer.ensemble.bias.max()]
    if isinstance(neuron_type, SpikingRectifiedLinear):
        compartment.configure_relu(vth=1 / dt, dt=dt)
    elif isinstance(neuron_type, LIF):
        compartment.configure_lif(tau_rc=neuron_type.tau_rc, tau_ref=neuron_type.tau_ref, dt=dt)
    else:
        return True  # nengo-loihi itself says what it makes of other types
    try:
        discretize_compartment(compartment, weight)
    except (BuildError, AssertionError):  # an assertion where the threshold becomes zero
        return False
    return True
