"""ND401-ND409: what comes in, and how fast the neurons fire."""

from collections.abc import Iterator

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.emulation import SATURATED, Emulation
from nengo_dense.checks.facts.input_source import feeding, is_zero, open_inputs, presented
from nengo_dense.checks.facts.link import Link, base
from nengo_dense.checks.facts.silence import Silence
from nengo_dense.checks.facts.tuned_stack import TunedStack
from nengo_dense.checks.finding import Finding

#: Rate in hertz at a step of 1 ms, above which the rates that integers can hold are far apart:
#: 1000 / ceil(1000 / r) has 250, 333, 500 and 1000 Hz.
COARSE_RATE = 250.0
#: Length of a presentation that is taken where nothing presents samples, in seconds.
USUAL_LENGTH = 0.1
#: How far apart the scale of two layers may be; a factor of max_rate is far above.
SCALE_RATIO = 10.0


@rule(
    "ND401",
    "error",
    "the input says something",
    remedy="Set node.output = nengo.processes.PresentInput(x, presentation_time), with your "
    "samples in the rows of x.",
)
def zero_input(graph: Graph) -> Iterator[Finding]:
    """NengoDL's converter leaves an input Node of constant zeros, which its own simulator replaces
    by data. Here nothing replaces it: the network builds, runs, and every layer is at 0 Hz. It is
    no error where another input reaches the same layers. A passthrough input that nothing is
    connected to is a warning: the network may be a part that is to be connected yet.
    """
    sources = feeding(graph)
    dead = {
        node: ensemble
        for ensemble, nodes in reversed(sources.items())
        for node in nodes
        if nodes and all(map(is_zero, nodes))
    }
    for node in graph.network.all_nodes:
        if node in dead:
            yield Finding(
                graph.name(node),
                f"gives constant zeros, so {graph.name(dead[node])} and all that follows it never "
                "sees any input",
                value=0.0,
            )
    for node in open_inputs(graph):
        if any(node in nodes for nodes in sources.values()):
            yield Finding(
                graph.name(node),
                "has nothing connected to it, so there is no input",
                f"Connect one: nengo.Connection(your_node, {graph.name(node)}, synapse=None).",
                severity="warning",
            )


@rule(
    "ND402",
    "warning",
    "values that the chip encodes are within [-1, 1]",
    remedy="Scale the input, or encode it on the host.",
)
def clipped(graph: Graph, run: Emulation | None = None) -> Iterator[Finding]:
    """A value from a Node is sent as the spikes of an on and an off neuron that fire at most once
    a step, so it is clipped to [-1, 1]: values of 0.25, 0.5, 1, 2 and 5 gave 24, 47, 90, 90 and 90
    Hz at a gain of 100. Constant values are seen without a run.
    """
    highest = {s.name: max(s.highest, -s.lowest) for s in run.senders} if run else {}
    for link in graph.encoded():
        name = graph.name(link)
        value = max(highest.get(name, 0.0), _constant(link))
        if np.isfinite(value) and value > 1 + 1e-9:
            yield Finding(
                name,
                f"carries values up to {value:.3g}, which are clipped to 1",
                f"Divide the input by {value:.3g} and multiply the weights by it.",
                value=value,
                limit=1.0,
            )


def _constant(link: Link) -> float:
    """Give the largest value that a constant node sends straight to neurons."""
    node = link.pre_obj
    constant = isinstance(node, nengo.Node) and isinstance(node.output, np.ndarray)
    plain = not link.transforms and link.path[0].function is None
    return float(np.abs(node.output).max()) if constant and plain else 0.0


@rule(
    "ND403",
    "warning",
    "the input layer is off the chip",
    remedy='Put the first layer on the host (encoding="host"), or send spikes '
    '(encoding="spikes").',
)
def encoded_input(graph: Graph) -> Iterator[Finding]:
    """A Node that is connected to the chip costs two axons for each dimension, its synapse becomes
    5 ms whatever it was, and both of its neurons fire even for 0.
    """
    for link in graph.encoded():
        dimensions = link.path[0].size_mid
        yield Finding(
            graph.name(link),
            f"sends values to the chip: nengo-loihi encodes them with {2 * dimensions} neurons "
            "and filters them with 5 ms",
            value=2 * dimensions,
            unit="axons",
        )


