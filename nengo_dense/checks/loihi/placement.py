"""ND100, ND101, ND108-ND112: does it build, and is everything where it was meant to be."""

from collections.abc import Iterator
from typing import Any

import nengo
from nengo.connection import LearningRule

from nengo_dense.checks.loihi.construction import Trouble
from nengo_dense.checks.loihi.emulation import Emulation
from nengo_dense.checks.loihi.graph import Graph, base
from nengo_dense.checks.loihi.quantization import Discretization
from nengo_dense.checks.rule import Finding, rule


@rule(
    "ND100",
    "error",
    "nengo-loihi builds the network",
    remedy="Change what the message names; `nengo-dense rules` lists what else is known.",
)
def passed_on(
    graph: Graph,
    troubles: list[Trouble],
    discretization: Discretization | None = None,
    validation: Exception | None = None,
    trial: Emulation | None = None,
) -> Iterator[Finding]:
    """nengo-loihi could not build or run the network, for a reason that no other rule explains.
    Its own message is passed on, with the object it was at. The rest of the network is built all
    the same, so there is one finding for each object that fails. An error in a Python function
    of a node shows here too, if the network is run.
    """
    found = list(troubles)
    if discretization is not None:
        found += [Trouble(layer.name, error) for layer, error, _ in discretization.errors]
    whole = graph.name(graph.network)
    if validation is not None:
        found.append(Trouble(whole, validation))
    if trial is not None and trial.error is not None:
        found.append(Trouble(whole, trial.error))
    for trouble in found:
        yield Finding(trouble.target, f"nengo-loihi says: {trouble.text}")


@rule(
    "ND101",
    "error",
    "something is on the chip",
    remedy="Leave at least one layer on the chip (on_chip=True, which is the default).",
    says=("No neurons marked for execution on-chip",),
)
def nothing_on_chip(graph: Graph) -> Iterator[Finding]:
    """nengo-loihi refuses a network of which no neurons are on the chip. An empty network, one
    that consists of nodes, and one in which every layer has ``on_chip=False`` are such.
    """
    if not graph.chip:
        n = len(graph.network.all_ensembles)
        what = f"all {n} ensembles are on the host" if n else "there are no neurons at all"
        yield Finding(graph.name(graph.network), what, value=0, limit=1, unit="ensembles")


@rule(
    "ND108",
    "error",
    "there are no NengoDL-only objects",
    remedy="Replace it; for a softmax use nengo_dense.SoftmaxNode.",
    says=("Cannot call TensorNode", "TensorNode"),
)
def tensor_node(graph: Graph) -> Iterator[Finding]:
    """A TensorNode holds a TensorFlow function, which only NengoDL can call. NengoDL's converter
    leaves one for each Keras layer that it cannot translate, a softmax among them.
    """
    for node in graph.network.all_nodes:
        if any(cls.__name__ == "TensorNode" for cls in type(node).__mro__):
            yield Finding(graph.name(node), "is a TensorNode, which only NengoDL can run")


@rule(
    "ND109",
    "error",
    "probes on the chip record every step",
    remedy="Leave sample_every out and take every n-th row of the data afterwards.",
    says=("sample_every not implemented",),
)
def sampled_probe(graph: Graph, dt: float) -> Iterator[Finding]:
    """nengo-loihi accepts ``sample_every`` and fails with an AssertionError after the run, when
    the data is read.
    """
    for probe in graph.network.all_probes:
        if probe.sample_every is not None and graph.on_chip(probe.target):
            yield Finding(
                graph.name(probe),
                f"records every {probe.sample_every:g} s, which nengo-loihi has not implemented "
                "on the chip",
                value=probe.sample_every,
                limit=dt,
                unit="s",
            )


@rule(
    "ND110",
    "error",
    "placement is configured where nengo-loihi reads it",
    remedy="Set it on the top-level network: net.config[ensemble].on_chip = ..., "
    "or use nengo_dense.DenseLayer, which carries its placement along.",
)
def misplaced_config(network: nengo.Network, graph: Graph) -> Iterator[Finding]:
    """nengo-loihi reads ``on_chip`` and ``block_shape`` from the configuration of the top-level
    network alone. What a sub-network's configuration says is ignored without a word, and the
    ensemble runs where it was not meant to.
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
                        f"{graph.name(subnet)}, where nengo-loihi does not look; it uses "
                        f"{param} = {_show(used)}",
                    )


def _as_wanted(graph: Graph, ensemble: nengo.Ensemble, wanted: Any) -> bool:
    """Tell whether an ensemble is where it should be in spite of all."""
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
    """A block shape says how an ensemble is divided among cores, so it must be made for as many
    neurons as the ensemble has. nengo-loihi looks when the shape is set; if the ensemble is
    changed afterwards, the build ends in a bare AssertionError.
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
    "nothing goes from the chip over the host back to the chip",
    remedy="Put softmax and function nodes last, or express them as weights.",
    says=("Cannot precompute input",),
)
def host_detour(graph: Graph) -> Iterator[Finding]:
    """What the chip sends to the host and the host sends on to the chip makes a round trip in
    every step: slow on the board, a step late, and impossible with ``precompute=True``. Nothing
    is said of it otherwise.
    """
    after: dict[Any, list[Any]] = {}
    for link in graph.links:
        if not isinstance(link.post_obj, LearningRule):
            after.setdefault(base(link.pre), []).append(base(link.post))
    for link in graph.between(True, False):
        first = base(link.post)
        host, back = {first: None}, []
        for obj in host_reached(first, host, after, graph):
            back += [post for post in after.get(obj, []) if graph.on_chip(post)]
        if back:
            yield Finding(
                graph.name(first),
                f"is on the host between {graph.name(link.pre)} and {graph.name(back[0])}, "
                "which are on the chip",
            )


def host_reached(
    first: Any, seen: dict[Any, None], after: dict[Any, list[Any]], graph: Graph
) -> list[Any]:
    """List what can be reached from an object on the host without entering the chip."""
    queue = [first]
    for obj in queue:
        for post in after.get(obj, []):
            if not graph.on_chip(post) and post not in seen:
                seen[post] = None
                queue.append(post)
    return queue
