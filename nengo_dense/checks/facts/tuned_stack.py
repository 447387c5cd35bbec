"""Stacks and graphs whose weights were tuned for the chip, and the conditions of their tuning."""

from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.processes import PresentInput

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.duration import unusual_time

#: Least share of a sample that has to come through the synapses before a stack by the end of its
#: presentation. Of the answers for digits (64-32, training samples held back, in 20 and 100 ms,
#: read in the second half), shares of 0.98, 0.87 and 0.63 changed no more than chance does, 4 to
#: 6 % and 27 to 33 %.
SETTLED = 0.95
#: Most steps of a presentation that are looked at.
MOST_STEPS = 100_000


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
    samples : (n, size_in) ndarray or None
        What of them arrives, once synapses have settled; None if functions or random weights are
        in between.
    synapses : tuple of nengo.synapses.Synapse
        What they come through, along the slowest way.
    """

    name: str
    network: Any
    record: Any
    presented: PresentInput | None
    samples: np.ndarray | None
    synapses: tuple[nengo.synapses.Synapse, ...] = ()

    def meant_for_chip(self) -> list[nengo.Ensemble]:
        """List the layers that were on the chip when it was tuned."""
        return [layer.ensemble for layer in self.network.layers if layer.on_chip]

    def reads_frames_of(self, process: PresentInput) -> bool:
        """Tell whether a process presents frames of sequences to it."""
        of_it = self.presented is process
        return of_it and bool(self.record.are_frames(process.presentation_time))

    def differences(self, dt: float | None = None) -> list[str]:
        """List, in sentences, how its samples and a step differ from those of its tuning."""
        time = self.presented.presentation_time if self.presented else None
        found = self.record.differences(dt=dt, x=self.samples, **self.record.as_shown(time))
        if time is not None and (said := unusual_time(time, dt or self.record.dt)):
            found = [*found, said]
        if time is not None and (said := self._unsettled(time, dt or self.record.dt)):
            found = [*found, said]
        return list(found)

    def _unsettled(self, time: float, dt: float) -> str:
        """Say that a sample has not come through the synapses when its time is over."""
        arrived = _response(self.synapses, max(1, round(min(time / dt, MOST_STEPS))), dt)[-1]
        if arrived >= SETTLED:
            return ""
        return (
            "Samples come to this stack through a synapse that is slow beside the "
            f"{1000 * time:g} ms of each: {arrived:.0%} of a sample has come through at its end, "
            "and the rest is of those before. Connect them with synapse=None, as in tuning, or "
            "show them for longer."
        )


@fact("The stacks that were tuned for the chip, and the processes that present samples.")
def tuned_stacks(network: nengo.Network, graph: Graph) -> list[TunedStack]:
    """Find the networks with a record, in the order of the network."""
    found = []
    for net in (network, *network.all_networks):
        record = getattr(net, "tuned", None)
        if record is not None and hasattr(record, "differences"):
            node = getattr(net, "input", None)
            process, samples = (None, None) if node is None else _presented(node, network)
            way = () if process is None else _slowest(node, network)
            found.append(TunedStack(graph.name(net), net, record, process, samples, way))
    return found


def _slowest(node: nengo.Node, network: nengo.Network) -> tuple[nengo.synapses.Synapse, ...]:
    """Return the synapses of the way through which samples come last, where there is no circle."""
    ways = [
        (*_slowest(conn.pre_obj, network), *filter(None, [conn.synapse]))
        for conn in network.all_connections
        if conn.post_obj is node
    ]
    return min(ways, key=lambda way: _response(way).sum(), default=())


def _response(synapses: tuple[Any, ...], n_steps: int = 100, dt: float = 0.001) -> np.ndarray:
    """Return what comes through synapses of a value that is 1 from the first step on."""
    values = np.ones((n_steps, 1))
    for synapse in synapses:
        values = synapse.filt(values, dt=dt, y0=0)
    return values[:, 0]


def _presented(
    node: nengo.Node, network: nengo.Network, way: tuple[nengo.Node, ...] = ()
) -> tuple[PresentInput | None, np.ndarray | None]:
    """Follow connections back to the one process that presents samples; add up what arrives."""
    if isinstance(node.output, PresentInput):
        return node.output, node.output.inputs.reshape(len(node.output.inputs), -1)
    into = [conn for conn in network.all_connections if conn.post_obj is node]
    if node.output is not None or not into or node in way:
        return None, None
    senders = [conn.pre_obj for conn in into]
    if not all(isinstance(sender, nengo.Node) for sender in senders):
        return None, None
    found = [_presented(sender, network, (*way, node)) for sender in senders]
    process = found[0][0]
    if process is None or any(other is not process for other, _ in found):
        return None, None
    parts = [_sent(conn, x) for conn, (_, x) in zip(into, found, strict=True)]
    total = np.zeros((len(process.inputs), node.size_in))
    for conn, part in zip(into, parts, strict=True):
        if part is None:
            return process, None
        total[:, conn.post_slice] += part
    return process, total


def _sent(conn: nengo.Connection, x: np.ndarray | None) -> np.ndarray | None:
    """Return what a connection makes of its sender's values; None where that is not known."""
    if x is None or conn.function is not None:
        return None
    transform, x = conn.transform, x[:, conn.pre_slice]
    if isinstance(transform, nengo.transforms.NoTransform):
        return x
    weights = getattr(transform, "init", None)
    if not (isinstance(transform, nengo.Dense) and isinstance(weights, np.ndarray)):
        return None
    return x @ weights.T if weights.ndim == 2 else x * weights
