"""nengo-loihi's integers, compared with the floating point numbers that they represent."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.construction import FloatBuild, Layer, layers_of
from nengo_dense.loihi.integer_model import IntegerModel
from nengo_dense.loihi.limits import DECAY_BITS
from nengo_dense.loihi.model_copy import flatten


@dataclass
class Discretization:
    """The result of a model's discretization.

    Attributes
    ----------
    integers : IntegerModel
    errors : list of (Layer, Exception, str)
        For each layer that could not be stored: the layer in floating point, the error, and the
        name of nengo-loihi's function that raised it.
    warnings : dict of {str: list of str}
        By layer, the texts of nengo-loihi's warnings.
    """

    integers: IntegerModel
    errors: list[tuple[Layer, Exception, str]]
    warnings: dict[str, list[str]]


@fact("nengo-loihi's discretization, layer by layer, with every error and warning.")
def discretization(float_build: FloatBuild) -> Discretization:
    """Discretize every block of a copy, and go on if one fails."""
    integers = float_build.floats.integers(collect=True)
    result = Discretization(integers, [], {})
    failed = {error.block: error for error in integers.errors}
    for layer in float_build.layers:
        errors = [failed[block] for block in layer.blocks if block in failed]
        result.errors += [(layer, first.error, first.function) for first in errors[:1]]
        result.warnings[layer.name] = [
            text for block in layer.blocks for text in integers.warnings[block]
        ]
    return result


@fact("The error of nengo-loihi's validation of the integer model, if any.")
def validation(discretization: Discretization) -> Exception | None:
    """Run nengo-loihi's own validation, which stops at the first violation.

    It is not run if a layer could not be stored, because it would fail on the missing numbers.
    """
    if discretization.errors:
        return None
    try:
        discretization.integers.validate()
    except Exception as err:
        return err
    return None


@dataclass
class IntegerBuild:
    """The integer model, as it would run on the chip."""

    model: Any
    layers: list[Layer]


@fact("nengo-loihi's integer model, complete and within the chip's limits.")
def integer_build(
    discretization: Discretization, validation: Exception | None, graph: Graph
) -> IntegerBuild:
    """Return a model that can run.

    Raises
    ------
    nengo.exceptions.BuildError
        A layer could not be stored, or a core exceeds a limit.
    """
    if discretization.errors:
        layer, error, _ = discretization.errors[0]
        raise BuildError(f"{layer.name} cannot be stored: {error or type(error).__name__}")
    if validation is not None:
        raise BuildError(f"it does not fit the chip: {validation or type(validation).__name__}")
    model = discretization.integers.model
    return IntegerBuild(model, layers_of(model, graph))


@dataclass
class Quantization:
    """The rounding errors of one layer's numbers.

    Attributes
    ----------
    layer : Layer
    weight_exps : tuple of int
        Exponents in use.
    weights : (n,) ndarray
        In floating point, without zeros.
    stored : (n,) ndarray
        The same weights as stored on the chip, in the same unit.
    step : float
        Difference between neighbouring levels of stored weights.
    neuron_sqnr : float
        Signal to quantization noise ratio of the median neuron, in decibels. One large weight
        raises the ratio of the whole layer, but not that of the other neurons.
    neuron_rms : float
        Root mean square of the median neuron's weights, which such an outlier does not raise.
    n_levels : int
        Number of different values of the stored weights.
    bias_error, vth_error : float
        Largest rounding error, as a share of the layer's largest bias or threshold.
    tau_wanted, tau_stored : float
        Time constant of the filter in seconds.
    """

    layer: Layer
    weight_exps: tuple[int, ...]
    weights: np.ndarray
    stored: np.ndarray
    step: float
    neuron_sqnr: float
    neuron_rms: float
    n_levels: int
    bias_error: float
    vth_error: float
    tau_wanted: float
    tau_stored: float

    @property
    def share_zeroed(self) -> float:
        """Share of weights that became zero."""
        return float(np.mean(self.stored == 0)) if self.weights.size else 0.0

    @property
    def sqnr(self) -> float:
        """Signal to quantization noise ratio in decibels; infinite without rounding errors."""
        noise = float(np.sum((self.stored - self.weights) ** 2))
        signal = float(np.sum(self.weights**2))
        return _decibels(signal, noise)

    @property
    def decay_error(self) -> float:
        """Relative error of the stored time constant."""
        return self.tau_stored / self.tau_wanted - 1 if self.tau_wanted else 0.0


@fact("The rounding errors of each layer's weights, biases, thresholds and time constants.")
def quantization(
    float_build: FloatBuild, discretization: Discretization, dt: float
) -> list[Quantization]:
    """Compare every layer that could be stored, before and after discretization."""
    stored = {wanted: block for block, wanted in discretization.integers.floats.items()}
    failed = {id(layer) for layer, _, _ in discretization.errors}
    return [
        _compare(layer, [(wanted, stored[wanted]) for wanted in layer.blocks], dt)
        for layer in float_build.layers
        if id(layer) not in failed
    ]


def _compare(layer: Layer, pairs: list[tuple[Any, Any]], dt: float) -> Quantization:
    """Compare blocks in floating point with those in integers."""
    weights: list[np.ndarray] = [np.empty(0)]
    stored: list[np.ndarray] = [np.empty(0)]
    n_levels, step = 0, 0.0
    exps: set[int] = set()
    ratios: list[float] = []
    sizes: list[float] = []
    for wanted, block in pairs:
        info = block.discretize_info
        signal, noise, count = np.zeros((3, block.n_neurons))
        for unrounded, synapse in zip(wanted.synapses, block.synapses, strict=True):
            scale = np.max(info["w_scale"]) * 2.0 ** (6 + info["w_exp"])
            before, after = flatten(unrounded.weights), flatten(synapse.weights)
            neuron = flatten(synapse.indices).astype(int)
            used = before != 0
            if (
                synapse.axon_compartment_bases is None
            ):  # otherwise weights are shared (convolutions)
                n = block.n_neurons
                signal += np.bincount(neuron, before.astype(float) ** 2, n)
                noise += np.bincount(neuron, (after / scale - before) ** 2, n)
                count += np.bincount(neuron, used, n)
            weights.append(before[used])
            stored.append(after[used] / scale)
            n_levels = max(n_levels, np.unique(after).size)
            step = max(step, _step(synapse) / scale)
            exps.add(int(synapse.synapse_cfg.weight_exp))
        ratios += [_decibels(s, n) for s, n in zip(signal, noise, strict=True) if s > 0]
        sizes += list(np.sqrt(signal[count > 0] / count[count > 0]))
    return Quantization(
        layer,
        tuple(sorted(exps)),
        np.concatenate(weights).astype(float),
        np.concatenate(stored),
        step,
        float(np.median(ratios)) if ratios else float("inf"),
        float(np.median(sizes)) if sizes else float("inf"),
        n_levels,
        max(_bias_error(*pair) for pair in pairs),
        max(_vth_error(*pair) for pair in pairs),
        *_tau(*pairs[0], dt),
    )


def _decibels(signal: float, noise: float) -> float:
    return float(10 * np.log10(signal / noise)) if signal and noise else float("inf")


def _step(synapse: Any) -> float:
    cfg = synapse.synapse_cfg
    return float(2.0 ** max(cfg.shift_bits + cfg.weight_exp, 0) * 2**6)


def _bias_error(unrounded: Any, block: Any) -> float:
    wanted = unrounded.compartment.bias.astype(float)
    largest = np.abs(wanted).max()
    got = block.compartment.bias / block.discretize_info["b_scale"]
    return float(np.abs(got - wanted).max() / largest) if largest > 0 else 0.0


def _vth_error(unrounded: Any, block: Any) -> float:
    scale = block.discretize_info["v_scale"]
    wanted = unrounded.compartment.vth.astype(float)
    got = block.compartment.vth / scale
    return float(np.abs(got - wanted).max() / wanted.max())


def _tau(unrounded: Any, block: Any, dt: float) -> tuple[float, float]:
    """Return a filter's time constant in seconds, wanted and stored.

    In every step, ``(4096 - 1 - decay_u) / 4096`` of the current remains on the chip.
    """
    wanted = float(unrounded.compartment.decay_u[0])
    kept = (2**DECAY_BITS - 1 - int(block.compartment.decay_u[0])) / 2**DECAY_BITS
    if wanted >= 1:
        return 0.0, 0.0
    return -dt / np.log1p(-wanted), (-dt / np.log(kept) if kept > 0 else 0.0)
