"""A simulator that shows batches to a trial's stack and hands outputs to a reader."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.trial import Trial
from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.samples import fill_up


@dataclass(frozen=True)
class Recording:
    """What was recorded of a batch of presentations.

    Attributes
    ----------
    n : int
        Samples in the batch.
    result : object
        The reader's.
    fired : list of (n_neurons,) ndarray
        Spikes of each neuron of each population in all presentations together (for rate neurons:
        the expected number).
    sent : (n_populations,) ndarray
        Spikes that leave each population, at most one a neuron and step.
    """

    n: int
    result: Any
    fired: list[np.ndarray]
    sent: np.ndarray


class Recorder:
    """Shows samples to a stack. Memory is bounded, however long a presentation lasts.

    Parameters
    ----------
    trial : Trial
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._sim = trial.simulator({trial.logits: self._observe})

    def record(self, x: np.ndarray, n_steps: int, reader: Reader) -> Recording:
        """Show each of ``x``, (batch, size_in), for ``n_steps`` steps, from a fresh start.

        A batch may have fewer samples than there are lanes.
        """
        n, lanes, n_out = len(x), self.trial.minibatch_size, self.trial.n_out
        full = fill_up(x, lanes)
        self._reader = reader
        self._window = RunningWindow(n, n_steps, n_out)
        reader.begin(n, n_steps, n_out)
        if self._sim.n_steps:
            self._sim.reset()
        shown = np.broadcast_to(full[:, None, :], (lanes, n_steps, x.shape[1]))
        self._sim.run_steps(n_steps, data={self.trial.source: shown})
        fired, sent = [], []
        for probe, layer in zip(self.trial.spikes, self.trial.populations, strict=True):
            # a spike's height is 1 / max_rate / dt
            counts = self._sim.sum(probe)[:n] * (layer.max_rate * self.trial.dt)
            fired.append(counts.sum(axis=0))
            # a host neuron may spike more than once a step, but sends one spike
            sent.append(np.minimum(counts, n_steps).sum())
        return Recording(n, reader.result(), fired, np.array(sent))

    def close(self) -> None:
        """Free what running needs."""
        self._sim.close()

    def _observe(self, first_step: int, logits: np.ndarray) -> None:
        n_shown = len(self._window)
        for lanes, means in self._window.add(logits[:n_shown]):
            self._reader.read(lanes, first_step - 1, means)
