"""NIR graphs (Neuromorphic Intermediate Representation [1]_), also with branches.

A node gets the sum of what its edges bring. What the nodes are taken for, as networks of rates, is
in `.nir_nodes`. A graph may have several inputs and outputs, and graphs in it that have one of
each. What no output needs is left out.

References
----------
.. [1] J. E. Pedersen et al., "Neuromorphic intermediate representation", Nature Communications
   15, 8122 (2024).
"""

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Hashable
from functools import partial
from graphlib import CycleError, TopologicalSorter
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from nengo_dense import compat
from nengo_dense.budget import LAYERS, current
from nengo_dense.exceptions import ConversionError, FileFormatError
from nengo_dense.heads import HEADS
from nengo_dense.importers.file import existing, suffix
from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import Operation, Problem, activation, attempt
from nengo_dense.importers.from_nir.nir_nodes import Rates, operations_of_node
from nengo_dense.importers.hdf5 import Hdf5File
from nengo_dense.importers.importer import is_of_nir
from nengo_dense.importers.source_graph import SourceGraph, source_of
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.plugins import show

#: Key in a graph's metadata for the head that NIR has no node for; that of one of several outputs
#: ends in an underscore and the name of its node.
READOUT = "nengo_dense_readout"

#: Key for the reader that a graph was written for, where others take it for something else.
READER = "nengo_dense_reader"

#: Graphs in graphs.
MAX_DEPTH = 100

#: Why a graph is not compared with what was read.
WHY_NOT = "a NIR graph only speaks in spikes"


class NirImporter:
    """Reads NIR graphs and ``.nir`` files as rate networks; see the module for their meaning."""

    reads = "NIR graphs of Affine/Linear and IF/LIF/CubaLIF nodes (or a path to a .nir file)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether this is a NIR graph, its nodes, or the path of a ``.nir`` file."""
        if isinstance(model, list | tuple):
            return bool(model) and all(map(is_of_nir, model))
        return suffix(model) == ".nir" or is_of_nir(model)

    def read(self, model: Any) -> SourceModel | SourceGraph:
        """Read the nodes of the graph."""
        name = "NIR graph"
        if suffix(model) == ".nir":
            name, model = f"NIR file {model}", _load(model)
        if not hasattr(model, "nodes"):
            nodes = model if isinstance(model, list | tuple) else [model]
            nir = compat.require("nir", "Reading a NIR node")
            model = _perhaps_unchecked(partial(nir.NIRGraph.from_list, *nodes))
        rates = Rates()
        source = _source(name, model, rates)
        if rates.errors:
            worst = ", ".join(f"{label} {error:.3g} Hz" for label, error in rates.errors.items())
            warnings.warn(
                f"{name}: leaky neurons have no exact rectifier; their rate curves are "
                f"replaced by the asymptote, which near the threshold is too high by up to: "
                f"{worst}. Train with IF neurons for an exact conversion{rates.unit}",
                stacklevel=2,
            )
        return source


def _load(path: Any) -> Any:
    file = existing(path)
    nir = compat.require("nir", "Reading a NIR file")
    with Hdf5File(file, str(file)) as data:
        copy = data.copy()
    try:
        return _read(nir, copy)
    except Exception as err:  # nir's readers assert and look up what a foreign file lacks
        raise FileFormatError(
            f"{file} is damaged or no NIR file: {type(err).__name__}: {err}"
        ) from err


def _read(nir: Any, file: BytesIO) -> Any:
    def read(**settings: bool) -> Any:
        file.seek(0)
        return nir.read(file, **settings)

    graph = _perhaps_unchecked(read)
    if not {name for edge in graph.edges for name in edge} <= set(graph.nodes):
        raise ValueError("it connects nodes that it lacks")
    return graph


def _perhaps_unchecked(make: Callable[..., Any]) -> Any:
    """Make a graph, also one whose shapes NIR refuses: here they are held against weights.

    They may differ by an axis of one sample, or be those of a number for all neurons.
    """
    try:
        return make()
    except ValueError as err:
        if "type mismatch" not in str(err):
            raise
    return make(type_check=False)


#: A node's name, after those of the graphs that it is in.
Path = tuple[str, ...]


class _Part(NamedTuple):
    """A node, and the paths of those whose values arrive at it."""

    node: Any
    sources: list[Path]


def _kind(node: Any) -> str:
    return type(node).__name__


def _named(graph: Any, kind: str) -> list[str]:
    return [name for name, node in graph.nodes.items() if _kind(node) == kind]


def _flattened(graph: Any, path: Path = ()) -> dict[Path, _Part]:
    """Return the nodes of a graph, and of those in it, in their order."""
    _check_graph(graph, path)
    found: dict[Path, _Part] = {}
    arriving: dict[str, list[Path]] = {name: [] for name in graph.nodes}
    ends = {name: (*path, name) for name in graph.nodes}
    for name, node in graph.nodes.items():
        if _kind(node) == "NIRGraph":
            inputs, outputs = _named(node, "Input"), _named(node, "Output")
            if (len(inputs), len(outputs)) == (1, 1):
                found |= _flattened(node, ends[name])
                ends[name] = (*path, name, outputs[0])
    for source, target in _in_order(graph):
        arriving[target].append(ends[source])
    for name, node in graph.nodes.items():
        full = (*path, name)
        if ends[name] == full:
            found[full] = _Part(node, arriving[name])
        else:  # what arrives at a graph is that of its input
            first = (*full, _named(node, "Input")[0])
            found[first] = found[first]._replace(sources=arriving[name])
    return found


