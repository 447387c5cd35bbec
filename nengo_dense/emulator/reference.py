"""`ReferenceSimulator`: Nengo's own results for many inputs at once, to compare with the chip."""

from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np
from nengo.builder import Model

from nengo_dense.emulator.history import (
    History,
    KeepHistory,
    SimulationData,
    check_keep_history,
)
from nengo_dense.emulator.host.channel import Channels
from nengo_dense.emulator.host.host import Host
from nengo_dense.emulator.node_data import check_data

#: Seed of random numbers during a run, the same in every lane.
SEED = 0
#: Steps computed at once; few, to need little memory for probed values that are not kept.
PIECE_STEPS = 32


class ReferenceSimulator:
    """Run a network as ``nengo.Simulator`` does, many lanes at once.

    Nengo's own builder builds the network and its operators compute the steps, without Loihi. The
    interface is the part of `nengo_dense.Simulator`'s that is needed to run a test set.

    Parameters
    ----------
    network : nengo.Network
    dt : float, optional
        Step in seconds.
    minibatch_size : int, optional
        Number of lanes.
    keep_history : bool, collection of nengo.Probe, or dict of {Probe: callable}, optional
        As in `nengo_dense.Simulator`.

    Attributes
    ----------
    data : SimulationData
        Probe → values, ``(minibatch_size, n_steps, size)``.

    Examples
    --------
    >>> import nengo
    >>> import numpy as np
    >>> with nengo.Network(seed=0) as network:
    ...     source = nengo.Node(np.zeros(3))
    ...     probe = nengo.Probe(source)
    >>> sim = ReferenceSimulator(network, minibatch_size=2)
    >>> sim.run_steps(5, data={source: np.ones((2, 5, 3))})
    >>> sim.data[probe].shape, sim.sum(probe).shape
    ((2, 5, 3), (2, 3))
    >>> sim.reset()
    >>> sim.close()
    """

    def __init__(
        self,
        network: nengo.Network,
        dt: float = 0.001,
        minibatch_size: int = 1,
        keep_history: KeepHistory = True,
    ) -> None:
        self.minibatch_size = minibatch_size
        self.dt = dt
        self.model = Model(dt=dt)
        self.model.build(network)
        check_keep_history(keep_history, network)
        self._histories = {
            probe: History.of(probe, dt, keep_history) for probe in network.all_probes
        }
        self._host = Host(self.model, Channels(minibatch_size), self._histories)
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

        Raises
        ------
        nengo.exceptions.ValidationError
            Data that do not fit a node without input.
        """
        given = check_data(data, self._host.inputs, self.minibatch_size, steps)
        self._host.start_run(self.n_steps + 1, steps, given)
        for history in self._histories.values():
            history.reserve(self.n_steps + 1, steps)
        for start in range(0, steps, PIECE_STEPS):
            self._host.advance(min(PIECE_STEPS, steps - start))
        self.n_steps += steps

    def sum(self, probe: nengo.Probe) -> np.ndarray:
        """Sum a probe's values, (minibatch_size, size), over all its steps.

        Parameters
        ----------
        probe : nengo.Probe

        Returns
        -------
        total : (minibatch_size, size) ndarray
        """
        return self._histories[probe].total()

    def close(self) -> None:
        """Do nothing; only memory has to be freed."""
