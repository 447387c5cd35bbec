"""nengo-loihi's integers beside the floating point numbers that they stand for."""

import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.construction import FloatBuild, Layer, quiet
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.loihi.limits import DECAY_BITS, VTH_EXP


@dataclass
class Discretization:
    """What came of turning a model's numbers into integers.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
    layers : list of Layer
    errors : list of (Layer, Exception, str)
        A layer that could not be stored, why, and the name of nengo-loihi's function that said so.
    warnings : dict of {str: list of str}
        By layer, the texts of nengo-loihi's warnings.
    """

    model: Any
    layers: list[Layer]
    errors: list[tuple[Layer, Exception, str]]
    warnings: dict[str, list[str]]


@fact("nengo-loihi's discretization, layer by layer, with every error and warning.")
def discretization(float_build: FloatBuild, float_run: Emulation) -> Discretization:
    """Discretize every block, in place, and keep going where one fails.

    ``float_run`` is not used here; asking for it makes it run while the numbers are still floats.
    """
    from nengo_loihi.builder.discretize import discretize_block, discretize_probe

    result = Discretization(float_build.model, float_build.layers, [], {})
    v_scale = {}
    for layer in float_build.layers:
        with quiet() as caught:
            try:
                for block in layer.blocks:
                    v_scale[block] = discretize_block(block)
            except Exception as err:
                where = traceback.extract_tb(err.__traceback__)[-1].name
                result.errors.append((layer, err, where))
        result.warnings[layer.name] = [str(warning.message) for warning in caught]
    if not result.errors:
        for probe in float_build.model.probes:
            for i, block in enumerate(probe.target):
                discretize_probe(probe, i, v_scale[block])
    return result


@fact("What nengo-loihi's validation says of the integer model, if anything.")
def validation(discretization: Discretization) -> Exception | None:
    """Hold a model against nengo-loihi's own validation, which stops at the first violation."""
    from nengo_loihi.builder.builder import ValidationLevel
    from nengo_loihi.builder.validate import validate_model

    discretization.model.validation_level = ValidationLevel.MINIMAL
    try:
        validate_model(discretization.model)
    except Exception as err:
        return err
    return None


@dataclass
class IntegerBuild:
    """The integer model as it would be put on the chip."""

    model: Any
    layers: list[Layer]


@fact("nengo-loihi's integer model, complete and within the chip's limits.")
def integer_build(discretization: Discretization, validation: Exception | None) -> IntegerBuild:
    """Give a model that can be run.

    Raises
    ------
    nengo.exceptions.BuildError
        A layer could not be stored, or a core would hold too much.
    """
    if discretization.errors:
        layer, error, _ = discretization.errors[0]
        raise BuildError(f"{layer.name} cannot be stored: {error or type(error).__name__}")
    if validation is not None:
        raise BuildError(f"it exceeds the chip: {validation or type(validation).__name__}")
    return IntegerBuild(discretization.model, discretization.layers)


