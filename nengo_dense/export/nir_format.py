"""NIR graphs (Neuromorphic Intermediate Representation) of a tuned network, and who reads them.

NIR says in differential equations what a neuron is, and readers make steps of it, each its own
way. So a graph is written for a reader (`.nir_reader`), in the units that this reader takes.

- ``IF`` neurons get what a spike brings in all, after the synapse's decay, at once.
- ``CubaLIF`` neurons have the synapse: a current of the time constant that the chip's decay stands
  for. Their bias comes through that synapse too, or is ``v_leak``.

All thresholds are 1, weights and biases are the tuned integers divided by theirs.
"""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense import compat, files
from nengo_dense.budget import DATA
from nengo_dense.exceptions import ConversionError
from nengo_dense.export.deployment import Deployment
from nengo_dense.export.network_format import NetworkFormat, Produce
from nengo_dense.export.nir_graph import WHOLE, NirGraph, head_note, rectifiers
from nengo_dense.export.nir_reader import READERS, Reader
from nengo_dense.importers.form.folding import fold, operations_of
from nengo_dense.importers.form.normal_form import normal_form
from nengo_dense.importers.form.spec import DenseSpec
from nengo_dense.importers.hdf5 import Hdf5File
from nengo_dense.layers.exporter import Export
from nengo_dense.layers.graph import AnyDense
from nengo_dense.plugins import show

#: Stands in messages for a model that is a list of layers.
LIST = "The list of layers"


def _is_nir(file: BinaryIO) -> bool:
    with Hdf5File(file.read(DATA.most), "the file") as content:
        return content.has("node") and content.has("version")


class NirFormat(NetworkFormat):
    """Writes NIR graphs for one of `READERS`, or for all that take Affine and IF nodes."""

    name = "NIR"
    writes = "a NIR graph, for many simulators"
    suffixes = (".nir",)
    kind = files.Kind("a NIR file", _is_nir)

    def __init__(self, reader: str | None = None, host: bool | None = None) -> None:
        self.reader = choose_reader(reader)
        self.host = self.reader.host if host is None else host

    def export(
        self,
        stack: AnyDense,
        path: str | Path,
        *,
        samples: Any = None,
        presentation_time: float | None = None,
        dt: float | None = None,
        reader: str | None = None,
        host: bool | None = None,
    ) -> Export:
        """Write a graph.

        Parameters
        ----------
        stack, path, samples, presentation_time, dt
            As in `NetworkFormat.export`.
        reader : {"snntorch", "norse", "sinabs", "spinnaker2", "rockpool"}, optional
            Who will read the file. If not given, Affine and IF nodes are written, the plainest.
        host : bool, optional
            Whether the graph begins with the host's neurons, so that its input are samples, or
            with the chip, so that its input are the host's spikes. Default: whether the reader
            has neurons as the host's.
        """
        compat.require("nir", "Writing a NIR graph")
        chosen = NirFormat(reader, host)
        return chosen._export(stack, path, samples, presentation_time, dt)

    def problems(self, deployment: Deployment) -> list[str]:
        """Refuse what the reader's neurons cannot do."""
        found = []
        if self.host and not self.reader.host:
            found.append(
                f"reader={self.reader.name!r} has no neurons as the host's: "
                f"{self.reader.no_host}; leave host=True out, and give the graph the host's spikes"
            )
        if self.reader.no_joins and not deployment.wiring.is_chain:
            found.append(
                f"reader={self.reader.name!r} takes chains of layers alone: "
                f"{self.reader.no_joins}; leave reader= out for what NIR itself can hold, or "
                "write it as .c"
            )
        if not self.host and deployment.readout.direct.any():
            found.append(
                "an output reads an input without neurons between, and a graph that begins with "
                "the chip has only spikes; leave host=False out, or write it as .c"
            )
        for layer in deployment.layers:
            p = layer.parameters
            if (p["refract"] > 1).any():
                found.append(
                    f"{layer.label} has a refractory period, which no node of NIR has; convert "
                    "with tau_ref=0 or with rectified linear neurons"
                )
            if self.reader.node == "IF" and (p["keep_v"] < WHOLE - 1).any():
                found.append(
                    f"{layer.label} has leaky neurons, which IF nodes are not; convert with "
                    "rectified linear neurons, or give reader='snntorch', 'norse' or 'rockpool'"
                )
        if deployment.readout.synapse is not None:
            found.append(
                f"its readout has a synapse ({deployment.readout.synapse}), which the last Affine "
                "node lacks; convert with a synapse of None for the readout"
            )
        return found

    def differences(self, deployment: Deployment) -> list[str]:
        """Say what the reader does otherwise."""
        late = [
            population.layer.label
            for population in deployment.wiring.host.values()
            if self.host and population.layer.start
        ]
        floors = [layer.label for layer in deployment.layers if not layer.parameters["vmin"].any()]
        sentences = list(self.reader.differences)
        if not deployment.wiring.is_chain:
            sentences.append(
                "layers join: of the readers known here none was found to run that; nirtorch "
                "2.0.2, by which most of them read, gives wrong values without a word"
            )
        if late:
            sentences.append(
                f"no initial voltage: neurons of {', '.join(late)} start part of the way to their "
                "first spike, and here at 0, so that many send a spike less, which costs most "
                "where few fit in; host=False leaves them to whoever encodes samples as the "
                "vectors say"
            )
        if floors and not self.reader.floor:
            sentences.append(
                f"no floor: neurons of {', '.join(floors)} cannot fall below 0 on the chip, and "
                "here they remember what is negative; convert with target='lava' for none"
            )
        return sentences

    def files(self, deployment: Deployment, path: Path) -> dict[Path, Produce]:
        """Return what writes the graph."""
        nir = compat.require("nir", "Writing a NIR graph")
        content = BytesIO()
        nir.write(content, NirGraph(nir, deployment, self.reader, self.host).make())
        _leave_out_resets(content)
        return {path: lambda file: file.write(content.getvalue())}


