"""Stacks and graphs whose weights were tuned for the chip, and the conditions of their tuning."""

from dataclasses import dataclass
from typing import Any

import nengo
from nengo.processes import PresentInput

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph


@dataclass(frozen=True, eq=False)
class TunedStack:
    """A network with a record of the conditions that it was tuned for.

    Parameters
    ----------
    name : str
        Its path.
    network : nengo.Network
        It has ``layers``, as a `nengo_dense.DenseStack` or `nengo_dense.DenseGraph` has.
    record : object
        ``presentation_time`` and ``dt`` in seconds, and ``encoding``.
    presented : PresentInput or None
        The process that presents samples to it, if there is one.
    plain : bool
        Whether the samples arrive unchanged, without a function or a transform in between.
    """

    name: str
    network: Any
    record: Any
    presented: PresentInput | None
    plain: bool

    def meant_for_chip(self) -> list[nengo.Ensemble]:
        """List the layers that were on the chip when it was tuned."""
        return [layer.ensemble for layer in self.network.layers if layer.on_chip]

    def differences(self, dt: float | None = None) -> list[str]:
        """List, in sentences, how its samples and a step differ from those of its tuning."""
        process = self.presented
        return list(
            self.record.differences(
                dt=dt,
                presentation_time=process.presentation_time if process else None,
                x=process.inputs.reshape(len(process.inputs), -1)
                if process and self.plain
                else None,
            )
        )


@fact("The stacks that were tuned for the chip, and the processes that present samples.")
def tuned_stacks(network: nengo.Network, graph: Graph) -> list[TunedStack]:
    """Find the networks with a record, in the order of the network."""
    found = []
    for net in (network, *network.all_networks):
        record = getattr(net, "tuned", None)
        if record is not None and hasattr(record, "differences"):
            node = getattr(net, "input", None)
            process, plain = _presented(node, network) if node is not None else (None, False)
            found.append(TunedStack(graph.name(net), net, record, process, plain))
    return found


def _presented(node: nengo.Node, network: nengo.Network) -> tuple[PresentInput | None, bool]:
    """Follow connections from a passthrough node back to the process that presents samples."""
    plain, seen = True, {node}
    while node.output is None:
        into = [conn for conn in network.all_connections if conn.post_obj is node]
        if len(into) != 1 or into[0].pre_obj in seen:
            return None, False
        (conn,) = into
        if not isinstance(conn.pre_obj, nengo.Node):
            return None, False
        plain = plain and _passes(conn)
        node = conn.pre_obj
        seen.add(node)
    return (node.output, plain) if isinstance(node.output, PresentInput) else (None, False)


def _passes(conn: nengo.Connection) -> bool:
    """Tell whether a connection between whole nodes changes nothing."""
    whole = conn.pre is conn.pre_obj and conn.post is conn.post_obj
    return whole and conn.function is None and type(conn.transform).__name__ == "NoTransform"
