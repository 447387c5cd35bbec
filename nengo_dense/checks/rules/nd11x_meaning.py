"""ND110-ND118: the network builds, but computes something else than in Nengo."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.dists import Distribution, Uniform, get_samples
from nengo.ensemble import Neurons

from nengo_dense.checks.declaration import rule
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.link import Link
from nengo_dense.checks.finding import Finding
from nengo_dense.checks.untouched import SEED
from nengo_dense.loihi.membership import base

#: Highest intercept that nengo-loihi 1.1.0 builds (``Model.intercept_limit``).
INTERCEPT_LIMIT = 0.95
#: Time constant in seconds of the filter that nengo-loihi 1.1.0 applies to every encoded or
#: decoded value (``Model.decode_tau``).
DECODE_TAU = 0.005


@rule(
    "ND110",
    "error",
    "placement is configured where nengo-loihi reads it",
    remedy="Set it on the top-level network: net.config[ensemble].on_chip = ..., "
    "or use nengo_dense.DenseLayer, which keeps its placement in any network.",
)
def misplaced_config(network: nengo.Network, graph: Graph) -> Iterator[Finding]:
    """nengo-loihi reads ``on_chip`` and ``block_shape`` only from the configuration of the
    top-level network. It silently ignores a sub-network's configuration, so the ensemble may run
    in the wrong place.
    """
    for subnet in network.all_networks:
        extra = subnet.config[nengo.Ensemble].extra_params
        for ensemble in subnet.all_ensembles:
            for param in {"on_chip", "block_shape"}.intersection(extra):
                wanted = getattr(subnet.config[ensemble], param)
                used = getattr(network.config[ensemble], param)
                if (
                    wanted is not None
                    and wanted != used
                    and not _as_wanted(graph, ensemble, wanted)
                ):
                    yield Finding(
                        graph.name(ensemble),
                        f"{param} = {_show(wanted)} is set on the sub-network "
                        f"{graph.name(subnet)}, which nengo-loihi does not read; it uses "
                        f"{param} = {_show(used)}",
                    )


def _as_wanted(graph: Graph, ensemble: nengo.Ensemble, wanted: Any) -> bool:
    """Tell whether an ensemble is where it should be, whatever its configuration."""
    return isinstance(wanted, bool) and graph.on_chip(ensemble) == wanted


def _show(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"BlockShape({shape}, {value.ensemble_shape})" if shape is not None else repr(value)


@rule(
    "ND111",
    "error",
    "block shapes match their ensemble",
    remedy="Give a shape for the ensemble's number of neurons, or leave block_shape out.",
    says=("Block shape ensemble size", "AssertionError without a message"),
)
def block_shape(graph: Graph) -> Iterator[Finding]:
    """A block shape divides an ensemble among cores, so its size must be the ensemble's number of
    neurons. nengo-loihi checks this when the shape is set. If the ensemble changes afterwards,
    the build fails with an AssertionError without a message.
    """
    for ensemble in graph.chip:
        shape = graph.network.config[ensemble].block_shape
        if shape is not None and shape.ensemble_size != ensemble.n_neurons:
            yield Finding(
                graph.name(ensemble),
                f"has a block shape for {shape.ensemble_size} neurons, but "
                f"{ensemble.n_neurons} neurons",
                value=int(shape.ensemble_size),
                limit=ensemble.n_neurons,
                unit="neurons",
            )


@rule(
    "ND112",
    "warning",
    "no signal goes from the chip through the host back to the chip",
    remedy="Put softmax and function nodes last, or express them as weights.",
    says=("Cannot precompute input",),
)
def host_detour(graph: Graph) -> Iterator[Finding]:
    """A signal that goes from the chip to the host and back makes a round trip in every step. It
    is slow on the board, arrives a step late, and is impossible with ``precompute=True``.
    nengo-loihi does not warn of it.
    """
    for link in graph.between(True, False):
        first = base(link.post)
        back = graph.reentries(first)
        if back:
            yield Finding(
                graph.name(first),
                f"is on the host between {graph.name(link.pre)} and {graph.name(back[0])}, "
                "which are on the chip",
            )


@rule(
    "ND113",
    "info",
    "neurons start at voltage zero",
    remedy="Set it in Nengo too, in the neuron type: "
    'initial_state={"voltage": nengo.dists.Choice([0])}.',
    says=("does not support initial values",),
)
def initial_voltage(graph: Graph) -> Iterator[Finding]:
    """Neurons start at random voltages in Nengo 4, and at zero on the chip, so the first spikes of
    a run differ.
    """
    for ensemble in graph.chip:
        rng = np.random.RandomState(SEED)
        state = ensemble.neuron_type.make_state(ensemble.n_neurons, rng=rng)
        nonzero = [name for name, value in state.items() if np.any(np.asarray(value) != 0)]
        if nonzero:
            yield Finding(
                graph.name(ensemble),
                f"starts at {', '.join(nonzero)} other than 0; on the chip at 0",
                "Set it in Nengo too: neuron_type="
                f"{type(ensemble.neuron_type).__name__}(..., initial_state="
                '{"voltage": nengo.dists.Choice([0])}).',
            )


@rule(
    "ND114",
    "warning",
    "each ensemble has one synapse",
    remedy="Give all inputs of the ensemble the same time constant.",
    says=("tau_s is (currently|already)",),
)
def one_synapse(graph: Graph) -> Iterator[Finding]:
    """On the chip, the filter belongs to the receiving neuron, not to the connection. All inputs
    of a neuron therefore use the longest of their time constants. Values from the host and from
    decoded ensembles are filtered with 5 ms, whatever the synapse of their connection.
    """
    for ensemble in graph.chip:
        asked = [_tau_on_chip(link) for link in graph.into(ensemble)]
        taus = {tau for tau in asked if tau is not None}
        if len(taus) > 1:
            listed = ", ".join(f"{1000 * tau:g}" for tau in sorted(taus))
            yield Finding(
                graph.name(ensemble),
                f"has inputs filtered with {listed} ms; all will be filtered with "
                f"{1000 * max(taus):g} ms",
                value=min(taus),
                limit=max(taus),
                unit="s",
            )


def _tau_on_chip(link: Link) -> float | None:
    """Return the time constant that a link requests from its receiver, in seconds, or None.

    Encoded and decoded values always request `DECODE_TAU`.
    """
    if isinstance(link.pre_obj, Neurons) and isinstance(link.post_obj, Neurons):
        return link.tau
    if isinstance(link.pre_obj, nengo.Ensemble) and link.path[0].solver.weights:
        return link.tau
    return DECODE_TAU


@rule(
    "ND115",
    "warning",
    "merged passthrough nodes keep their filters",
    remedy="Set synapse=None on one side of the passthrough node.",
    says=("Combining two Lowpass synapses",),
)
def merged_synapses(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi removes a passthrough node between two layers on the chip. It replaces the two
    filters in a row by one Lowpass with the sum of their time constants, which is another filter.
    """
    for link in graph.links:
        if len(link.path) > 1 and len(link.synapses) > 1 and link.tau is not None:
            taus = " and ".join(f"{1000 * s.tau:g}" for s in link.synapses)
            yield Finding(
                graph.name(link),
                f"has filters of {taus} ms in a row, which become one of {1000 * link.tau:g} ms",
                value=link.tau,
                unit="s",
            )


