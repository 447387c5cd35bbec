"""Connections on the chip, after passthrough nodes are removed."""

from dataclasses import dataclass
from typing import Any

import nengo
from nengo.base import ObjView


@dataclass(frozen=True, eq=False)
class Link:
    """A connection on the chip: one of Nengo's, or several through passthrough nodes.

    Parameters
    ----------
    path : tuple of nengo.Connection
        From the sender to the receiver.
    post : object
        The receiver: that of the last connection, or a passthrough node that is kept because it
        is probed.
    """

    path: tuple[nengo.Connection, ...]
    post: Any

    @property
    def pre(self) -> Any:
        """The sender: an ensemble, neurons, a node, or a view of one."""
        return self.path[0].pre

    @property
    def pre_obj(self) -> Any:
        """The sender, without a slice."""
        return self.path[0].pre_obj

    @property
    def post_obj(self) -> Any:
        """The receiver, without a slice."""
        return self.post.obj if isinstance(self.post, ObjView) else self.post

    @property
    def synapses(self) -> list[nengo.synapses.Synapse]:
        """The filters along the path."""
        return [conn.synapse for conn in self.path if conn.synapse is not None]

    @property
    def transforms(self) -> list[Any]:
        """The transforms along the path, without those that do nothing."""
        found = [conn.transform for conn in self.path]
        return [t for t in found if type(t).__name__ != "NoTransform"]

    @property
    def tau(self) -> float | None:
        """Time constant of the merged filter in seconds; ``None`` if it is not a Lowpass."""
        if not all(type(synapse) is nengo.Lowpass for synapse in self.synapses):
            return None
        return float(sum(synapse.tau for synapse in self.synapses))

    @property
    def learned(self) -> bool:
        """Whether a learning rule changes it."""
        return any(conn.learning_rule_type is not None for conn in self.path)
