"""The state of a network, and its return after a function of another package."""

from typing import Any

import nengo
from nengo.params import iter_params

_MISSING = object()


class NetworkState:
    """What a network, its networks and its objects hold: attributes, parameters, and defaults.

    Parameters
    ----------
    network : nengo.Network
        As it should be. Arrays are not looked into; Nengo's own cannot be written.
    """

    def __init__(self, network: nengo.Network) -> None:
        networks = [network, *network.all_networks]
        objects = [network, *network.all_objects]
        self._attributes = [(obj, dict(vars(obj))) for obj in objects]
        self._containers = [
            (value, value.copy())
            for value in _containers([*(vars(obj) for obj in objects), *_members(networks)])
        ]
        tables: list[tuple[Any, Any]] = []
        for obj in objects:
            tables += [(getattr(type(obj), name).data, obj) for name in iter_params(obj)]
        for net in networks:
            for cls, defaults in net.config.params.items():
                if isinstance(cls, type):
                    names = defaults.params
                    tables += [(defaults.get_param(n)._defaults, defaults) for n in names]
        self._values = [(table, key, table.get(key, _MISSING)) for table, key in tables]

    def restore(self) -> bool:
        """Set back what has changed; tell whether anything has."""
        changed = False
        for obj, attributes in self._attributes:
            if not _same(vars(obj), attributes):
                vars(obj).clear()
                vars(obj).update(attributes)
                changed = True
        for container, items in self._containers:
            if not _same(container, items):
                container.clear()
                container.extend(items) if isinstance(items, list) else container.update(items)
                changed = True
        for table, key, value in self._values:
            if table.get(key, _MISSING) is not value:
                if value is _MISSING:
                    del table[key]
                else:
                    table[key] = value
                changed = True
        return changed


def _members(networks: list[nengo.Network]) -> list[dict[Any, Any]]:
    return [network.objects for network in networks]


def _containers(holders: list[dict[Any, Any]]) -> list[Any]:
    """List the lists and dictionaries among the values of dictionaries."""
    return [v for held in holders for v in held.values() if type(v) in (list, dict)]


def _same(now: Any, before: Any) -> bool:
    """Tell whether a list or dictionary holds the same objects as its copy."""
    if len(now) != len(before):
        return False
    if isinstance(before, list):
        return all(a is b for a, b in zip(now, before, strict=True))
    return all(now.get(key, _MISSING) is value for key, value in before.items())
