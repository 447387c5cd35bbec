"""Whole test sets through a stack."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import joblib
import numpy as np
from nengo.exceptions import ValidationError
from nengo.utils.numpy import is_integer
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.arguments import choice, count, presentation_steps
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.energy import Energy
from nengo_dense.evaluation.readout import decide_over_time
from nengo_dense.evaluation.result import Evaluation
from nengo_dense.evaluation.trial import Recording, Trial
from nengo_dense.layers.stack import DenseStack
from nengo_dense.samples import check_inputs, check_labels

TARGETS = ("sim", "simreal", "nengo")


def evaluate(
    stack: DenseStack,
    x: Any,
    y: Any,
    *,
    presentation_time: float = 0.1,
    dt: float = 0.001,
    minibatch_size: int = 1000,
    target: str = "sim",
    n_jobs: int = 1,
    progress_bar: Any = True,
) -> Evaluation:
    """Classify every sample of a test set, each from a fresh start.

    Parameters
    ----------
    stack : DenseStack
    x : (n, size_in) array_like
        Samples as the source model sees them; more dimensions are flattened.
    y : (n,) or (n, n_classes) array_like
        Right classes as indices from 0, or one-hot.
    presentation_time : float, optional
        How long each sample is shown, in seconds.
    dt : float, optional
        Step in seconds.
    minibatch_size : int, optional
        Samples at once; fewer if there are more processes than minibatches.
    target : {"sim", "simreal", "nengo"}, optional
        The chip's integers, the chip in floats, or Nengo itself (`ReferenceSimulator`).
    n_jobs : int, optional
        Processes, as joblib counts them (-1: all cores), each of which builds the stack again
        for every minibatch. ``joblib.parallel_config`` chooses other ways to spread the work, a
        Dask cluster among them.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional

    Returns
    -------
    evaluation : Evaluation

    Raises
    ------
    nengo.exceptions.ValidationError
        Samples or labels that do not fit the stack or one another.
    """
    if not isinstance(stack, DenseStack):
        raise ValidationError(
            f"must be a DenseStack, got {type(stack).__name__}; nengo_dense.convert makes one "
            "of a trained model",
            attr="stack",
        )
    x = check_inputs(x, stack.size_in, "x")
    n_classes = stack.units[-1]
    labels = check_labels(y, len(x), n_classes)
    _check_target(stack, choice(target, TARGETS, "target", evaluate))
    n_steps = presentation_steps(presentation_time, dt, evaluate)
    minibatch_size = min(count(minibatch_size, "minibatch_size", evaluate), _share(len(x), n_jobs))
    trial = Trial(stack, target, dt, minibatch_size)
    batches = [x[i : i + minibatch_size] for i in range(0, len(x), minibatch_size)]
    predictions, fired, sent = [], [], []
    progress = Progress("Evaluating", "Evaluation", len(x))
    with ProgressTracker(progress_bar, progress):
        for recording in _record_all(trial, batches, n_steps, n_jobs):
            predictions.append(decide_over_time(recording.logits))
            fired.append([spikes.sum(axis=0) for spikes in recording.spike_counts])
            # a host neuron may spike more than once a step, but sends one spike
            sent.append([np.minimum(s, n_steps).sum() for s in recording.spike_counts])
            progress.step(len(recording.logits))
    totals = [np.sum(spikes, axis=0) / len(x) for spikes in zip(*fired, strict=True)]
    return Evaluation(
        labels=labels,
        predictions_over_time=np.concatenate(predictions),
        layers=_activity(trial, totals, n_steps * dt),
        energy=_energy(trial, stack, np.sum(sent, axis=0) / len(x), n_steps),
        n_classes=n_classes,
        dt=dt,
        target=target,
    )


def _check_target(stack: DenseStack, target: str) -> None:
    if target != "nengo" and not any(layer.on_chip for layer in stack.layers):
        raise ValidationError(
            f"{target!r} is Loihi, but no layer of this stack is on the chip: with one layer of "
            "neurons and encoding='host' everything runs on the host. Use encoding='spikes', or "
            "target='nengo'",
            attr="target",
        )


def _share(n: int, n_jobs: int) -> int:
    """Return how many of ``n`` samples one process gets at most, so that none is idle."""
    if not is_integer(n_jobs) or n_jobs == 0:
        raise ValidationError(
            f"must be a whole number of processes, or -1 for all cores, got {n_jobs!r}",
            attr="n_jobs",
        )
    return n if n_jobs == 1 else -(-n // joblib.effective_n_jobs(n_jobs))


def _record_all(
    trial: Trial, batches: Sequence[np.ndarray], n_steps: int, n_jobs: int
) -> Iterator[Recording]:
    """Record batch by batch: with one simulator, or with one for each task of joblib's."""
    if n_jobs == 1:
        with closing(trial.simulator()) as sim:
            for batch in batches:
                yield trial.record(sim, batch, n_steps)
    else:
        tasks = (joblib.delayed(_record_one)(trial, batch, n_steps) for batch in batches)
        yield from joblib.Parallel(n_jobs, return_as="generator")(tasks)


def _record_one(trial: Trial, batch: np.ndarray, n_steps: int) -> Recording:
    with closing(trial.simulator()) as sim:
        return trial.record(sim, batch, n_steps)


def _activity(trial: Trial, totals: list[np.ndarray], seconds: float) -> list[LayerActivity]:
    return [
        LayerActivity(layer.ensemble.label, layer.on_chip, total / seconds, float(total.sum()))
        for layer, total in zip(trial.populations, totals, strict=True)
    ]


def _energy(trial: Trial, stack: DenseStack, sent: np.ndarray, n_steps: int) -> Energy:
    """Count what the cores do in one presentation, of the spikes that each population sends.

    nengo-loihi's own encoding of a node has an on and an off neuron whose rates add up to one
    spike a step.
    """
    operations, updates = 0.0, 0
    spikes_in = n_steps * stack.size_in if stack.encoding == "chip" else 0.0
    for layer, spikes in zip(trial.populations, sent, strict=True):
        if layer.on_chip:
            operations += spikes_in * layer.ensemble.n_neurons
            updates += layer.ensemble.n_neurons * n_steps
        spikes_in = float(spikes)
    return Energy(operations, updates)
