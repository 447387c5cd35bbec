"""The integers of weights and biases that change again and again.

nengo-loihi's discretization of a core (1.1.0, ``builder/discretize.py``) takes most of its time
for what never changes, and for objects. Here the same operations are made in the same order, of
what changes alone, with nengo-loihi's own functions for mantissas. What is unusual is left to it.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nengo_dense.loihi.float_model import FloatModel
from nengo_dense.loihi.limits import BIAS_MAX, NO_WEIGHT, VTH_EXP, VTH_MAN_MAX, VTH_MAX

#: Weight exponents in the order in which they are tried.
WEIGHT_EXPS = range(0, -8, -1)
#: Least exponent of a synapse, and largest weight up to which its weights count as none.
LEAST_EXP, NO_WEIGHTS_AT_ALL = -6, 1e-16
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
    largest : list of numpy.float32
        Largest absolute weight of each synapse.
    of_weights : numpy.floating
    weight_exp : int
        Of the synapse with the largest weight.
    v_scale, b_scale : float
        Of voltages and biases.
    """

    largest: list[Any]
    of_weights: Any
    weight_exp: int
    v_scale: float
    b_scale: float


@dataclass
class Core:
    """One block, with what does not change.

    Attributes
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point.
    weights : list of 1-D float32 array
        Of each synapse; they change in place.
    vth : float
    u_factor, v_factor : float
        By which currents and voltages are smaller for what a spike adds until it has decayed.
    """

    block: Any
    weights: list[np.ndarray]
    vth: float
    u_factor: float
    v_factor: float

    def __post_init__(self) -> None:
        self.configs = [copy.copy(synapse.synapse_cfg) for synapse in self.block.synapses]

    @classmethod
    def of(cls, block: Any, integers: Any, weights: list[np.ndarray]) -> "Core | None":
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
        return cls(block, weights, float(before.vth[0]), *(float(f[0]) for f in factors))

    def scale(self) -> Scale | None:
        """Choose the exponent of weights; None if none fits, or weights are none or not finite."""
        largest = [np.abs(flat).max(initial=0) for flat in self.weights]
        b_max = float(np.abs(self.block.compartment.bias).max())
        if not (
            all(map(math.isfinite, [*largest, b_max])) and max(largest, default=0) > NO_WEIGHT
        ):
            return None
        of_weights = 255.0 / max(largest)
        s_scale = 1.0 / (self.u_factor * self.v_factor)
        for weight_exp in WEIGHT_EXPS:
            v_scale = s_scale * float(of_weights) * 2.0 ** (6 + weight_exp)
            b_scale = v_scale * self.v_factor
            if round(self.vth * v_scale) <= VTH_MAX and round(b_max * b_scale) <= BIAS_MAX:
                return Scale(largest, of_weights, weight_exp, v_scale, b_scale)
        return None

    def round_weights(self, scale: Scale) -> Iterator[np.ndarray]:
        """Yield the rounded weights of every synapse."""
        from nengo_loihi.builder.discretize import discretize_weights

        w_max = max(scale.largest)
        for flat, config, largest in zip(self.weights, self.configs, scale.largest, strict=True):
            more = scale.weight_exp - LEAST_EXP
            if largest > NO_WEIGHTS_AT_ALL:
                more = int(np.floor(np.log2(w_max / largest)))
            config.weight_exp = max(scale.weight_exp - more, LEAST_EXP)
            scaled = flat * scale.of_weights * 2**more
            yield discretize_weights(config, scaled, check_result=False)


class Rounding:
    """Integers of the present weights and biases of some cores.

    Parameters
    ----------
    cores : sequence of Core
    """

    def __init__(self, cores: Sequence[Core]) -> None:
        self._cores = cores
        self._sizes = [core.block.n_neurons for core in cores]

    @classmethod
    def of(cls, floats: FloatModel, integers: Any) -> "Rounding | None":
        """Prepare to round a model, as nengo-loihi did in ``integers``; None if it is unusual."""
        cores = []
        for block, after in zip(floats.model.blocks, integers.blocks, strict=True):
            weights = [floats.flat_weights(synapse) for synapse in block.synapses]
            core = Core.of(block, after, weights)
            if core is None:
                return None
            cores.append(core)
        return cls(cores)

    def integers(self) -> Rounded | None:
        """Return what nengo-loihi would; None where it is to say so itself."""
        from nengo_loihi.builder.discretize import bias_to_manexp

        scales: list[Scale] = []
        values: list[np.ndarray] = []
        for core in self._cores:
            scale = core.scale()
            if scale is None:
                return None
            scales.append(scale)
            values += core.round_weights(scale)
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
