"""Conversion of a trained model to a stack of spiking layers."""

import warnings
from collections.abc import Sequence
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.arguments import (
    between,
    check_progress_bar,
    check_seed,
    choice,
    flag,
    positive,
    presentation_steps,
    unusual_time,
)
from nengo_dense.context import outside_networks
from nengo_dense.conversion import graph_conversion
from nengo_dense.conversion.calibration import Calibration
from nengo_dense.conversion.effort import check_effort
from nengo_dense.conversion.equalization import equalize, fold_constants
from nengo_dense.conversion.network_tuning import tune_network
from nengo_dense.conversion.plausible import Plausible
from nengo_dense.conversion.request import Data, Request
from nengo_dense.conversion.scaling import (
    USUAL_PERCENTILE,
    busy_percentile,
    input_encoding,
    layer_rates,
)
from nengo_dense.conversion.settling import neurons_for_lava, settle
from nengo_dense.conversion.shifting import shift_resting_activity
from nengo_dense.conversion.storable import check_storable
from nengo_dense.heads import OF_CLASSES
from nengo_dense.importers import SourceGraph, SourceModel, read_model
from nengo_dense.importers.normal_form import ACTIVATION_ERROR
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.stack import ENCODINGS, DenseStack
from nengo_dense.neurons import as_on_loihi
from nengo_dense.samples import check_labels

#: Whose integers a stack is made for.
TARGETS = ("loihi", "lava")
#: Rate in hertz that stands for the value 1 of a usual layer, where no values are known.
BLIND_RATE = 250.0
#: Rate in hertz of busy neurons where values are known: the most the chip can do at a step of
#: 1 ms. Lower rates make fewer spikes, so coarser means in 25 steps; higher ones spend longer on
#: the plateaus of ``1000 / ceil(1000 / r)``, which shows after 100.
BUSY_RATE = 1000.0
#: The rate behind nengo-loihi's neurons for a node. These send a spike a step for each input, and
#: fast neurons lose more of what comes so unevenly.
BUSY_RATE_BEHIND_NODE = 300.0


