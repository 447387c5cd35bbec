"""The nodes and edges of a NIR graph, from a deployment.

A node adds up whatever arrives at it, so a layer that reads several others has a node of weights
for each. A file is read in the alphabetical order of its nodes, and nirtorch 2.0.2 gives up where
that is not their order in the graph: names begin with input, layer, logits and output.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nengo_dense.export.chip_layer import ChipLayer
from nengo_dense.export.deployment import Deployment
from nengo_dense.export.nir_reader import Reader
from nengo_dense.export.wiring import Population
from nengo_dense.importers.from_nir.nir_importer import READER, READOUT
from nengo_dense.loihi.limits import DECAY_BITS

#: Decay constants are of this.
WHOLE = 1 << DECAY_BITS
#: Steps, in place of endlessly many, of a neuron that does not leak.
ENDLESS = 1e8


class NirGraph:
    """A graph in the making.

    Parameters
    ----------
    nir : module
    deployment : Deployment
    reader : Reader
    host : bool
        Whether the graph begins with the host's neurons, or with their spikes.
    """

    def __init__(self, nir: Any, deployment: Deployment, reader: Reader, host: bool) -> None:
        self._nir, self._deployment, self._reader, self._host = nir, deployment, reader, host
        self._wiring = deployment.wiring
        self._nodes: dict[str, Any] = {}
        self._edges: list[tuple[str, str]] = []
        #: Input or population -> node that gives its values
        self._ends: dict[str, str] = {}

    def make(self) -> Any:
        """Add everything; return a nir.NIRGraph."""
        self._add_inputs()
        if self._host:
            for number, (name, population) in enumerate(self._wiring.host.items()):
                self._add_host(number, name, population)
        n_host = len(self._wiring.host) if self._host else 1
        for number, layer in enumerate(self._deployment.layers):
            self._add_chip(number + n_host, layer)
        metadata = self._add_outputs()
        return self._nir.NIRGraph(self._nodes, self._edges, metadata)

    def _add_inputs(self) -> None:
        wiring = self._wiring
        parts = wiring.inputs if self._host else {n: p.part for n, p in wiring.host.items()}
        for number, (name, part) in enumerate(parts.items()):
            node = _named("input", number, name, parts)
            size = np.array([part.stop - part.start])
            self._nodes[node] = self._nir.Input({"input": size})
            self._ends[name] = node

    def _add_host(self, number: int, name: str, population: Population) -> None:
        host, dt = self._deployment.host, self._deployment.dt
        gain = host.gain[population.part, np.newaxis] * dt
        columns = self._wiring.columns(population.sources)
        weights = gain * host.weights[population.part][:, columns]
        affine = self._nir.Affine(weights, host.bias[population.part] * dt)
        neurons = rectifiers(self._nir, population.n_neurons)
        self._add_layer(number, name, population.sources, affine, neurons)

    def _add_chip(self, number: int, layer: ChipLayer) -> None:
        p = layer.parameters
        vth = p["vth"].astype(float)
        weights, bias = layer.weights / vth[:, np.newaxis], p["bias"] / vth
        keep = p["keep_u"] / WHOLE
        if self._reader.node == "IF":
            charge = 1 / (1 - keep)
            affine = self._nir.Affine(weights * charge[:, np.newaxis], bias)
            neurons = rectifiers(self._nir, layer.n_neurons)
        else:
            leak = np.maximum(1 - p["keep_v"] / WHOLE, 1 / ENDLESS)
            dt = self._deployment.dt
            affine, neurons = self._reader.cuba(self._nir, (weights, bias), keep, leak, dt)
        self._add_layer(number, layer.label, layer.sources, affine, neurons)

    def _add_layer(
        self, number: int, name: str, sources: Iterable[str], affine: Any, neurons: Any
    ) -> None:
        node = f"layer{number:02d}_neurons"
        self._nodes_of_weights(f"layer{number:02d}_affine", node, sources, affine)
        self._nodes[node] = neurons
        self._ends[name] = node

    def _nodes_of_weights(self, name: str, end: str, sources: Iterable[str], affine: Any) -> None:
        """Add a node of weights for each source, the first with the bias, and edges."""
        start = 0
        for number, source in enumerate(sources):
            stop = start + len(self._wiring.columns([source]))
            weights, node = affine.weight[:, start:stop], f"{name}{number or ''}"
            if hasattr(affine, "bias"):
                bias = affine.bias if number == 0 else np.zeros_like(affine.bias)
                self._nodes[node] = self._nir.Affine(weights, bias)
            else:
                self._nodes[node] = self._nir.Linear(weights)
            self._edges += [(self._ends[source], node), (node, end)]
            start = stop

    def _add_outputs(self) -> dict[str, str]:
        """Add what gives logits; return notes of the heads, for which NIR has no nodes."""
        readout, inputs = self._deployment.readout, self._wiring.inputs
        outputs = self._wiring.outputs
        metadata = {READER: str(self._reader.name)} if self._reader.bias_in_leak else {}
        columns = {
            name: np.isin(readout.columns, self._wiring.columns([name]))
            for name in self._wiring.populations
        }
        for number, (name, output) in enumerate(outputs.items()):
            matrices = [
                readout.direct[output.part, inputs[source]]
                if source in inputs
                else readout.weights[output.part][:, columns[source]]
                for source in output.weights
            ]
            affine = self._nir.Affine(np.concatenate(matrices, axis=1), output.bias)
            node = _named("output", number, name, outputs)
            logits = _named("logits", number, name, outputs)
            self._nodes_of_weights(logits, node, output.weights, affine)
            size = np.array([len(output.bias)])
            self._nodes[node] = self._nir.Output({"output": size})
            metadata |= head_note(output.head, "" if len(outputs) == 1 else f"_{node}")
        return metadata


def rectifiers(nir: Any, n: int) -> Any:
    """Make neurons that add up what arrives, of unit threshold."""
    return nir.IF(r=np.ones(n), v_threshold=np.ones(n), v_reset=np.zeros(n))


def head_note(head: str, end: str = "") -> dict[str, str]:
    """Note a head for which the graph has no node."""
    return {} if head == "linear" else {f"{READOUT}{end}": head}


def _named(kind: str, number: int, name: str, among: Mapping[str, Any]) -> str:
    """Name a node: with a number and the name where there are several of the kind."""
    plain = re.sub(r"\W", "_", name)
    return kind if len(among) == 1 else f"{kind}{number:02d}_{plain}"
