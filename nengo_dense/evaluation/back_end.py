"""What a trial runs on: the chip's emulator, or Nengo itself."""

from types import TracebackType
from typing import Any, Protocol

import nengo
import numpy as np

from nengo_dense.emulator import Simulator
from nengo_dense.evaluation.trial import Recording, Trial


class BackEnd(Protocol):
    """Runs a trial for batches of values, each value from a fresh start."""

    def __enter__(self) -> "BackEnd": ...

    def __exit__(self, *exc_info: Any) -> None: ...

    def record(self, x: np.ndarray, n_steps: int) -> Recording:
        """Show each of ``x``, (batch, size_in), for ``n_steps`` steps."""
        ...


class ChipBackEnd:
    """The batched emulator of Loihi.

    Parameters
    ----------
    trial : Trial
    dt : float
        Step in seconds.
    minibatch_size : int
        Presentations at once; batches may be smaller.
    target : {"sim", "simreal"}
        Integers as on the chip, or the same in floats.
    """

    def __init__(self, trial: Trial, dt: float, minibatch_size: int, target: str) -> None:
        self.trial = trial
        self.sim = Simulator(
            trial.network,
            dt=dt,
            minibatch_size=minibatch_size,
            target=target,
            progress_bar=False,
            keep_history=[trial.logits],
        )

    def __enter__(self) -> "ChipBackEnd":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sim.close()

    def record(self, x: np.ndarray, n_steps: int) -> Recording:
        """See `BackEnd`."""
        sim, n = self.sim, len(x)
        full = np.resize(x, (sim.minibatch_size, x.shape[1]))  # the last batch, filled up
        shown = np.broadcast_to(full[:, None, :], (len(full), n_steps, x.shape[1]))
        if sim.n_steps:
            sim.reset()
        sim.run_steps(n_steps, data={self.trial.source: shown})
        return self.trial.recording(
            sim.data[self.trial.logits][:n],
            [sim.sum(probe)[:n] for probe in self.trial.spikes],
            sim.dt,
        )


class NengoBackEnd:
    """Nengo's own simulator, one presentation after the other.

    Parameters
    ----------
    trial : Trial
    dt : float
        Step in seconds.
    """

    def __init__(self, trial: Trial, dt: float) -> None:
        self.trial = trial
        self.sim = nengo.Simulator(trial.network, dt=dt, progress_bar=False)

    def __enter__(self) -> "NengoBackEnd":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sim.close()

    def record(self, x: np.ndarray, n_steps: int) -> Recording:
        """See `BackEnd`."""
        return Recording.concatenate([self._record_one(value, n_steps) for value in x])

    def _record_one(self, value: np.ndarray, n_steps: int) -> Recording:
        sim, trial = self.sim, self.trial
        trial.shown.value = value
        sim.reset()
        sim.run_steps(n_steps)
        return trial.recording(
            sim.data[trial.logits][np.newaxis],
            [sim.data[probe].sum(axis=0, keepdims=True) for probe in trial.spikes],
            sim.dt,
        )
