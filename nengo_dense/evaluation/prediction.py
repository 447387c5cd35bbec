"""The answers of a stack or a graph, like the ``predict`` of its source model."""

from typing import Any

from nengo_dense.evaluation.execution import carry_out
from nengo_dense.evaluation.judge import in_order
from nengo_dense.evaluation.output_part import parts_of
from nengo_dense.evaluation.reader import LastOutputs
from nengo_dense.evaluation.run import Run
from nengo_dense.layers.graph import AnyDense


def predict(
    stack: AnyDense,
    x: Any,
    *,
    presentation_time: float | None = None,
    dt: float | None = None,
    minibatch_size: int = 1000,
    target: str = "sim",
    n_jobs: int = 1,
    mask: Any = None,
    per_frame: bool = False,
    progress_bar: Any = True,
) -> Any:
    """Return the outputs for new samples, each shown from a fresh start.

    The mean of the logits over the last nine tenths of a presentation goes through the stack's
    head, which is what `evaluate` judges.

    Parameters
    ----------
    stack : DenseStack or DenseGraph
        Left as it is.
    x : (n, size_in) array_like, or iterable of such arrays
        Samples as the source model sees them; more dimensions are flattened. A ``numpy.memmap``
        is read piece by piece, and so is what yields batches of any size, such as a generator.
        A graph of several inputs takes a dict of them by name, or all values side by side.
        Sequences as in `evaluate`.
    presentation_time, dt, minibatch_size, target, n_jobs, mask, progress_bar : optional
        As in `evaluate`.
    per_frame : bool, optional
        Whether every frame of a sequence has an answer, as in `evaluate`.

    Returns
    -------
    outputs : (n, n_out) ndarray, or dict of them
        For a graph of several outputs, each by its name. Of frames (n, n_frames, n_out), or a list
        of (n_frames, n_out) arrays where some sequences end before others.
        As the source's ``predict`` gives them (scikit-learn's classifiers call it
        ``predict_proba``): class probabilities behind a softmax, else values, always with a
        column an output. Of a single sigmoid there are both classes, so that ``outputs[:, 1:]``
        is what Keras and PyTorch give. The label of each
        row's largest is ``stack.classes[outputs.argmax(axis=1)]``, where the stack knows classes.

    Raises
    ------
    nengo.exceptions.ValidationError
        Samples that do not fit the stack, or another wrong argument.

    Warns
    -----
    UserWarning
        The stack was tuned for something else than this run.

    Examples
    --------
    >>> import nengo_dense
    >>> import numpy as np
    >>> units, weights = [2, 2, 2], [np.eye(2)] * 3
    >>> stack = nengo_dense.DenseStack(units, 2, weights=weights, readout="linear")
    >>> predict(stack, [[0.9, 0.1], [0.2, 0.8]], progress_bar=False).argmax(axis=1)
    array([0, 1])
    """
    run = Run.of(
        stack,
        x,
        presentation_time=presentation_time,
        dt=dt,
        minibatch_size=minibatch_size,
        target=target,
        n_jobs=n_jobs,
        mask=mask,
        per_frame=per_frame,
        progress_bar=progress_bar,
    )
    run.warn(stacklevel=2)
    parts = parts_of(stack)
    outcome = carry_out(run, lambda rows: LastOutputs("linear"), "predicting")
    run.notes_after(outcome.layers, stacklevel=2)
    logits = in_order(outcome.results, outcome.rows)
    outputs = {part.name: run.as_given(part.of(logits)) for part in parts}
    return outputs if len(parts) > 1 else outputs[parts[0].name]
