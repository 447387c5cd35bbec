"""What a network leads to without containing it, such as a stack that was not added."""

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
        other = _owner(end)
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


def _owner(end: Any) -> Any:
    """Find the ensemble, node or connection under a view, under neurons or under a rule."""
    end = end.obj if isinstance(end, ObjView) else end
    if isinstance(end, Neurons):
        return end.ensemble
    return end.connection if isinstance(end, LearningRule) else end
