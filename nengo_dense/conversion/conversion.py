"""Conversion of a trained model to a stack of spiking layers."""

import warnings
from typing import Any

import nengo
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.arguments import between, check_progress_bar, check_seed, choice, flag, positive
from nengo_dense.columns import other_rows
from nengo_dense.context import outside_networks
from nengo_dense.conversion import chain_conversion, graph_conversion
from nengo_dense.conversion.request import Data, Request
from nengo_dense.conversion.settling import neurons_for_lava, settle
from nengo_dense.conversion.tuning.effort import check_effort
from nengo_dense.conversion.tuning.goal import TASKS
from nengo_dense.duration import presentation_steps
from nengo_dense.importers import SourceGraph, read_model
from nengo_dense.importers.form.piecewise_fit import ACTIVATION_ERROR
from nengo_dense.layers.stack import ENCODINGS
from nengo_dense.notices import Notices

#: Whose integers a stack is made for.
TARGETS = ("loihi", "lava")


def convert(
    model: Any,
    calibration: Any = None,
    *,
    labels: Any = None,
    task: str | None = None,
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
    model does; see ``nengo_dense.conversion.tuning``. Neurons that say nothing are left out, and
    neurons on another scale than their layer are brought back to it
    (``nengo_dense.conversion.equalization``); neither changes what is computed.

    Parameters
    ----------
    model : object
        A live Keras, PyTorch or scikit-learn model, a path of a model file, or a list of
        ``(weights, bias)`` in Nengo's orientation; see ``nengo_dense.importers``.
    calibration : (batch, n_in) array_like, or dict of them by input, optional
        Training inputs as the model sees them, some thousand if possible, without labels. Or
        sequences, (n, n_frames, n_in) or a list of (n_frames, n_in) arrays, which change while
        they are shown, as in `nengo_dense.evaluate`. The names of a data frame's columns are kept
        in ``stack.tuned``: later data frames must have the same, in the same order.
    labels : (batch,) or (batch, n_classes) array_like, or dict of them by output, optional
        True classes of the calibration inputs, of a model that ends in a softmax; of several
        outputs those that do, by name, or without where there is one. Tuning needs none; with
        them it never gives up right answers for the model's wrong ones. Of sequences one each,
        or with ``per_frame`` one for every frame.
    task : {None, "classification", "regression"}, optional
        What several linear outputs are for: logits of classes, whose order matters, or values.
        None takes it from the model, if that says it: a regressor of scikit-learn, or the loss
        that a Keras model was compiled with. Else they are tuned as both, and as values less
        exact than they could be; `nengo_dense.evaluate` says so where values are judged.
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
        each layer's activations (default 1000). Neurons with a refractory period have by
        themselves 0.6 of what it allows, 300 for ``nengo.LIF``; ``stack.layers[i].max_rate`` says
        it.
    percentile : float, optional
        Of the activations above zero, 0 to 100, for calibration (default 99.9; 90 up to 10 steps,
        97 up to 25 and 99 up to 50 where rectified linear neurons are tuned, which makes up for
        those that can fire no faster). Where tuning follows, encoders fire fastest for the same
        percentile of each input above zero, or a fifth of its largest magnitude; for 99.5 in
        longer presentations, where classes alone are answered.
    tune : bool, optional
        Whether calibration also changes weights and biases. Without it, no answer is held against
        the source model's, and they may be far apart without a word: `nengo_dense.ladder` says.
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
        Without calibration, a layer's weights are of unusual scale; inputs are clipped; or tuning
        ended far from the source model's answers.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.RandomState(0)
    >>> model = [(rng.randn(8, 4), np.zeros(8)), (rng.randn(3, 8), np.zeros(3), "softmax")]
    >>> stack = convert(model, calibration=rng.rand(200, 4), effort="fast", progress_bar=False)
    >>> stack.units, stack.readout, stack.encoding
    ([8, 3], 'softmax', 'spikes')
    >>> stack.tuned.presentation_time
    0.1
    """
    choice(encoding, ("auto", *ENCODINGS), "encoding")
    if choice(target, TARGETS, "target") == "lava":
        neuron_type = neurons_for_lava(neuron_type)
    n_steps = presentation_steps(presentation_time, dt)
    for said in other_rows(calibration, labels=labels):
        warnings.warn(said, stacklevel=2)
    tune, error = flag(tune, "tune"), positive(activation_error, "activation_error")
    share = (
        None if percentile is None else between(percentile, 0, 100, "percentile", with_low=False)
    )
    rate = None if max_rate is None else positive(max_rate, "max_rate", unit="hertz")
    seed = check_seed(seed)
    how = _tuning(effort, seed, progress_bar)
    how["task"] = None if task is None else choice(task, TASKS, "task")
    by_frame = flag(per_frame, "per_frame")
    data = Data(calibration, labels, mask, by_frame, n_steps, positive(dt, "dt", unit="seconds"))
    common: dict[str, Any] = {
        "synapse": synapse,
        "neuron_type": neuron_type,
        "label": label,
        "seed": seed,
    }
    request = Request(encoding, rate, share, error, tune)
    with outside_networks(), Notices():
        source = read_model(model)
        if isinstance(source, SourceGraph):
            graph_conversion.check_target(target)
            stack = graph_conversion.convert_graph(source, data, request, how, **common)
        else:
            stack = chain_conversion.convert_chain(source, data, request, how, **common)
            if target == "lava":
                settle(stack, dt)
    if nengo.Network.context:  # last, so that what was refused leaves nothing behind
        nengo.Network.add(stack)
    return stack


def _tuning(effort: Any, seed: int | None, progress_bar: Any) -> dict[str, Any]:
    """Check what tuning is told, apart from the data."""
    bar = check_progress_bar(progress_bar)
    return {"effort": check_effort(effort), "seed": seed or 0, "progress_bar": bar}
