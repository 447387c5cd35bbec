"""Paths through a network: reachable objects, inputs and outputs."""

from collections.abc import Iterable
from typing import Any

import nengo
import numpy as np
from nengo.connection import LearningRule
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.loihi.membership import base


class Ways:
    """The links of a network as a graph; links into learning rules are left out.

    Attributes
    ----------
    objects : list of nengo.Ensemble or nengo.Node
        Senders and receivers of links.
    after : dict
        Object -> the objects that it sends to.
    """

    def __init__(self, graph: Graph) -> None:
        pairs = [
            (base(link.pre), base(link.post))
            for link in graph.links
            if not isinstance(link.post_obj, LearningRule)
        ]
        self.graph = graph
        self.after: dict[Any, list[Any]] = {}
        for pre, post in pairs:
            self.after.setdefault(pre, []).append(post)
            self.after.setdefault(post, [])
        self.objects = list(self.after)
        index = {obj: i for i, obj in enumerate(self.objects)}
        self._pairs = np.array([(index[a], index[b]) for a, b in pairs], dtype=int).reshape(-1, 2)

    def reach(self, starts: Iterable[Any], closed: frozenset[Any] = frozenset()) -> set[Any]:
        """Find the objects reachable from some objects, these included, without closed ones."""
        reached = {obj for obj in starts if obj not in closed}
        queue = list(reached)
        for obj in queue:
            for post in self.after.get(obj, []):
                if post not in closed and post not in reached:
                    reached.add(post)
                    queue.append(post)
        return reached

    def beginnings(self) -> list[Any]:
        """List the objects that send but do not receive: inputs, and ensembles without input."""
        fed = set(self._pairs[:, 1])
        return [obj for i, obj in enumerate(self.objects) if i not in fed]

    def over_the_chip(self, closed: frozenset[Any] = frozenset()) -> set[Any]:
        """Find the objects reachable from the beginnings through an ensemble on the chip."""
        heard = self.reach(self.beginnings(), closed)
        firing = [obj for obj in heard if isinstance(obj, nengo.Ensemble) and self._on_chip(obj)]
        return self.reach(firing, closed)

    def _on_chip(self, ensemble: nengo.Ensemble) -> bool:
        return self.graph.on_chip(ensemble)

    def ends(self) -> list[set[Any]]:
        """List the outputs: objects that send nothing, and loops without a link out of them."""
        if not self.objects:
            return []
        label = self._components("strong")
        pre, post = label[self._pairs].T
        leaving = pre != post
        last = set(post[leaving]) - set(pre[leaving])
        return [{o for o, k in zip(self.objects, label, strict=True) if k == c} for c in last]

    def neighbourhood(self, obj: Any) -> set[Any]:
        """Find all objects linked to an object, in either direction."""
        label = self._components("weak")
        own = label[self.objects.index(obj)]
        return {other for other, k in zip(self.objects, label, strict=True) if k == own}

    def _components(self, connection: str) -> np.ndarray:
        n = len(self.objects)
        ones = np.ones(len(self._pairs), dtype=bool)
        matrix = coo_array((ones, tuple(self._pairs.T)), shape=(n, n))
        _, label = connected_components(matrix, directed=True, connection=connection)
        return np.asarray(label)
