"""Neuron types: one table of facts about them, and modified copies of them.

A type that is not in the table, such as a user's own, runs with its own code, but cannot be saved,
tuned or trained. The table has nengo-loihi's types by name, because a look-up must not import the
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
    """The voltage rules of a spiking neuron on the host, for neurons that the kernels support.

    Attributes
    ----------
    signed : bool
        Whether a negative current lowers the voltage.
    counts : bool
        Whether each whole 1 of voltage is a spike and is subtracted. If not, a neuron above 1
        spikes once and is reset to 0.
    """

    signed: bool
    counts: bool


class Known(NamedTuple):
    """Facts about a neuron type.

    Attributes
    ----------
    curve : {"rectified linear", "LIF", ""}
        Its rate as a function of its input, if it is one of the two curves of the chip.
    rate : str
        The type of `nengo.neurons` whose output is the mean firing rate of this one.
    on_loihi : str
        The type of nengo-loihi that behaves in every simulator as this one does on the chip; empty
        if the chip does not have such neurons.
    in_files : bool
        Whether it can be saved in a stack's file; all its arguments are then numbers.
    elementwise : bool
        Whether its ``step`` is elementwise, and so works on (lanes, n_neurons) arrays.
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
#: Names of types allowed in a stack's file -> their modules.
IN_FILES = {name: module for (module, name), found in TABLE.items() if found.in_files}


def known(neuron_type: NeuronType) -> Known:
    """Look up the facts about a neuron type; a subclass of a known type is not known."""
    kind = type(neuron_type)
    return TABLE.get((kind.__module__, kind.__name__), Known())


def class_in_file(name: str) -> type[NeuronType]:
    """Return the class of a name among `IN_FILES`.

    Raises
    ------
    nengo_dense.exceptions.MissingDependencyError
        The type is nengo-loihi's, and nengo-loihi is not installed.
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
        An argument is not an attribute, so the type cannot be rebuilt.
    """
    names = list(inspect.signature(type(neuron_type).__init__).parameters)[1:]
    names = list(dict.fromkeys([n for n in names if n != "kwargs"] + ["initial_state"]))
    missing = [name for name in names if not hasattr(neuron_type, name)]
    if missing:
        raise ValidationError(
            f"{type(neuron_type).__name__} does not keep its argument {missing[0]!r}, so a layer "
            "cannot set its amplitude. Use one of Nengo's or nengo-loihi's neuron types.",
            attr="neuron_type",
            obj=neuron_type,
        )
    return {name: getattr(neuron_type, name) for name in names}


def rebuild(neuron_type: NeuronType, **changed: object) -> NeuronType:
    """Copy a neuron type (they are frozen) with some constructor arguments changed."""
    return type(neuron_type)(**{**arguments(neuron_type), **changed})


def as_on_loihi(neuron_type: NeuronType) -> NeuronType:
    """Return the neuron type that behaves in every simulator as this one does on the chip.

    On the chip both are the same. In Nengo, nengo-loihi's types also lose the voltage above the
    threshold, and fire at most once per step. A type without a version in nengo-loihi is returned
    unchanged.
    """
    name = known(neuron_type).on_loihi
    if name in ("", type(neuron_type).__name__):
        return neuron_type
    twin: NeuronType = getattr(compat.nengo_loihi(), name)(**arguments(neuron_type))
    return twin


def as_rates(neuron_type: NeuronType) -> NeuronType:
    """Return the neuron type whose output is the mean firing rate of this one, with amplitude 1.

    A type without a known rate version is returned unchanged.
    """
    if isinstance(neuron_type, RatesToSpikesNeuronType):
        return neuron_type.base_type
    name = known(neuron_type).rate
    if not name:
        return neuron_type
    rate: type[NeuronType] = getattr(neurons, name)
    own = set(inspect.signature(rate).parameters) - {"amplitude", "initial_state"}
    return rate(**{key: getattr(neuron_type, key) for key in own})


def check_neuron_type(value: Any, obj: object) -> NeuronType:
    """Return a neuron type, or raise a ValidationError for anything else."""
    if isinstance(value, NeuronType):
        return value
    hint = " (an instance is needed: add parentheses)" if isinstance(value, type) else ""
    raise ValidationError(
        f"must be a neuron type such as nengo.SpikingRectifiedLinear(), got {show(value)}{hint}",
        attr="neuron_type",
        obj=obj,
    )


def with_amplitude(
    neuron_type: NeuronType, amplitude: float, obj: object, start: float = 0.0
) -> NeuronType:
    """Copy a neuron type, with a given spike amplitude and initial voltage.

    Loihi has no initial voltage but zero; Nengo's default differs from type to type.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
        With amplitude 1 (the default) or already ``amplitude``.
    amplitude : float
        One over the firing rate in hertz that represents the value 1.
    obj : object
        Owner of the neurons, for messages.
    start : float, optional
        The initial voltage of all neurons, where a spike is 1.
    """
    check_neuron_type(neuron_type, obj)
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
        changed["initial_state"] = {**state, "voltage": Choice([start])}
    return rebuild(neuron_type, **changed)
