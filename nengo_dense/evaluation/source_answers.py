"""The answers of a source model, and those of the same model with fitted activations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nengo_dense.evaluation.output_part import OutputPart, in_a_row
from nengo_dense.heads import HEADS
from nengo_dense.importers import SourceGraph, SourceModel
from nengo_dense.importers.form.spec import forward
from nengo_dense.samples import check_inputs
from nengo_dense.sequence import Sequences, join

Source = SourceModel | SourceGraph


def source_parts(source: Source) -> list[OutputPart]:
    """Return the outputs of a source model; those of a chain of layers have no name."""
    if isinstance(source, SourceGraph):
        return in_a_row((name, o.head, o.drive.n) for name, o in source.form.outputs.items())
    # an activation that is no head becomes neurons
    head = source.head if source.head in HEADS else "linear"
    return in_a_row([("", head, source.n_out)])


def side_by_side(source: Source, x: Any) -> Any:
    """Join inputs that are given by name; others stay as they are."""
    if isinstance(source, SourceGraph) and isinstance(x, Mapping):
        return join(x, source.form.inputs)
    return x


def sequences_of(source: Source, x: Any, attr: str) -> Sequences | None:
    """Return sequences, those of several inputs side by side; None for samples, or without."""
    return None if x is None else Sequences.read(side_by_side(source, x), source.n_in, None, attr)


def source_inputs(source: Source, x: Any, attr: str = "x") -> np.ndarray:
    """Return samples, or the frames of sequences, as (n, n_in) floats.

    Inputs that are given by name come one after the other.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    if (sequences := sequences_of(source, x, attr)) is not None:
        return sequences.frames()
    if isinstance(source, SourceGraph):
        return source.joined(x)
    return check_inputs(x, source.n_in, attr)


def fitted_logits(
    source: Source, x: np.ndarray, calibration: Any, error: float
) -> np.ndarray | None:
    """Compute the logits with rectifiers in the place of smooth activations.

    Parameters
    ----------
    source : SourceModel or SourceGraph
    x : (n, n_in) ndarray
    calibration : array_like, mapping or None
        Shows which weighted inputs occur.
    error : float
        ``activation_error`` of `nengo_dense.convert`.

    Returns
    -------
    logits : (n, n_out) ndarray, or None
        None where there is nothing to fit: straight activations are rectifiers exactly.
    """
    shown = None
    if calibration is not None:
        shown = source_inputs(source, calibration, "calibration")
    if isinstance(source, SourceGraph):
        graph, fits = source.normal_form(shown, error)
        return np.concatenate(list(graph.logits(x).values()), axis=1) if fits else None
    form = source.normal_form(shown, error)
    if not form.fits:
        return None
    last = form.layers[-1]
    before = forward(form.layers[:-1], x)[-1] if len(form.layers) > 1 else x
    return np.asarray(before @ last.weights.T + last.bias)


def heads_of(parts: list[OutputPart], logits: np.ndarray) -> np.ndarray:
    """Compute all outputs in a row."""
    return np.concatenate([part.of(logits) for part in parts], axis=-1)
