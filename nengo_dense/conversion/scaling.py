"""How fast neurons should fire: rates from the activations that a model really has."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from nengo.neurons import NeuronType, SpikingRectifiedLinear

from nengo_dense.conversion.request import Request
from nengo_dense.conversion.tuning.usual_magnitude import usual_magnitude
from nengo_dense.importers.form.graph_form import GraphForm
from nengo_dense.neurons import RECTIFIED_LINEAR, known

#: Rate in hertz that stands for the value 1 of a usual layer, where no values are known.
BLIND_RATE = 250.0
#: Rate in hertz of busy neurons where values are known: the most the chip can do at a step of
#: 1 ms. Lower rates make fewer spikes, so coarser means in 25 steps; higher ones spend longer on
#: the plateaus of ``1000 / ceil(1000 / r)``, which shows after 100.
BUSY_RATE = 1000.0
#: Percentiles of activations that fire as fast as neurons can, by the most steps of a presentation
#: that they are for, where tuning follows. More neurons at the fastest rate make more spikes, and
#: these tell more in few steps; in many, it costs more that faster ones saturate. On letters held
#: back from training, 90 loses 2.3 points in 10 steps. On small random models, 97 was
#: best at 25 steps; at 100, 99.9 lost nothing to an untuned stack, and 90 up to 2 points. On
#: letters with every layer on the chip, 99 answers 6.1 % otherwise than the source in 50 steps
#: (3 seeds), where 97 does 7.1 %; in 100, 99.9 does 3.6 % and 97 5.8 % (2 seeds).
PERCENTILES = {10: 90.0, 25: 97.0, 50: 99.0}
#: The same for longer ones, other neurons, and where no tuning follows.
USUAL_PERCENTILE = 99.9
#: Percentile of inputs beyond which encoders fire as fast as they can, at most, where classes are
#: tuned. Where full rate stands for rare values far from the others, most spikes are few and each
#: tells much: voltages go up and down with each of them, and what would be below 0 is lost however
#: long samples are shown. Of tables of wages and of diamonds (Ecdat's ``HI``, ggplot2's
#: ``diamonds``), 18 and 5 % were answered otherwise than by the source in 100 steps without, and 9
#: and 5 % with 99.5 or 99 (two seeds each; at 300 steps 17 and 9 % of the former); letters and
#: digits held back from training as often. Values lose: the largest error of prices of computers
#: doubled.
ENCODED_PERCENTILE = 99.5
#: Voltage that encoders start at, so that a presentation holds the whole number of spikes nearest
#: to what they encode, and not the next lower one. On letters held back from training, this took
#: 17, 14, 15 and 7 % off the loss in 10, 25, 50 and 100 steps, and of every 100 letters 1.3, 0.4,
#: 0.2 and 0.1 less were answered otherwise than by the source (standard errors of 7 to 10 seeds
#: 0.2, 0.1, 0.1 and 0.1); digits in 10 to 100 steps none more. Errors of the values of
#: ``make_friedman1`` and ``2`` fell by 11 and 16 % in 10 steps, but those of ``3`` grew by 21 %;
#: in 25 and 100, from 8 % less to 2 % more. Untuned, 17 % of letters in 25 steps differ, and 22 %
#: from 0. Layers on the host gained less, as tuning moves their biases: answers were no nearer.
ENCODER_START = 0.5
#: Rate of busy neurons with a refractory period, as a share of the rate that it allows in
#: continuous time; the chip fires at two thirds of that at most, with Nengo's 2 ms at a step of
#: 1 ms. On letters held back from training, tuned LIF neurons lose 2.1 points in 100 steps at
#: 0.64, 2.7 at 0.5, 4.0 at 0.8 and 8.4 at 0.25; without tuning 0.5 is best.
SHARE_OF_FASTEST = 0.6
#: Values of busy neurons that far from 1, in either direction, are brought back to it: nengo-loihi
#: takes weights for zero if all are below 1e-8, as those of what reads large values are.
FAR_FROM_ONE = 1e6
#: Least share of a feature's largest magnitude that full rate stands for. With a third, 6 % more
#: samples of the table of wages are answered otherwise in 10 steps and 2 % more in 25, 0.5 % more
#: letters held back from training (3 seeds) and none; 1 and 0.5 % fewer diamonds, others as many.
LEAST_KEPT = 1 / 5


def usual_rate(kind: NeuronType, rate: float) -> float:
    """Return a rate in hertz for busy neurons, lower where a refractory period asks for it."""
    pause = getattr(kind, "tau_ref", 0) if isinstance(kind, NeuronType) else 0
    return min(rate, SHARE_OF_FASTEST / pause) if pause > 0 else rate


def layer_rates(
    form: GraphForm,
    scales: Mapping[str, float],
    kinds: Mapping[str, NeuronType],
    rate: float,
    asked: float | None = None,
) -> tuple[GraphForm, dict[str, float]]:
    """Choose each layer's ``max_rate`` so that busy neurons fire at a given rate.

    Scaling by a high percentile rather than the maximum keeps one odd sample from slowing a
    whole layer down (B. Rueckauer et al., "Conversion of continuous-valued deep networks to
    efficient event-driven networks for image classification", Front. Neurosci. 11:682, 2017).

    Rectified linear neurons may stand for the value 1 with any rate. The curve of others bends
    between zero and the rate for 1, so the values of their layers are brought to that range. So
    are values beyond `FAR_FROM_ONE`, by powers of two, so that nothing is rounded.

    Parameters
    ----------
    form : GraphForm
        Of rectifiers.
    scales : mapping of str to float
        Name of a layer -> value of its busy neurons.
    kinds : mapping of str to nengo.neurons.NeuronType
        Name of a layer -> its neurons.
    rate : float
        Rate in hertz of busy neurons, less if their refractory period allows no more.
    asked : float, optional
        The rate that takes its place whether they can fire so or not.

    Returns
    -------
    form : GraphForm
        That computes the same.
    rates : dict of str to float
        Rates in hertz that stand for the value 1, by the names of the layers.
    """
    rates = {}
    for name, scale in scales.items():
        rates[name] = asked or usual_rate(kinds[name], rate)
        factor = scale
        if known(kinds[name]).curve == RECTIFIED_LINEAR:
            is_far = max(scale, 1 / scale) > FAR_FROM_ONE
            factor = 2.0 ** np.round(np.log2(scale)) if is_far else 1.0
            rates[name] /= scale / factor
        if factor != 1:
            drive = form.population(name).drive.scaled(1 / factor)
            form = form.exchanged(name, drive, factor=factor)
    return form, rates


def busy(activation: np.ndarray, percentile: float) -> float:
    """Return the given percentile of the values above zero (1 where there is none)."""
    positive = activation[activation > 0]
    return float(np.percentile(positive, percentile)) if positive.size else 1.0


def busy_percentile(tuned: bool, n_steps: int, kinds: Any) -> float:
    """Choose a percentile by what tuning can make up for.

    LIF neurons always keep the one at which their rates stay below their limit.
    """
    kinds = kinds if isinstance(kinds, list | tuple) else [kinds]
    if tuned and all(isinstance(kind, SpikingRectifiedLinear) for kind in kinds):
        for most, chosen in PERCENTILES.items():
            if n_steps <= most:
                return chosen
    return USUAL_PERCENTILE


def with_percentiles(
    request: Request, tuned: bool, n_steps: int, kinds: Any, of_classes: bool
) -> Request:
    """Choose the percentiles that were not asked for, of activations and of encoded inputs.

    Parameters
    ----------
    request : Request
    tuned : bool
        Whether tuning follows.
    n_steps : int
        Of an answer.
    kinds : nengo.neurons.NeuronType or list
    of_classes : bool
        Whether nothing but classes and labels is answered.
    """
    usual = busy_percentile(tuned, n_steps, kinds)
    encoded = min(usual, ENCODED_PERCENTILE) if of_classes else usual
    return request._replace(
        percentile=request.percentile or usual,
        encoded=(request.percentile or encoded) if tuned else 100.0,
        tune=tuned,
    )


def input_encoding(x: np.ndarray, percentile: float = 100.0) -> dict[str, Any]:
    """Choose how each feature is encoded.

    Full rate stands for the largest magnitude, so that no neuron would have to fire more than
    once a step; only odd values are clipped. Where tuning makes up for clipped values, and few
    spikes fit in, full rate stands for the percentile, if that is `LEAST_KEPT` of the largest or
    more: on letters held back from training, a network lost 19 points in 10 steps without, and 9
    with half the range. A feature that is further from zero than it varies
    is encoded as the difference from its least value.

    Parameters
    ----------
    x : (batch, n_in) ndarray
        Calibration inputs.
    percentile : float, optional
        Of each feature's magnitudes above zero, 0 to 100; from `USUAL_PERCENTILE` on, the largest
        counts.

    Returns
    -------
    arguments : dict
        ``scale``, ``signed`` and ``offset`` of `nengo_dense.layers.encoder.SpikeEncoder`, one for
        each feature, and ``start``.
    """
    low, high = x.min(axis=0), x.max(axis=0)
    far = np.maximum(low, -high) > high - low
    offset = np.where(far, low, 0.0)
    scale = usual_magnitude(x - offset)
    if percentile < USUAL_PERCENTILE:
        columns = np.abs(x - offset).T
        shares = [np.percentile(c[c > 0], percentile) if c.any() else 1.0 for c in columns]
        scale = np.clip(shares, LEAST_KEPT * scale, scale)
    return {
        "scale": scale,
        "signed": low < offset,
        "offset": offset,
        "start": ENCODER_START,
    }
