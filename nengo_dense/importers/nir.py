r"""NIR graphs (Neuromorphic Intermediate Representation [1]_): affine maps and spiking neurons.

A dense layer here is a rate: what counts of a neuron is how often it fires for a constant
input. With a mean input :math:`I`, and :math:`u = R I` for IF, :math:`u = R I + v_{leak}` else:

- ``IF`` fires at :math:`\max(0, u / (v_{threshold} - v_{reset}))`: exactly a rectifier.
- ``LIF`` fires at :math:`1 / (\tau \ln((u - v_{reset}) / (u - v_{threshold})))` once :math:`u`
  exceeds the threshold. Its asymptote :math:`(u - (v_{threshold} + v_{reset}) / 2) / (\tau
  (v_{threshold} - v_{reset}))` is a rectifier that is never more than :math:`1 / (2 \tau)` off,
  and most at the threshold. It is taken, with a warning that gives this number.
- ``CubaLIF`` is that behind a filter with the gain ``w_in``. The filter's time constant smooths
  and does not change a mean, so it is left out.
- ``LI`` and ``CubaLI`` as readout settle at :math:`R I + v_{leak}`: a scaling.

What has no rate of this kind is refused: ``Threshold`` (it fires or does not), ``I`` (it grows
without bound), ``Delay``, convolution, recurrence, negative resistances.

References
----------
.. [1] J. E. Pedersen et al., "Neuromorphic intermediate representation", Nature Communications
   15, 8122 (2024).
"""

import warnings
from io import BytesIO
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.budget import LAYERS, current
from nengo_dense.exceptions import FileFormatError
from nengo_dense.heads import HEADS
from nengo_dense.importers.chain_order import chain
from nengo_dense.importers.file import existing, suffix
from nengo_dense.importers.hdf5 import Hdf5File
from nengo_dense.importers.importer import is_of_nir
from nengo_dense.importers.operation import (
    Activation,
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    attempt,
    unsupported,
)
from nengo_dense.importers.source_model import SourceModel

Operations = list[Operation]

#: Why nodes that NIR has are not converted.
REFUSED = {
    "Threshold": "it fires or does not, without a rate; use IF neurons",
    "I": "an integrator grows without bound; end the graph before it",
    "Delay": "a rate has no delay; remove it",
}

#: Key in a graph's metadata for the readout that NIR has no node for.
READOUT = "nengo_dense_readout"


class NirImporter:
    """Reads NIR graphs and ``.nir`` files as rate networks; see the module for their meaning."""

    reads = "NIR graphs of Affine/Linear and IF/LIF/CubaLIF nodes (or a path to a .nir file)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether this is a NIR graph, its nodes, or the path of a ``.nir`` file."""
        if isinstance(model, list | tuple):
            return bool(model) and all(map(is_of_nir, model))
        return suffix(model) == ".nir" or is_of_nir(model)

    def read(self, model: Any) -> SourceModel:
        """Read the layers of the graph."""
        name = "NIR graph"
        if suffix(model) == ".nir":
            name, model = f"NIR file {model}", _load(model)
        if not hasattr(model, "nodes"):
            nodes = model if isinstance(model, list | tuple) else [model]
            model = compat.require("nir", "Reading a NIR node").NIRGraph.from_list(*nodes)
        current().take(LAYERS, len(model.nodes), name)
        leaky: dict[str, float] = {}
        operations = _graph(model, "", leaky)
        head = model.metadata.get(READOUT)
        head = head.decode() if isinstance(head, bytes) else head
        if isinstance(head, str) and head in HEADS:
            operations += activation(head, READOUT)
        source = SourceModel(name, operations, why_not="a NIR graph only speaks in spikes")
        if leaky:
            worst = ", ".join(f"{label} {error:.3g} Hz" for label, error in leaky.items())
            warnings.warn(
                f"{name}: leaky neurons have no exact rectifier; their rate curves are "
                f"replaced by the asymptote, which near the threshold is too high by up to: "
                f"{worst}. Train with IF neurons for an exact conversion",
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
    """Read a graph, also one whose shapes differ by an axis of one sample, which NIR refuses."""
    try:
        return nir.read(file)
    except ValueError as err:
        if "type mismatch" not in str(err):
            raise
    file.seek(0)
    graph = nir.read(file, type_check=False)
    if not {name for edge in graph.edges for name in edge} <= set(graph.nodes):
        raise ValueError("it connects nodes that it lacks")
    return graph


def _graph(graph: Any, prefix: str, leaky: dict[str, float]) -> Operations:
    """Return the operations of a graph and of those in it; note the leaky nodes' errors."""
    inputs: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        inputs[target].append(source)
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    order, problems = chain(inputs, [name for name, kind in kinds.items() if kind == "Output"])
    operations: Operations = [Problem(prefix + text) for text in problems]
    for name in order:
        label, node = prefix + name, graph.nodes[name]
        if kinds[name] == "NIRGraph":
            steps = _graph(node, f"{label}/", leaky)
        else:
            steps = attempt(label, _node, node, label, leaky)
        operations += [step for step in steps if not problems or isinstance(step, Problem)]
    return operations


def _node(node: Any, label: str, leaky: dict[str, float]) -> Operations:
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        return []
    if kind == "Flatten":
        sizes = np.asarray(node.output_type["output"])
        flat = np.count_nonzero(sizes != 1) <= 1  # perhaps with an axis of one sample
        return [] if flat else [unsupported(label, "Flatten to several dimensions", kind)]
    if kind in ("Affine", "Linear"):
        return [Affine(node.weight, getattr(node, "bias", None), label)]
    if kind == "Scale":
        return [Scaling(_vector(node.scale), 0.0, label)]
    if kind in ("LI", "CubaLI"):
        gain = _vector(node.r) * _vector(getattr(node, "w_in", 1.0))
        return [Scaling(gain, _vector(node.v_leak), label)]
    if kind in ("IF", "LIF", "CubaLIF"):
        return _spiking(node, label, leaky)
    if kind in REFUSED:
        return [Problem(f"layer {label!r}: {kind} is not supported; {REFUSED[kind]}")]
    return [unsupported(label, kind, kind)]


def _spiking(node: Any, label: str, leaky: dict[str, float]) -> Operations:
    gain = _vector(node.r) * _vector(getattr(node, "w_in", 1.0))
    v_threshold, v_reset = _vector(node.v_threshold), _vector(node.v_reset)
    height = v_threshold - v_reset
    tau = getattr(node, "tau", getattr(node, "tau_mem", None))
    if np.any(gain <= 0) or np.any(height <= 0) or (tau is not None and np.any(tau <= 0)):
        return [
            Problem(
                f"layer {label!r}: r, w_in, time constants and v_threshold - v_reset must be "
                "positive for a rate that rises with the input; move signs into the weights"
            )
        ]
    if tau is None:
        return [Scaling(gain / height, 0.0, label), Activation("relu", label)]
    tau = _vector(tau)
    leaky[label] = float(np.max(0.5 / tau))
    middle = _vector(node.v_leak) - (v_threshold + v_reset) / 2
    return [
        Scaling(gain / (tau * height), middle / (tau * height), label),
        Activation("relu", label),
    ]


def _vector(values: Any) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    flat: np.ndarray = values.reshape(()) if values.size == 1 else values.ravel()
    return flat