def convert(
    model: Any,
    *,
    calibration: Any = None,
    labels: Any = None,
    encoding: str = "auto",
    synapse: Any = 0.002,
    neuron_type: NeuronType | list[NeuronType] = SpikingRectifiedLinear(),  # noqa: B008
    max_rate: float | None = None,
    percentile: float | None = None,
    tune: bool = True,
    activation_error: float = ACTIVATION_ERROR,
    effort: str | float = "normal",
    presentation_time: float = 0.1,
    dt: float = 0.001,
    target: str = "loihi",
    mask: Any = None,
    per_frame: bool = False,
    progress_bar: Any = True,
    label: str | None = None,
    seed: int | None = None,
) -> Any:
    """Turn a trained model into a `DenseStack` that computes the same in spikes.

    A model with skip connections, several inputs or several outputs becomes a `DenseGraph`.

    Without ``calibration`` the weights stay as they are, and rates follow from the weights' own
    scale (``nengo_dense.conversion.plausible``). With it, rates follow from the layers'
    activations, and then weights and biases are tuned until the chip's *integers* answer as the
    model does; see ``nengo_dense.conversion.through_time``. Neurons that say nothing are left
    out, and neurons on another scale than their layer are brought back to it
    (``nengo_dense.conversion.equalization``); neither changes what is computed.

    Parameters
    ----------
    model : object
        A live Keras, PyTorch or scikit-learn model, a path of a model file, or a list of
        ``(weights, bias)`` in Nengo's orientation; see ``nengo_dense.importers``.
    calibration : (batch, n_in) array_like, or dict of them by input, optional
        Training inputs as the model sees them, some thousand if possible, without labels. Or
        sequences, (n, n_frames, n_in) or a list of (n_frames, n_in) arrays, which change while
        they are shown, as in `nengo_dense.evaluate`.
    labels : (batch,) or (batch, n_classes) array_like, or dict of them by output, optional
        True classes of the calibration inputs, of a model that ends in a softmax; of several
        outputs those that do, by name, or without where there is one. Tuning needs none; with
        them it never gives up right answers for the model's wrong ones. Of sequences one each,
        or with ``per_frame`` one for every frame.
    encoding : {"auto", "host", "spikes", "chip"}, optional
        As in `DenseStack`. ``"auto"`` is ``"host"`` where layers remain for the chip, that is with
        two hidden layers or more, else ``"spikes"``.
    synapse : float, nengo.Lowpass or None, or a list of them, optional
        In front of every layer that gets spikes; the readout has none, as its window averages.
        A list goes to `DenseStack` as it is and includes the readout.
    neuron_type : nengo.neurons.NeuronType or list, optional
        Of the layers on the chip. A layer on the host has `nengo.SpikingRectifiedLinear`, which
        is exact. A list goes to `DenseStack` as it is. Tuned layers on the chip get nengo-loihi's
        own version of the type, which does in Nengo too what the chip does.
    max_rate : float, optional
        Rate in hertz. Without calibration it stands for the value 1 (default 250, and less or
        more for layers whose weights are on another scale); with it, for the ``percentile`` of
        each layer's activations (default 1000).
    percentile : float, optional
        Of the activations above zero, 0 to 100, for calibration (default 99.9; 90 up to 10 steps
        and 97 up to 50 where rectified linear neurons are tuned, which makes up for those that can
        fire no faster). Where tuning follows, encoders fire fastest for the same percentile of
        each input above zero, or a third of its largest magnitude.
    tune : bool, optional
        Whether calibration also changes weights and biases.
    activation_error : float, optional
        How closely rectifiers must come to a smooth activation such as tanh: root mean square
        over the weighted inputs that calibration shows, as a share of the values' standard
        deviation. A smaller one takes more neurons. ``stack.fitted`` has what was reached.
        Straight activations, such as a leaky ReLU or a hard tanh, are exact.
    effort : {"fast", "normal", "best"} or float, optional
        How long tuning may take, in seconds if a number; it ends before if held-back samples gain
        nothing more. A word stands for a number of updates, and gives the same stack everywhere.
    presentation_time : float, optional
        How long a sample will be shown, in seconds; of sequences the longest. Tuning makes classes
        right after a quarter, a half and all of it, and values after all of it.
    dt : float, optional
        Step in seconds, for tuning.
    target : {"loihi", "lava"}, optional
        With ``"lava"`` the stack is exact in Lava too, the software of Loihi 2: its neurons on
        the chip have no refractory period and no floor of the voltage at rest, and biases in
        units of 64. ``stack.export("model.net")`` writes it.
    mask : (n, n_frames) array_like, optional
        1 for the frames of each calibration sequence, and then 0; a list of arrays needs none.
    per_frame : bool, optional
        Whether tuning is for an answer at every frame of a sequence, and not for one of the whole.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional
    label : str, optional
        As in `DenseStack`.
    seed : int, optional
        Of the stack, and of the order of samples in tuning (default 0): the same seed gives the
        same stack.

    Returns
    -------
    stack : DenseStack or DenseGraph
        Inside a ``with network:`` block it is added to that network, like every network that is
        made there. Nothing else is, and nothing at all where an error is raised.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Some layers cannot be converted; all of them are named. Or the model itself answers
        otherwise than its layers do as they were read.
    nengo.exceptions.ValidationError
        An argument out of range, or calibration data that cannot be used.

    Warns
    -----
    UserWarning
        Without calibration, a layer's weights are of unusual scale; inputs are clipped.
    """
    choice(encoding, ("auto", *ENCODINGS), "encoding")
    if choice(target, TARGETS, "target") == "lava":
        neuron_type = neurons_for_lava(neuron_type)
    n_steps = presentation_steps(presentation_time, dt)
    if said := unusual_time(presentation_time, dt):
        warnings.warn(said, stacklevel=2)
    tune, error = flag(tune, "tune"), positive(activation_error, "activation_error")
    share = (
        None if percentile is None else between(percentile, 0, 100, "percentile", with_low=False)
    )
    rate = None if max_rate is None else positive(max_rate, "max_rate", unit="hertz")
    seed = check_seed(seed)
    how = _tuning(effort, seed, progress_bar)
    by_frame = flag(per_frame, "per_frame")
    data = Data(calibration, labels, mask, by_frame, n_steps, positive(dt, "dt", unit="seconds"))
    common: dict[str, Any] = {
        "synapse": synapse,
        "neuron_type": neuron_type,
        "label": label,
        "seed": seed,
    }
    request = Request(encoding, rate, share, error, tune)
    with outside_networks():
        source = read_model(model)
        if isinstance(source, SourceGraph):
            graph_conversion.check_target(target)
            stack = graph_conversion.convert_graph(source, data, request, how, **common)
        else:
            stack = _convert_chain(source, data, request, how, **common)
            if target == "lava":
                settle(stack, dt)
    if nengo.Network.context:  # last, so that what was refused leaves nothing behind
        nengo.Network.add(stack)
    return stack


