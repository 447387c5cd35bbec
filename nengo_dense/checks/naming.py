"""Names for the objects of a network, by which users find them in their own program."""

from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons


class Names:
    """The path of every object in a network.

    An object's name is its label. Without a label, it is the attribute of its network that holds
    the object (``layers[0]``), or else its index in Nengo's lists (``ensembles[2]``, also a valid
    attribute path). The path joins the names of the networks and the object by dots. An object
    with the same label as its network, such as the ensemble of a dense layer, gets the network's
    path.

    Parameters
    ----------
    network : nengo.Network
    """

    def __init__(self, network: nengo.Network) -> None:
        self._paths: dict[Any, str] = {network: network.label or "network"}
        self._walk(network, "")

    def _walk(self, network: nengo.Network, prefix: str) -> None:
        attributes = _attributes(network)
        kinds = ("networks", "ensembles", "nodes", "connections", "probes")
        taken: dict[str, int] = {}
        for kind in kinds:
            for i, obj in enumerate(getattr(network, kind)):
                if obj in self._paths:  # added twice, which Nengo builds as if it were once
                    continue
                name = obj.label or attributes.get(id(obj)) or f"{kind}[{i}]"
                taken[name] = taken.get(name, 0) + 1
                if taken[name] > 1:  # the same label twice: add a number
                    name = f"{name} ({kind}[{i}])"
                if prefix and network.label:
                    name = "" if name == network.label else name.removeprefix(f"{network.label}.")
                self._paths[obj] = prefix + name if name else prefix.removesuffix(".")
                if kind == "networks":
                    self._walk(obj, f"{prefix}{name}.")

    def __call__(self, obj: Any) -> str:
        """Name an object or a view of one; name a connection without a name by its two ends."""
        if isinstance(obj, ObjView):
            return f"{self(obj.obj)}{_slice(obj.slice)}"
        if isinstance(obj, Neurons):
            return f"{self(obj.ensemble)}.neurons"
        if isinstance(obj, LearningRule):
            return f"{self(obj.connection)}.learning_rule"
        if isinstance(obj, nengo.Connection) and "connections[" in self._paths.get(obj, "conn"):
            return f"{self(obj.pre)} -> {self(obj.post)}"
        if obj in self._paths:
            return self._paths[obj]
        if isinstance(obj, nengo.Connection):
            return f"{self(obj.pre)} -> {self(obj.post)}"
        return getattr(obj, "label", None) or type(obj).__name__


def _attributes(network: nengo.Network) -> dict[int, str]:
    """Find the attribute names under which a network holds objects, also in lists."""
    names: dict[int, str] = {}
    for attribute, value in vars(network).items():
        if attribute.startswith("_") or attribute in ("objects", "seed", "label"):
            continue
        if isinstance(value, list | tuple):
            for i, item in enumerate(value):
                names.setdefault(id(item), f"{attribute}[{i}]")
        else:
            names.setdefault(id(value), attribute)
    return names


def _slice(indices: Any) -> str:
    if not isinstance(indices, slice):
        return f"[{', '.join(map(str, indices))}]" if len(indices) < 5 else "[...]"
    parts = ["" if p is None else str(p) for p in (indices.start, indices.stop)]
    step = "" if indices.step is None else f":{indices.step}"
    return f"[{parts[0]}:{parts[1]}{step}]"
