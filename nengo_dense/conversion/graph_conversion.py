"""From a model that is no chain to a graph of spiking layers."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.conversion.calibration import check_calibration
from nengo_dense.conversion.request import Request
from nengo_dense.conversion.scaling import USUAL_PERCENTILE, busy, input_encoding
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.expression import Expression
from nengo_dense.importers.graph_form import GraphForm
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput

#: Rate in hertz of busy neurons where values are known. Of 100, 150, 250, 400 and 1000 Hz, 250 and
#: 400 came closest to the source in 100 and 400 steps (7-12-12-5, random weights, one skip
#: connection): without tuning fast neurons lose much of what comes unevenly.
BUSY_RATE = 300.0
#: Rate in hertz that stands for the value 1 where no values are known.
BLIND_RATE = 250.0
UNTUNED = (
    "{} has skip connections, or several inputs or outputs: its rates are chosen by the "
    "calibration data, and its weights are not tuned, which only chains of layers are. Show "
    "samples for longer if it answers too coarsely, and pass tune=False to have it so without "
    "this warning"
)
#: Encodings of a graph; nengo-loihi's own neurons for a node would clip what skips a layer.
ENCODINGS = ("auto", "host", "spikes")


def check_arguments(labels: Any, target: str) -> None:
    """Refuse what a graph does not have yet."""
    if labels is not None:
        raise ValidationError(
            "are for tuning, and a graph is not tuned; leave them out", attr="labels"
        )
    if target == "lava":
        raise ValidationError("must be 'loihi' for a graph, got 'lava'", attr="target")


def convert_graph(
    source: SourceGraph, calibration: Any, request: Request, **settings: Any
) -> DenseGraph:
    """Turn a model with skip connections, several inputs or outputs into a `DenseGraph`.

    Parameters
    ----------
    source : SourceGraph
    calibration : (batch, n_in) array_like, mapping of them by input, or None
    request : Request
        With ``"host"`` layers that read inputs alone run on the host. A graph is not tuned, and a
        warning says so where that was asked for.
    **settings : optional
        Of `DenseGraph`.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another encoding, or calibration data that cannot be used.
    nengo_dense.exceptions.ConversionError
        The model itself answers otherwise, or its outputs are the same for every input.

    Warns
    -----
    UserWarning
        Where tuning was asked for and would have had calibration data.
    """
    if request.encoding not in ENCODINGS:
        raise ValidationError(
            f"of a graph must be one of {', '.join(ENCODINGS)}, got {request.encoding!r}",
            attr="encoding",
        )
    x = None if calibration is None else check_calibration(source.joined(calibration), source.n_in)
    source.compare(x)
    form, fits = source.normal_form(x, request.error)
    _check_live(source, form)
    rate = request.rate or (BLIND_RATE if x is None else BUSY_RATE)
    encoders = {} if x is None else _encoders(form, x, rate)
    layers = _layers(form, x, encoders, request._replace(rate=rate))
    outputs = {
        name: GraphOutput(_weights(output.drive, form), output.drive.bias, output.head)
        for name, output in form.outputs.items()
    }
    read = {name for part in layers if part.on_chip for name in part.weights}
    graph = DenseGraph(
        form.inputs,
        layers,
        outputs,
        encoders={name: given for name, given in encoders.items() if name in read},
        fitted={label: found.error for label, found in fits.items()},
        add_to_container=False,
        **settings,
    )
    if request.tune and x is not None:
        warnings.warn(UNTUNED.format(source.name), stacklevel=3)
    return graph


def _layers(
    form: GraphForm,
    x: np.ndarray | None,
    encoders: Mapping[str, Mapping[str, Any]],
    request: Request,
) -> list[GraphLayer]:
    """Choose a place and a rate for each population."""
    values = None if x is None else form.values(x)
    on_host = _on_host(form, request.encoding)
    layers = []
    for population in form.populations:
        rate, drive = request.rate or BLIND_RATE, population.drive
        if values is not None:
            rate /= busy(values[population.name], request.percentile or USUAL_PERCENTILE)
        on_chip = population.name not in on_host
        bias = _shifted(drive, form, encoders) if on_chip else drive.bias
        layers.append(GraphLayer(population.name, _weights(drive, form), bias, rate, on_chip))
    return layers


def _weights(drive: Expression, form: GraphForm) -> dict[str, np.ndarray]:
    return {name: drive.matrix(name, form.widths[name]) for name in drive.terms}


def _check_live(source: SourceGraph, form: GraphForm) -> None:
    dead = [name for name, output in form.outputs.items() if not output.drive.terms]
    dead += [population.name for population in form.populations if not population.drive.terms]
    if dead or not form.populations:
        text = (
            f"{', '.join(dead)}: the same for every input, as nothing is read; train or load the "
            "model again"
            if dead
            else "it has no activation, so that it is one matrix: use one nengo.Connection, with "
            "the matrix as its transform"
        )
        raise ConversionError(source.name, [text])


def _on_host(form: GraphForm, encoding: str) -> set[str]:
    """Name the populations that read inputs alone, if they are to run on the host."""
    first = {p.name for p in form.populations if set(p.drive.terms) <= set(form.inputs)}
    if encoding == "spikes" or (encoding == "auto" and len(first) == len(form.populations)):
        return set()
    return first


def _encoders(form: GraphForm, x: np.ndarray, rate: float) -> dict[str, dict[str, Any]]:
    return {
        name: {"max_rate": rate, **input_encoding(part)} for name, part in form.split(x).items()
    }


def _shifted(
    drive: Expression, form: GraphForm, encoders: Mapping[str, Mapping[str, Any]]
) -> np.ndarray:
    """Return biases for inputs less the offsets of their encoders."""
    bias = drive.bias
    for name in set(drive.terms) & set(encoders):
        bias = bias + drive.matrix(name, form.widths[name]) @ encoders[name]["offset"]
    return bias
