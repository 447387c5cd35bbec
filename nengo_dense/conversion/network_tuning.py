"""The tuning of a whole stack or graph: samples, deadlines, and its record."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import BuildError, ValidationError

from nengo_dense.conversion.calibration import Samples, divide
from nengo_dense.conversion.circuit import Circuit, Window
from nengo_dense.conversion.frame import with_encoder
from nengo_dense.conversion.goal import Goals
from nengo_dense.conversion.parameters import set_parameters
from nengo_dense.conversion.storable import REMEDY
from nengo_dense.conversion.tuning import tune
from nengo_dense.exceptions import ConversionError
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.readout import window_start
from nengo_dense.layers.tuning_record import TuningRecord, fingerprint

#: Parts of a presentation after which answers are wanted, and how much each matters. Losses
#: shrink by about as much as the weights grow, so that all deadlines count alike; with equal
#: weights the noise of the first spikes would drown what is learnt of the full time.
DEADLINES = {0.25: 1.0, 0.5: 3.0, 1.0: 10.0}


def tune_network(
    network: AnyDense,
    name: str,
    x: np.ndarray,
    targets: np.ndarray,
    n_steps: int,
    dt: float,
    *,
    labels: np.ndarray | None = None,
    effort: str | float = "normal",
    seed: int,
    progress_bar: Any,
) -> None:
    """Change weights and biases until the chip's integers answer as the source does.

    Parameters
    ----------
    network : DenseStack or DenseGraph
        Changed in place, its record of tuning too.
    name : str
        The source model's, for messages.
    x : (batch, size_in) ndarray
        Calibration inputs, those of several inputs side by side.
    targets : (batch, n_out) ndarray
        The source model's logits for them, those of several outputs side by side.
    n_steps : int
        Length of a presentation.
    dt : float
        Step in seconds.
    labels : (batch, n_outputs) ndarray of int, optional
        True classes, see `Goals.with_labels`.
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
    circuit = Circuit(with_encoder(network, dt), dt, x)
    outputs = circuit.parts.outputs
    heads, widths = [part.head for part in outputs], [part.n for part in outputs]
    goals = Goals.for_targets(targets, heads, widths)
    windows = deadlines(n_steps, circuit.depth)
    if goals.late:
        windows = [windows[-1]._replace(weight=1.0)]
    samples = Samples(x, targets)
    if labels is not None:
        samples = Samples(x, goals.with_labels(targets, labels), targets, labels)
    how = {"effort": effort, "seed": seed, "progress_bar": progress_bar}
    try:
        judgement = tune(circuit, *divide(samples, seed), goals, windows, **how)[-1]
    except BuildError as err:
        raise ConversionError(name, [f"{err}. {REMEDY}"]) from err
    set_parameters(network, *circuit.in_network_units())
    network.tuned = TuningRecord(
        presentation_time=n_steps * dt,
        earliest=windows[0].stop * dt,
        dt=dt,
        encoding=network.encoding,
        input_low=x.min(axis=0),
        input_high=x.max(axis=0),
        effort=effort,
        gap=100 * judgement.gap,
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