@rule(
    "ND116",
    "warning",
    "intercepts survive",
    remedy=f"Keep intercepts at or below {INTERCEPT_LIMIT}.",
    says=("Intercepts are larger than intercept limit",),
)
def intercepts(graph: Graph) -> Iterator[Finding]:
    """An intercept near 1 needs a very large gain. The weights of the ensemble's other neurons
    would then be rounded to zero, so nengo-loihi limits intercepts to 0.95.
    """
    for ensemble in graph.chip:
        if ensemble.gain is not None or ensemble.bias is not None:
            continue
        highest = _highest(ensemble.intercepts, ensemble.n_neurons)
        if highest > INTERCEPT_LIMIT:
            yield Finding(
                graph.name(ensemble),
                f"has intercepts up to {highest:.3g}, which nengo-loihi reduces to "
                f"{INTERCEPT_LIMIT}",
                value=highest,
                limit=INTERCEPT_LIMIT,
            )


def _highest(intercepts: Any, n: int) -> float:
    if isinstance(intercepts, Uniform):
        return float(max(intercepts.low, intercepts.high))
    if isinstance(intercepts, Distribution):
        return float(np.max(get_samples(intercepts, n, rng=np.random.RandomState(SEED))))
    return float(np.max(intercepts))


@rule(
    "ND117",
    "warning",
    "learning counts amplitudes as Nengo does",
    remedy="Scale the learning rate by the square of the amplitude.",
)
def learned_amplitude(graph: Graph) -> Iterator[Finding]:
    """On the chip, PES counts every spike of the sending neurons as 1. Nengo counts it with its
    amplitude, twice: in the change of the decoders, and in the decoded value. The chip therefore
    learns 1 / amplitude squared times as fast. With an amplitude of 1/250, that of a dense layer
    at 250 Hz, it reaches 0.469 of 0.5 in one second; Nengo reaches 0.000.
    """
    for conn in graph.network.all_connections:
        amplitude = getattr(getattr(conn.pre_obj, "neuron_type", None), "amplitude", 1.0)
        if amplitude == 1 or not graph.on_chip(conn.pre):
            continue
        for pes in _pes_rules(conn):
            factor = 1 / amplitude**2
            yield Finding(
                graph.name(conn),
                f"learns {factor:.4g} times as fast as in Nengo: nengo-loihi ignores the "
                f"amplitude of {graph.name(conn.pre_obj)}, {amplitude:.4g}",
                f"For Nengo's speed use a learning rate of {pes.learning_rate / factor:.3g} on "
                f"the chip; for this speed in Nengo, {pes.learning_rate * factor:.3g} there.",
                value=factor,
                limit=1,
                unit="times",
            )