@dataclass
class Quantization:
    """How well one layer's numbers survive.

    Attributes
    ----------
    layer : Layer
    weight_exps : tuple of int
        Exponents in use.
    weights : (n,) ndarray
        In floating point, zeros left out.
    stored : (n,) ndarray
        The same as the chip holds them, in the same unit.
    step : float
        Distance of neighbouring stored weights.
    neuron_sqnr : float
        Ratio of signal to quantization noise of the middle neuron, in decibels. One large weight
        lifts the ratio of the whole layer, but not that of the neurons that do not have it.
    n_levels : int
        Different values that the stored weights take.
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
        """Ratio of signal to quantization noise in decibels; infinite if nothing is lost."""
        noise = float(np.sum((self.stored - self.weights) ** 2))
        signal = float(np.sum(self.weights**2))
        return _decibels(signal, noise)

    @property
    def decay_error(self) -> float:
        """Relative error of the stored time constant."""
        return self.tau_stored / self.tau_wanted - 1 if self.tau_wanted else 0.0


@fact("How well each layer's weights, biases, thresholds and time constants survive.")
def quantization(
    float_build: FloatBuild, discretization: Discretization, dt: float
) -> list[Quantization]:
    """Compare every layer that could be stored with what it was."""
    failed = {id(layer) for layer, _, _ in discretization.errors}
    return [
        _compare(layer, float_build, dt) for layer in float_build.layers if id(layer) not in failed
    ]


def _compare(layer: Layer, build: FloatBuild, dt: float) -> Quantization:
    weights: list[np.ndarray] = [np.empty(0)]
    stored: list[np.ndarray] = [np.empty(0)]
    n_levels, step = 0, 0.0
    exps: set[int] = set()
    ratios: list[float] = []
    for block in layer.blocks:
        info = block.discretize_info
        signal, noise = np.zeros(block.n_neurons), np.zeros(block.n_neurons)
        for before, synapse in zip(build.blocks[block].weights, block.synapses, strict=True):
            scale = np.max(info["w_scale"]) * 2.0 ** (6 + info["w_exp"])
            after = np.concatenate([w.ravel() for w in synapse.weights] or [[]])
            neuron = np.concatenate([i.ravel() for i in synapse.indices] or [[]]).astype(int)
            if synapse.axon_compartment_bases is None:  # else weights are shared (convolutions)
                n = block.n_neurons
                signal += np.bincount(neuron, before.astype(float) ** 2, n)
                noise += np.bincount(neuron, (after / scale - before) ** 2, n)
            used = before != 0
            weights.append(before[used])
            stored.append(after[used] / scale)
            n_levels = max(n_levels, np.unique(after).size)
            step = max(step, _step(synapse) / scale)
            exps.add(int(synapse.synapse_cfg.weight_exp))
        ratios += [_decibels(s, n) for s, n in zip(signal, noise, strict=True) if s > 0]
    return Quantization(
        layer,
        tuple(sorted(exps)),
        np.concatenate(weights).astype(float),
        np.concatenate(stored),
        step,
        float(np.median(ratios)) if ratios else float("inf"),
        n_levels,
        max(_bias_error(block, build) for block in layer.blocks),
        max(_vth_error(block, build) for block in layer.blocks),
        *_tau(layer.blocks[0], build, dt),
    )


def _decibels(signal: float, noise: float) -> float:
    return float(10 * np.log10(signal / noise)) if signal and noise else float("inf")


def _step(synapse: Any) -> float:
    cfg = synapse.synapse_cfg
    return float(2.0 ** max(cfg.shift_bits + cfg.weight_exp, 0) * 2**6)


def _bias_error(block: Any, build: FloatBuild) -> float:
    wanted = build.blocks[block].bias.astype(float)
    largest = np.abs(wanted).max()
    got = block.compartment.bias / block.discretize_info["b_scale"]
    return float(np.abs(got - wanted).max() / largest) if largest > 0 else 0.0


def _vth_error(block: Any, build: FloatBuild) -> float:
    scale = block.discretize_info["v_scale"]
    wanted = build.blocks[block].vth.astype(float)
    # Where there is nothing to scale by, nengo-loihi sets every threshold to the largest.
    got = block.compartment.vth / scale
    half_step = 0.5 * 2**VTH_EXP / scale
    return float(max(np.abs(got - wanted).max(), 0.0) / wanted.max()) if half_step else 0.0


def _tau(block: Any, build: FloatBuild, dt: float) -> tuple[float, float]:
    """Give a filter's time constant in seconds, wanted and stored.

    The chip keeps ``(4096 - 1 - decay_u) / 4096`` of the current in every step.
    """
    wanted = float(build.blocks[block].decay_u[0])
    kept = (2**DECAY_BITS - 1 - int(block.compartment.decay_u[0])) / 2**DECAY_BITS
    if wanted >= 1:
        return 0.0, 0.0
    return -dt / np.log1p(-wanted), (-dt / np.log(kept) if kept > 0 else 0.0)
