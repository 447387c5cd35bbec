"""ND401-ND409: the network's input and its firing rates."""

from collections.abc import Iterator

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.facts.input_source import (
    feeding,
    is_zero,
    open_inputs,
    partly_open,
    presented,
)
from nengo_dense.checks.facts.link import Link
from nengo_dense.checks.facts.silence import Silence
from nengo_dense.checks.facts.tuned_stack import TunedStack
from nengo_dense.checks.finding import Finding
from nengo_dense.loihi.limits import SATURATED
from nengo_dense.loihi.membership import base

#: Firing rate in hertz, at a step of 1 ms, above which possible rates are far apart:
#: 1000 / ceil(1000 / r) can be 250, 333, 500 or 1000 Hz.
COARSE_RATE = 250.0
#: What else an ensemble on the host can send than values.
SEND_SPIKES = (
    "Connect from its .neurons, with weights for each of them, so that its spikes are sent. "
    'Decoded values within [-1, 1] can stay: ignore={"ND403": "values within 1"}.'
)
#: Assumed length of a presentation in seconds, if no process presents samples.
USUAL_LENGTH = 0.1
#: Largest ratio between the scales of two layers that is no finding. A forgotten amplitude gives
#: a ratio of max_rate, which is much larger.
SCALE_RATIO = 10.0


