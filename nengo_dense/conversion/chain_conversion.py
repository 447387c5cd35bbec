"""From a model that is a chain of layers to a stack of spiking ones."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.conversion.calibration import Calibration
from nengo_dense.conversion.equalization import equalize, fold_constants
from nengo_dense.conversion.network_tuning import tune_network
from nengo_dense.conversion.plausible import Plausible
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
from nengo_dense.conversion.tuning.goal import check_task, only_classes
from nengo_dense.heads import OF_CLASSES
from nengo_dense.importers import SourceModel
from nengo_dense.importers.form.graph_chain import chain_of, form_of
from nengo_dense.importers.form.graph_form import GraphForm
from nengo_dense.importers.form.spec import DenseSpec, forward
from nengo_dense.layers.stack import DenseStack
from nengo_dense.neurons import as_on_loihi
from nengo_dense.samples import check_labels

#: The rate behind nengo-loihi's neurons for a node. These send a spike a step for each input, and
#: fast neurons lose more of what comes so unevenly.
BUSY_RATE_BEHIND_NODE = 300.0


def convert_chain(
    source: SourceModel, data: Data, request: Request, how: dict[str, Any], **settings: Any
) -> DenseStack:
    """Turn a chain of layers into a stack; ``how`` is for its tuning."""
    data = data.with_columns(source.features, source.n_in)
    calibration = Calibration.of(data, source.n_in)
    x = None if calibration is None else calibration.rows
    source.compare(x)
    task = check_task(how["task"], source.task, [source.layers[-1].activation])
    form = source.normal_form(x, request.error)
    if len(form.layers) < 2:
        source.check_neurons()
    graph = equalize(fold_constants(source.name, form_of(form.layers)))
    tuned = request.tune and x is not None
    answer_steps = data.n_steps if calibration is None else calibration.answer_steps
    of_classes = only_classes([source.layers[-1].activation], task)
    request = with_percentiles(request, tuned, answer_steps, settings["neuron_type"], of_classes)
    request = request._replace(encoding=_chosen(request.encoding, len(graph.populations)))
    settings |= {"classes": source.classes, "columns": data.columns, "fitted": form.errors}
    if calibration is not None and tuned:
        labels = _class_indices(data.labels, calibration, source, _chain(graph))
        graph = shift_resting_activity(graph, calibration.rows)
    specs = _chain(graph)
    shown = Plausible.of(specs) if x is None else x
    stack = _stack(specs, shown, request, **settings)
    check_storable(source.name, stack, [spec.label for spec in specs], data.dt)
    if isinstance(shown, Plausible):
        _warn_of_other_scales(specs, shown, request.rate)
    elif calibration is not None and tuned:
        how = {**how, "source": source.logits, "labels": labels, "task": task}
        tune_network(stack, source.name, calibration, source.logits(shown), data.dt, **how)
    return stack


def _stack(
    specs: Sequence[DenseSpec],
    shown: np.ndarray | Plausible,
    request: Request,
    *,
    synapse: Any,
    neuron_type: Any,
    **settings: Any,
) -> DenseStack:
    """Make a stack of rectified layers, with rates for calibration inputs or plausible values."""
    encoding, n_layers = request.encoding, len(specs) - 1
    kinds = _neuron_types(neuron_type, n_layers, encoding, request.tune)
    specs, rates = _with_rates(specs, shown, request, kinds)
    numbers: dict[str, Any] = {
        "weights": [spec.weights for spec in specs],
        "biases": [spec.bias for spec in specs],
        "max_rate": rates,
    }
    if encoding == "spikes":
        encoder = numbers["encoder"] = _encoder(shown, request)
        # the encoder says inputs less its offset
        if "offset" in encoder:
            numbers["biases"][0] = specs[0].bias + specs[0].weights @ encoder["offset"]
    elif encoding == "chip" and not isinstance(shown, Plausible):
        _warn_of_clipping(shown)
    return DenseStack(
        [spec.n_out for spec in specs],
        specs[0].n_in,
        readout=specs[-1].activation,
        encoding=encoding,
        synapse=_synapses(synapse, n_layers + (encoding == "spikes")),
        neuron_type=kinds,
        **settings,
        **numbers,
    )


def _with_rates(
    specs: Sequence[DenseSpec], shown: np.ndarray | Plausible, request: Request, kinds: list[Any]
) -> tuple[Sequence[DenseSpec], list[float]]:
    """Choose the rate for the value 1 of each hidden layer."""
    if isinstance(shown, Plausible):
        rate, sizes = BLIND_RATE, shown.factors
        if request.rate is not None:  # a rate that is asked for stands for the value 1 itself
            sizes = [1.0] * len(sizes)
    else:
        rate = _busy_rate(request)
        percentile = request.percentile or USUAL_PERCENTILE
        sizes = [busy(values, percentile) for values in forward(specs, shown)[:-1]]
    form = form_of(specs)
    names = [population.name for population in form.populations]
    if len(kinds) != len(names):  # the stack says how many it needs
        return specs, [request.rate or rate] * len(names)
    by_name = dict(zip(names, kinds, strict=True))
    scales = dict(zip(names, sizes, strict=True))
    form, rates = layer_rates(form, scales, by_name, rate, request.rate)
    return _chain(form), list(rates.values())


def _chain(form: GraphForm) -> list[DenseSpec]:
    """Return the layers of what was made of a chain."""
    specs = chain_of(form)
    assert specs is not None
    return specs


def _busy_rate(request: Request) -> float:
    behind_node = request.encoding == "chip" and not request.tune
    return request.rate or (BUSY_RATE_BEHIND_NODE if behind_node else BUSY_RATE)


def _encoder(shown: np.ndarray | Plausible, request: Request) -> dict[str, Any]:
    if isinstance(shown, Plausible):
        return {"max_rate": request.rate or BLIND_RATE, "scale": shown.input_scale}
    return {"max_rate": _busy_rate(request), **input_encoding(shown, request.encoded)}


def _chosen(encoding: str, n_hidden: int) -> str:
    """Return where values become spikes: on the host if layers remain for the chip then."""
    if encoding != "auto":
        return encoding
    return "host" if n_hidden > 1 else "spikes"


def _class_indices(
    labels: Any, calibration: Calibration, source: SourceModel, specs: Sequence[DenseSpec]
) -> np.ndarray | None:
    """Return labels as (n, 1) numbers of outputs; refuse them where there are no classes."""
    if labels is None:
        return None
    if specs[-1].activation not in OF_CLASSES:
        raise ValidationError(
            f"are for a model that ends in a softmax; this one ends in {specs[-1].activation!r}. "
            "Leave them out: tuning needs none",
            attr="labels",
        )
    given, n = calibration.as_answers(labels), calibration.n_answers
    n_out, classes = specs[-1].n_out, source.classes
    return check_labels(given, n, n_out, "labels", classes, named_in=None)[:, np.newaxis]


def _synapses(synapse: Any, n_connections: int) -> list:
    """Give the readout no synapse, unless each connection's was asked for."""
    if isinstance(synapse, list | tuple):
        return list(synapse)
    return [synapse] * (n_connections - 1) + [None]


