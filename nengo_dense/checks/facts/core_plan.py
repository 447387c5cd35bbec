"""The contents of every core by arithmetic: how nengo-loihi would divide dense layers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import nengo
from nengo.ensemble import Neurons
from nengo.exceptions import BuildError

from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.link import Link
from nengo_dense.loihi.limits import (
    MAX_COMPARTMENTS,
    MAX_IN_AXONS,
    MAX_OUT_AXONS,
    MAX_SYNAPSE_BITS,
)
from nengo_dense.loihi.membership import base
from nengo_dense.loihi.partition import Population, axon_bits, ceil_div, partition

#: Pairs of decode neurons for each dimension of a decoded connection on the chip
#: (nengo-loihi 1.1.0, ``Preset10DecodeNeurons``: ten pairs of an on and an off neuron).
DECODE_PAIRS = 10


@dataclass(frozen=True)
class Core:
    """The resources of a core that one block of a layer takes."""

    n_compartments: int
    n_in_axons: int
    n_out_axons: int
    synapse_bits: int


@dataclass
class LayerCores:
    """A layer on its cores.

    Attributes
    ----------
    name : str
    ensemble : nengo.Ensemble or None
    cores : list of Core
    receivers : list of str
        Names of the layers on the chip that this one sends to.
    """

    name: str
    ensemble: nengo.Ensemble | None
    cores: list[Core]
    receivers: list[str] = field(default_factory=list)

    @property
    def n_neurons(self) -> int:
        """Number of neurons on all cores."""
        return sum(core.n_compartments for core in self.cores)


@dataclass
class _Group:
    """Neurons to be placed on cores, with their inputs and receivers.

    ``n_in_axons`` counts the input axons of dense synapses. Each receiver has its index, the
    neurons that send to it, and the number of its axons that they share.
    """

    name: str
    ensemble: nengo.Ensemble | None
    n_neurons: int
    n_in_axons: int = 0
    out: list[tuple[int, int, int]] = field(default_factory=list)
    n_blocks: int | None = None
    size: int = 0


def plan(graph: Graph) -> list[LayerCores]:
    """Compute how nengo-loihi would place dense layers on cores.

    Raises
    ------
    nengo.exceptions.BuildError
        There are convolutions or sparse connections, which this arithmetic does not support.
    """
    groups = _groups(graph)
    _divide(groups, graph)
    return [_cores(group, groups) for group in groups if group.n_neurons]


def _groups(graph: Graph) -> list[_Group]:
    groups = [_Group(graph.name(ens), ens, ens.n_neurons) for ens in graph.chip]
    index = {ens: i for i, ens in enumerate(graph.chip)}
    encoders: set[tuple[int, str]] = set()
    for link in graph.links:
        pre, post = base(link.pre), base(link.post)
        if post in index:
            _require_dense(link, graph)
        source = index.get(pre)
        if post in index and isinstance(link.post_obj, Neurons):
            _add_weights(groups, source, index[post], link)
        elif post in index and link.path[0].solver.weights and source is not None:
            _connect(groups, source, index[post], groups[source].n_neurons)
        elif post in index:
            _add_encoded(groups, source, index[post], link, encoders, graph)
        elif source is not None and not isinstance(link.pre_obj, Neurons):
            _add_decoder(groups, source, f"decoders of {graph.name(link)}", link.post.size_in)
    for probe in graph.network.all_probes:
        if probe.obj in index and probe.attr == "decoded_output":
            _add_decoder(
                groups, index[probe.obj], f"decoders of {graph.name(probe)}", probe.target.size_out
            )
    return groups


def _require_dense(link: Link, graph: Graph) -> None:
    for transform in link.transforms:
        if type(transform).__name__ != "Dense":
            raise BuildError(
                "without a build, capacity is only computed for dense connections, but "
                f"{graph.name(link)} is a {type(transform).__name__}; use build=True"
            )


def _connect(groups: list[_Group], source: int | None, target: int, n_axons: int) -> None:
    groups[target].n_in_axons += n_axons
    if source is not None:
        groups[source].out.append((target, n_axons, n_axons))


def _add_weights(groups: list[_Group], source: int | None, target: int, link: Link) -> None:
    if isinstance(link.pre_obj, Neurons):
        _connect(groups, source, target, link.pre.size_out)
    elif source is None:  # a value from the host: an on and an off neuron for each dimension
        _connect(groups, None, target, 2 * link.path[0].size_mid)


def _add_encoded(
    groups: list[_Group],
    source: int | None,
    target: int,
    link: Link,
    encoders: set[tuple[int, str]],
    graph: Graph,
) -> None:
    """Add a connection into an ensemble's value; all such connections share the encoders."""
    ensemble = groups[target].ensemble
    assert ensemble is not None
    from_value = source is None and not isinstance(link.pre_obj, Neurons)
    kind = "node" if from_value else "decoded"
    if (target, kind) not in encoders:
        encoders.add((target, kind))
        groups[target].n_in_axons += 2 * ensemble.dimensions
    if from_value:
        return
    n_pairs = link.path[-1].size_out
    n_axons = link.pre.size_out if isinstance(link.pre_obj, Neurons) else base(link.pre).n_neurons
    decoder = _Group(f"decoders of {graph.name(link)}", None, 2 * DECODE_PAIRS * n_pairs)
    decoder.out.append((target, decoder.n_neurons, 2 * n_pairs))
    groups.append(decoder)
    _connect(groups, source, len(groups) - 1, n_axons)


