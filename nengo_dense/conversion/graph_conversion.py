"""From a model that is no chain to a graph of spiking layers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.conversion.calibration import Calibration
from nengo_dense.conversion.goal import UNKNOWN
from nengo_dense.conversion.network_tuning import tune_network
from nengo_dense.conversion.request import Data, Request
from nengo_dense.conversion.scaling import (
    USUAL_PERCENTILE,
    busy,
    busy_percentile,
    input_encoding,
)
from nengo_dense.exceptions import ConversionError
from nengo_dense.heads import OF_CLASSES
from nengo_dense.importers.expression import Expression
from nengo_dense.importers.graph_form import GraphForm
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.neurons import as_on_loihi
from nengo_dense.samples import check_labels
from nengo_dense.sequence import join

#: Rate in hertz of busy neurons where values are known, and weights stay as they are. Of 100, 150,
#: 250, 400 and 1000 Hz, 250 and 400 came closest to the source in 100 and 400 steps (7-12-12-5,
#: random weights, one skip connection): without tuning fast neurons lose much of what comes
#: unevenly.
UNTUNED_RATE = 300.0
#: The same where tuning follows: the most the chip can do at a step of 1 ms, as in a stack.
TUNED_RATE = 1000.0
#: Rate in hertz that stands for the value 1 where no values are known.
BLIND_RATE = 250.0
#: Encodings of a graph; nengo-loihi's own neurons for a node would clip what skips a layer.
ENCODINGS = ("auto", "host", "spikes")


def check_target(target: str) -> None:
    """Refuse what a graph does not have yet."""
    if target == "lava":
        raise ValidationError("must be 'loihi' for a graph, got 'lava'", attr="target")


def convert_graph(
    source: SourceGraph,
    data: Data,
    request: Request,
    how: dict[str, Any],
    *,
    neuron_type: Any,
    **settings: Any,
) -> DenseGraph:
    """Turn a model with skip connections, several inputs or outputs into a `DenseGraph`.

    Parameters
    ----------
    source : SourceGraph
    data : Data
        Its inputs may be a mapping by input.
    request : Request
        With ``"host"`` layers that read inputs alone run on the host.
    how : dict
        Of tuning: further arguments of
        `nengo_dense.conversion.network_tuning.tune_network`.
    neuron_type : nengo.neurons.NeuronType
    **settings : optional
        Of `DenseGraph`.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another encoding, or calibration data or labels that cannot be used.
    nengo_dense.exceptions.ConversionError
        The model itself answers otherwise, or its outputs are the same for every input.
    """
    if request.encoding not in ENCODINGS:
        raise ValidationError(
            f"of a graph must be one of {', '.join(ENCODINGS)}, got {request.encoding!r}",
            attr="encoding",
        )
    if isinstance(neuron_type, list | tuple):
        raise ValidationError(
            "of a graph must be one type for all layers on the chip, got a list",
            attr="neuron_type",
        )
    if isinstance(data.inputs, Mapping):
        data = data._replace(inputs=join(data.inputs, source.form.inputs))
    calibration = Calibration.of(data, source.n_in)
    x = None if calibration is None else calibration.rows
    labels = None if calibration is None else _labels(data.labels, source.form, calibration)
    source.compare(x)
    form, fits = source.normal_form(x, request.error)
    _check_live(source, form)
    answer_steps = data.n_steps if calibration is None else calibration.answer_steps
    request = _with_rates(request, x is not None, answer_steps, neuron_type)
    graph = _graph(
        form,
        x,
        request,
        neuron_type=as_on_loihi(neuron_type) if request.tune else neuron_type,
        fitted={label: found.error for label, found in fits.items()},
        **settings,
    )
    if calibration is not None and request.tune:
        logits = np.concatenate(list(source.form.logits(calibration.rows).values()), axis=1)
        tune_network(graph, source.name, calibration, logits, data.dt, labels=labels, **how)
    return graph


def _with_rates(request: Request, known: bool, n_steps: int, neuron_type: Any) -> Request:
    """Choose rates and percentile by what is known, and by what tuning makes up for."""
    tune = request.tune and known
    if not known:
        rate = BLIND_RATE
    else:
        rate = TUNED_RATE if tune else UNTUNED_RATE
    percentile = request.percentile or busy_percentile(tune, n_steps, neuron_type)
    return request._replace(rate=request.rate or rate, percentile=percentile, tune=tune)


def _graph(form: GraphForm, x: np.ndarray | None, request: Request, **settings: Any) -> DenseGraph:
    encoders = {} if x is None else _encoders(form, x, request)
    layers = _layers(form, x, encoders, request)
    outputs = {
        name: GraphOutput(_weights(output.drive, form), output.drive.bias, output.head)
        for name, output in form.outputs.items()
    }
    read = {name for part in layers if part.on_chip for name in part.weights}
    return DenseGraph(
        form.inputs,
        layers,
        outputs,
        encoders={name: given for name, given in encoders.items() if name in read},
        add_to_container=False,
        **settings,
    )


def _labels(labels: Any, form: GraphForm, calibration: Calibration) -> np.ndarray | None:
    """Return true classes of each output, (n_answers, n_outputs), where there are any."""
    if labels is None:
        return None
    of_classes = [name for name, output in form.outputs.items() if output.head in OF_CLASSES]
    named = ", ".join(of_classes) or "none"
    if not isinstance(labels, Mapping):
        if len(of_classes) != 1:
            raise ValidationError(
                "must be a dict of labels by output where not one output alone ends in a "
                f"softmax; of {', '.join(form.outputs)} there do {named}. "
                "Or leave them out: tuning needs none",
                attr="labels",
            )
        labels = {of_classes[0]: labels}
    if not set(labels) <= set(of_classes):
        raise ValidationError(
            f"are for outputs that end in a softmax, here {named}; got "
            f"labels for {', '.join(map(str, labels))}. Leave them out: tuning needs none",
            attr="labels",
        )
    labels, n = calibration.as_answers(labels), calibration.n_answers
    found = np.full((n, len(form.outputs)), UNKNOWN)
    for number, (name, output) in enumerate(form.outputs.items()):
        if name in labels:
            found[:, number] = check_labels(labels[name], n, output.drive.n, "labels")
    return found


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


def _encoders(form: GraphForm, x: np.ndarray, request: Request) -> dict[str, dict[str, Any]]:
    rate = request.rate or BLIND_RATE
    return {
        name: {"max_rate": rate, **input_encoding(part, request.encoded)}
        for name, part in form.split(x).items()
    }


def _shifted(
    drive: Expression, form: GraphForm, encoders: Mapping[str, Mapping[str, Any]]
) -> np.ndarray:
    """Return biases for inputs less the offsets of their encoders."""
    bias = drive.bias
    for name in set(drive.terms) & set(encoders):
        bias = bias + drive.matrix(name, form.widths[name]) @ encoders[name]["offset"]
    return bias