@rule(
    "ND401",
    "error",
    "the input is not constant zero",
    remedy="Set node.output = nengo.processes.PresentInput(x, presentation_time), with your "
    "samples in the rows of x.",
)
def zero_input(graph: Graph) -> Iterator[Finding]:
    """NengoDL's converter makes an input Node of constant zeros, which NengoDL's simulator
    replaces by data. On Loihi nothing replaces it: the network builds and runs, and every layer
    fires at 0 Hz. It is no error if another input reaches the same layers. A passthrough input
    without a connection is a warning, because the network may be a part of a larger one; if it is
    the ``input`` of what is checked, as of a stack alone, it is only information. Values of a
    stack's input that no connection leads to, where one goes to ``stack.input[:2]`` alone, are a
    warning.
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
                f"gives constant zeros, so {graph.name(dead[node])} and all layers after it never "
                "get any input",
                value=0.0,
            )
    for node in open_inputs(graph):
        if any(node in nodes for nodes in sources.values()):
            is_alone, name = node is getattr(graph.network, "input", None), graph.name(node)
            yield Finding(
                name,
                "has nothing connected to it, so there is no input",
                "To measure rates too, add it to a network with samples: net.add(stack), "
                "nengo.Connection(samples, stack.input, synapse=None), check(net)."
                if is_alone
                else f"Connect one: nengo.Connection(your_node, {name}, synapse=None).",
                severity="info" if is_alone else "warning",
            )
    for node, values in partly_open(graph):
        yield Finding(
            graph.name(node),
            f"gets nothing for {len(values)} of its {node.size_in} values, first for number "
            f"{values[0]}, which stay 0",
            f"Connect to all of {graph.name(node)}.",
            severity="warning",
        )


@rule(
    "ND402",
    "warning",
    "values that the chip encodes are within [-1, 1]",
    remedy="Scale the input, or encode it on the host.",
)
def clipped(graph: Graph, run: Emulation | None = None) -> Iterator[Finding]:
    """An on neuron and an off neuron encode each value from a Node. They fire at most once per
    step, so the value is clipped to [-1, 1]: at a gain of 100, values of 0.25, 0.5, 1, 2 and 5
    gave 24, 47, 90, 90 and 90 Hz. Constant values are checked without a run.
    """
    highest = {s.name: max(s.highest, -s.lowest) for s in run.senders} if run else {}
    for link in graph.encoded():
        name = graph.name(link)
        value = max(highest.get(name, 0.0), _constant(link))
        if np.isfinite(value) and value > 1 + 1e-9:
            yield Finding(
                name,
                f"carries values up to {value:.3g}, which are clipped to 1",
                f"Divide the input by {value:.3g} and multiply the weights by {value:.3g}.",
                value=value,
                limit=1.0,
            )


def _constant(link: Link) -> float:
    """Return the largest absolute value that a constant node sends directly to neurons, or 0."""
    node = link.pre_obj
    constant = isinstance(node, nengo.Node) and isinstance(node.output, np.ndarray)
    plain = not link.transforms and link.path[0].function is None
    return float(np.abs(node.output).max()) if constant and plain else 0.0


@rule(
    "ND403",
    "warning",
    "the input layer is off the chip",
    remedy='Put the first layer on the host (of a stack: encoding="host"; of an ensemble: '
    'on_chip = False in net.config), or send spikes (encoding="spikes").',
)
def encoded_input(graph: Graph) -> Iterator[Finding]:
    """A Node that is connected to the chip takes two axons per dimension. Its synapse becomes
    5 ms, whatever it was, and both neurons of a dimension fire even for a value of 0. An ensemble
    that represents values gets them in no other way, so it is only information there.
    """
    for link in graph.encoded():
        dimensions = link.path[0].size_mid
        yield Finding(
            graph.name(link),
            f"sends values to the chip: nengo-loihi encodes them with {2 * dimensions} neurons "
            "and filters them with 5 ms",
            SEND_SPIKES if isinstance(link.pre_obj, nengo.Ensemble) else "",
            value=2 * dimensions,
            unit="axons",
            severity="" if isinstance(link.post_obj, Neurons) else "info",
        )


@rule(
    "ND404",
    "error",
    "no layer is silent",
    remedy="Raise the weights or the bias of the layer.",
    after=("ND401",),
)
def silent(silences: list[Silence], run: Emulation) -> Iterator[Finding]:
    """A layer that never fires sends nothing. The finding names the cause: no input, weights of
    zero, an input current below the threshold, or a negative bias. It is an error if the layer
    cuts an output off from every input. Otherwise it is a warning: where populations compete or
    inhibit each other, as in the basal ganglia, some are silent by design, in Nengo too; and the
    first samples may be zeros. If the network's input is always zero, ND401 reports it and this
    rule is skipped.
    """
    for silence in silences:
        layer, remedy = silence.layer, silence.remedy
        message = f"none of its {layer.n_neurons} neurons fires in {run.n_steps} steps: "
        message += silence.cause
        if silence.shut is None:
            message += "; every output is reached by another path"
            remedy = f"If it is not silent by design (selection, inhibition): {remedy}"
        elif silence.shut != layer.name:
            message += f"; nothing reaches {silence.shut}"
        yield Finding(
            layer.name,
            message,
            remedy,
            value=0.0,
            unit="Hz",
            severity="error" if silence.shut and not silence.shown_zeros else "warning",
        )


@rule(
    "ND405",
    "warning",
    "no layer saturates",
    remedy="Lower max_rate, or scale the weights down.",
)
def saturated(run: Emulation, graph: Graph) -> Iterator[Finding]:
    """A neuron on the chip fires at most once per step, which is 1000 Hz at steps of 1 ms. Higher
    rates are cut to that.
    """
    ceiling, limit = 1 / run.dt, COARSE_RATE * 0.001 / run.dt
    for ensemble in graph.chip:
        rates = run.late_rates[graph.name(ensemble)]
        share = np.mean(rates >= SATURATED * ceiling)
        if share > 0:
            yield Finding(
                graph.name(ensemble),
                f"{share:.1%} of its neurons fire in every step ({ceiling:g} Hz), the highest "
                "possible rate",
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
    """A spike sets the voltage to zero, and the part above the threshold is lost. A ReLU neuron
    with an input of r Hz therefore fires at 1000 / ceil(1000 / r) Hz: 260 becomes 250, 400 becomes
    333, 700 becomes 500. This matters in long presentations. In short ones the small number of
    spikes matters more: with 250 Hz instead of 1000 Hz, an accuracy fell by 5.8, 1.3 and 0.6
    points at 25, 50 and 100 ms. A stack that was tuned for this length has no finding.
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
            _way_out(ensemble, limit / highest, limit),
            value=highest,
            limit=limit,
            unit="Hz",
        )