def _add_decoder(groups: list[_Group], source: int, name: str, dimensions: int) -> None:
    """Add the neurons whose voltage nengo-loihi reads as a decoded value."""
    groups.append(_Group(name, None, 2 * dimensions))
    _connect(groups, source, len(groups) - 1, groups[source].n_neurons)


def _divide(groups: list[_Group], graph: Graph) -> None:
    """Find the block size of each group: its own shape, the layer's partition, or the default."""
    layers = _partitioned(graph)
    for group in groups:
        shape = _block_shape(graph, group.ensemble)
        group.n_blocks = int(shape.n_splits) if shape is not None else _default_blocks(group)
        group.size = int(shape.block_size) if shape is not None else 0
        if shape is None and group.ensemble in layers:
            group.n_blocks = None
    populations = [
        Population(g.name, g.n_neurons, g.n_in_axons, [(t, 1) for t, *_ in g.out], g.n_blocks)
        for g in groups
    ]
    sizes = _sizes(populations, [_default_blocks(group) for group in groups])
    for group, size in zip(groups, sizes, strict=True):
        group.size = group.size or size or 1


def _sizes(populations: list[Population], default: list[int]) -> Sequence[int]:
    """Partition the layers without a block shape; if nothing fits, use nengo-loihi's division."""
    try:
        if any(population.n_blocks is None for population in populations):
            return partition(populations)
    except BuildError:  # ND202 or ND203 reports the layer, with the numbers below
        return [ceil_div(p.n_neurons, n) for p, n in zip(populations, default, strict=True)]
    return [ceil_div(p.n_neurons, p.n_blocks or 1) for p in populations]


def _partitioned(graph: Graph) -> set[nengo.Ensemble]:
    """List the ensembles of layers that choose their own block shape (they have a placement)."""
    nets = (graph.network, *graph.network.all_networks)
    placements: list[Any] = [getattr(net, "placement", None) for net in nets]
    return {
        p.ensemble for p in placements if isinstance(getattr(p, "ensemble", None), nengo.Ensemble)
    }


def _block_shape(graph: Graph, ensemble: nengo.Ensemble | None) -> Any:
    return None if ensemble is None else graph.network.config[ensemble].block_shape


def _default_blocks(group: _Group) -> int:
    """Count the blocks that nengo-loihi itself divides a layer into."""
    return max(
        1,
        ceil_div(group.n_neurons, MAX_COMPARTMENTS),
        ceil_div(group.n_in_axons, MAX_IN_AXONS),
        ceil_div(sum(n for _, n, _ in group.out), MAX_OUT_AXONS),
        ceil_div(group.n_in_axons * axon_bits(group.n_neurons), MAX_SYNAPSE_BITS),
    )


def _cores(group: _Group, groups: list[_Group]) -> LayerCores:
    sizes = [
        min(group.size, group.n_neurons - start) for start in range(0, group.n_neurons, group.size)
    ]
    found = []
    for size in sizes:
        n_out = 0
        for target, n_senders, n_axons in group.out:
            n_blocks = ceil_div(groups[target].n_neurons, groups[target].size)
            # Neurons that share an axon (decoders do) take it once per core.
            share = min(size, n_axons) if n_senders == group.n_neurons else min(size, n_senders)
            n_out += share * n_blocks
        bits = group.n_in_axons * axon_bits(size)
        found.append(Core(size, group.n_in_axons, n_out, bits))
    return LayerCores(
        group.name, group.ensemble, found, [groups[target].name for target, *_ in group.out]
    )
