"""Slopes through the chip's steps, backward in time, in NumPy; `.compiled_slope` has the twin.

A spike is a step of a compartment's voltage, which has no slope. In its place stands a triangle
around the threshold (S. K. Esser et al., "Convolutional networks for fast, energy-efficient
neuromorphic computing", PNAS 113(41), 2016), and the reset counts as given (F. Zenke and
T. P. Vogels, "The remarkable robustness of surrogate gradient learning for instilling complex
function in spiking neural networks", Neural Comput. 33(4), 2021). All else is differentiated as
it is: decays, floor, refractory steps.
"""

from typing import NamedTuple

import numpy as np

from nengo_dense.loihi.limits import DECAY_BITS
from nengo_dense.loihi.program import Compartments

#: Distance from the threshold, of it, where the triangle ends; its height is 1. Narrower ones say
#: better what a small change does, wider ones reach more neurons. On letters held back from
#: training, the loss in 10 steps was 0.20 with 1, 0.17 with 0.6 and 0.19 with 0.25.
REACH = 0.6


class Neurons(NamedTuple):
    """What slopes depend on, of the compartments of one population; (n,) arrays.

    Attributes
    ----------
    keep_u, keep_v : float32 array
        What a step leaves of current and voltage, of 1.
    bias, vth, vmin : float32 array
        In the chip's integers.
    refract : int32 array
        Steps, plus one, that the voltage is held at zero after a spike.
    """

    keep_u: np.ndarray
    keep_v: np.ndarray
    bias: np.ndarray
    vth: np.ndarray
    vmin: np.ndarray
    refract: np.ndarray

    @classmethod
    def of(cls, chip: Compartments, columns: np.ndarray) -> "Neurons":
        """Gather them from an integer program's compartments."""
        keep_u, keep_v = (x[columns] / (1 << DECAY_BITS) for x in (chip.keep_u, chip.keep_v))
        return cls(
            np.float32(keep_u),
            np.float32(keep_v),
            np.float32(chip.bias[columns]),
            np.float32(chip.vth[columns]),
            np.float32(chip.vmin[columns]),
            chip.refract[columns],
        )


class Trace(NamedTuple):
    """What a population did: (lanes, n_steps, n) arrays, as a kernel records them.

    Attributes
    ----------
    spiked : uint8 array
    current, voltage : int32 array
        After each step: where there was a spike, the voltage is zero.
    """

    spiked: np.ndarray
    current: np.ndarray
    voltage: np.ndarray


def slopes(spike_slopes: np.ndarray, trace: Trace, neurons: Neurons) -> np.ndarray:
    """Turn slopes with respect to spikes into those with respect to what arrived.

    Parameters
    ----------
    spike_slopes : (lanes, n_steps, n) float32 array
        Overwritten with slopes with respect to the sum of weights that arrived in each step, in
        thresholds.
    trace : Trace
    neurons : Neurons

    Returns
    -------
    bias_slopes : (lanes, n) float32 array
        With respect to the bias, in thresholds.
    """
    lanes, n_steps, n = spike_slopes.shape
    of_bias, of_current, of_voltage = np.zeros((3, lanes, n), dtype=np.float32)
    per_threshold = np.float32(1) / neurons.vth
    for step in reversed(range(n_steps)):
        before = np.float32(trace.current[:, step]) + neurons.bias
        if step:
            before += np.float32(trace.voltage[:, step - 1]) * neurons.keep_v
        apart = np.abs(before * per_threshold - np.float32(1)) * np.float32(1 / REACH)
        slope = spike_slopes[:, step] * np.maximum(np.float32(1) - apart, np.float32(0))
        slope += np.where(trace.spiked[:, step], np.float32(0), of_voltage)
        slope[(before < neurons.vmin) | _held(trace.spiked, step, neurons.refract)] = 0
        of_bias += slope
        of_voltage = slope * neurons.keep_v
        of_current = slope + neurons.keep_u * of_current
        spike_slopes[:, step] = of_current
    return of_bias


def _held(spiked: np.ndarray, step: int, refract: np.ndarray) -> np.ndarray:
    """Find the compartments whose last spike was so late that they are held at zero."""
    held = np.zeros_like(spiked[:, 0], dtype=bool)
    for back in range(1, min(int(refract.max(initial=1)), step + 1)):
        held |= (spiked[:, step - back] > 0) & (back < refract)
    return held
