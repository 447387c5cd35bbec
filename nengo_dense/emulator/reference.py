"""`ReferenceSimulator`: Nengo itself for many inputs at once, to compare the chip with."""

from collections.abc import Collection, Mapping
from typing import Any

import nengo
import numpy as np
from nengo.builder import Model

from nengo_dense.emulator.host.feed import check_data
from nengo_dense.emulator.host.history import History, SimulationData
from nengo_dense.emulator.host.host import Host
from nengo_dense.emulator.host.host_run import HostRun
from nengo_dense.emulator.host.process import Clock, ProcessSteps

#: Seed of what is random while running, the same in every lane.
SEED = 0
#: Steps in one go, so that memory for probed values that are not kept stays small.
CHUNK_STEPS = 32


class ReferenceSimulator:
    """Run a network as ``nengo.Simulator`` does, many lanes at once.

    Built by Nengo's own builder and stepped by its operators; nothing knows of Loihi. It has the
    part of `nengo_dense.Simulator`'s interface that a test set needs.

    Parameters
    ----------
    network : nengo.Network
    dt : float, optional
        Step in seconds.
    minibatch_size : int, optional
        Number of lanes.
    keep_history : bool or collection of nengo.Probe, optional
        As in `nengo_dense.Simulator`.

    Attributes
    ----------
    data : SimulationData
        Probe → values, ``(minibatch_size, n_steps, size)``.
    """

    def __init__(
        self,
        network: nengo.Network,
        dt: float = 0.001,
        minibatch_size: int = 1,
        keep_history: bool | Collection[nengo.Probe] = True,
    ) -> None:
        self.minibatch_size = minibatch_size
        self.dt = dt
        self.model = Model(dt=dt)
        self.model.build(network)
        self._feedable = {
            node: self.model.sig[node]["out"]
            for node in network.all_nodes
            if node.size_in == 0 < node.size_out
        }
        clock = Clock()
        self._host = Host(
            self.model,
            minibatch_size,
            list(self._feedable.values()),
            ProcessSteps({}, {}, clock),
        )
        kept = {
            probe: keep_history if isinstance(keep_history, bool) else probe in keep_history
            for probe in network.all_probes
        }
        self._histories = {
            probe: History(
                1 if probe.sample_every is None else probe.sample_every / dt,
                keep,
                np.asarray,
            )
            for probe, keep in kept.items()
        }
        self._run = HostRun(self._host, clock, self._histories, None)
        self.data = SimulationData(self.model.params, self._histories, batched=True)
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first step, and forget all probed values."""
        self._host.reset(SEED)
        for history in self._histories.values():
            history.clear()
        self.n_steps = 0

    def run_steps(self, steps: int, data: Mapping[nengo.Node, Any] | None = None) -> None:
        """Simulate for a number of steps.

        Parameters
        ----------
        steps : int
        data : dict of {Node: (minibatch_size, n_steps, size_out) array_like}, optional
            Replaces the output of nodes without input during this run.
        """
        feeds = check_data(data, self._feedable, self.minibatch_size, steps)
        for node, signal in self._feedable.items():
            if node not in feeds:
                self._host.restore(signal)
        fed = [(self._feedable[node], feed) for node, feed in feeds.items()]
        self._run.start(self.n_steps + 1, fed)
        for history in self._histories.values():
            history.reserve(self.n_steps + 1, steps)
        for start in range(0, steps, CHUNK_STEPS):
            self._run.advance(min(CHUNK_STEPS, steps - start))
        self.n_steps += steps

    def sum(self, probe: nengo.Probe) -> np.ndarray:
        """Sum a probe's values, (minibatch_size, size), over all its steps."""
        return self._histories[probe].total()

    def close(self) -> None:
        """Do nothing: there is only memory to free."""
