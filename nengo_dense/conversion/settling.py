"""A tuned stack with numbers that Lava, the software of Loihi 2, stores exactly."""

from dataclasses import replace
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.build import build_floats
from nengo_dense.loihi.lava import FLOOR, UNIT
from nengo_dense.loihi.layout import layers_of
from nengo_dense.neurons import rebuild

#: The neuron that Lava and nengo-loihi both have: without refractory period and (nearly) without
#: a floor. nengo-loihi needs some leak there; this one loses 1 of 4096 a step.
LAVA_NEURON = nengo.LIF(tau_rc=4, tau_ref=0, min_voltage=-100)
#: Rounding biases can change what nengo-loihi scales them by, but hardly twice.
ATTEMPTS = 4


def settle(stack: DenseStack, dt: float) -> None:
    """Round biases to multiples of 64, and put the voltages' floor where Lava has it.

    Both are what they are in integers only after the layer's weights have chosen its scale, so
    this comes last. The stack's record of tuning stays.

    Parameters
    ----------
    stack : DenseStack
        Changed in place, its layers on the chip alone.
    dt : float
        Step in seconds.
    """
    tuned = stack.tuned
    layers = stack.layers[1:] if stack.encoder is None else stack.layers
    for _ in range(ATTEMPTS):
        blocks = _integer_blocks(stack, dt)
        changed = [_settle_layer(layer, *blocks[layer.ensemble]) for layer in layers]
        if not any(changed):
            break
    stack.tuned = None if tuned is None else replace(tuned, parts=None)


def _integer_blocks(stack: DenseStack, dt: float) -> dict[Any, tuple[list[Any], list[np.ndarray]]]:
    """Return the integer blocks of each ensemble on the chip, and their neurons."""
    network, _ = with_source(stack)
    model = build_floats(network, dt).integers().model
    return {layer.owner: (layer.blocks, layer.neurons) for layer in layers_of(model)}


def _settle_layer(layer: DenseLayer, blocks: list[Any], neurons: list[np.ndarray]) -> bool:
    """Change a layer's biases and floor; return whether there was anything to change."""
    bias = np.array(layer.ensemble.bias, dtype=float)
    off = False
    for block, part in zip(blocks, neurons, strict=True):
        integers, info = block.compartment.bias, block.compartment.discretize_info
        off |= bool((integers % UNIT).any() or (block.compartment.vmin != FLOOR).any())
        scale = np.broadcast_to(info["b_scale"], integers.shape)
        bias[part] = np.round(integers / UNIT) * UNIT / scale
    if off:
        layer.ensemble.bias = bias
        v_scale = max(float(block.compartment.discretize_info["v_scale"]) for block in blocks)
        layer.ensemble.neuron_type = rebuild(
            layer.ensemble.neuron_type, min_voltage=FLOOR / v_scale
        )
    return off


def neurons_for_lava(neuron_type: Any) -> Any:
    """Choose neurons that Lava has: those asked for, or `LAVA_NEURON` in the place of rectifiers.

    nengo-loihi's rectified linear neurons have a floor at zero, which Lava's lack.

    Raises
    ------
    nengo.exceptions.ValidationError
        Neurons with a refractory period, or others than LIF.
    """
    if isinstance(neuron_type, list | tuple):
        return [neuron_type[0], *(neurons_for_lava(kind) for kind in neuron_type[1:])]
    if type(neuron_type) is nengo.SpikingRectifiedLinear:
        return LAVA_NEURON
    if not isinstance(neuron_type, nengo.LIF) or neuron_type.tau_ref > 0:
        raise ValidationError(
            "must be LIF with tau_ref=0 for target='lava', whose neurons have no refractory "
            f"period, got {neuron_type}; leave it out for neurons with hardly any leak",
            attr="neuron_type",
        )
    return neuron_type
