"""The graph of a network: placement, and the links after passthrough nodes are removed.

nengo-loihi's splitter decides the placement and the nodes to remove. Only the product of the
matrices along a path is not computed. That keeps it fast for wide layers, and it works for
networks that nengo-loihi cannot merge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import NengoException

from nengo_dense import compat
from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.link import Link
from nengo_dense.checks.naming import Names
from nengo_dense.loihi.membership import base


@dataclass
class Graph:
    """A network as nengo-loihi divides it between host and chip.

    Attributes
    ----------
    network : nengo.Network
    names : Names
    chip : list of nengo.Ensemble
        Ensembles on the chip, in the network's order.
    links : list of Link
    split : object
        nengo-loihi's HostChipSplit.
    refusals : list of Exception
        Errors of the splitter; the rest of the graph is valid nevertheless.
    """

    network: nengo.Network
    names: Names
    split: Any
    links: list[Link]
    refusals: list[Exception] = field(default_factory=list)
    chip: list[nengo.Ensemble] = field(init=False)

    def __post_init__(self) -> None:
        self.chip = [ens for ens in self.network.all_ensembles if ens in self.split.chip_objs]

    def on_chip(self, obj: Any) -> bool:
        """Tell whether an object is on the chip; learning rules count as on the host."""
        return base(obj) in self.split.chip_objs

    def name(self, item: Any) -> str:
        """Name an object or a link."""
        if not isinstance(item, Link):
            return self.names(item)
        if len(item.path) == 1:
            return self.names(item.path[0])
        return f"{self.names(item.pre)} -> {self.names(item.post)}"

    def between(self, pre_on_chip: bool, post_on_chip: bool) -> list[Link]:
        """List the links by the places of sender and receiver, learning rules left out."""
        return [
            link
            for link in self.links
            if self.on_chip(link.pre) == pre_on_chip
            and not isinstance(link.post_obj, LearningRule)
            and self.on_chip(link.post) == post_on_chip
        ]

    def into_synapses(self) -> list[Link]:
        """List the links whose filter is on the chip: from neurons on the chip or on the host."""
        spikes = [link for link in self.between(False, True) if isinstance(link.pre_obj, Neurons)]
        return self.between(True, True) + spikes

    def encoded(self) -> list[Link]:
        """List the links whose values nengo-loihi encodes: from values on the host."""
        return [
            link for link in self.between(False, True) if not isinstance(link.pre_obj, Neurons)
        ]

    def into(self, ensemble: nengo.Ensemble) -> list[Link]:
        """List the links into an ensemble on the chip."""
        return [link for link in self.links if base(link.post) is ensemble]

    def reentries(self, sender: Any) -> list[Any]:
        """List the receivers on the chip that the host reaches from one of its objects."""
        after: dict[Any, list[Any]] = {}
        for link in self.links:
            if not isinstance(link.post_obj, LearningRule):
                after.setdefault(base(link.pre), []).append(base(link.post))
        host, found = {sender: None}, []
        queue = [sender]
        for obj in queue:
            for post in after.get(obj, []):
                if self.on_chip(post):
                    found.append(post)
                elif post not in host:
                    host[post] = None
                    queue.append(post)
        return found


def _traced_cluster(base_class: type) -> type:
    class TracedCluster(base_class):
        """nengo-loihi's cluster of passthrough nodes; it makes links instead of connections."""

        def generate_conns(self) -> Iterator[Link]:
            for conn in sorted(self.conns_in, key=id):
                sent = _pass(conn, np.ones(conn.size_mid, dtype=bool))
                yield from self._walk(conn.post_obj, (conn,), sent)

        def _walk(
            self, node: Any, path: tuple[nengo.Connection, ...], sent: np.ndarray
        ) -> Iterator[Link]:
            if any(conn.pre_obj is node for conn in path):
                from nengo_loihi.passthrough import ClusterError

                raise ClusterError("no loops allowed")
            onward = [c for c in self.conns_mid | self.conns_out if c.pre_obj is node]
            if onward and node in self.probed_objs and sent.any():  # dropped if it leads nowhere
                yield Link(path, node)
            for conn in onward:
                arrived = _pass(conn, sent[conn.pre_slice])
                if conn not in self.conns_out:
                    yield from self._walk(conn.post_obj, (*path, conn), arrived)
                elif arrived.any():
                    yield Link((*path, conn), conn.post)

    return TracedCluster


def _pass(conn: nengo.Connection, sent: np.ndarray) -> np.ndarray:
    """Tell which receiving dimensions can get a signal, given the sending ones that can."""
    kind = type(conn.transform).__name__
    if kind == "NoTransform":
        out = sent
    elif kind == "Dense" and isinstance(conn.transform.init, np.ndarray):
        init = conn.transform.init
        weights = init if init.ndim == 2 else np.diag(np.broadcast_to(init, sent.shape))
        out = (weights != 0) @ sent > 0
    else:
        out = np.full(conn.size_out, sent.any())
    arrived = np.zeros(conn.post_obj.size_in, dtype=bool)
    arrived[conn.post_slice] = out
    return arrived


@fact("The ensembles on the chip, and the links between all objects.")
def graph(network: nengo.Network) -> Graph:
    """Run nengo-loihi's splitter on a network."""
    compat.nengo_loihi()
    from nengo_loihi import splitter
    from nengo_loihi.passthrough import Cluster

    hostchip = _placed(splitter.HostChipSplit, network)
    passthrough = _traced_split(splitter.PassthroughSplit, _traced_cluster(Cluster))(
        network, hostchip
    )
    kept = [
        Link((conn,), conn.post)
        for conn in network.all_connections
        if conn not in passthrough.to_remove
    ]
    position = {conn: i for i, conn in enumerate(network.all_connections)}
    merged = sorted(passthrough.to_add, key=lambda link: [position[c] for c in link.path])
    refusals = [*hostchip.refusals, *passthrough.refusals]
    return Graph(network, Names(network), hostchip, kept + merged, refusals)


def _placed(base_class: type, network: nengo.Network) -> Any:
    class Placed(base_class):
        """nengo-loihi's placement, complete even if it raises (it places first, then checks)."""

        def __init__(self) -> None:
            self.refusals: list[Exception] = []
            self.host_objs: set[Any] = set()
            self.chip_objs: set[Any] = set()
            try:
                super().__init__(network)
            except NengoException as err:
                self.refusals.append(err)

    return Placed()


def _traced_split(base_class: type, cluster_class: type) -> type:
    class TracedSplit(base_class):
        """nengo-loihi's choice of passthrough nodes; it makes links instead of connections."""

        def __init__(self, network: nengo.Network, hostchip: Any) -> None:
            self.refusals: list[Exception] = []
            self.to_remove: set[Any] = set()
            self.to_add: set[Any] = set()
            try:
                super().__init__(network, hostchip)
            except NengoException as err:
                self.refusals.append(err)

        def _find_clusters(self) -> dict[Any, Any]:
            clusters: dict[Any, Any] = super()._find_clusters()
            for cluster in clusters.values():
                cluster.__class__ = cluster_class
            return clusters

    return TracedSplit
