"""The tuning of a whole stack: frame, samples, deadlines, and its record."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError, ValidationError

from nengo_dense.conversion.calibration import Samples, divide, logits_of
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.frame import Frame
from nengo_dense.conversion.storable import REMEDY
from nengo_dense.conversion.tuning import tune
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.layers.readout import window_start
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.tuning_record import TuningRecord, fingerprint

#: Parts of a presentation after which answers are wanted, and how much each matters. Losses
#: shrink by about as much as the weights grow, so that all deadlines count alike; with equal
#: weights the noise of the first spikes would drown what is learnt of the full time.
DEADLINES = {0.25: 1.0, 0.5: 3.0, 1.0: 10.0}


def tune_stack(
    stack: DenseStack,
    source: SourceModel,
    x: np.ndarray,
    n_steps: int,
    dt: float,
    *,
    labels: np.ndarray | None = None,
    effort: str | float = "normal",
    seed: int,
    progress_bar: Any,
) -> None:
    """Change a stack's weights and biases until the chip's integers answer as the source does.

    Parameters
    ----------
    stack : DenseStack
        Made of ``source``; changed in place, its record of tuning too.
    source : SourceModel
    x : (batch, size_in) ndarray
        Calibration inputs.
    n_steps : int
        Length of a presentation.
    dt : float
        Step in seconds.
    labels : (batch,) ndarray of int, optional
        True classes; for a softmax alone.
    effort : {"fast", "normal", "best"} or float, optional
        See `nengo_dense.conversion.effort`.
    seed : int
        Of the order of samples.
    progress_bar : bool or nengo.utils.progress.ProgressBar

    Raises
    ------
    nengo.exceptions.ValidationError
        Neurons or synapses that are not emulated here, or too short a presentation.
    nengo_dense.exceptions.ConversionError
        Numbers that the chip cannot store.
    """
    targets = logits_of(source.layers, x)[-1]
    distillation = Distillation.for_targets(targets, stack.readout)
    frame = Frame.of(stack, x, dt)
    chain = Chain(frame.stack, dt)
    windows = deadlines(n_steps, chain.depth)
    if distillation.late:
        windows = [windows[-1]._replace(weight=1.0)]
    samples = Samples(frame.inputs(x), targets)
    if labels is not None:
        samples = Samples(samples.x, distillation.with_labels(targets, labels), targets, labels)
    parts = divide(samples, seed)
    try:
        judgement = tune(
            chain,
            *parts,
            distillation,
            windows,
            effort=effort,
            seed=seed,
            progress_bar=progress_bar,
        )[-1]
    except BuildError as err:
        raise ConversionError(source.name, [f"{err}. {REMEDY}"]) from err
    stack.set_parameters(*frame.restore(*chain.in_stack_units()))
    stack.tuned = TuningRecord(
        presentation_time=n_steps * dt,
        earliest=windows[0].stop * dt,
        dt=dt,
        encoding=stack.encoding,
        input_low=x.min(axis=0),
        input_high=x.max(axis=0),
        effort=effort,
        gap=100 * judgement.apart,
        data=fingerprint(x),
    )


def deadlines(n_steps: int, depth: int) -> Sequence[Window]:
    """Return the readout's windows at the deadlines, without those at which nothing is known.

    Parameters
    ----------
    n_steps : int
        Length of a presentation.
    depth : int
        Populations of neurons that a spike travels through, one step each.

    Raises
    ------
    nengo.exceptions.ValidationError
        No deadline is late enough.
    """
    stops = {round(part * n_steps): weight for part, weight in DEADLINES.items()}
    stops = {stop: weight for stop, weight in stops.items() if stop > 2 * depth}
    if not stops:
        raise ValidationError(
            f"must be more than {2 * depth} steps for {depth} populations of neurons, through "
            f"which a spike travels one step each, got {n_steps}. Show samples for longer.",
            attr="presentation_time",
        )
    total = sum(stops.values())
    return [
        Window(int(window_start(n)), n, weight / total, early=n < n_steps)
        for n, weight in stops.items()
    ]
