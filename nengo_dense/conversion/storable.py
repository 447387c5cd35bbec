"""Check that the chip's integers can store a layer."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense import compat
from nengo_dense.exceptions import ConversionError
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.part import LayerPart, Parts
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.limits import NO_WEIGHT, NODE_TAU
from nengo_dense.neurons import RECTIFIED_LINEAR, known

REMEDY = (
    "Rescale: bring weights and biases of the layer closer together. If its weights are all but "
    "zero, its training has collapsed: train it again, or prune it"
)


def check_storable(name: str, network: AnyDense, labels: Sequence[str | None], dt: float) -> None:
    """Refuse layers on the chip whose weights, biases and thresholds no exponent holds.

    nengo-loihi finds this when it builds a network, and says neither the layer nor the values. A
    layer on several cores may still fail on one of them.

    Parameters
    ----------
    name : str
        The model's, for messages.
    network : DenseStack or DenseGraph
    labels : sequence of str or None
        Names of its layers in the source, and perhaps more.
    dt : float
        Step in seconds.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        With every such layer.
    """
    problems = []
    parts = Parts.of(network)
    spikes = _spike_values(parts, dt)
    taus = _time_constants(network)
    for i, (part, weights) in enumerate(zip(parts.layers, parts.weights, strict=False)):
        layer = part.layer
        sizes = [_largest(weights[:, r.columns]) * spikes[r.source] for r in part.reads]
        weight = layer.unit_gain * max(float(size.max()) for size in sizes)
        if layer.on_chip and not any(_arrives(parts, part, weights)):
            problems.append(
                f"{labels[i] or part.name}: all its weights are below {NO_WEIGHT:g}, and "
                "nengo-loihi takes such ones for 0. Pass training inputs as calibration=, by "
                "which values are brought to another scale, or divide the weights and biases of "
                "the layer before, and multiply these"
            )
        elif layer.on_chip and not _fits(layer, weight, taus[i], dt):
            problems.append(
                f"{labels[i] or part.name}: has a largest weight of "
                f"{np.abs(layer.weights).max():.3g} beside a largest bias of "
                f"{np.abs(layer.bias).max():.3g}; no weight exponent of the chip holds both and "
                f"the threshold. {REMEDY}"
            )
    if problems:
        raise ConversionError(name, problems)


def _arrives(parts: Parts, part: LayerPart, weights: np.ndarray) -> Iterator[bool]:
    """Tell of each source of a layer whether nengo-loihi has its weights."""
    for read in part.reads:
        sizes = _largest(weights[:, read.columns])
        if parts.is_encoded(part, read.source):
            sizes = sizes * np.abs(parts.encoders[read.source].decoders).max(axis=1)
        yield float(sizes.max()) > NO_WEIGHT


def _largest(weights: np.ndarray) -> np.ndarray:
    """Return the largest magnitude in each column."""
    largest: np.ndarray = np.maximum(weights.max(axis=0), -weights.min(axis=0))
    return largest


def _spike_values(parts: Parts, dt: float) -> dict[str, np.ndarray]:
    """Return what a spike in every step stands for, for each value of an input or a layer."""
    values = {name: np.array(1.0) for name in parts.inputs}
    for name, encoder in parts.encoders.items():
        values[name] = np.abs(encoder.decoders).max(axis=1) / (encoder.layer.max_rate * dt)
    values |= {p.name: np.array(1 / (p.layer.max_rate * dt)) for p in parts.layers}
    return values


def _time_constants(network: AnyDense) -> list[float]:
    """Return the time constant in seconds in front of each layer, 0 for none or another kind."""
    if isinstance(network, DenseStack):
        before: dict[str, list[Any]] = {"host": [None], "spikes": [], "chip": [NODE_TAU]}
        synapses = [*before[network.encoding], *network.synapses[:-1]]
    else:
        synapses = [network.synapse] * len(network.layers)
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
