"""ND301-ND308: the precision that a layer's numbers lose as integers."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.construction import Layer
from nengo_dense.checks.facts.link import Link
from nengo_dense.checks.facts.quantization import Discretization, Quantization
from nengo_dense.checks.finding import Finding
from nengo_dense.loihi.limits import BIAS_MAX, DECAY_BITS, NO_WEIGHT, VTH_EXP, VTH_MAX

#: Share of weights that may become 0. If one weight is ten times the rest, 10 to 13 % become 0
#: and firing rates fall by 4 to 12 %. In Gaussian layers without outliers 1 to 2 % become 0.
ZEROED = 0.05
#: Signal-to-noise ratio of the median neuron's weights in decibels. Above it, the weights that
#: become 0 were too small to matter (as in layers that were trained to be sparse).
GOOD_SQNR = 30.0
#: Share of zero weights above which a layer is useless: one weight is a thousand times the rest.
DEAD = 0.99
#: Relative error of a bias, threshold or time constant above which there is a finding.
ROUNDING = 0.01
#: A synapse's decay has to be larger than half a step (``Compartment.DECAY_SCALE_TH``).
SMALLEST_DECAY_U = 0.5 / 2**DECAY_BITS
#: A membrane's decay, times 4095, has to round to at least 1 (``discretize_compartment``); at 0
#: the scale of the layer is infinite.
SMALLEST_DECAY_V = 0.5 / (2**DECAY_BITS - 1)


#: The remedy for a layer without a possible exponent.
RESCALE = (
    "Rescale: bring weights, biases and thresholds of the layer closer together, or prune a layer "
    "whose weights are almost zero."
)


def no_exponent(weight: float, bias: float, vth: float) -> str:
    """Return the message that no exponent fits a layer's numbers; conversion uses it too.

    Parameters
    ----------
    weight, bias, vth : float
        The largest of each, weights and biases as absolute values, all in the same unit.
    """
    return (
        f"has a largest weight of {weight:.3g} beside a largest bias of {bias:.3g} and a "
        f"threshold of {vth:.3g}; no exponent holds them all"
    )


@rule(
    "ND301",
    "error",
    "a weight exponent exists",
    remedy=RESCALE,
    says=("Could not find appropriate",),
    after=("ND306", "ND308"),
)
def exponent(discretization: Discretization) -> Iterator[Finding]:
    """The weights of a core share one exponent, which also scales its biases and thresholds. If a
    bias or threshold is much larger than the largest weight, no exponent fits them all.
    """
    for layer, error, _ in discretization.errors:
        if "Could not find appropriate" not in str(error):
            continue
        weight = _largest_weight(layer)
        bias = max(np.abs(block.compartment.bias).max() for block in layer.blocks)
        vth = max(block.compartment.vth.max() for block in layer.blocks)
        yield Finding(
            layer.name,
            no_exponent(weight, bias, vth),
            value=weight,
        )


def _largest_weight(layer: Layer) -> float:
    """Find the largest absolute weight into a layer; 0 if there is none."""
    synapses = [synapse for block in layer.blocks for synapse in block.synapses]
    return float(
        max((np.abs(w).max() for s in synapses for w in s.weights if w.size), default=0.0)
    )


@rule(
    "ND302",
    "warning",
    "weights survive rounding",
    remedy="Clip or rescale the outliers, or split the layer.",
)
def rounding(quantization: list[Quantization]) -> Iterator[Finding]:
    """All weights of a core share one scale, set by the largest weight. If that is k times the
    next one, few levels are left for the rest. At k = 10, 10 to 13 % of Gaussian weights become 0
    and firing rates are wrong by 4 to 12 %. At k = 100, it is 80 to 88 % of the weights and 65 to
    99 % of the rates. At k = 1000 the layer is useless, which is an error. Weights that are more
    alike lose less: of uniform ones not half as many become 0. The relative error of the whole
    matrix does not show this (9.6 % at k = 100), so the signal-to-noise ratio is computed per
    neuron. If that stays high, zero weights are not reported.
    """
    for q in quantization:
        if q.layer.ensemble is None or q.share_zeroed <= ZEROED or q.neuron_sqnr > GOOD_SQNR:
            continue
        kept = _longest_step(q) / q.step
        dead = q.share_zeroed >= DEAD
        yield Finding(
            q.layer.name,
            f"{q.share_zeroed:.1%} of its weights become 0; {q.n_levels} levels are used; the "
            f"median neuron has a signal-to-noise ratio of {q.neuron_sqnr:.0f} dB "
            f"(the layer: {q.sqnr:.0f} dB)",
            f"Reduce the largest weight by a factor of {1 / kept:.3g}, or split the layer so that "
            "large and small weights do not share a core."
            if kept > 0 and q.n_levels > 1
            else "",
            value=q.share_zeroed,
            limit=ZEROED,
            severity="error" if dead else "",
        )


def _longest_step(q: Quantization) -> float:
    """Return the step between levels at which a layer is no finding.

    Either it zeroes few enough weights, or its noise, uniform in a step, is small enough beside
    the median neuron's weights: of a layer with many weights near 0 any step zeroes these.
    """
    few_zeroed = 2 * np.quantile(np.abs(q.weights), ZEROED)
    little_noise = q.neuron_rms * np.sqrt(12) / 10 ** (GOOD_SQNR / 20)
    return float(max(few_zeroed, little_noise))


@rule(
    "ND303",
    "warning",
    "no bits of the weights are shifted out",
    remedy="Balance the connections that share a core: bring their largest weights closer "
    "together.",
    says=(r"Lost \d+ extra bits",),
)
def lost_bits(discretization: Discretization) -> Iterator[Finding]:
    """Each connection into a core has its own weight exponent. If a connection's weights are much
    smaller than those of another one, its exponent falls below the chip's range, and the chip
    shifts low bits of the weights out.
    """
    for name, texts in discretization.warnings.items():
        lost = [int(text.split()[1]) for text in texts if text.startswith("Lost ")]
        if lost:
            yield Finding(
                name,
                f"loses {max(lost)} of the 8 bits of its weights",
                value=max(lost),
                limit=0,
                unit="bits",
            )


@rule(
    "ND304",
    "error",
    "biases fit their mantissa and exponent",
    remedy="Scale weights, biases and threshold of the layer together.",
    says=("AssertionError without a message",),
    after=("ND308",),
)
def bias(discretization: Discretization, quantization: list[Quantization]) -> Iterator[Finding]:
    """A bias is stored as a mantissa of 12 bits and an exponent of 3 bits. If a bias does not fit,
    nengo-loihi raises an AssertionError without a message. If a bias changes by more than 1 % of
    the largest bias, the finding is a warning.
    """
    for layer, _, where in discretization.errors:
        if where == "bias_to_manexp":
            yield Finding(layer.name, "a bias is too large for the chip", limit=BIAS_MAX)
    for q in quantization:
        if q.layer.ensemble is not None and q.bias_error > ROUNDING:
            yield Finding(
                q.layer.name,
                f"biases are rounded by up to {q.bias_error:.1%} of the largest",
                value=q.bias_error,
                limit=ROUNDING,
                severity="warning",
            )


@rule(
    "ND305",
    "error",
    "thresholds fit",
    remedy="Scale the weights: the largest weight sets the unit of all numbers of a core.",
    says=("AssertionError without a message",),
    after=("ND308",),
)
def threshold(discretization: Discretization) -> Iterator[Finding]:
    """A threshold is stored as a mantissa of 17 bits times 64, in a unit that the largest weight
    sets. If the largest weight is thousands of times the threshold, the threshold becomes 0, and
    nengo-loihi raises an AssertionError without a message.
    """
    for layer, _, where in discretization.errors:
        if where != "vth_to_manexp":
            continue
        weight = _largest_weight(layer)
        vth = min(block.compartment.vth.min() for block in layer.blocks)
        yield Finding(
            layer.name,
            f"its threshold, {vth:.3g} beside weights of up to {weight:.3g}, does not fit between "
            f"{2**VTH_EXP} and {VTH_MAX} of the chip's units",
            value=float(weight / vth),
        )


@rule(
    "ND306",
    "error",
    "time constants can be stored",
    remedy="Use a shorter time constant.",
    says=(
        r"Current \(U\) scaling is required",
        r"Voltage \(V\) scaling is required",
        "Could not find appropriate",
    ),
)
def time_constant(graph: Graph, dt: float) -> Iterator[Finding]:
    """The chip stores the decay per step as a multiple of 1/4096. At steps of 1 ms, the decay of
    a time constant of 8.2 s or more rounds to 0.
    """
    found = [(graph.name(link), link.tau, SMALLEST_DECAY_U) for link in graph.into_synapses()]
    for ensemble in graph.chip:
        kind = getattr(ensemble.neuron_type, "base_type", ensemble.neuron_type)
        tau_rc = getattr(kind, "tau_rc", None)
        found.append((f"tau_rc of {graph.name(ensemble)}", tau_rc, SMALLEST_DECAY_V))
    for name, tau, smallest in found:
        if tau is not None and tau > 0 and -np.expm1(-dt / tau) <= smallest:
            longest = -dt / np.log1p(-smallest)
            yield Finding(
                name,
                f"has a time constant of {tau:g} s, which decays too slowly to be stored",
                f"Use a time constant below {longest:.4g} s.",
                value=tau,
                limit=longest,
                unit="s",
            )


@rule(
    "ND307",
    "info",
    "time constants round well",
    remedy="Choose a shorter time constant; it has a smaller rounding error.",
)
def decay(quantization: list[Quantization]) -> Iterator[Finding]:
    """The chip stores the decay of a current as a multiple of 1/4096, which is coarse for long
    time constants.
    """
    for q in quantization:
        if abs(q.decay_error) > ROUNDING:
            yield Finding(
                q.layer.name,
                f"its synapse of {1000 * q.tau_wanted:.4g} ms is stored as "
                f"{1000 * q.tau_stored:.4g} ms ({q.decay_error:+.1%})",
                value=q.tau_stored,
                limit=q.tau_wanted,
                unit="s",
            )


@rule(
    "ND308",
    "error",
    "weights are finite and not all zero",
    remedy="Train again with a lower learning rate, or load the right weights.",
    says=(
        "Could not find appropriate",
        "AssertionError without a message",
        "NaN",
        "invalid value",
    ),
)
def finite(graph: Graph) -> Iterator[Finding]:
    """NaN or infinite weights come from training that diverged. If all weights are zero, the layer
    gets no input. That is an error if the layer has no other input. nengo-loihi takes weights for
    zero if all are below 1e-8.
    """
    for link in graph.between(True, True) + graph.between(False, True):
        arrays = [
            t.init for t in link.transforms if isinstance(getattr(t, "init", None), np.ndarray)
        ]
        n_bad = sum(int(np.count_nonzero(~np.isfinite(a))) for a in arrays)
        if n_bad:
            yield Finding(
                graph.name(link), f"{n_bad} weights are NaN or infinite", value=n_bad, limit=0
            )
        elif any(map(_is_nothing, arrays)) and not link.learned and not _heard(link, graph):
            largest = max(np.abs(a).max(initial=0.0) for a in arrays if _is_nothing(a))
            what = f"below {NO_WEIGHT:g}, which nengo-loihi takes for 0" if largest else "0"
            yield Finding(graph.name(link), f"all weights are {what}, so no input arrives")
    for ensemble in graph.chip:
        for attr in ("gain", "bias", "encoders"):
            values = getattr(ensemble, attr)
            if isinstance(values, np.ndarray) and not np.isfinite(values).all():
                yield Finding(graph.name(ensemble), f"its {attr} has values that are not finite")


def _is_nothing(weights: Any) -> bool:
    """Tell whether nengo-loihi takes weights for zero."""
    return not np.any(np.abs(weights) > NO_WEIGHT)


def _heard(link: Link, graph: Graph) -> bool:
    """Tell whether the receiver of all-zero weights has another input."""
    return any(
        other is not link
        and any(not _is_nothing(t.init) for t in other.transforms or [link.transforms[0]])
        for other in graph.into(getattr(link.post_obj, "ensemble", link.post_obj))
    )
