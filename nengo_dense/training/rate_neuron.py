"""Neurons whose output is the firing rates of a layer, in one step and with gradients.

NengoDL trains spiking neurons on rates too, but evaluates them as spikes, which say nothing in
one step. The neurons here give rates always, so that training and validation see the same.

Imports TensorFlow and NengoDL; loaded when training starts.
"""

from typing import Any

import nengo
import tensorflow as tf
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType
from nengo_dl.neuron_builders import LIFRateBuilder, SimNeuronsBuilder, SoftLIFRateBuilder
from nengo_dl.neurons import SoftLIFRate
from nengo_extras.loihi_training import (
    LoihiLIFBuilder,
    LoihiSpikingRectifiedLinearBuilder,
    LowpassRCNoise,
)
from nengo_loihi.neurons import LoihiLIF, LoihiSpikingRectifiedLinear

from nengo_dense.neurons import LIF, RECTIFIED_LINEAR, known

#: Width, in units of the threshold current, over which the gradient of an LIF neuron is smoothed
#: around its threshold, where the true one is infinite. As in E. Hunsberger and C. Eliasmith,
#: "Training spiking deep networks for neuromorphic hardware", 2016, arXiv:1611.05141 (their
#: gamma; they use 0.02 to 0.03).
LIF_SMOOTHING = 0.03


class StraightLIFRate(SoftLIFRate):
    """Exact LIF rates, with the gradient of smoothed ones."""


class LoihiLIFRate(LoihiLIF):
    """The rates of Loihi's LIF neurons, whose periods are whole steps."""


class LoihiRectifiedLinearRate(LoihiSpikingRectifiedLinear):
    """The rates of Loihi's rectified linear neurons, whose periods are whole steps."""


class StraightLIFRateBuilder(SoftLIFRateBuilder):
    """Forward as LIFRate, backward as SoftLIFRate."""

    def step(self, J: tf.Tensor, dt: tf.Tensor) -> tf.Tensor:
        """Compute the rates."""
        soft = super().step(J, dt)
        return soft + tf.stop_gradient(LIFRateBuilder.step(self, J, dt) - soft)


class LoihiLIFRateBuilder(LoihiLIFBuilder):
    """nengo-extras' training step, whatever NengoDL is doing."""

    spiking = False

    def step(self, J: tf.Tensor, dt: tf.Tensor, **state: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Compute the rates; voltages stay as they are."""
        return (self.training_step(J, dt), *state.values())


class LoihiRectifiedLinearRateBuilder(LoihiSpikingRectifiedLinearBuilder):
    """nengo-extras' training step, whatever NengoDL is doing."""

    spiking = False

    def step(self, J: tf.Tensor, dt: tf.Tensor, **state: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Compute the rates; voltages stay as they are."""
        return (self.training_step(J, dt), *state.values())


def install() -> None:
    """Tell NengoDL how to build these neurons."""
    SimNeuronsBuilder.TF_NEURON_IMPL.update(
        {
            StraightLIFRate: StraightLIFRateBuilder,
            LoihiLIFRate: LoihiLIFRateBuilder,
            LoihiRectifiedLinearRate: LoihiRectifiedLinearRateBuilder,
        }
    )


def rate_neuron(
    neuron_type: NeuronType, *, loihi: bool, noise_tau: float | None = None
) -> NeuronType:
    """Find the rate neuron that stands for a layer's neuron in training.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        Rectified linear or LIF, spiking or not.
    loihi : bool
        Whether to compute the rates that the chip's neurons have, with periods of whole steps.
    noise_tau : float, optional
        Time constant in seconds of the filter behind the layer, for the noise that spikes leave
        behind it (`nengo_extras.loihi_training.LowpassRCNoise`); LIF neurons on the chip only.

    Raises
    ------
    nengo.exceptions.ValidationError
        A neuron of another type.
    """
    curve = known(neuron_type).curve
    if curve == LIF:
        arguments: dict[str, Any] = {
            "tau_rc": neuron_type.tau_rc,
            "tau_ref": neuron_type.tau_ref,
            "amplitude": neuron_type.amplitude,
        }
        if loihi:
            noise = None if noise_tau is None else LowpassRCNoise(noise_tau)
            return LoihiLIFRate(**arguments, nengo_dl_noise=noise)
        return StraightLIFRate(LIF_SMOOTHING, **arguments)
    if curve == RECTIFIED_LINEAR:
        kind = LoihiRectifiedLinearRate if loihi else nengo.RectifiedLinear
        return kind(amplitude=neuron_type.amplitude)
    raise ValidationError(
        f"{type(neuron_type).__name__} has no rate neuron to train; rectified linear and LIF "
        "neurons have",
        attr="neuron_type",
        obj=neuron_type,
    )
