"""The integers of weights and biases that change again and again.

nengo-loihi's discretization of a core (1.1.0, ``builder/discretize.py``) takes most of its time
for what never changes, and for objects. Here the same operations are made in the same order, of
what changes alone, with nengo-loihi's own functions for mantissas. What is unusual is left to it.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.loihi.limits import BIAS_MAX, NO_WEIGHT, VTH_EXP, VTH_MAN_MAX, VTH_MAX
from nengo_dense.loihi.model_copy import flatten

#: Weight exponents in the order in which they are tried.
WEIGHT_EXPS = range(0, -8, -1)
#: Names of the limits of a voltage.
LIMITS = "vmin", "vmax"
#: First current of which the decay's sum is taken.
LARGE = 2097152


class Rounded(NamedTuple):
    """The integers that hang on weights and biases.

    Attributes
    ----------
    bias, vth, vmin, vmax : (n,) int32 array
        Of the compartments of all cores.
    values : list of 1-D int32 array
        Weights of each synapse, by core.
    """

    bias: np.ndarray
    vth: np.ndarray
    vmin: np.ndarray
    vmax: np.ndarray
    values: list[np.ndarray]


class Scale(NamedTuple):
    """What the floating point numbers of a core are multiplied by.

    Attributes
    ----------
    w_max, w_scale : numpy.floating
        Largest absolute weight, and the factor of weights.
    w_exp : int
    v_scale, b_scale : float
        Factors of voltages and biases.
    """

    w_max: Any
    w_scale: Any
    w_exp: int
    v_scale: float
    b_scale: float


@dataclass
class Core:
    """One block, with what does not change.

    Attributes
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point.
    vth : float
    sum_u, sum_v : float
        What a spike adds up to before current and voltage have decayed, if that is made up for.
    """

    block: Any
    vth: float
    sum_u: float
    sum_v: float

    def __post_init__(self) -> None:
        self.configs = [copy.copy(synapse.synapse_cfg) for synapse in self.block.synapses]

    @classmethod
    def of(cls, block: Any, integers: Any) -> "Core | None":
        """Take what does not change of a block, and of what nengo-loihi made of it.

        None if compartments differ in more than their biases, or have noise.
        """
        from nengo_loihi.builder.discretize import decay_magnitude

        before, after = block.compartment, integers.compartment
        if np.any(before.enable_noise) or np.ndim(before.vmin) or np.ndim(before.vmax):
            return None
        ones = np.ones(len(before.bias))
        factors = [
            1.0 / decay_magnitude(after.decay_u, x0=LARGE, offset=1) if before.scale_u else ones,
            1.0 / decay_magnitude(after.decay_v, x0=LARGE) if before.scale_v else ones,
        ]
        if any((values != values[0]).any() for values in (before.vth, *factors)):
            return None
        return cls(block, float(before.vth[0]), *(float(factor[0]) for factor in factors))

    def scale(self, weights: list[np.ndarray]) -> Scale | None:
        """Choose the exponent of weights; None if none fits, or weights are none or not finite."""
        w_max = max((np.abs(flat).max(initial=0) for flat in weights), default=0.0)
        b_max = float(np.abs(self.block.compartment.bias).max())
        if not (w_max > NO_WEIGHT and np.isfinite(w_max) and np.isfinite(b_max)):
            return None
        w_scale = 255.0 / w_max
        s_scale = 1.0 / (self.sum_u * self.sum_v)
        for w_exp in WEIGHT_EXPS:
            v_scale = s_scale * float(w_scale) * 2.0 ** (6 + w_exp)
            b_scale = v_scale * self.sum_v
            if round(self.vth * v_scale) <= VTH_MAX and round(b_max * b_scale) <= BIAS_MAX:
                return Scale(w_max, w_scale, w_exp, v_scale, b_scale)
        return None

    def round_weights(self, weights: list[np.ndarray], scale: Scale) -> list[np.ndarray]:
        """Round the weights of every synapse."""
        from nengo_loihi.builder.discretize import discretize_weights

        result = []
        for flat, config in zip(weights, self.configs, strict=True):
            more, config.weight_exp = 0, -6
            largest = np.abs(flat).max(initial=0)
            if largest > 1e-16:
                more = int(np.floor(np.log2(scale.w_max / largest)))
                config.weight_exp = max(scale.w_exp - more, -6)
            else:
                more = scale.w_exp + 6
            result.append(discretize_weights(config, flat * scale.w_scale * 2**more))
        return result


class Rounding:
    """Integers of the present weights and biases of some cores.

    Parameters
    ----------
    cores : sequence of Core
    """

    def __init__(self, cores: Sequence[Core]) -> None:
        self._cores = cores
        self._sizes = [core.block.n_neurons for core in cores]

    def integers(self) -> Rounded | None:
        """Return what nengo-loihi would; None where it is to say so itself."""
        from nengo_loihi.builder.discretize import bias_to_manexp

        scales, values = [], []
        for core in self._cores:
            weights = [flatten(synapse.weights) for synapse in core.block.synapses]
            scale = core.scale(weights)
            if scale is None:
                return None
            scales.append(scale)
            values += core.round_weights(weights, scale)
        v_scale = np.array([scale.v_scale for scale in scales])
        compartments = [core.block.compartment for core in self._cores]
        vth = np.round(np.array([core.vth for core in self._cores]) * v_scale)
        vth = np.round(vth / 2**VTH_EXP)
        if vth.min() <= 0 or vth.max() > VTH_MAN_MAX:
            return None
        vmin, vmax = (v_scale * [getattr(c, name) for c in compartments] for name in LIMITS)
        low = np.clip(np.round(np.log2(-vmin + 1)), 0, 2**5 - 1)
        high = np.clip(np.round((np.log2(vmax + 1) - 9) * 0.5), 0, 2**3 - 1)
        of_cores = [
            [scale.b_scale for scale in scales],
            vth * 2**VTH_EXP,
            1 - 2**low,
            2 ** (9 + 2 * high) - 1,
        ]
        spread = np.repeat(np.array(of_cores), self._sizes, axis=1)
        bias = np.concatenate([c.bias for c in compartments]) * spread[0]
        mantissa, exponent = bias_to_manexp(np.round(bias))
        vth, vmin, vmax = spread[1:].astype(np.int32)
        return Rounded(mantissa * 2**exponent, vth, vmin, vmax, values)
