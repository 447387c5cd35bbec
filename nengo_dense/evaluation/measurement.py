"""Whole test sets through a stack or a graph."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nengo_dense.arguments import choice
from nengo_dense.columns import other_rows
from nengo_dense.evaluation.decision import answer_type
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.execution import Outcome, carry_out
from nengo_dense.evaluation.judge import ClassJudge
from nengo_dense.evaluation.output_judges import (
    OutputJudges,
    check_own_metrics,
    judge_outputs,
    length,
    names_of_classes,
    with_own_metrics,
)
from nengo_dense.evaluation.output_part import parts_of
from nengo_dense.evaluation.replay import Replay
from nengo_dense.evaluation.run import Run
from nengo_dense.evaluation.several_outputs import SeveralOutputs
from nengo_dense.exceptions import invalid
from nengo_dense.layers.graph import AnyDense
from nengo_dense.notices import notify
from nengo_dense.sequence import Times

DECISIONS = ("window", "margin")
#: Most memory in bytes for the answers after every step.
ANSWERS_BYTES = 2**32


def evaluate(
    stack: AnyDense,
    x: Any,
    y: Any,
    *,
    task: str | None = None,
    presentation_time: float | None = None,
    dt: float | None = None,
    minibatch_size: int = 1000,
    target: str = "sim",
    reset: bool = True,
    gap: float = 0.0,
    order: Any = None,
    decision: str = "window",
    n_jobs: int = 1,
    classes: Any = None,
    sample_weight: Any = None,
    metrics: Mapping[str, Any] | None = None,
    source: Any = None,
    mask: Any = None,
    per_frame: bool = False,
    progress_bar: Any = True,
) -> Any:
    """Hold the answers for a test set against what is right.

    Parameters
    ----------
    stack : DenseStack or DenseGraph
        Left as it is, as is every network that it is part of, or whose context
        is open.
    x : (n, size_in) array_like, or iterable of such arrays
        Samples as the source model sees them; more dimensions are flattened. A ``numpy.memmap``
        is read piece by piece, and so is what yields batches of any size, such as a generator.
        A graph of several inputs takes a dict of them by name, or all values side by side.
        Sequences, (n, n_frames, size_in) or a list of (n_frames, size_in) arrays, change while
        they are shown: each frame as long, and all of the longest for ``presentation_time``.
    y : array_like, or dict of them
        What is right. Classes: (n,) labels, as the source model was trained with: numbers or text
        out of ``stack.classes``; indices from 0, where these are not known. Or (n, n_classes)
        one-hot rows in the order of the outputs. Values: (n, n_out), or (n,) for one output.
        Several labels at once: (n, n_out) rows of 0 and 1. For a graph of several outputs a dict
        of them by output.
    task : {"classification", "regression", "multilabel"}, optional
        Told from the head and ``y``, if it is not given. Of several outputs the same for all, or
        a dict of those that are not to be told.
    presentation_time : float, optional
        How long each sample is shown, in seconds. If it is not given, as long as the stack was
        tuned for: sequences so that a frame is; 0.1 where it was not tuned.
    dt : float, optional
        Step in seconds, likewise; 0.001 where it was not tuned.
    minibatch_size : int, optional
        Most samples at once. Fewer if there are more processes than minibatches, or if they
        would take much memory: 256 MiB for their logits, or 1 GiB for the state of their neurons.
    target : {"sim", "simreal", "nengo"}, optional
        The chip's integers, the chip in floats, or Nengo itself
        (`~nengo_dense.emulator.reference.ReferenceSimulator`).
    reset : bool, optional
        Whether every sample is shown from a fresh start. Otherwise samples follow one another, as
        on a chip that keeps running, where synapses and voltages still hold what came before: in
        as many parallel streams as ``minibatch_size`` allows, each of 50 samples or more. An
        answer is read later than its sample is shown, when the spikes have come through.
    gap : float, optional
        Seconds without input after each sample of a stream.
    order : None, "random" or (n,) array_like of int, optional
        In which order samples follow one another: as they are, shuffled (always alike), or by
        their numbers, as ``numpy.argsort(y)`` has each class by itself.
    decision : {"window", "margin"}, optional
        Classes are answered after the whole presentation, by the mean of its window. ``"margin"``
        also keeps how far ahead each answer was after each step, for
        `~nengo_dense.evaluation.Classification.at_margin`.
    n_jobs : int, optional
        Processes, as joblib counts them (-1: all cores), each of which builds the stack
        once. ``joblib.parallel_config`` chooses other ways to spread the work, a
        Dask cluster among them.
    classes : (n_out,) array_like of numbers or text, optional
        Label of each output, in the order of the outputs, in place of ``stack.classes``. Both
        labels of a single output that chooses between two classes. Of several outputs a dict.
    sample_weight : (n,) array_like, optional
        What each sample counts in every measure.
    metrics : dict of {str: callable}, optional
        Further measures, called as scikit-learn's are: ``metric(labels, predictions)``, and with
        ``sample_weight=`` where weights were given. They are tried before anything is run. Of
        several outputs a dict of such dicts.
    source : (n, n_out) or (n,) array_like, optional
        What the source model's ``predict`` gives, outputs or labels, for ``agreement``. Of several
        outputs a dict.
    mask : (n, n_frames) array_like, optional
        1 for the frames of each sequence, and then 0; a list of arrays needs none.
    per_frame : bool, optional
        Whether every frame of a sequence has an answer, without a reset since the frame before. It
        is read later than the frame is shown, when its spikes have come through. ``y``, ``source``
        and ``sample_weight`` are then (n, n_frames, ...) or lists of arrays, a weight of a
        sequence that of all its frames.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional

    Returns
    -------
    evaluation : Classification, Regression, MultiLabel or SeveralOutputs

    Raises
    ------
    nengo.exceptions.ValidationError
        Samples or labels that do not fit the stack or one another, or another wrong argument.

    Warns
    -----
    UserWarning
        The stack was tuned for something else than this run (see
        `nengo_dense.layers.tuning_record.TuningRecord`), or labels can be read in two ways.

    Examples
    --------
    >>> import numpy as np
    >>> import nengo_dense
    >>> weights = [np.eye(2)] * 3
    >>> stack = nengo_dense.DenseStack([2, 2, 2], 2, weights=weights, readout="softmax")
    >>> evaluate(stack, [[0.9, 0.1], [0.2, 0.8]], [0, 1], progress_bar=False).accuracy
    1.0
    """
    run = Run.of(
        stack,
        x,
        n=length(y),
        presentation_time=presentation_time,
        dt=dt,
        minibatch_size=minibatch_size,
        target=target,
        n_jobs=n_jobs,
        progress_bar=progress_bar,
        reset=reset,
        gap=gap,
        order=order,
        mask=mask,
        per_frame=per_frame,
    )
    apart = list(other_rows(x, y=y, source=source, sample_weight=sample_weight))
    y, source, sample_weight = run.truths(y, source, sample_weight)
    judges = judges_for(stack, y, run.n or 0, task, classes, sample_weight)
    _check_decision(judges, run, decision)
    sources = judges.answers_of(source)
    own = check_own_metrics(judges, metrics)
    run = run.for_values(judges.parts_of_values)
    run.warn(stacklevel=2)
    result = measure(run, judges, sources, "evaluating", stacklevel=2)
    found = result.outputs.values() if isinstance(result, SeveralOutputs) else [result]
    for said in [*apart, *judges.doubts([one.predictions for one in found])]:
        notify(said, stacklevel=1)
    return with_own_metrics(result, own)


def judges_for(
    stack: AnyDense, y: Any, n: int, task: Any, classes: Any, sample_weight: Any
) -> OutputJudges:
    """Find who judges the outputs of a stack or a graph; the arguments are those of `evaluate`.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    names = names_of_classes(stack.classes, classes)
    tuned = stack.tuned
    known = None if tuned is None else tuned.task
    return judge_outputs(parts_of(stack), y, n, task, names, sample_weight, known)


