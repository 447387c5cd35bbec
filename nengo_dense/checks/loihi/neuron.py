"""ND102, ND103, ND106, ND107, ND113, ND116: neurons as the chip can have them."""

from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.dists import Distribution, Uniform, get_samples

from nengo_dense.checks.loihi.graph import Graph
from nengo_dense.checks.rule import Finding, rule
from nengo_dense.checks.untouched import SEED

#: Highest intercept that nengo-loihi 1.1.0 builds (``Model.intercept_limit``).
INTERCEPT_LIMIT = 0.95


def registered(neuron_type: nengo.neurons.NeuronType) -> type:
    """Find the class whose builder nengo-loihi would use: the first one inherited from."""
    from nengo_loihi.builder.builder import Builder

    return next(cls for cls in type(neuron_type).__mro__ if cls in Builder.builders)


@rule(
    "ND102",
    "error",
    "the neuron types exist on Loihi",
    remedy="Use nengo.SpikingRectifiedLinear() or nengo.LIF(), or put the layer on the host.",
    says=("cannot be simulated on", "Amplitude is not supported on RegularSpiking"),
)
def neuron_type(graph: Graph) -> Iterator[Finding]:
    """The chip has leaky and non-leaky integrate-and-fire neurons. Rate neurons, such as
    RectifiedLinear, have no spikes to send. RegularSpiking works on LIFRate and RectifiedLinear,
    with the amplitude on itself and not on its base type.
    """
    for ensemble in graph.chip:
        kind = ensemble.neuron_type
        name, found = type(kind).__name__, registered(kind)
        if found is nengo.neurons.NeuronType:
            yield Finding(graph.name(ensemble), f"has {name} neurons, which Loihi does not have")
        elif found is nengo.RegularSpiking:
            problem = _regular_spiking(kind)
            if problem:
                yield Finding(graph.name(ensemble), f"has {name} neurons {problem}")


def _regular_spiking(kind: Any) -> str:
    base = kind.base_type
    if type(base) not in (nengo.LIFRate, nengo.RectifiedLinear):
        return f"on {type(base).__name__}; only LIFRate and RectifiedLinear exist there"
    if base.amplitude != 1:
        return f"with amplitude {base.amplitude:g} on the base type; it belongs on RegularSpiking"
    return ""


@rule(
    "ND103",
    "error",
    "no neuron type is silently replaced",
    remedy="Use the plain type, if that is what you want, or put the layer on the host.",
)
def replaced_type(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi builds a neuron type as the nearest class that it knows, and does not say so.
    AdaptiveLIF inherits from LIF and becomes a plain LIF: where Nengo gives 1 spike a
    second (``inc_n=10``), the emulator gives 125.
    """
    for ensemble in graph.chip:
        kind = type(ensemble.neuron_type)
        used = registered(ensemble.neuron_type)
        if used is nengo.neurons.NeuronType or kind.__module__ == "nengo_loihi.neurons":
            continue
        if kind is not used and _behaves_otherwise(kind, used):
            yield Finding(
                graph.name(ensemble),
                f"has {kind.__name__} neurons, which become plain {used.__name__} without a word",
            )


def _behaves_otherwise(kind: type, used: type) -> bool:
    return any(
        getattr(kind, name, None) is not getattr(used, name, None)
        for name in ("step", "step_math", "gain_bias", "rates")
    )


@rule(
    "ND106",
    "error",
    "gain and bias are set together",
    remedy="Set both, or neither and use max_rates and intercepts.",
    says=("gain or bias set for",),
)
def gain_and_bias(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi does not work out the one from the other, as Nengo does."""
    for ensemble in graph.chip:
        if (ensemble.gain is None) != (ensemble.bias is None):
            missing = "gain" if ensemble.gain is None else "bias"
            present = "bias" if missing == "gain" else "gain"
            yield Finding(
                graph.name(ensemble),
                f"has a {present} but no {missing}",
                f"Set {missing} too (a bias of zeros and a gain of ones do nothing).",
            )


@rule(
    "ND107",
    "error",
    "there is no ensemble noise, and no Direct mode on the chip",
    remedy="Remove it, or put the ensemble on the host with on_chip = False.",
    says=("Ensemble noise not implemented", "Direct neurons not implemented"),
)
def noise(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi has not implemented noise in ensembles. Direct mode has no neurons: such an
    ensemble runs on the host even where the configuration says ``on_chip = True``, which is worth
    a warning.
    """
    for ensemble in graph.network.all_ensembles:
        if graph.on_chip(ensemble) and ensemble.noise is not None:
            yield Finding(graph.name(ensemble), f"has noise ({ensemble.noise!r})")
        direct = isinstance(ensemble.neuron_type, nengo.Direct)
        if direct and graph.network.config[ensemble].on_chip:
            yield Finding(
                graph.name(ensemble),
                "is in Direct mode and runs on the host, although on_chip is True",
                "Give it neurons, or set on_chip = False.",
                severity="warning",
            )


@rule(
    "ND113",
    "info",
    "neurons start at voltage zero",
    remedy='Say so: neuron_type=nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])}).',
    says=("does not support initial values",),
)
def initial_voltage(graph: Graph) -> Iterator[Finding]:
    """Nengo 4 starts its neurons at random voltages, the chip at zero, so the first spikes of a
    run differ between the two.
    """
    for ensemble in graph.chip:
        rng = np.random.RandomState(SEED)
        state = ensemble.neuron_type.make_state(ensemble.n_neurons, rng=rng)
        nonzero = [name for name, value in state.items() if np.any(np.asarray(value) != 0)]
        if nonzero:
            yield Finding(
                graph.name(ensemble),
                f"starts at {', '.join(nonzero)} other than 0; on the chip at 0",
            )


@rule(
    "ND116",
    "warning",
    "intercepts survive",
    remedy=f"Keep intercepts at or below {INTERCEPT_LIMIT}.",
    says=("Intercepts are larger than intercept limit",),
)
def intercepts(graph: Graph) -> Iterator[Finding]:
    """An intercept near 1 needs a gain so large that the other neurons of the ensemble lose their
    weights in rounding, so nengo-loihi cuts intercepts at 0.95.
    """
    for ensemble in graph.chip:
        if ensemble.gain is not None or ensemble.bias is not None:
            continue
        highest = _highest(ensemble.intercepts, ensemble.n_neurons)
        if highest > INTERCEPT_LIMIT:
            yield Finding(
                graph.name(ensemble),
                f"has intercepts up to {highest:.3g}, which nengo-loihi cuts",
                value=highest,
                limit=INTERCEPT_LIMIT,
            )


def _highest(intercepts: Any, n: int) -> float:
    if isinstance(intercepts, Uniform):
        return float(max(intercepts.low, intercepts.high))
    if isinstance(intercepts, Distribution):
        return float(np.max(get_samples(intercepts, n, rng=np.random.RandomState(SEED))))
    return float(np.max(intercepts))
