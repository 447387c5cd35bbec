"""Whether a network's arguments tell all of it: what was changed in its objects may be lost."""

import warnings
from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np

from nengo_dense.exceptions import invalid

#: What is compared of each kind of object.
SETTINGS = {
    "nodes": ("output",),
    "connections": ("transform", "synapse", "learning_rule_type"),
    "ensembles": ("gain", "bias", "neuron_type", "noise"),
}
#: Largest difference of numbers that are still the same, beside the largest of them.
ROUNDING = 1e-6


def checked(network: Any) -> dict[str, Any]:
    """Return the arguments of a stack or graph, if it is the same when it is made again of them.

    These hold its weights and biases as they are. Gains, synapses, neuron types, noise,
    placements, connections or outputs of nodes that were changed in its objects are in none of
    them, and would be as before without a word.

    Parameters
    ----------
    network : DenseStack or DenseGraph

    Returns
    -------
    arguments : dict

    Raises
    ------
    nengo.exceptions.ValidationError
        It is another then.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([4, 3], 2, seed=0)
    >>> checked(stack)["units"]
    [4, 3]
    >>> stack.readout_connection.synapse = 0.1
    >>> checked(stack)
    Traceback (most recent call last):
    nengo.exceptions.ValidationError: stack: the synapse of <Connection readout.weights> was ...
    """
    arguments: dict[str, Any] = network.arguments()
    # a subclass may have a constructor that takes others
    kind = next(kind for kind in type(network).__mro__ if "arguments" in vars(kind))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were said when the network was made
        again = kind(**arguments, add_to_container=False)
    changed = next(_differences(network, again), "") or next(_added(network, again), "")
    if changed:
        raise invalid(
            f"{changed}, which is not among its arguments and would be lost. Make a new one with "
            "it, or take the change back",
            "stack",
        )
    return arguments


def _differences(network: nengo.Network, again: nengo.Network) -> Iterator[str]:
    """Say what is another in a network than in one that was made of its arguments."""
    for kind, names in SETTINGS.items():
        own, made = getattr(network, kind), getattr(again, kind)
        if len(own) < len(made):
            yield f"one of the {kind} of {network} was taken out"
        for mine, other in zip(own, made, strict=False):
            for name in names:
                if not _same(getattr(mine, name), getattr(other, name)):
                    yield f"the {name} of {mine} was changed"
    if getattr(network, "on_chip", None) != getattr(again, "on_chip", None):
        yield f"the placement of {network} was changed"
    for mine, other in zip(network.networks, again.networks, strict=False):
        yield from _differences(mine, other)


def _added(network: nengo.Network, again: nengo.Network) -> Iterator[str]:
    """Name connections that were put anywhere into a network and lead to what it had."""
    inputs = {getattr(network, "input", None), *getattr(network, "inputs", {}).values()}
    had = set(_had(network, again))
    for connection in network.all_connections:
        end = connection.post_obj
        end = getattr(end, "ensemble", end)
        if connection not in had and end in had and end not in inputs:
            yield f"{connection} was added"


def _had(network: nengo.Network, again: nengo.Network) -> Iterator[Any]:
    """Return the objects of a network that one that was made of its arguments has as well."""
    for kind in ("nodes", "ensembles", "connections"):
        own = getattr(network, kind)
        yield from own[: len(getattr(again, kind))]
    for mine, other in zip(network.networks, again.networks, strict=False):
        yield from _had(mine, other)


def _same(present: Any, told: Any) -> bool:
    values, expected = (getattr(value, "init", value) for value in (present, told))
    if not isinstance(expected, np.ndarray):
        return bool(present == told)
    if not isinstance(values, np.ndarray) or values.size != expected.size:
        return False
    most = np.abs(expected).max(initial=0)
    return np.allclose(values.ravel(), expected.ravel(), rtol=0, atol=ROUNDING * most)