def _neuron_types(neuron_type: Any, n_layers: int, encoding: str, tuned: bool) -> list[Any]:
    """Give a layer on the host spiking rectified linear neurons, and tuned ones the chip's."""
    if isinstance(neuron_type, list | tuple):
        types = list(neuron_type)
    else:
        types = [neuron_type] * n_layers
        if encoding == "host" and getattr(neuron_type, "spiking", False):
            types[0] = SpikingRectifiedLinear()
    first_on_chip = 1 if encoding == "host" else 0
    if tuned:
        types[first_on_chip:] = [as_on_loihi(kind) for kind in types[first_on_chip:]]
    return types


def _warn_of_clipping(x: np.ndarray) -> None:
    beyond = np.flatnonzero((np.abs(x) > 1).any(axis=0))
    if len(beyond):
        warnings.warn(
            f"{len(beyond)} of {x.shape[1]} features leave [-1, 1] in the calibration data "
            f"(the first is number {beyond[0]}, up to {np.abs(x[:, beyond[0]]).max():g}), and "
            "encoding='chip' clips them there. Scale them into this range before training, or "
            "use encoding='host' or 'spikes'.",
            stacklevel=5,
        )


def _warn_of_other_scales(
    specs: Sequence[DenseSpec], values: Plausible, rate: float | None
) -> None:
    """Say which layers' rates are a guess, or at a given rate must saturate or fall silent."""
    scaled = zip(specs, values.activations, values.factors, strict=False)
    found = [
        (spec.label or f"layer {i + 1}", value, factor)
        for i, (spec, value, factor) in enumerate(scaled)
        if factor != 1
    ]
    if not found:
        return
    sizes = ", ".join(f"{label} {value:.2g}" for label, value, _ in found)
    if rate is None:
        what = "Firing rates were chosen for these, which is a guess"
    else:
        does = " and ".join(
            f"{label} must {'saturate' if factor > 1 else 'fall silent'}"
            for label, _, factor in found
        )
        what = f"At max_rate={rate:g} for the value 1, {does}: leave it out"
    warnings.warn(
        "The weights are of unusual scale: by them alone, values are of the order of "
        f"{sizes}. {what}, or pass some thousand training inputs as calibration=, prepared as the "
        "model sees them.",
        stacklevel=4,
    )
