"""From a trained model to a stack of spiking layers."""

import warnings
from typing import Any

import numpy as np
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.arguments import (
    between,
    check_progress_bar,
    choice,
    flag,
    positive,
    presentation_steps,
)
from nengo_dense.conversion.blind import BLIND_RATE, blind_rates
from nengo_dense.conversion.calibration import check_calibration
from nengo_dense.conversion.scaling import input_scales, layer_rates
from nengo_dense.conversion.stack_tuning import tune_stack
from nengo_dense.importers import SourceModel, read_model
from nengo_dense.layers.neuron import as_on_loihi
from nengo_dense.layers.stack import ENCODINGS, DenseStack

#: Rate in hertz of busy neurons where values are known: the most the chip can do at a step of
#: 1 ms. Lower rates make fewer spikes, so coarser means in 25 steps; higher ones spend longer on
#: the plateaus of ``1000 / ceil(1000 / r)``, which shows after 100.
BUSY_RATE = 1000.0


def convert(
    model: Any,
    *,
    calibration: Any = None,
    encoding: str = "auto",
    synapse: Any = 0.002,
    neuron_type: NeuronType | list[NeuronType] = SpikingRectifiedLinear(),  # noqa: B008
    max_rate: float | None = None,
    percentile: float = 99.9,
    tune: bool = True,
    presentation_time: float = 0.1,
    dt: float = 0.001,
    progress_bar: Any = True,
    label: str | None = None,
    seed: int | None = None,
) -> DenseStack:
    """Turn a trained model into a `DenseStack` that computes the same in spikes.

    Without ``calibration`` the weights stay as they are. With it, rates follow from the layers'
    activations, and then weights and biases are tuned until the chip's *integers* answer as the
    model does, by tandem learning.

    Parameters
    ----------
    model : object
        A live Keras or scikit-learn model, a path of a model file, or a list of
        ``(weights, bias)`` in Nengo's orientation.
    calibration : (batch, n_in) array_like, optional
        Training inputs as the model sees them, some thousand if possible, without labels.
    encoding : {"auto", "host", "spikes", "chip"}, optional
        As in `DenseStack`. ``"auto"`` is ``"host"`` where layers remain for the chip, else (one
        hidden layer) ``"spikes"``.
    label : str, optional
    synapse : float, nengo.Lowpass or None, or a list of them, optional
        In front of every layer that gets spikes; the readout has none, as its window averages.
        A list goes to `DenseStack` as it is and includes the readout.
    neuron_type : nengo.neurons.NeuronType or list, optional
        Of the layers on the chip. A layer on the host has `nengo.SpikingRectifiedLinear`, which
        is exact. A list goes to `DenseStack` as it is.
    max_rate : float, optional
        Rate in hertz. Without calibration it stands for the value 1 (default 250, or what suits
        weights of unusual scale); with it, for the ``percentile`` of each layer's activations
        (default 1000).
    percentile : float, optional
        Of the activations above zero, 0 to 100, for calibration.
    tune : bool, optional
        Whether calibration also changes weights and biases. The stack's ``tuned`` then says what
        for, and its neurons are nengo-loihi's, which do in Nengo what they do on the chip.
    presentation_time : float, optional
        How long a sample will be shown, in seconds. Tuning makes answers good after a quarter, a
        half and all of it.
    dt : float, optional
        Step in seconds, for tuning.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional
    seed : int, optional
        Of the stack, and of the order of samples in tuning (default 0): the same seed gives the
        same stack.

    Returns
    -------
    stack : DenseStack

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Some layers cannot be converted; all of them are named. Or the model itself answers
        otherwise than its layers do as they were read.
    nengo.exceptions.BuildError
        Weights, biases and thresholds of a layer are too far apart for the chip's integers.
    nengo.exceptions.ValidationError
        An argument out of range, or calibration data that cannot be used.
    """
    choice(encoding, ("auto", *ENCODINGS), "encoding")
    flag(tune, "tune")
    between(percentile, 0, 100, "percentile", with_low=False)
    n_steps = presentation_steps(presentation_time, dt)
    bar = check_progress_bar(progress_bar)
    source = read_model(model)
    x = None if calibration is None else check_calibration(calibration, source.n_in)
    source.compare(x)
    if encoding == "auto":
        encoding = "host" if len(source.layers) > 2 else "spikes"
    rate = BLIND_RATE if x is None else BUSY_RATE
    if max_rate is not None:
        rate = positive(max_rate, "max_rate", unit="hertz")
    arguments = _arguments(source, encoding, synapse, neuron_type)
    if x is not None:
        arguments["max_rate"] = layer_rates(source.layers, x, rate, percentile)
    elif max_rate is not None:
        arguments["max_rate"] = rate
    else:
        arguments["max_rate"] = blind_rates(source.layers, rate)
    if encoding == "spikes":
        arguments["encoder"] = {"max_rate": rate, **({} if x is None else input_scales(x))}
    if tune and x is not None:
        arguments["neuron_type"] = _as_on_loihi(arguments["neuron_type"], encoding)
    units = [layer.n_out for layer in source.layers]
    stack = DenseStack(units, source.n_in, label=label, seed=seed, **arguments)
    if x is not None and encoding == "chip":
        _warn_of_clipping(x)
    if tune and x is not None:
        tune_stack(stack, source.layers, x, n_steps, dt, seed or 0, bar)
    return stack


def _arguments(
    source: SourceModel, encoding: str, synapse: Any, neuron_type: Any
) -> dict[str, Any]:
    """Return a stack's arguments that follow from the source model alone."""
    n_layers = len(source.layers) - 1
    return {
        "readout": source.layers[-1].activation,
        "encoding": encoding,
        "weights": [layer.weights for layer in source.layers],
        "biases": [layer.bias for layer in source.layers],
        "synapse": _synapses(synapse, n_layers + (encoding == "spikes")),
        "neuron_type": _neuron_types(neuron_type, n_layers, encoding),
        "classes": source.classes,
    }


def _synapses(synapse: Any, n_connections: int) -> list:
    """Give the readout no synapse, unless each connection's was asked for."""
    if isinstance(synapse, list | tuple):
        return list(synapse)
    return [synapse] * (n_connections - 1) + [None]


def _neuron_types(neuron_type: Any, n_layers: int, encoding: str) -> list[NeuronType]:
    """Give a layer on the host spiking rectified linear neurons."""
    if isinstance(neuron_type, list | tuple):
        return list(neuron_type)
    if encoding != "host" or not getattr(neuron_type, "spiking", False):
        return [neuron_type] * n_layers
    return [SpikingRectifiedLinear()] + [neuron_type] * (n_layers - 1)


def _as_on_loihi(neuron_types: list[NeuronType], encoding: str) -> list[NeuronType]:
    """Give the layers on the chip neurons that lose in every simulator what the chip loses.

    Weights that make up for these losses would be too large for neurons without them.
    """
    first = 1 if encoding == "host" else 0
    return [*neuron_types[:first], *map(as_on_loihi, neuron_types[first:])]


def _warn_of_clipping(x: np.ndarray) -> None:
    beyond = np.flatnonzero((np.abs(x) > 1).any(axis=0))
    if len(beyond):
        warnings.warn(
            f"{len(beyond)} of {x.shape[1]} features leave [-1, 1] in the calibration data "
            f"(the first is number {beyond[0]}, up to {np.abs(x[:, beyond[0]]).max():g}), and "
            "encoding='chip' clips them there. Scale them into this range before training, or "
            "use encoding='host' or 'spikes'.",
            stacklevel=3,
        )