@rule(
    "ND404",
    "error",
    "no layer is silent",
    remedy="Raise the weights or the bias of the layer.",
    after=("ND401",),
)
def silent(silences: list[Silence], run: Emulation) -> Iterator[Finding]:
    """A layer that never fires passes nothing on. The cause is told: no input, weights of zero,
    a drive that stays below the threshold, or a negative bias. It is an error where nothing from
    the inputs reaches an output past it. Elsewhere it is a warning: of populations that compete
    or inhibit each other, such as the basal ganglia's, some are silent by design, in Nengo too.
    If the network's input is zero, that is reported as ND401 and this rule is not asked.
    """
    for silence in silences:
        layer, remedy = silence.layer, silence.remedy
        message = f"none of its {layer.n_neurons} neurons fires in {run.n_steps} steps: "
        message += silence.cause
        if silence.shut is None:
            message += "; outputs are reached without it"
            remedy = f"If it is not silent by design (selection, inhibition): {remedy}"
        elif silence.shut != layer.name:
            message += f"; nothing reaches {silence.shut}"
        yield Finding(
            layer.name,
            message,
            remedy,
            value=0.0,
            unit="Hz",
            severity="error" if silence.shut else "warning",
        )


@rule(
    "ND405",
    "warning",
    "no layer saturates",
    remedy="Lower max_rate, or scale the weights down.",
)
def saturated(run: Emulation, graph: Graph) -> Iterator[Finding]:
    """A neuron of the chip fires at most once a step, 1000 Hz at steps of 1 ms; what would be
    faster is cut.
    """
    ceiling, limit = 1 / run.dt, COARSE_RATE * 0.001 / run.dt
    for ensemble in graph.chip:
        rates = run.late_rates[graph.name(ensemble)]
        share = np.mean(rates >= SATURATED * ceiling)
        if share > 0:
            yield Finding(
                graph.name(ensemble),
                f"{share:.1%} of its neurons fire in every step ({ceiling:g} Hz), the fastest "
                "that they can",
                f"Scale the layer down by {rates.max() / limit:.3g} or more.",
                value=float(rates.max()),
                limit=ceiling,
                unit="Hz",
            )


@rule(
    "ND406",
    "info",
    "rates and the length of a presentation fit",
    remedy="Tune for the length of a presentation; untuned, high rates suit short ones.",
)
def coarse(run: Emulation, graph: Graph, tuned_stacks: list[TunedStack]) -> Iterator[Finding]:
    """The voltage is set to zero at a spike and what was above the threshold is lost, so a ReLU
    driven at r Hz fires at 1000 / ceil(1000 / r) Hz: 260 becomes 250, 400 becomes 333, 700 becomes
    500. That shows in long presentations. In short ones the few spikes that fit in matter more:
    with 250 Hz instead of 1000 Hz an accuracy fell by 5.8, 1.3 and 0.6 points at 25, 50 and
    100 ms. Nothing is said of a stack that was tuned for its length.
    """
    limit, settled = COARSE_RATE * 0.001 / run.dt, _tuned_for_their_length(tuned_stacks)
    seconds = min((p.presentation_time for _, p in presented(graph)), default=USUAL_LENGTH)
    for ensemble in graph.chip:
        rates = run.rates[graph.name(ensemble)]
        highest = float(rates.max())
        if ensemble in settled or not limit * (1 + 1e-9) < highest < SATURATED / run.dt:
            continue
        apart = 1 / int(1 / (run.dt * highest))
        yield Finding(
            graph.name(ensemble),
            f"fires at up to {highest:.0f} Hz, where steady rates are {apart:.0%} apart (25% at "
            f"{limit:.0f} Hz); in {1000 * seconds:g} ms that is {highest * seconds:.0f} spikes "
            f"({limit * seconds:.0f} at {limit:.0f} Hz)",
            "Leave it where samples are shown for 100 ms or less, as lower rates cost accuracy "
            "there; convert(..., calibration=x, presentation_time=...) tunes for a length. For "
            f"much longer ones multiply max_rate by {limit / highest:.2g}, which brings it under "
            f"{limit:.0f} Hz.",
            value=highest,
            limit=limit,
            unit="Hz",
        )


