"""Neuron types: one table of facts about them, and their copies with something changed.

A type that is not in the table, such as a user's own, runs by its own code, and is neither saved,
nor tuned, nor trained. nengo-loihi's types are here by name, because asking must not load the
package.
"""

import importlib
import inspect
from typing import Any, NamedTuple

from nengo import neurons
from nengo.dists import Choice
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, RatesToSpikesNeuronType

from nengo_dense import compat
from nengo_dense.plugins import show

NENGO, LOIHI = "nengo.neurons", "nengo_loihi.neurons"
RECTIFIED_LINEAR, LIF = "rectified linear", "LIF"


class Firing(NamedTuple):
    """How a spiking neuron on the host uses its voltage, where the kernels have it as an act.

    Attributes
    ----------
    signed : bool
        Whether a negative current lowers the voltage.
    counts : bool
        Whether each whole 1 of voltage is a spike and is taken from it. If not, a neuron above 1
        spikes once and starts again at 0.
    """

    signed: bool
    counts: bool


class Known(NamedTuple):
    """Facts about a neuron type.

    Attributes
    ----------
    curve : {"rectified linear", "LIF", ""}
        Its rate as a function of its input, if that is one of the two that the chip has.
    rate : str
        The type of `nengo.neurons` that answers with its mean rate.
    on_loihi : str
        The type of nengo-loihi that does in every simulator what the chip makes of this one; none
        for neurons that the chip does not have.
    in_files : bool
        Whether a stack's file may name it: then all its arguments are numbers.
    elementwise : bool
        Whether its ``step`` works on each number alone, and so takes (lanes, n_neurons) arrays.
    firing : Firing or None
    """

    curve: str = ""
    rate: str = ""
    on_loihi: str = ""
    in_files: bool = False
    elementwise: bool = False
    firing: Firing | None = None


_RELU = Known(RECTIFIED_LINEAR, "RectifiedLinear", in_files=True, elementwise=True)
_SPIKING_RELU = _RELU._replace(on_loihi="LoihiSpikingRectifiedLinear")
_LIF_RATE = Known(LIF, "LIFRate", in_files=True, elementwise=True)
_LIF = _LIF_RATE._replace(on_loihi="LoihiLIF")
_ADAPTIVE = Known(rate="AdaptiveLIFRate", elementwise=True)

#: By module and name of the class.
TABLE = {
    (NENGO, "SpikingRectifiedLinear"): _SPIKING_RELU._replace(firing=Firing(False, True)),
    (NENGO, "RectifiedLinear"): _RELU,
    (NENGO, "LIF"): _LIF,
    (NENGO, "LIFRate"): _LIF_RATE,
    (LOIHI, "LoihiSpikingRectifiedLinear"): _SPIKING_RELU._replace(firing=Firing(True, False)),
    (LOIHI, "LoihiLIF"): _LIF,
    (NENGO, "AdaptiveLIF"): _ADAPTIVE,
    (NENGO, "AdaptiveLIFRate"): _ADAPTIVE,
    (NENGO, "RegularSpiking"): Known(elementwise=True, firing=Firing(True, True)),
    (NENGO, "Izhikevich"): Known(elementwise=True),
    (NENGO, "Sigmoid"): Known(rate="Sigmoid", elementwise=True),
    (NENGO, "Tanh"): Known(rate="Tanh", elementwise=True),
}
#: Names that a stack's file may have, and their modules.
IN_FILES = {name: module for (module, name), found in TABLE.items() if found.in_files}


def known(neuron_type: NeuronType) -> Known:
    """Look a neuron type up; nothing is known of one that inherits from another."""
    kind = type(neuron_type)
    return TABLE.get((kind.__module__, kind.__name__), Known())


def class_in_file(name: str) -> type[NeuronType]:
    """Return the class of a name among `IN_FILES`.

    Raises
    ------
    nengo_dense.exceptions.MissingDependencyError
        nengo-loihi's, which is not installed.
    """
    module = IN_FILES[name]
    if module == LOIHI:
        compat.nengo_loihi()
    found: type[NeuronType] = getattr(importlib.import_module(module), name)
    return found


def arguments(neuron_type: NeuronType) -> dict[str, Any]:
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
    name = known(neuron_type).on_loihi
    if name in ("", type(neuron_type).__name__):
        return neuron_type
    twin: NeuronType = getattr(compat.nengo_loihi(), name)(**arguments(neuron_type))
    return twin


def as_rates(neuron_type: NeuronType) -> NeuronType:
    """Return the neuron type that answers with the mean rate of this one, amplitude 1.

    A type of which none is known is returned as it is.
    """
    if isinstance(neuron_type, RatesToSpikesNeuronType):
        return neuron_type.base_type
    name = known(neuron_type).rate
    if not name:
        return neuron_type
    rate: type[NeuronType] = getattr(neurons, name)
    own = set(inspect.signature(rate).parameters) - {"amplitude", "initial_state"}
    return rate(**{key: getattr(neuron_type, key) for key in own})


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
        hint = " (an instance is needed: add parentheses)" if isinstance(neuron_type, type) else ""
        raise ValidationError(
            "must be a neuron type such as nengo.SpikingRectifiedLinear(), got "
            f"{show(neuron_type)}{hint}",
            attr="neuron_type",
            obj=obj,
        )
    if not hasattr(neuron_type, "amplitude"):
        raise ValidationError(
            f"{type(neuron_type).__name__} has no amplitude, which a layer sets to 1 / max_rate. "
            f"Use one of {', '.join(IN_FILES)}.",
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
