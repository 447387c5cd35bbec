"""Whole test sets through a stack."""

import warnings
from typing import Any

import numpy as np
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.arguments import check_progress_bar, choice, count, positive, presentation_steps
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.batch import batch_size, lanes_in_memory, record_all
from nengo_dense.evaluation.cost import energy_of, spikes_for_values
from nengo_dense.evaluation.decision import answer_type
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.trial import Trial, populations_of
from nengo_dense.exceptions import invalid
from nengo_dense.layers.classes import check_classes
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.energy import Energy
from nengo_dense.samples import check_inputs, check_labels

TARGETS = ("sim", "simreal", "nengo")
#: Most memory in bytes for the answers after every step.
ANSWERS_BYTES = 2**32


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
    classes: Any = None,
    progress_bar: Any = True,
) -> Evaluation:
    """Classify every sample of a test set, each from a fresh start.

    Parameters
    ----------
    stack : DenseStack
        Left as it is, as is every network that it is part of, or whose context is open.
    x : (n, size_in) array_like
        Samples as the source model sees them; more dimensions are flattened.
    y : (n,) or (n, n_classes) array_like
        Right labels, as the source model was trained with: numbers or text out of
        ``stack.classes``; indices from 0, where these are not known. Or one-hot rows in the order
        of the outputs.
    presentation_time : float, optional
        How long each sample is shown, in seconds.
    dt : float, optional
        Step in seconds.
    minibatch_size : int, optional
        Most samples at once. Fewer if there are more processes than minibatches, or if they
        would take much memory: 256 MiB for their logits, or 1 GiB for the state of their neurons.
    target : {"sim", "simreal", "nengo"}, optional
        The chip's integers, the chip in floats, or Nengo itself
        (`~nengo_dense.emulator.reference.ReferenceSimulator`).
    n_jobs : int, optional
        Processes, as joblib counts them (-1: all cores), each of which builds the stack again
        for every minibatch. ``joblib.parallel_config`` chooses other ways to spread the work, a
        Dask cluster among them.
    classes : (n_classes,) array_like of numbers or text, optional
        Label of each output, in the order of the outputs, in place of ``stack.classes``.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional

    Returns
    -------
    evaluation : Evaluation

    Raises
    ------
    nengo.exceptions.ValidationError
        Samples or labels that do not fit the stack or one another.

    Warns
    -----
    UserWarning
        The stack was tuned for something else than this run (see
        `nengo_dense.layers.tuning_record.TuningRecord`), or labels can be read in two ways.
    """
    if not isinstance(stack, DenseStack):
        raise invalid(
            f"must be a DenseStack, got {type(stack).__name__}; nengo_dense.convert makes one "
            "of a trained model",
            "stack",
        )
    n_classes = stack.units[-1]
    x = check_inputs(x, stack.size_in, "x")
    names = check_classes(stack.classes if classes is None else classes, n_classes, None)
    truth = check_labels(y, len(x), n_classes, classes=names)
    _check_target(stack, choice(target, TARGETS, "target"))
    dt = positive(dt, "dt", unit="seconds")
    n_steps = presentation_steps(presentation_time, dt)
    _check_memory(len(x), n_steps, n_classes)
    n_neurons = sum(layer.ensemble.n_neurons for layer in populations_of(stack))
    most = min(
        count(minibatch_size, "minibatch_size"), lanes_in_memory(n_steps, n_classes, n_neurons)
    )
    size = batch_size(len(x), most, n_jobs)
    bar = check_progress_bar(progress_bar)
    notes = notes_on(stack, x, n_steps * dt, dt, target)
    trial = Trial(stack, target, dt, size)
    answers, fired, sent = _present(trial, x, n_steps, n_jobs, bar)
    layers = _activity(trial, fired, n_steps * dt)
    if stack.tuned is None:  # else neurons are fast on purpose, and weights make up for it
        notes += tuple(filter(None, (layer.fault(dt) for layer in layers)))
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return Evaluation(
        truth=truth,
        answers_over_time=answers,
        classes=np.arange(n_classes) if names is None else names,
        layers=layers,
        energy=_energy(trial, stack, x, sent, n_steps),
        dt=dt,
        target=target,
        notes=notes,
    )


def notes_on(
    stack: DenseStack, x: np.ndarray, presentation_time: float, dt: float, target: str
) -> tuple[str, ...]:
    """Say in which ways a run is not what the stack was tuned for, if it was tuned."""
    if stack.tuned is None:
        return ()
    found = stack.tuned.differences(dt=dt, presentation_time=presentation_time, target=target, x=x)
    return tuple(found)


def _check_target(stack: DenseStack, target: str) -> None:
    if target != "nengo" and not any(layer.on_chip for layer in stack.layers):
        raise invalid(
            f"{target!r} is Loihi, but no layer of this stack is on the chip: with one layer of "
            "neurons and encoding='host' everything runs on the host. Use encoding='spikes', or "
            "target='nengo'",
            "target",
        )


def _check_memory(n: int, n_steps: int, n_classes: int) -> None:
    """Refuse what would fill the memory with answers before it could ever end."""
    n_bytes = n * n_steps * answer_type(n_classes).itemsize
    if n_bytes > ANSWERS_BYTES:
        raise invalid(
            f"the answers of {n} samples after each of {n_steps} steps take "
            f"{n_bytes / 2**30:.3g} GiB, more than {ANSWERS_BYTES / 2**30:g}; show them for less "
            "long, or fewer at once",
            "presentation_time",
        )


def _present(
    trial: Trial, x: np.ndarray, n_steps: int, n_jobs: int, progress_bar: Any
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Show all samples.

    Returns
    -------
    answers : (n, n_steps) ndarray of int
    fired : list of (n_neurons,) ndarray
        Mean number of spikes of each neuron of each population in a presentation.
    sent : (n_populations,) ndarray
        Mean number of spikes that leave each population.
    """
    batches = [x[i : i + trial.minibatch_size] for i in range(0, len(x), trial.minibatch_size)]
    answers = np.empty((len(x), n_steps), dtype=answer_type(trial.n_classes))
    fired = [np.zeros(layer.ensemble.n_neurons) for layer in trial.populations]
    sent = np.zeros(len(fired))
    n_done = 0
    with ProgressTracker(progress_bar, Progress("Evaluating", "Evaluation", len(x))) as tracker:
        for recording in record_all(trial, batches, n_steps, n_jobs):
            n = len(recording.answers)
            answers[n_done : n_done + n] = recording.answers
            n_done += n
            for i, spikes in enumerate(recording.spike_counts):
                fired[i] += spikes.sum(axis=0)
                # a host neuron may spike more than once a step, but sends one spike
                sent[i] += np.minimum(spikes, n_steps).sum()
            tracker.total_progress.step(n)
    return answers, [total / len(x) for total in fired], sent / len(x)


def _activity(trial: Trial, fired: list[np.ndarray], seconds: float) -> list[LayerActivity]:
    return [
        LayerActivity(layer.ensemble.label, layer.on_chip, mean / seconds, float(mean.sum()))
        for layer, mean in zip(trial.populations, fired, strict=True)
    ]


def _energy(
    trial: Trial, stack: DenseStack, x: np.ndarray, sent: np.ndarray, n_steps: int
) -> Energy:
    """Count what the cores do in one presentation."""
    spikes_in = spikes_for_values(x, n_steps) if stack.encoding == "chip" else 0.0
    return energy_of(trial.populations, sent, spikes_in, n_steps)
