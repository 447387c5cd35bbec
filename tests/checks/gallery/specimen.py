"""Minimal networks, each with the code that it must or must not get, and where."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice


@dataclass(frozen=True)
class Specimen:
    make: Callable[[], nengo.Network]
    code: str
    target: str | None  # None: the code must not be found
    severity: str = "error"
    check: dict[str, Any] = field(default_factory=dict)
    #: What the finding measured, and its limit, where they are worked out by hand
    value: float | None = None
    limit: float | None = None
    #: Words of the finding and of its remedy, joined by a semicolon
    says: str = ""

    @property
    def name(self) -> str:
        return f"{self.code}-{self.make.__name__}"


SPECIMENS: list[Specimen] = []


def broken(code, target, severity="error", value=None, limit=None, says="", **check):
    """This network has the fault, at that object; the finding gives this value, and that limit."""

    def note(make):
        options = {"run": 0, **check}
        SPECIMENS.append(Specimen(make, code, target, severity, options, value, limit, says))
        return make

    return note


def sound(code, **check):
    """This network is as near to the fault as can be, and has it not."""

    def note(make):
        SPECIMENS.append(Specimen(make, code, None, check={"run": 0, **check}))
        return make

    return note


def relu(n, label=None, gain=100.0, bias=0.0, amplitude=None, **kwargs):
    """ReLU neurons at 100 Hz for 1."""
    amplitude = 1 / gain if amplitude is None else amplitude
    kwargs.setdefault(
        "neuron_type",
        nengo.SpikingRectifiedLinear(amplitude=amplitude, initial_state={"voltage": Choice([0])}),
    )
    return nengo.Ensemble(
        n, 1, gain=np.full(n, gain), bias=np.full(n, float(bias)), label=label, **kwargs
    )


def place(net, **on_chip):
    """Say where the ensembles of these labels go."""
    import nengo_loihi

    nengo_loihi.add_params(net)
    for ensemble in net.all_ensembles:
        if ensemble.label in on_chip:
            net.config[ensemble].on_chip = on_chip[ensemble.label]


def layers(
    weights=None, n_in=4, n_mid=6, n_out=5, value=0.5, synapse=0.005, transform=None, **second
):
    """source -> first (host) -> second (chip), with what makes it special put in."""
    weights = np.full((n_out, n_mid), 0.3) if weights is None else weights
    n_out, n_mid = np.shape(weights)
    with nengo.Network(seed=0) as net:
        source = nengo.Node(np.full(n_in, value), label="source")
        first = relu(n_mid, "first")
        last = second.pop("make", None) or relu(n_out, "second", **second)
        nengo.Connection(
            source, first.neurons, transform=np.full((n_mid, n_in), 0.5), synapse=None
        )
        nengo.Connection(
            first.neurons,
            last.neurons,
            transform=weights if transform is None else transform,
            synapse=synapse,
        )
    place(net, first=False)
    return net
