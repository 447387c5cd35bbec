"""Neuron types as a dense layer needs them: spikes of a set height, starting at rest."""

import inspect

from nengo.dists import Choice
from nengo.exceptions import ValidationError
from nengo.neurons import LIF, NeuronType, SpikingRectifiedLinear

from nengo_dense import compat
from nengo_dense.plugins import show


def arguments(neuron_type: NeuronType) -> dict:
    """Read back the constructor arguments of a neuron type.

    Raises
    ------
    nengo.exceptions.ValidationError
        An argument is not kept as an attribute, so that the type cannot be rebuilt.
    """
    names = list(inspect.signature(type(neuron_type).__init__).parameters)[1:]
    names = list(dict.fromkeys([n for n in names if n != "kwargs"] + ["initial_state"]))
    missing = [name for name in names if not hasattr(neuron_type, name)]
    if missing:
        raise ValidationError(
            f"{type(neuron_type).__name__} does not keep its argument {missing[0]!r}, so a layer "
            "cannot set its spike height. Use one of Nengo's or nengo-loihi's neuron types.",
            attr="neuron_type",
            obj=neuron_type,
        )
    return {name: getattr(neuron_type, name) for name in names}


def rebuild(neuron_type: NeuronType, **changed: object) -> NeuronType:
    """Copy a neuron type (they are frozen) with some constructor arguments changed."""
    return type(neuron_type)(**{**arguments(neuron_type), **changed})


def as_on_loihi(neuron_type: NeuronType) -> NeuronType:
    """Return the neuron type that does in every simulator what the chip makes of this one.

    On the chip both are the same. In Nengo, nengo-loihi's types too lose what exceeds the
    threshold, and fire at most once a step. Types of which nengo-loihi has no such version are
    returned as they are.
    """
    loihi = compat.nengo_loihi()
    twins = {
        SpikingRectifiedLinear: loihi.LoihiSpikingRectifiedLinear,
        LIF: loihi.LoihiLIF,
    }
    twin = twins.get(type(neuron_type))
    return neuron_type if twin is None else twin(**arguments(neuron_type))


def with_amplitude(neuron_type: NeuronType, amplitude: float, obj: object) -> NeuronType:
    """Copy a neuron type with spikes of height ``amplitude`` and a voltage that starts at zero.

    Loihi has no other initial voltage; Nengo's default differs from type to type.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        With amplitude 1 (the default) or already ``amplitude``.
    amplitude : float
        One over the rate in hertz that stands for the value 1.
    obj : object
        Whom an error is about.
    """
    if not isinstance(neuron_type, NeuronType):
        raise ValidationError(
            "must be a neuron type such as nengo.SpikingRectifiedLinear(), got "
            f"{show(neuron_type)}"
            + (
                " (an instance is needed: add parentheses)"
                if isinstance(neuron_type, type)
                else ""
            ),
            attr="neuron_type",
            obj=obj,
        )
    if not hasattr(neuron_type, "amplitude"):
        raise ValidationError(
            f"{type(neuron_type).__name__} has no amplitude, which a layer sets to 1 / max_rate. "
            "Use SpikingRectifiedLinear, LIF, RectifiedLinear, LIFRate, or nengo-loihi's "
            "LoihiSpikingRectifiedLinear or LoihiLIF.",
            attr="neuron_type",
            obj=obj,
        )
    if neuron_type.amplitude not in (1, amplitude):
        raise ValidationError(
            f"must have amplitude 1, got {neuron_type.amplitude:g}: the layer itself sets it to "
            f"1 / max_rate = {amplitude:g}, so that decoded values do not depend on max_rate. "
            "Leave it out, and scale the weights if you want other values.",
            attr="neuron_type",
            obj=obj,
        )
    changed: dict[str, object] = {"amplitude": amplitude}
    if "voltage" in neuron_type.state:
        state = dict(neuron_type.initial_state or {})
        changed["initial_state"] = {**state, "voltage": Choice([0])}
    return rebuild(neuron_type, **changed)