def _leave_out_resets(content: BytesIO) -> None:
    """Remove ``v_reset``, which NIR 1.0.4 does not know (sinabs and snnTorch may come with it).

    It is 0 everywhere, as later versions take it to be where it is missing.
    """
    with h5py.File(content, "r+") as file:
        for node in file["node/nodes"].values():
            if "v_reset" in node:
                del node["v_reset"]


def choose_reader(name: str | None) -> Reader:
    """Look a reader up.

    Raises
    ------
    nengo.exceptions.ValidationError
        One that is not known.
    """
    if name is not None and (not isinstance(name, str) or name not in READERS):
        known = ", ".join(repr(each) for each in READERS if each)
        raise ValidationError(f"must be one of {known} or None, got {show(name)}", attr="reader")
    return READERS[name]


def to_nir(specs: Sequence[DenseSpec]) -> Any:
    """Write a source model's layers as a NIR graph, rectifiers as IF neurons of unit threshold.

    These are the weights as the source has them. `NirFormat` writes the tuned network.

    Parameters
    ----------
    specs : sequence of DenseSpec

    Returns
    -------
    graph : nir.NIRGraph
        ``nir.write`` stores it. NIR has no softmax: the graph ends with the logits, and its
        metadata says that a softmax belongs behind them.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        An activation that is not made of straight pieces.
    """
    nir = compat.require("nir", "Exporting a NIR graph")
    form = normal_form(LIST, fold(LIST, operations_of(specs)))
    if form.fits:
        text = (
            "layer {!r}: IF neurons only come close to its activation; convert the model, and "
            "export the stack, whose activations are fitted to calibration data"
        )
        raise ConversionError(LIST, [text.format(label) for label in form.fits])
    specs = form.layers
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array([specs[0].n_in])})}
    for index, spec in enumerate(specs):
        nodes[f"affine_{index}"] = nir.Affine(
            weight=np.array(spec.weights), bias=np.array(spec.bias)
        )
        if spec.activation == "relu":
            nodes[f"if_{index}"] = rectifiers(nir, spec.n_out)
    nodes["output"] = nir.Output({"output": np.array([specs[-1].n_out])})
    head = specs[-1].activation
    return nir.NIRGraph(
        nodes, list(pairwise(nodes)), head_note("linear" if head == "relu" else head)
    )