def measure(
    run: Run,
    judges: OutputJudges,
    sources: Sequence[np.ndarray | None],
    doing: str,
    stacklevel: int,
) -> Evaluation | SeveralOutputs:
    """Have samples run and judged.

    Parameters
    ----------
    run : Run
    judges : OutputJudges
    sources : sequence of ndarray or None
        What the source model answers, for each output.
    doing : str
        For the progress bar.
    stacklevel : int
        As for `Run.warn`.

    Returns
    -------
    evaluation : Evaluation or SeveralOutputs
    """
    outcome = carry_out(run, judges.reader, doing)
    notes = run.notes_after(outcome.layers, stacklevel + 1)
    common = _common(run, outcome, judges, notes)
    return judges.evaluation(outcome.results, outcome.rows, common, sources)


def _common(
    run: Run, outcome: Outcome, judges: OutputJudges, notes: tuple[str, ...]
) -> dict[str, Any]:
    """Return what comes of the run, whatever is judged."""
    parts = tuple(judges.parts)
    kept = run.samples.n is not None and (run.sequences is None or run.delay is None)
    replay = Replay(run.stack, run.samples, outcome.n, run.target, run.dt, run.n_steps, parts)
    return {
        "layers": outcome.layers,
        "energy": outcome.energy,
        "work": outcome.work,
        "tuned": run.tuned,
        "dt": run.dt,
        "target": run.target,
        "notes": notes,
        "replay": replay if kept else None,
        "name": run.stack.label or "",
        "stream": run.stream,
        "sequences": None if run.sequences is None else Times.of(run.sequences, run.delay),
    }


def _check_decision(judges: OutputJudges, run: Run, decision: Any) -> None:
    """Have judges of classes keep what decisions need, if the memory has room for it."""
    keeps_leads = choice(decision, DECISIONS, "decision") == "margin"
    of_classes = [judge for judge in judges.judges if isinstance(judge, ClassJudge)]
    for judge in of_classes:
        judge.keeps_leads = keeps_leads
        _check_memory(judges.n, run.n_steps, judge.n_out, keeps_leads)
    whole = None if run.delay is not None else run.sequences
    if keeps_leads and whole is not None and whole.is_ragged:
        raise invalid("'margin' goes with sequences that are all as long", "decision")
    if keeps_leads and not of_classes:
        tasks = " and a ".join(judge.task for judge in judges.judges)
        raise invalid(f"'margin' is for classes, and this is a {tasks}", "decision")


def _check_memory(n: int, n_steps: int, n_classes: int, keeps_leads: bool) -> None:
    """Refuse what would fill the memory with answers before it could ever end."""
    n_bytes = n * n_steps * (answer_type(n_classes).itemsize + 4 * keeps_leads)
    if n_bytes > ANSWERS_BYTES:
        raise invalid(
            f"the answers of {n} samples after each of {n_steps} steps take "
            f"{n_bytes / 2**30:.3g} GiB, more than {ANSWERS_BYTES / 2**30:g}; show them for less "
            "long, or fewer at once",
            "presentation_time",
        )
