"""A stack tuned until the chip's integers answer as the source model does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError, ValidationError

from nengo_dense.checks.rules.nd30x_quantization import RESCALE
from nengo_dense.conversion.calibration import divide, logits_of
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.frame import Frame
from nengo_dense.conversion.readout_fit import fit_readout
from nengo_dense.conversion.tuning import Samples, tune
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.readout import window_start
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.tuning_record import TuningRecord

#: Parts of ``presentation_time`` after which answers are wanted, and how much each matters.
#: Losses shrink by about as much as the weights grow, so that all deadlines count alike; with
#: equal weights the noise of the first spikes would drown what is learnt of the full time.
DEADLINES = {0.25: 1.0, 0.5: 3.0, 1.0: 10.0}


def tune_stack(
    stack: DenseStack,
    layers: Sequence[DenseSpec],
    x: np.ndarray,
    n_steps: int,
    dt: float,
    seed: int,
    progress_bar: Any,
) -> None:
    """Change a stack's weights and biases, and note in it what for.

    Parameters
    ----------
    stack : DenseStack
        Made from ``layers``; changed in place.
    layers : sequence of DenseSpec
        The source model.
    x : (batch, size_in) ndarray
        Calibration inputs.
    n_steps : int
        Length of a presentation.
    dt : float
        Step in seconds.
    seed : int
    progress_bar : bool or nengo.utils.progress.ProgressBar

    Raises
    ------
    nengo.exceptions.BuildError
        A layer's numbers are too far apart for the chip's integers.
    nengo.exceptions.ValidationError
        A presentation too short for spikes to come through.
    """
    frame = Frame.of(stack, x, dt)
    chain = Chain(frame.stack, dt)
    targets = logits_of(layers, x)[-1]
    fit, judge = divide(Samples(frame.inputs(x), targets), seed)
    distillation = Distillation.for_targets(targets, stack.readout)
    windows = _windows(n_steps, chain.depth)
    values = stack.readout != "softmax"
    if not distillation.classifies:  # values are not there before the presentation's end
        windows = [window._replace(weight=1.0) for window in windows if not window.early]
    try:
        if values:
            fit_readout(chain, fit, judge, distillation, windows)
        tune(chain, fit, judge, distillation, windows, seed=seed, progress_bar=progress_bar)
        if values:
            fit_readout(chain, fit, judge, distillation, windows)
    except BuildError as err:
        raise BuildError(_too_far_apart(stack, err)) from err
    stack.set_parameters(*frame.restore(*chain.in_stack_units()))
    stack.tuned = TuningRecord(n_steps * dt, dt, stack.encoding, x.min(axis=0), x.max(axis=0))


def _too_far_apart(stack: DenseStack, err: BuildError) -> str:
    """Name the layers whose numbers are of the most different sizes."""
    sizes = "; ".join(
        f"{layer.label}: largest weight {np.abs(layer.weights).max():.3g}, largest bias "
        f"{np.abs(layer.bias).max():.3g}"
        for layer in stack.layers
        if layer.on_chip
    )
    return f"The chip's integers cannot hold a layer's numbers ({sizes}): {err} {RESCALE}"


def _windows(n_steps: int, depth: int) -> list[Window]:
    """Return the readout's windows at the deadlines, without those at which nothing is known."""
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
