"""The objects that connections and probes lead to, and whether the network contains them."""

from collections.abc import Iterator
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import BuildError

#: The way out; Nengo's ``add`` works only inside the network's ``with`` block.
ADD = "Create that object inside 'with net:', or add its stack there: with net: net.add(stack)."


def strangers(network: nengo.Network) -> Iterator[tuple[Any, Any]]:
    """Find connections and probes of objects that the network does not contain.

    Yields
    ------
    found : tuple of (nengo.Connection or nengo.Probe, object)
        What leads there, and the ensemble, node or connection that it leads to.
    """
    own = set(network.all_objects)
    ends = [(conn, end) for conn in network.all_connections for end in (conn.pre, conn.post)]
    ends += [(probe, probe.target) for probe in network.all_probes]
    for obj, end in ends:
        other = base(end)
        other = other.connection if isinstance(other, LearningRule) else other
        if other not in own:
            yield obj, other


def check_members(network: nengo.Network) -> None:
    """Refuse a network that leads out of itself, as Nengo does.

    nengo-loihi leaves out what leads to a passthrough node elsewhere, so that a stack which was
    not added gets nothing, without a word.

    Raises
    ------
    nengo.exceptions.BuildError
    """
    for obj, other in strangers(network):
        raise BuildError(f"{obj} leads to {other}, which is not part of this network. {ADD}")


def base(obj: Any) -> Any:
    """Find the ensemble or node under a view or under neurons."""
    if isinstance(obj, ObjView):
        obj = obj.obj
    return obj.ensemble if isinstance(obj, Neurons) else obj