def _edges(graph: Any) -> list[tuple[str, str]]:
    """Return the edges of a graph, or raise a ConversionError for what is no pair of names."""
    given = graph.edges
    edges = given if isinstance(given, Collection) and not isinstance(given, str) else [given]
    for edge in edges:
        is_pair = isinstance(edge, tuple | list | np.ndarray) and len(edge) == 2
        if not (is_pair and all(isinstance(name, Hashable) for name in edge)):
            problem = f"its edges must be pairs of names of nodes, got {show(edge)}"
            raise ConversionError("NIR graph", [problem])
    return [(source, target) for source, target in edges]


def _in_order(graph: Any) -> list[tuple[str, str]]:
    """Return edges in the order of their nodes: some writers give them in that of a set."""
    place = {name: index for index, name in enumerate(graph.nodes)}
    return sorted(_edges(graph), key=lambda edge: (place[edge[1]], place[edge[0]]))


def _check_graph(graph: Any, path: Path) -> None:
    """Refuse edges that say nothing, and graphs in graphs without end."""
    current().take(LAYERS, len(graph.nodes), "NIR graph")
    problems = []
    edges = _edges(graph)
    unknown = {name for edge in edges for name in edge} - set(graph.nodes)
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        problems.append(f"its edges name {names}, which it lacks; add these nodes")
    times = Counter(edges)
    problems += [
        f"it has the edge from {source!r} to {target!r} {n} times, and edges are a set; leave "
        "one, with a nir.Scale in its way if a multiple is meant"
        for (source, target), n in times.items()
        if n > 1
    ]
    if len(path) > MAX_DEPTH:
        problems.append(f"it has graphs in graphs more than {MAX_DEPTH} deep; put nodes outside")
    if problems:
        raise ConversionError("NIR graph", problems)


def _order(name: str, parts: dict[Path, _Part], outputs: list[Path]) -> list[Path]:
    """Return the nodes that outputs need, each after those that it takes, and inputs first."""
    needed: set[Path] = set()
    waiting = list(outputs)
    while waiting:
        path = waiting.pop()
        if path not in needed:
            needed.add(path)
            waiting += parts[path].sources
    sources = {path: part.sources for path, part in parts.items() if path in needed}
    inputs = [path for path in sources if not sources[path]]
    try:
        order = TopologicalSorter(sources).static_order()
        return [*inputs, *(path for path in order if sources[path])]
    except CycleError as err:
        problem = (
            f"layer {_label(err.args[1][0])!r}: its output comes back to its input, and dense "
            "networks have no recurrence; remove the edges back, and train again"
        )
    raise ConversionError(name, [problem])


def _label(path: Path) -> str:
    return "/".join(map(str, path))


def _heads(graph: Any, outputs: list[str]) -> dict[str, str]:
    """Return the heads that are noted, by the names of their outputs."""
    noted = {
        output: graph.metadata.get(READOUT if len(outputs) == 1 else f"{READOUT}_{output}")
        for output in outputs
    }
    texts = {k: _text(v) for k, v in noted.items()}
    return {k: v for k, v in texts.items() if isinstance(v, str) and v in HEADS}


def _text(noted: Any) -> Any:
    """Return what metadata hold, of which files make bytes."""
    return noted.decode() if isinstance(noted, bytes) else noted


def _width(node: Any) -> int | None:
    """Return the number of values of an input, None where its shape is not known."""
    shape = node.input_type["input"]
    return None if shape is None else int(np.prod(shape))


def _graph_node(path: Path, part: _Part, head: str | None, rates: Rates) -> GraphNode:
    """Return a node that adds up what arrives at it; without sources it is an input."""
    node, sources = part
    kind, label = _kind(node), _label(path)
    if kind == "Input" and not sources and len(path) == 1:
        return GraphNode(path, width=_width(node), label=label)
    steps: list[Operation]
    if not sources:
        steps, sources = [Problem(f"layer {label!r}: nothing arrives at it; add an edge")], [()]
    elif kind == "NIRGraph":
        text = "a graph in a graph must have one input and one output; put its nodes outside"
        steps = [Problem(f"layer {label!r}: {text}")]
    else:
        steps = attempt(label, operations_of_node, node, label, rates)
    if head is not None:
        steps = [*steps, *activation(head, READOUT)]
    merge = Merge("sum") if len(sources) > 1 else None
    return GraphNode(path, tuple(sources), steps, merge, label=label)


def _source(name: str, graph: Any, rates: Rates) -> SourceModel | SourceGraph:
    """Read a graph, a chain as such; note what its rates are."""
    parts, outputs = _flattened(graph), _named(graph, "Output")
    if not outputs:
        raise ConversionError(name, ["it has no output; add a nir.Output"])
    if READER in graph.metadata:
        reader = show(_text(graph.metadata[READER]))
        text = f"it was written for {reader}, which takes v_leak for the bias; export the stack "
        raise ConversionError(name, [f"{text}without reader="])
    ends: dict[str, Path] = {output: (output,) for output in outputs}
    heads = {ends[output]: head for output, head in _heads(graph, outputs).items()}
    order = _order(name, parts, list(ends.values()))
    rates.look_at([parts[path].node for path in order])
    nodes = [_graph_node(path, parts[path], heads.get(path), rates) for path in order]
    is_chain = len(outputs) == 1 and all(len(node.sources) < 2 for node in nodes)
    if is_chain:
        operations = [step for node in nodes for step in node.operations]
        return SourceModel(name, operations, why_not=WHY_NOT)
    named = {str(output): path for output, path in ends.items()}
    return source_of(name, nodes, named, why_not=WHY_NOT)