def _tuned_for_their_length(stacks: list[TunedStack]) -> set[nengo.Ensemble]:
    """Find the ensembles whose rates were chosen for the presentations that they are shown."""
    return {
        ensemble
        for stack in stacks
        if not stack.differences()
        for ensemble in stack.network.all_ensembles
    }


@rule(
    "ND407",
    "warning",
    "host neurons that send stay below one spike a step",
    remedy="Lower their max_rate to 250 Hz or less and use more neurons.",
)
def host_rate(run: Emulation) -> Iterator[Finding]:
    """A host neuron can fire several times a step, but only one spike a step is sent: neurons at
    2000 Hz arrive as 1000 Hz and drive what follows at 90 Hz instead of 199.
    """
    for sender in run.senders:
        if np.isinf(sender.lowest) and sender.most > 1.5:
            yield Finding(
                sender.name,
                f"a neuron fires {sender.most:.0f} times in one step, of which one spike is sent",
                f"Divide the senders' max_rate by {np.ceil(sender.most):.0f} or more.",
                value=sender.most,
                limit=1,
                unit="spikes a step",
            )


@rule(
    "ND408",
    "warning",
    "no register overflows",
    remedy="Lower fan-in times rate, or shorten the synapse.",
    says=("Overflow in",),
)
def overflow(run: Emulation) -> Iterator[Finding]:
    """What arrives in one step is summed in 21 bits (``q0``), the current in 23 (``current``, with
    the bias ``u2``). Beyond, the sign wraps: strong excitation becomes inhibition.
    """
    for layer, registers in run.overflows.items():
        yield Finding(
            layer,
            f"overflows in {', '.join(sorted(registers))}: the sign wraps round",
        )


@rule(
    "ND409",
    "warning",
    "amplitudes and scales agree",
    remedy="Use amplitude = 1 / max_rate in every layer.",
)
def scales(graph: Graph) -> Iterator[Finding]:
    """In a stack of layers gain times amplitude is the same everywhere: a neuron at gain times y
    hertz, with spikes of the amplitude, stands for y. A layer left at amplitude 1 where its
    successor's weights expect 1/100 drives it at 900 Hz instead of 90; one such layer once left
    2 % accuracy.
    """
    stack = _stack(graph)
    if len(stack) < 2:
        return
    for ensemble, scale in stack.items():
        others = [value for other, value in stack.items() if other is not ensemble]
        usual = float(np.median(others))
        ratio = max(scale / usual, usual / scale)
        agree = max(others) / min(others) <= SCALE_RATIO
        if agree and ratio > SCALE_RATIO and (len(others) > 1 or scale > usual):
            amplitude = ensemble.neuron_type.amplitude * usual / scale
            yield Finding(
                graph.name(ensemble),
                f"gain times amplitude is {scale:.3g}, in the other layers {usual:.3g}",
                f"Set its amplitude to {amplitude:.3g}.",
                value=scale,
                limit=usual,
            )


def _stack(graph: Graph) -> dict[nengo.Ensemble, float]:
    """Find gain times amplitude of the ensembles that are connected neuron to neuron."""
    found = {}
    for link in graph.links:
        if isinstance(link.pre_obj, Neurons) and isinstance(link.post_obj, Neurons):
            for ensemble in (base(link.pre), base(link.post)):
                scale = _scale(ensemble)
                if scale is not None:
                    found[ensemble] = scale
    return found


def _scale(ensemble: nengo.Ensemble) -> float | None:
    gain = getattr(ensemble.gain, "options", ensemble.gain)  # Choice([g]) has one option
    amplitude = getattr(ensemble.neuron_type, "amplitude", None)
    if gain is None or amplitude is None or isinstance(gain, nengo.dists.Distribution):
        return None
    scale = float(np.median(np.abs(gain))) * float(amplitude)
    return scale if scale > 0 else None
