"""From a trained model to a stack of spiking layers."""

import warnings
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.arguments import choice, positive, presentation_steps
from nengo_dense.conversion.calibration import check_calibration, divide, logits_of
from nengo_dense.conversion.chain import Chain, Window
from nengo_dense.conversion.distillation import Distillation
from nengo_dense.conversion.frame import Frame
from nengo_dense.conversion.scaling import input_scales, layer_rates
from nengo_dense.conversion.tuning import Samples
from nengo_dense.conversion.tuning import tune as tune_chain
from nengo_dense.importers import read_model
from nengo_dense.importers.spec import DenseSpec
from nengo_dense.layers.readout import window_start
from nengo_dense.layers.stack import ENCODINGS, DenseStack

#: Rate in hertz that stands for the value 1 where nothing is known of a layer's values.
BLIND_RATE = 250.0
#: Rate in hertz of busy neurons where values are known: the most the chip can do at a step of
#: 1 ms. Lower rates make fewer spikes, so coarser means in 25 steps; higher ones spend longer on
#: the plateaus of ``1000 / ceil(1000 / r)``, which shows after 100.
BUSY_RATE = 1000.0
#: Parts of ``presentation_time`` after which answers are wanted, and how much each matters.
#: Losses shrink by about as much as the weights grow, so that all deadlines count alike; with
#: equal weights the noise of the first spikes would drown what is learnt of the full time.
DEADLINES = {0.25: 1.0, 0.5: 3.0, 1.0: 10.0}


def convert(
    model: Any,
    *,
    calibration: Any = None,
    encoding: str = "host",
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
    model does; see `nengo_dense.conversion.tandem`.

    Parameters
    ----------
    model : object
        A live Keras or scikit-learn model, a path of a model file, or a list of
        ``(weights, bias)`` in Nengo's orientation; see `nengo_dense.importers`.
    calibration : (batch, n_in) array_like, optional
        Training inputs as the model sees them, some thousand if possible, without labels.
    encoding, label : optional
        As in `DenseStack`.
    synapse : float, nengo.Lowpass or None, or a list of them, optional
        In front of every layer that gets spikes; the readout has none, as its window averages.
        A list goes to `DenseStack` as it is and includes the readout.
    neuron_type : nengo.neurons.NeuronType or list, optional
        Of the layers on the chip. A layer on the host has `nengo.SpikingRectifiedLinear`, which
        is exact. A list goes to `DenseStack` as it is.
    max_rate : float, optional
        Rate in hertz. Without calibration it stands for the value 1 (default 250); with it, for
        the ``percentile`` of each layer's activations (default 1000).
    percentile : float, optional
        Of the activations above zero, 0 to 100, for calibration.
    tune : bool, optional
        Whether calibration also changes weights and biases. Not with ``encoding="chip"``.
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
        Some layers cannot be converted; all of them are named.
    nengo.exceptions.ValidationError
        An argument out of range, or calibration data that cannot be used.
    """
    choice(encoding, ENCODINGS, "encoding", convert)
    specs = read_model(model).layers
    x = None if calibration is None else check_calibration(calibration, specs[0].n_in)
    import os
    from nengo_dense.conversion.shifting import shift_resting_activity
    source = specs
    if x is not None and tune and os.environ.get("SHIFT", "1") == "1":
        specs = shift_resting_activity(specs, x)
    rate = BLIND_RATE if x is None else BUSY_RATE
    if max_rate is not None:
        rate = positive(max_rate, "max_rate", convert, unit="hertz")
    if not 0 < percentile <= 100:
        raise ValidationError(
            f"must be above 0 and at most 100, got {percentile:g}", "percentile", convert
        )
    arguments: dict[str, Any] = {
        "readout": readout_of(specs),
        "encoding": encoding,
        "weights": [spec.weights for spec in specs],
        "biases": [spec.bias for spec in specs],
        "synapse": _synapses(synapse, len(specs) - 1 + (encoding == "spikes")),
        "neuron_type": _neuron_types(neuron_type, len(specs) - 1, encoding),
        "max_rate": rate if x is None else layer_rates(specs, x, rate, percentile),
        "label": label,
        "seed": seed,
    }
    if encoding == "spikes":
        arguments["encoder"] = {"max_rate": rate, **({} if x is None else input_scales(x))}
    if x is not None and tune:
        from nengo_dense.layers.neuron import as_on_loihi
        types = arguments["neuron_type"]
        types = types if isinstance(types, list) else [types] * (len(specs) - 1)
        arguments["neuron_type"] = [k if encoding == "host" and i == 0 else as_on_loihi(k) for i, k in enumerate(types)]
    stack = DenseStack([spec.n_out for spec in specs], specs[0].n_in, **arguments)
    if x is None:
        return stack
    if encoding == "chip":
        _warn_of_clipping(x)
    if tune:
        n_steps = presentation_steps(presentation_time, dt, convert)
        tune_stack(stack, source, x, n_steps, dt, seed or 0, progress_bar)
    return stack


def tune_stack(
    stack: DenseStack,
    specs: list[DenseSpec],
    x: np.ndarray,
    n_steps: int,
    dt: float,
    seed: int,
    progress_bar: Any,
) -> None:
    """Change a stack's weights and biases until the chip's integers answer as the source does.

    Parameters
    ----------
    stack : DenseStack
        Made from ``specs``; changed in place.
    specs : list of DenseSpec
        The source model.
    x : (batch, size_in) ndarray
        Calibration inputs.
    n_steps : int
        Length of a presentation.
    dt : float
        Step in seconds.
    seed : int
    progress_bar : bool or nengo.utils.progress.ProgressBar
    """
    frame = Frame.of(stack, x, dt)
    chain = Chain(frame.stack, dt)
    targets = logits_of(specs, x)[-1]
    fit, judge = divide(Samples(frame.inputs(x), targets), seed)
    distillation = Distillation.for_targets(targets, stack.readout)
    windows = _windows(n_steps, chain.depth)
    from nengo_dense.conversion.readout_fit import fit_readout
    values = stack.readout != "softmax"
    if values: windows = [w._replace(weight=1.0) for w in windows if not w.early]
    if values:
        fit_readout(chain, fit, judge, distillation, windows)
    tune_chain(chain, fit, judge, distillation, windows, seed=seed, progress_bar=progress_bar)
    if values:
        fit_readout(chain, fit, judge, distillation, windows)
    stack.set_parameters(*frame.restore(*chain.in_stack_units()))


def readout_of(specs: list[DenseSpec]) -> str:
    """Name the readout that the last layer needs."""
    return "softmax" if specs[-1].activation == "softmax" else "linear"


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


def _synapses(synapse: Any, n_connections: int) -> list:
    """Give the readout no synapse, unless each connection's was asked for."""
    if isinstance(synapse, list | tuple):
        return list(synapse)
    return [synapse] * (n_connections - 1) + [None]


def _neuron_types(neuron_type: Any, n_layers: int, encoding: str) -> Any:
    """Give a layer on the host spiking rectified linear neurons."""
    if isinstance(neuron_type, list | tuple):
        return list(neuron_type)
    if encoding != "host" or not getattr(neuron_type, "spiking", False):
        return neuron_type
    return [SpikingRectifiedLinear()] + [neuron_type] * (n_layers - 1)


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