def _way_out(ensemble: nengo.Ensemble, factor: float, limit: float) -> str:
    """Say what helps against coarse rates: of ensembles that represent values, or of layers."""
    if ensemble.gain is None:
        return (
            "Where the values that it represents are too coarse, take more neurons, or multiply "
            f"max_rates by {factor:.2g}, to keep rates below {limit:.0f} Hz."
        )
    return (
        "Keep max_rate for presentations of 100 ms or less, because lower rates cost accuracy "
        "there; convert(..., calibration=x, presentation_time=...) tunes for a length. For "
        f"much longer ones multiply max_rate by {factor:.2g}, to keep rates below {limit:.0f} Hz."
    )


def _tuned_for_their_length(
    stacks: list[TunedStack], most_steps: float = np.inf
) -> set[nengo.Ensemble]:
    """Find the ensembles whose rates were chosen for this length of presentation."""
    return {
        ensemble
        for stack in stacks
        if not stack.differences()
        and stack.record.presentation_time / stack.record.dt < most_steps + 0.5
        for ensemble in stack.network.all_ensembles
    }


#: Steps of a presentation up to which tuning lets neurons on the host be driven faster.
FAST_STEPS = 50


@rule(
    "ND407",
    "warning",
    "sending neurons on the host fire at most once per step",
    remedy="Lower their max_rate to 250 Hz or less and use more neurons.",
)
def host_rate(run: Emulation, tuned_stacks: list[TunedStack]) -> Iterator[Finding]:
    """A neuron on the host can fire several times in a step, but sends only one spike. Neurons at
    2000 Hz arrive as 1000 Hz: the next layer then fired at 90 Hz instead of 199 Hz. A stack that
    was tuned for a short presentation counts on it for its busiest samples: on the chip it loses
    nothing by it, so that it is only information. In Nengo alone all the spikes arrive.
    """
    counted = _tuned_for_their_length(tuned_stacks, FAST_STEPS)
    for sender in run.senders:
        if np.isinf(sender.lowest) and sender.most > 1.5:
            is_counted = sender.ensemble in counted
            yield Finding(
                sender.name,
                f"a neuron fires {sender.most:.0f} times in one step, of which one spike is sent",
                "Leave it so: tuning counted the spikes that are sent. In Nengo alone all arrive."
                if is_counted
                else f"Divide the senders' max_rate by {np.ceil(sender.most):.0f} or more.",
                value=sender.most,
                limit=1,
                unit="spikes a step",
                severity="info" if is_counted else "",
            )


@rule(
    "ND408",
    "warning",
    "no register overflows",
    remedy="Lower fan-in times rate, or shorten the synapse.",
    says=("Overflow in",),
)
def overflow(run: Emulation) -> Iterator[Finding]:
    """The sum of the weights that arrive in one step has 21 bits (``q0``). The current has 23 bits
    (``current``; with the bias, ``u2``). A larger value wraps to the other sign: strong
    excitation becomes inhibition.
    """
    for layer, registers in run.overflows.items():
        yield Finding(
            layer,
            f"overflows in {', '.join(sorted(registers))}: values wrap to the other sign",
        )


@rule(
    "ND409",
    "warning",
    "amplitudes and scales agree",
    remedy="Use amplitude = 1 / max_rate in every layer.",
)
def scales(graph: Graph) -> Iterator[Finding]:
    """In a stack, gain times amplitude should be the same in every layer, normally 1: a neuron
    then represents y by gain times y hertz and spikes of that amplitude. If a layer has amplitude
    1 and the next layer's weights expect 1/100, the next layer fires at 900 Hz instead of 90 Hz.
    One such layer reduced an accuracy to 2 %. The gain of LIF neurons is read in hertz, too:
    what they fire at for y = 1, without their refractory period.
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
    hertz = float(np.median(np.abs(gain)))
    tau_rc = getattr(ensemble.neuron_type, "tau_rc", None)
    if tau_rc is not None and hertz > 0:
        hertz = 1 / (tau_rc * np.log1p(1 / hertz))
    scale = hertz * float(amplitude)
    return scale if scale > 0 else None
