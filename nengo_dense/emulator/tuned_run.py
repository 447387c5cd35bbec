"""What a simulator says of tuned stacks: that a run is another than they were tuned for."""

from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np
from nengo.processes import PresentInput

from nengo_dense.emulator.node_data import NodeData
from nengo_dense.notices import notify
from nengo_dense.stack_inputs import inputs_of

#: Most samples that are looked at.
MOST = 1000


class TunedRun:
    """The tuned stacks and graphs of a network, held against its runs; each notice comes once.

    Parameters
    ----------
    network : nengo.Network
    dt : float
        Step in seconds.

    Examples
    --------
    >>> from nengo_dense.layers import DenseStack
    >>> from nengo_dense.layers.tuning_record import TuningRecord
    >>> record = TuningRecord(0.1, 0.001, "host", input_low=[0, 0], input_high=[1, 1])
    >>> with nengo.Network() as network:
    ...     source = nengo.Node([0, 0])
    ...     stack = DenseStack([4, 3], 2, tuned=record)
    ...     nengo.Connection(source, stack.input, synapse=None)
    <Connection ...>
    >>> samples = NodeData(np.full((1, 10, 2), 16.0))
    >>> TunedRun(network, 0.001).differences({source: samples})
    ['This stack was tuned on other inputs than these: 100% of the samples are far outside...']
    """

    def __init__(self, network: nengo.Network, dt: float) -> None:
        self._network, self._dt = network, dt
        self._looked: set[bool] = set()
        self._said: set[str] = set()
        networks = (network, *network.all_networks)
        self._altered = [said for net in networks if (said := getattr(net, "altered", ""))]
        found = ((stack.tuned, nodes) for stack, nodes in inputs_of(network))
        self._tuned = [(record, nodes) for record, nodes in found if record is not None and nodes]

    def say(self, given: Mapping[nengo.Node, NodeData]) -> None:
        """Say how a run differs from tuning: the first one, and the first with data of nodes."""
        if bool(given) in self._looked:
            return
        self._looked.add(bool(given))
        new = dict.fromkeys(said for said in self.differences(given) if said not in self._said)
        self._said.update(new)
        for said in new:
            notify(said, stacklevel=2)

    def differences(self, given: Mapping[nengo.Node, NodeData]) -> list[str]:
        """List, in sentences, how a run with data of nodes differs from tuning."""
        found = list(self._altered)
        for record, nodes in self._tuned:
            sources = [self._source(node) for node in nodes]
            x = _rows([_samples(source, given) for source in sources])
            n = None if x is None else len(x)
            shown = record.as_shown(_shown_for(sources[0], given))
            found += record.differences(dt=self._dt, x=x, n=n, **shown)
        return found

    def _source(self, node: nengo.Node) -> Any:
        """Return the node whose values a stack's input gets as they are, or None."""
        into = [conn for conn in self._network.all_connections if conn.post_obj is node]
        whole = slice(None)
        plain = (
            len(into) == 1
            and into[0].function is None
            and isinstance(into[0].transform, nengo.transforms.NoTransform)
            and into[0].pre_slice == into[0].post_slice == whole
        )
        return into[0].pre_obj if plain else None


def _shown_for(source: Any, given: Mapping[nengo.Node, NodeData]) -> float | None:
    """Return how long a node shows each sample, in seconds; None if that is not known."""
    process = None if source in given else getattr(source, "output", None)
    return process.presentation_time if isinstance(process, PresentInput) else None


def _samples(source: Any, given: Mapping[nengo.Node, NodeData]) -> np.ndarray | None:
    """Return some values of a node in a run, (n, n_steps, size); None if they are not known."""
    if source in given:
        values = given[source].values
    elif isinstance(getattr(source, "output", None), PresentInput):
        inputs = source.output.inputs
        values = inputs.reshape(1, len(inputs), -1)
    else:
        return None
    return values[:, :: 1 + values.shape[0] * values.shape[1] // MOST]


def _rows(parts: list[np.ndarray | None]) -> np.ndarray | None:
    """Put inputs side by side, and return what differs of them, but no zeros, as of pauses."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or len({part.shape[:2] for part in known}) > 1:
        return None
    values = np.concatenate(known, axis=-1)
    rows = np.unique(values.reshape(-1, values.shape[-1]), axis=0)
    rows = rows[rows.any(axis=1)]
    return rows if len(rows) else None