def _convert_chain(
    source: SourceModel, data: Data, request: Request, how: dict[str, Any], **settings: Any
) -> DenseStack:
    """Turn a chain of layers into a stack; ``how`` is for its tuning."""
    calibration = Calibration.of(data, source.n_in)
    x = None if calibration is None else calibration.rows
    source.compare(x)
    form = source.normal_form(x, request.error)
    if len(form.layers) < 2:
        source.check_neurons()
    specs = equalize(fold_constants(source.name, form.layers))
    tuned = request.tune and x is not None
    answer_steps = data.n_steps if calibration is None else calibration.answer_steps
    request = request._replace(
        encoding=_chosen(request.encoding, specs),
        percentile=request.percentile
        or busy_percentile(tuned, answer_steps, settings["neuron_type"]),
        tune=tuned,
    )
    settings |= {"classes": source.classes, "fitted": form.errors}
    if calibration is not None and tuned:
        labels = _class_indices(data.labels, calibration, source, specs)
        specs = shift_resting_activity(specs, calibration.rows)
    shown = Plausible.of(specs) if x is None else x
    stack = _stack(specs, shown, request, **settings)
    check_storable(source.name, stack, specs, data.dt)
    if isinstance(shown, Plausible):
        _warn_of_other_scales(specs, shown, request.rate)
    elif calibration is not None and tuned:
        logits = source.logits(shown)
        tune_network(stack, source.name, calibration, logits, data.dt, labels=labels, **how)
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
    encoding = request.encoding
    if isinstance(shown, Plausible):
        numbers = _blind(specs, shown, request)
    else:
        numbers = _calibrated(specs, shown, request)
    return DenseStack(
        [spec.n_out for spec in specs],
        specs[0].n_in,
        readout=specs[-1].activation,
        encoding=encoding,
        synapse=_synapses(synapse, len(specs) - 1 + (encoding == "spikes")),
        neuron_type=_neuron_types(neuron_type, len(specs) - 1, encoding, request.tune),
        **settings,
        **numbers,
    )


def _chosen(encoding: str, specs: Sequence[DenseSpec]) -> str:
    """Return where values become spikes: on the host if layers remain for the chip then."""
    if encoding != "auto":
        return encoding
    return "host" if len(specs) > 2 else "spikes"


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
    return check_labels(given, n, specs[-1].n_out, "labels", source.classes)[:, np.newaxis]


def _tuning(effort: Any, seed: int | None, progress_bar: Any) -> dict[str, Any]:
    """Check what tuning is told, apart from the data."""
    bar = check_progress_bar(progress_bar)
    return {"effort": check_effort(effort), "seed": seed or 0, "progress_bar": bar}


def _blind(specs: Sequence[DenseSpec], values: Plausible, request: Request) -> dict[str, Any]:
    """Choose weights, biases and rates by the weights alone."""
    rate = request.rate
    arguments: dict[str, Any] = {
        "weights": [spec.weights for spec in specs],
        "biases": [spec.bias for spec in specs],
        "max_rate": [BLIND_RATE / factor for factor in values.factors],
    }
    if request.encoding == "spikes":
        arguments["encoder"] = {"max_rate": rate or BLIND_RATE, "scale": values.input_scale}
    if rate is not None:
        arguments["max_rate"] = rate
    return arguments


def _calibrated(specs: Sequence[DenseSpec], x: np.ndarray, request: Request) -> dict[str, Any]:
    """Choose weights, biases and rates by the activations for calibration inputs."""
    encoding, rate = request.encoding, request.rate
    if rate is None:
        behind_node = encoding == "chip" and not request.tune
        rate = BUSY_RATE_BEHIND_NODE if behind_node else BUSY_RATE
    arguments: dict[str, Any] = {
        "weights": [spec.weights for spec in specs],
        "biases": [spec.bias for spec in specs],
        "max_rate": layer_rates(specs, x, rate, request.percentile or USUAL_PERCENTILE),
    }
    if encoding == "spikes":
        arguments["encoder"] = encoder = {"max_rate": rate, **input_encoding(x, request.encoded)}
        # the encoder says inputs less its offset
        arguments["biases"][0] = specs[0].bias + specs[0].weights @ encoder["offset"]
    elif encoding == "chip":
        _warn_of_clipping(x)
    return arguments


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
            stacklevel=6,
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
