"""From a trained model to a stack of spiking layers."""

from typing import Any

from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.conversion.scaling import layer_rates
from nengo_dense.importers import read_model
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.validation import check_inputs, positive


def convert(
    model: Any,
    *,
    calibration: Any = None,
    encoding: str = "host",
    synapse: Any = 0.005,
    neuron_type: NeuronType = SpikingRectifiedLinear(),  # noqa: B008
    max_rate: float = 250.0,
    percentile: float = 99.9,
    label: str | None = None,
    seed: int | None = None,
) -> DenseStack:
    """Turn a trained model into a `DenseStack` that computes the same in spikes.

    Parameters
    ----------
    model : object
        A live Keras or scikit-learn model, a path of a model file, or a list of
        ``(weights, bias)`` in Nengo's orientation; see `nengo_dense.importers`.
    calibration : (batch, n_in) array_like, optional
        Inputs as the model sees them, some hundred of them, to choose firing rates by.
    encoding, synapse, neuron_type, label, seed : optional
        As in `DenseStack`.
    max_rate : float, optional
        Rate in hertz. Without calibration it stands for the value 1; with it, for the
        ``percentile`` of each layer's activations.
    percentile : float, optional
        Of the activations above zero, for calibration.

    Returns
    -------
    stack : DenseStack

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Some layers cannot be converted; all of them are named.
    nengo.exceptions.ValidationError
        An argument out of range, or calibration data of the wrong width.
    """
    specs = read_model(model)
    rates: float | list[float] = positive(max_rate, "max_rate", convert, unit="hertz")
    if calibration is not None:
        x = check_inputs(calibration, specs[0].n_in, "calibration")
        rates = layer_rates(specs, x, max_rate, percentile)
    return DenseStack(
        [spec.n_out for spec in specs],
        specs[0].n_in,
        readout=readout_of(specs),
        encoding=encoding,
        weights=[spec.weights for spec in specs],
        biases=[spec.bias for spec in specs],
        synapse=synapse,
        neuron_type=neuron_type,
        max_rate=rates,
        label=label,
        seed=seed,
    )


def readout_of(specs: list[DenseSpec]) -> str:
    """Name the readout that the last layer needs."""
    return "softmax" if specs[-1].activation == "softmax" else "linear"