def _pes_rules(conn: nengo.Connection) -> list[nengo.PES]:
    kinds = conn.learning_rule_type
    listed = list(kinds.values()) if isinstance(kinds, dict) else kinds
    listed = listed if isinstance(listed, list | tuple) else [listed]
    return [kind for kind in listed if isinstance(kind, nengo.PES)]


@rule(
    "ND118",
    "error",
    "each connection is in the network once",
    remedy="Take it out once, with net.connections.remove(connection); Nengo adds each connection "
    "to the network in whose 'with' block it is made.",
)
def connection_twice(network: nengo.Network, graph: Graph) -> Iterator[Finding]:
    """Nengo builds a connection once, however often it is in a network. nengo-loihi builds those
    between host and chip as often as they are in it, and those that lead to a learning rule, so
    what they send counts double. It does not warn of it.
    """
    networks = dict.fromkeys([network, *network.all_networks])
    times = Counter(conn for each in networks for conn in each.connections)
    kept = {link.path[0]: link for link in graph.links if len(link.path) == 1}
    for conn, n in times.items():
        link = kept.get(conn)
        if n > 1 and link is not None and _crosses(graph, link):
            yield Finding(
                graph.name(conn),
                f"is in the network {n} times, and counts {n} times on the chip",
                value=n,
                limit=1,
                unit="times",
            )


def _crosses(graph: Graph, link: Link) -> bool:
    """Tell whether a link is between host and chip, or to a learning rule."""
    learns = isinstance(link.post_obj, LearningRule)
    return learns or graph.on_chip(link.pre) != graph.on_chip(link.post)
