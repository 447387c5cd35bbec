"""ND100-ND109: nengo-loihi builds the network, on the chip, without changing it."""

from collections.abc import Iterator
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.ensemble import Neurons

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.emulation import Emulation
from nengo_dense.checks.facts.link import Link
from nengo_dense.checks.facts.quantization import Discretization
from nengo_dense.checks.facts.transform_support import partial, unsupported
from nengo_dense.checks.finding import Finding
from nengo_dense.loihi.build_error import meaning
from nengo_dense.loihi.float_model import Trouble
from nengo_dense.loihi.membership import ADD, strangers
from nengo_dense.neurons import known


@rule(
    "ND100",
    "error",
    "nengo-loihi builds the network",
    remedy="Change the object in the message; ``nengo-dense rules`` lists the known problems.",
)
def passed_on(
    graph: Graph,
    troubles: list[Trouble],
    discretization: Discretization | None = None,
    validation: Exception | None = None,
    trial: Emulation | None = None,
) -> Iterator[Finding]:
    """nengo-loihi could not build or run the network, for a reason that no other rule explains.
    The finding gives nengo-loihi's message and the object that it was building. The rest of the
    network is still built, so every object that fails has a finding. If the network is run, an
    error in a node's Python function is reported here too. So is a connection to a layer or a
    stack that is not in the network, because ``net.add(stack)`` or ``with net:`` is missing.
    """
    strangers = list(_strangers(graph))
    yield from strangers
    found = list(troubles)
    if discretization is not None:
        found += [Trouble(layer.name, error) for layer, error, _ in discretization.errors]
    whole = graph.name(graph.network)
    if validation is not None:
        found.append(Trouble(whole, validation))
    if trial is not None and trial.error is not None:
        found.append(Trouble(whole, trial.error))
    for trouble in found:
        if not (strangers and "is not a part of the network" in trouble.text):
            what, _, remedy = meaning(trouble.error).partition(". ")
            that = f", as {what}" if what else ""
            yield Finding(trouble.target, f"nengo-loihi says: {trouble.text}{that}", remedy)


def _strangers(graph: Graph) -> Iterator[Finding]:
    """Find connections and probes of objects that the network does not contain."""
    for obj, other in strangers(graph.network):
        yield Finding(
            graph.name(obj),
            f"leads to the {type(other).__name__} '{graph.name(other)}', which is not part of "
            "this network",
            ADD,
        )


