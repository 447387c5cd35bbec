"""Training through time, on the chip's own integers; needs neither NengoDL nor TensorFlow."""

from typing import Any

import numpy as np

from nengo_dense.columns import WHERE
from nengo_dense.context import outside_networks
from nengo_dense.conversion.calibration import Calibration
from nengo_dense.conversion.network_tuning import tune_network
from nengo_dense.conversion.request import Data
from nengo_dense.conversion.tuning.effort import check_effort
from nengo_dense.conversion.tuning.judgement import Judgement
from nengo_dense.duration import presentation_steps
from nengo_dense.exceptions import invalid
from nengo_dense.heads import OF_CLASSES
from nengo_dense.layers.as_told import checked
from nengo_dense.layers.classes import check_classes
from nengo_dense.layers.stack import DenseStack
from nengo_dense.samples import check_labels
from nengo_dense.targets import check_label_sets, check_magnitudes, check_values
from nengo_dense.training.settings import Settings
from nengo_dense.training.training_result import TrainingResult

#: Logit of what is right beside what is not. Its softmax is 1 but for 2e-9, so that the loss is
#: cross-entropy.
RIGHT = 20.0
#: Length of a presentation in seconds, and effort, where nothing else is said.
PRESENTATION_TIME, EFFORT = 0.025, "normal"
#: Largest magnitude of a value that a tanh is asked for.
MOST_TANH = 1 - 1e-6


def train_through_time(
    stack: DenseStack,
    x: Any,
    y: Any,
    *,
    presentation_time: float | None,
    effort: str | float | None,
    settings: Settings,
    progress_bar: Any,
) -> TrainingResult:
    """Train a stack's spikes; see `nengo_dense.training.fitting.fit`.

    Slopes go back through the steps of the integers, as in the tuning of a conversion
    (`nengo_dense.conversion.tuning.through_time`). In the place of a source model's answers stand
    the right ones.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    if stack.synapses[-1] is not None:
        raise invalid(
            "must be None at the readout, whose window averages, to be trained through time: give "
            "DenseStack a list that ends with None, as synapse=[0.002, None]",
            "synapse",
        )
    checked(stack)  # what is tuned is made of its arguments
    time = PRESENTATION_TIME if presentation_time is None else presentation_time
    dt, n_steps = settings.dt, presentation_steps(time, settings.dt)
    data = Data(x, y, None, False, n_steps, dt, "x")
    data = data.with_columns(stack.columns, stack.size_in, WHERE)
    samples = Calibration.of(data, stack.size_in)
    if samples is None:
        raise invalid("must be samples, got None", "x")
    check_magnitudes(samples.rows, "x", "training computes with")
    targets = _targets(stack, samples, y)
    if samples.sequences is not None:
        targets = np.repeat(targets, samples.sequences.lengths, axis=0)
    with outside_networks():
        found = tune_network(
            stack,
            stack.label or "the stack",
            samples,
            targets,
            dt,
            task="regression" if _of_values(stack) else None,
            effort=check_effort(EFFORT if effort is None else effort),
            may_be_new=True,
            seed=settings.seed or 0,
            progress_bar=progress_bar,
        )
    stack.columns = data.columns
    return TrainingResult(_history(found, _of_values(stack)), None, "judgement")


def _of_values(stack: DenseStack) -> bool:
    return stack.readout not in (*OF_CLASSES, "sigmoid")


def _targets(stack: DenseStack, samples: Calibration, y: Any) -> np.ndarray:
    """Return the logits that are right, (n_answers, n_out)."""
    y, n, n_out = samples.as_answers(y), samples.n_answers, stack.units[-1]
    if stack.readout in OF_CLASSES:
        classes = check_classes(stack.classes, n_out, stack)
        rows = check_labels(y, n, n_out, "y", classes, named_in="DenseStack")
        return RIGHT * np.eye(n_out)[rows]
    if stack.readout == "sigmoid":
        return RIGHT * (2.0 * check_label_sets(y, n, n_out, names=stack.classes) - 1)
    values = check_magnitudes(check_values(y, n, n_out, names=stack.classes))
    if stack.readout == "tanh":
        if np.abs(values).max() > 1:
            raise invalid(
                f"has numbers from {values.min():g} to {values.max():g}, and a tanh readout gives "
                "values between -1 and 1. Divide them, or use readout='linear'",
                "y",
            )
        return np.asarray(np.arctanh(np.clip(values, -MOST_TANH, MOST_TANH)))
    return values


def _history(found: list[Judgement], of_values: bool) -> dict[str, list[float]]:
    """Return loss and accuracy, or the error of values, of the samples that are held back."""
    history = {"val_loss": [one.loss for one in found]}
    if of_values:
        return history | {"val_error": [one.gap for one in found]}
    return history | {"val_accuracy": [1 - one.gap for one in found]}
