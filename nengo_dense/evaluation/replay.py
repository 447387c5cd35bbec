"""Single samples presented again, with a record of everything in the stack."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.arguments import is_whole
from nengo_dense.batches import Batches
from nengo_dense.evaluation.output_part import OutputPart
from nengo_dense.evaluation.trial import Trial
from nengo_dense.evaluation.window import RunningWindow
from nengo_dense.exceptions import invalid
from nengo_dense.layers.graph import AnyDense
from nengo_dense.plugins import show
from nengo_dense.sequence import Sequences


@dataclass(frozen=True, eq=False)
class Shown:
    """What happened while a sample was shown.

    Attributes
    ----------
    spikes : dict of {str: (n_steps, n_neurons) ndarray of bool}
        By layer; for neurons without spikes, where they were active.
    outputs : (n_steps, n_out) ndarray
        What the heads made of the mean logits after each step, all outputs in a row.
    """

    spikes: dict[str, np.ndarray]
    outputs: np.ndarray


@dataclass(frozen=True, eq=False)
class Replay:
    """Shows samples of a run again, each from a fresh start.

    Parameters
    ----------
    stack : DenseStack or DenseGraph
    samples : Batches
    n : int
        How many there are.
    target : str
    dt : float
        Step in seconds.
    n_steps : int
        Steps of a presentation.
    parts : tuple of OutputPart
        Outputs to show.
    """

    stack: AnyDense
    samples: Batches
    n: int
    target: str
    dt: float
    n_steps: int
    parts: tuple[OutputPart, ...]

    def show(self, i: Any) -> Shown:
        """Show a sample.

        Raises
        ------
        nengo.exceptions.ValidationError
            No such sample, or samples that are not kept.
        """
        if not is_whole(i) or not 0 <= i < self.n:
            raise invalid(f"must be the number of a sample, 0 to {self.n - 1}, got {show(i)}", "i")
        x = self.samples.take([int(i)])
        trial = Trial(self.stack, self.target, self.dt, 1)
        probes = [trial.logits, *trial.spikes]
        with closing(trial.simulator(probes)) as sim:
            frames = x[:, None] if x.ndim == 2 else x
            steps = self.n_steps // frames.shape[1]
            if isinstance(self.samples, Sequences):
                frames = frames[:, : self.samples.lengths[int(i)]]
            shown = np.repeat(frames, steps, axis=1)
            n_steps = shown.shape[1]
            sim.run_steps(n_steps, data={trial.source: shown})
            spikes = {
                layer.ensemble.label: sim.data[probe][0] != 0
                for layer, probe in zip(trial.populations, trial.spikes, strict=True)
            }
            window = RunningWindow(1, n_steps, trial.n_out)
            ((_, means),) = window.add(sim.data[trial.logits])
        outputs = [part.of(means[0]) for part in self.parts]
        return Shown(spikes, np.concatenate(outputs, axis=-1))