@rule(
    "ND101",
    "error",
    "something is on the chip",
    remedy="Leave at least one layer on the chip (on_chip=True, which is the default).",
    says=("No neurons marked for execution on-chip",),
)
def nothing_on_chip(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi refuses a network without neurons on the chip: an empty network, a network of
    nodes only, or one in which every layer has ``on_chip=False``. A stack of one hidden layer
    with ``encoding="host"`` is refused too, because its first layer runs on the host.
    """
    if graph.chip:
        return
    n = len(graph.network.all_ensembles)
    if n:
        what = f"all of its neurons ({n} {'ensembles' if n > 1 else 'ensemble'}) are on the host"
        remedy = _send_spikes(graph)
    else:
        what = "there are no neurons at all"
        remedy = "Make layers inside 'with net:', or add the stack there: net.add(stack)."
    yield Finding(graph.name(graph.network), what, remedy, value=0, limit=1, unit="ensembles")


def _send_spikes(graph: Graph) -> str:
    """Give the remedy for stacks whose only layer encodes the input on the host."""
    nets = (graph.network, *graph.network.all_networks)
    short = [
        graph.name(net)
        for net in nets
        if getattr(net, "encoding", None) == "host" and len(getattr(net, "layers", ())) == 1
    ]
    if not short:
        return ""
    return (
        f'Make {", ".join(short)} with encoding="spikes": encoding="host" keeps the first layer '
        "on the host, and there is no other layer."
    )


@rule(
    "ND102",
    "error",
    "the neuron types exist on Loihi",
    remedy="Use nengo.SpikingRectifiedLinear() or nengo.LIF(), or put the layer on the host.",
    says=("cannot be simulated on", "Amplitude is not supported on RegularSpiking"),
)
def neuron_type(graph: Graph) -> Iterator[Finding]:
    """The chip has leaky and non-leaky integrate-and-fire neurons. Rate neurons, such as
    RectifiedLinear, do not spike. RegularSpiking works with the base types LIFRate and
    RectifiedLinear; its amplitude must be set on RegularSpiking, not on the base type.
    """
    for ensemble in graph.chip:
        kind = ensemble.neuron_type
        name, found = type(kind).__name__, registered(kind)
        if found is nengo.neurons.NeuronType:
            yield Finding(graph.name(ensemble), f"has {name} neurons, which Loihi does not have")
        elif found is nengo.RegularSpiking:
            problem = _regular_spiking(kind)
            if problem:
                yield Finding(graph.name(ensemble), f"has {name} neurons {problem}")


def _regular_spiking(kind: Any) -> str:
    below = kind.base_type
    if not known(below).curve:
        return f"on {type(below).__name__}; only LIFRate and RectifiedLinear exist there"
    if below.amplitude != 1:
        return f"with amplitude {below.amplitude:g} on the base type; it belongs on RegularSpiking"
    return ""


def registered(neuron_type: nengo.neurons.NeuronType) -> type:
    """Find the class whose builder nengo-loihi would use: the first one inherited from."""
    from nengo_loihi.builder.builder import Builder

    return next(cls for cls in type(neuron_type).__mro__ if cls in Builder.builders)


@rule(
    "ND103",
    "error",
    "no neuron type is silently replaced",
    remedy="Use the plain type, if that is what you want, or put the layer on the host.",
)
def replaced_type(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi builds a neuron type that it does not know as the nearest base class, without a
    warning. AdaptiveLIF inherits from LIF and becomes a plain LIF: where Nengo gives 1 spike per
    second (``inc_n=10``), the emulator gives 125.
    """
    for ensemble in graph.chip:
        kind = type(ensemble.neuron_type)
        used = registered(ensemble.neuron_type)
        if used is nengo.neurons.NeuronType or kind.__module__ == "nengo_loihi.neurons":
            continue
        if kind is not used and _behaves_otherwise(kind, used):
            yield Finding(
                graph.name(ensemble),
                f"has {kind.__name__} neurons, which silently become plain {used.__name__}",
            )


def _behaves_otherwise(kind: type, used: type) -> bool:
    return any(
        getattr(kind, name, None) is not getattr(used, name, None)
        for name in ("step", "step_math", "gain_bias", "rates")
    )


@rule(
    "ND104",
    "error",
    "synapses on the chip are Lowpass or None",
    remedy="Use nengo.Lowpass(tau), or None.",
    says=("Cannot handle non-Lowpass synapses", "AssertionError without a message"),
)
def lowpass(graph: Graph) -> Iterator[Finding]:
    """A compartment on the chip has one exponentially decaying current, that is a Lowpass filter.
    For any other synapse nengo-loihi raises an error that does not name the connection. If it
    merges two synapses at a passthrough node, it raises an AssertionError without a message.
    """
    for link in graph.links:
        others = [s for s in link.synapses if not isinstance(s, nengo.Lowpass)]
        on_chip = _filtered_on_chip(link, graph)
        merged = len(link.path) > 1 and len(link.synapses) > 1
        if others and (on_chip or merged):
            yield Finding(
                graph.name(link), f"has the synapse {others[0]!r}, which is not a Lowpass"
            )


def _filtered_on_chip(link: Link, graph: Graph) -> bool:
    if not graph.on_chip(link.post):
        return False
    return graph.on_chip(link.pre) or isinstance(link.pre_obj, Neurons)


@rule(
    "ND105",
    "error",
    "transforms are supported where they run",
    remedy="Use a dense transform (an array), and connect from .neurons to .neurons.",
    says=(
        "transforms on (host to chip|chip to host)",
        "Conv2D transforms not supported",
        "only supports 2D convolution",
        "[Ss]parse transform",
        "Sparse weights not yet supported",
        "must have the same gain",
        "Mergeable transforms must be",
        "Unhandled transform shape",
        "AssertionError without a message",
    ),
)
def transform(graph: Graph) -> Iterator[Finding]:
    """Dense transforms work everywhere. Sparse ones work between neurons on the chip. Convolutions
    in two dimensions work from neurons to all neurons of an ensemble with equal gains. From values
    on the host to the chip, and from the chip to the host, only dense transforms work. At a
    passthrough node, arrays can be merged and distributions cannot. A connection into a part of
    an ensemble on the chip (``ensemble[1]``, ``neurons[:10]``) is not built, whatever it starts
    from; a part of the sender is.
    """
    for link in graph.links:
        problem = unsupported(link, graph)
        if problem:
            yield Finding(graph.name(link), problem)
        elif partial(link, graph):
            whole, part = graph.name(link.post_obj), graph.name(link.post)
            yield Finding(
                graph.name(link),
                f"goes into a part of {whole}, which nengo-loihi does not build on the chip",
                f"Connect to all of {whole}: transform = np.zeros(({link.post_obj.size_in}, "
                f"{link.path[-1].size_mid})), with the present transform (or np.eye) in its rows "
                f"{part.removeprefix(whole)}.",
            )


@rule(
    "ND106",
    "error",
    "gain and bias are set together",
    remedy="Set both, or neither and use max_rates and intercepts.",
    says=("gain or bias set for",),
)
def gain_and_bias(graph: Graph) -> Iterator[Finding]:
    """Nengo computes a missing gain from the bias, or the bias from the gain. nengo-loihi does
    not.
    """
    for ensemble in graph.chip:
        if (ensemble.gain is None) != (ensemble.bias is None):
            missing = "gain" if ensemble.gain is None else "bias"
            present = "bias" if missing == "gain" else "gain"
            yield Finding(
                graph.name(ensemble),
                f"has a {present} but no {missing}",
                f"Set {missing} too (a bias of zeros and a gain of ones do nothing).",
            )


@rule(
    "ND107",
    "error",
    "there is no ensemble noise, and no Direct mode on the chip",
    remedy="Remove it, or put the ensemble on the host with on_chip = False.",
    says=("Ensemble noise not implemented", "Direct neurons not implemented"),
)
def noise(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi does not implement noise in ensembles. An ensemble in Direct mode has no
    neurons, so it runs on the host even if its configuration has ``on_chip = True``; that is a
    warning.
    """
    for ensemble in graph.network.all_ensembles:
        if graph.on_chip(ensemble) and ensemble.noise is not None:
            yield Finding(graph.name(ensemble), f"has noise ({ensemble.noise!r})")
        direct = isinstance(ensemble.neuron_type, nengo.Direct)
        if direct and graph.network.config[ensemble].on_chip:
            yield Finding(
                graph.name(ensemble),
                "is in Direct mode and runs on the host, although on_chip is True",
                "Give it neurons, or set on_chip = False.",
                severity="warning",
            )


@rule(
    "ND108",
    "error",
    "there are no NengoDL-only objects",
    remedy="Replace it; for a softmax use nengo_dense.SoftmaxNode.",
    says=("Cannot call TensorNode", "TensorNode"),
)
def tensor_node(graph: Graph) -> Iterator[Finding]:
    """A TensorNode holds a TensorFlow function, which only NengoDL can call. NengoDL's converter
    makes one for each Keras layer that it cannot translate, for example a softmax.
    """
    for node in graph.network.all_nodes:
        if any(cls.__name__ == "TensorNode" for cls in type(node).__mro__):
            yield Finding(graph.name(node), "is a TensorNode, which only NengoDL can run")


#: What can be probed on the chip: of neurons, and of ensembles.
OF_NEURONS, OF_ENSEMBLES = ("output", "spikes", "voltage", "input"), ("decoded_output",)


@rule(
    "ND109",
    "error",
    "probes on the chip record every step, of what is on it",
    remedy="Remove sample_every, and take every n-th row of the data afterwards.",
    says=("sample_every not implemented", r"Object \(<(Connection|LearningRule)"),
)
def sampled_probe(graph: Graph, dt: float) -> Iterator[Finding]:
    """nengo-loihi accepts ``sample_every`` and fails with an AssertionError after the run, when
    the data is read. It has no probes of connections and learning rules, on the host either. With
    those of what the chip does not have, as refractory times or the input of an ensemble, it fails
    in the run.
    """
    for probe in graph.network.all_probes:
        if not isinstance(probe.target, nengo.Node | nengo.Ensemble | Neurons | ObjView):
            yield Finding(
                graph.name(probe),
                f"is of a {type(probe.target).__name__}, of which nengo-loihi has no probes",
                "Probe what it connects.",
            )
        elif graph.on_chip(probe.target) and not _is_readable(probe):
            yield Finding(
                graph.name(probe),
                f"is of the {probe.attr!r} of what is on the chip, where it cannot be read",
                "Probe the neurons' output, voltage or input, or the ensemble's decoded_output.",
            )
        elif probe.sample_every is not None and graph.on_chip(probe.target):
            yield Finding(
                graph.name(probe),
                f"records every {probe.sample_every:g} s, which nengo-loihi does not implement "
                "on the chip",
                value=probe.sample_every,
                limit=dt,
                unit="s",
            )


def _is_readable(probe: nengo.Probe) -> bool:
    return probe.attr in (OF_NEURONS if isinstance(probe.obj, Neurons) else OF_ENSEMBLES)
