"""Dense layers turned into a program of the chip's integers, without building a network.

Tuning changes weights hundreds of times, and building a Nengo network each time would take far
longer than running it. The blocks made here are nengo-loihi's own and are discretized by
nengo-loihi itself, so that the integers are those of the built network (a layer that needs more
than one core is discretized as a whole here, core by core there).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import LIF, NeuronType, SpikingRectifiedLinear

from nengo_dense import compat
from nengo_dense.loihi.program import Program


@dataclass(frozen=True)
class ChipLayer:
    """What a dense layer is on the chip, in nengo-loihi's floating point units.

    Attributes
    ----------
    weights : (n_out, n_in) ndarray
        Current that a spike adds.
    bias : (n_out,) ndarray
        Current in every step.
    neuron_type : nengo.neurons.NeuronType
        SpikingRectifiedLinear, LIF, or a subclass of either.
    tau : float
        Time constant of the synapse in seconds; 0 for none.
    """

    weights: np.ndarray
    bias: np.ndarray
    neuron_type: NeuronType
    tau: float


def chip_program(layers: Sequence[ChipLayer], dt: float) -> Program:
    """Make the program of a chain of layers that gets its spikes from the host.

    Parameters
    ----------
    layers : sequence of ChipLayer
        On the chip, first to last.
    dt : float
        Step in seconds.

    Raises
    ------
    nengo.exceptions.ValidationError
        A neuron type that the chip does not have.
    nengo.exceptions.BuildError
        Weights, biases or time constants that cannot be discretized.
    """
    compat.nengo_loihi()
    from nengo_loihi.builder.discretize import discretize_block
    from nengo_loihi.inputs import SpikeInput

    source = SpikeInput(layers[0].weights.shape[1], label="host")
    blocks: list[Any] = []
    for layer in layers:
        block = _make_block(layer, dt)
        _connect(blocks[-1] if blocks else source, block, layer.weights)
        with warnings.catch_warnings():
            # said once when the stack is built, not for each of hundreds of trials
            warnings.filterwarnings("ignore", message="Lost .* extra bits in weight rounding")
            discretize_block(block)
        blocks.append(block)
    return Program.from_model(SimpleNamespace(inputs=[source], blocks=blocks, probes=[]))


def _make_block(layer: ChipLayer, dt: float) -> Any:
    from nengo_loihi.block import LoihiBlock

    block = LoihiBlock(len(layer.bias), label="layer")
    block.compartment.bias[:] = layer.bias
    neuron_type = layer.neuron_type
    if isinstance(neuron_type, SpikingRectifiedLinear):
        block.compartment.configure_relu(vth=1 / dt, dt=dt)
    elif isinstance(neuron_type, LIF):
        block.compartment.configure_lif(
            tau_rc=neuron_type.tau_rc,
            tau_ref=neuron_type.tau_ref,
            min_voltage=neuron_type.min_voltage,
            dt=dt,
        )
    else:
        raise ValidationError(
            f"must be SpikingRectifiedLinear or LIF to be tuned on the chip's integers, got "
            f"{type(neuron_type).__name__}. Choose one of them, or convert with tune=False.",
            attr="neuron_type",
            obj=neuron_type,
        )
    block.compartment.configure_filter(layer.tau, dt=dt)
    return block


def _connect(pre: Any, block: Any, weights: np.ndarray) -> None:
    from nengo_loihi.block import Axon, Synapse

    n_in = weights.shape[1]
    synapse = Synapse(n_in)
    synapse.set_weights(weights.T.astype(nengo.rc.float_dtype))
    block.add_synapse(synapse)
    axon = Axon(n_in)
    axon.target = synapse
    axon.set_compartment_axon_map(np.arange(n_in))
    pre.add_axon(axon)
