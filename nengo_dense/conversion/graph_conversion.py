"""From a model that is no chain to a graph of spiking layers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.conversion.calibration import Calibration
from nengo_dense.conversion.equalization import equalize, fold_constants
from nengo_dense.conversion.network_tuning import tune_network
from nengo_dense.conversion.request import Data, Request
from nengo_dense.conversion.scaling import (
    BLIND_RATE,
    BUSY_RATE,
    USUAL_PERCENTILE,
    busy,
    input_encoding,
    layer_rates,
    with_percentiles,
)
from nengo_dense.conversion.shifting import shift_resting_activity
from nengo_dense.conversion.storable import check_storable
from nengo_dense.conversion.tuning.goal import UNKNOWN, check_task, only_classes
from nengo_dense.exceptions import ConversionError
from nengo_dense.heads import OF_CLASSES
from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_form import GraphForm
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.layers.graph import DenseGraph
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.neurons import as_on_loihi
from nengo_dense.plugins import show
from nengo_dense.samples import check_labels
from nengo_dense.sequence import join

#: Rate in hertz of busy neurons where values are known, and weights stay as they are. Of 100, 150,
#: 250, 400 and 1000 Hz, 250 and 400 came closest to the source in 100 and 400 steps (7-12-12-5,
#: random weights, one skip connection): without tuning fast neurons lose much of what comes
#: unevenly.
UNTUNED_RATE = 300.0
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
    _check_choices(request, neuron_type)
    data = data.with_columns(source.features, source.form.inputs)
    if isinstance(data.inputs, Mapping):
        data = data._replace(inputs=join(data.inputs, source.form.inputs))
    calibration = Calibration.of(data, source.n_in)
    x = None if calibration is None else calibration.rows
    labels = None if calibration is None else _labels(data.labels, source.form, calibration)
    source.compare(x)
    heads = [output.head for output in source.form.outputs.values()]
    task = check_task(how["task"], source.task, heads)
    form, fits = source.normal_form(x, request.error)
    _check_live(source, form)
    tuned = request.tune and x is not None
    answer_steps = data.n_steps if calibration is None else calibration.answer_steps
    of_classes = only_classes(heads, task)
    request = with_percentiles(request, tuned, answer_steps, neuron_type, of_classes)
    form = equalize(fold_constants(source.name, form))
    if x is not None and request.tune:
        form = shift_resting_activity(form, x)
    graph = _graph(
        form,
        x,
        request,
        neuron_type=as_on_loihi(neuron_type) if request.tune else neuron_type,
        columns=data.columns,
        fitted={label: found.error for label, found in fits.items()},
        **settings,
    )
    check_storable(source.name, graph, [each.name for each in form.populations], data.dt)
    if calibration is not None and request.tune:
        how = {**how, "source": source.logits, "labels": labels, "task": task}
        logits = source.logits(calibration.rows)
        tune_network(graph, source.name, calibration, logits, data.dt, **how)
    return graph


def _check_choices(request: Request, neuron_type: Any) -> None:
    """Raise a ValidationError for what goes with chains alone."""
    if request.encoding not in ENCODINGS:
        raise ValidationError(
            f"of a graph must be one of {', '.join(ENCODINGS)}, got {show(request.encoding)}",
            attr="encoding",
        )
    if isinstance(neuron_type, list | tuple):
        raise ValidationError(
            "of a graph must be one type for all layers on the chip, got a list",
            attr="neuron_type",
        )


def _busy_rate(known: bool, tuned: bool) -> float:
    """Choose the rate of busy neurons by what is known, and by what tuning makes up for."""
    if not known:
        return BLIND_RATE
    return BUSY_RATE if tuned else UNTUNED_RATE


def _graph(
    form: GraphForm, x: np.ndarray | None, request: Request, *, neuron_type: Any, **settings: Any
) -> DenseGraph:
    encoders = {} if x is None else _encoders(form, x, request)
    on_host = _on_host(form, request.encoding)
    form, rates = _rates(form, x, request, neuron_type, on_host)
    layers = [
        GraphLayer(
            p.name,
            _weights(p.drive, form),
            p.drive.bias if p.name in on_host else _shifted(p.drive, form, encoders),
            rates[p.name],
            p.name not in on_host,
        )
        for p in form.populations
    ]
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
        neuron_type=neuron_type,
        add_to_container=False,
        **settings,
    )


def _rates(
    form: GraphForm, x: np.ndarray | None, request: Request, neuron_type: Any, on_host: set[str]
) -> tuple[GraphForm, dict[str, float]]:
    """Choose the rate for the value 1 of each population."""
    names = [population.name for population in form.populations]
    scales = dict.fromkeys(names, 1.0)
    if x is not None:
        values, percentile = form.values(x), request.percentile or USUAL_PERCENTILE
        scales = {name: busy(values[name], percentile) for name in names}
    kinds = {name: SpikingRectifiedLinear() if name in on_host else neuron_type for name in names}
    rate = _busy_rate(x is not None, request.tune)
    return layer_rates(form, scales, kinds, rate, request.rate)


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
            given, n_out = labels[name], output.drive.n
            found[:, number] = check_labels(given, n, n_out, "labels", named_in=None)
    return found


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
            else "no activation stands before its last layers, so that no neurons are needed: use "
            "one nengo.Connection to each output, with the layer's matrix as its transform"
        )
        raise ConversionError(source.name, [text])


def _on_host(form: GraphForm, encoding: str) -> set[str]:
    """Name the populations that read inputs alone, if they are to run on the host."""
    first = {p.name for p in form.populations if set(p.drive.terms) <= set(form.inputs)}
    if encoding == "spikes" or (encoding == "auto" and len(first) == len(form.populations)):
        return set()
    return first


def _encoders(form: GraphForm, x: np.ndarray, request: Request) -> dict[str, dict[str, Any]]:
    rate = request.rate or _busy_rate(True, request.tune)
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
