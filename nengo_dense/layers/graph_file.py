"""The file that a DenseGraph is kept in: of the same kind as a stack's, since version 3.

The header's ``kind`` is ``"graph"``. A layer's matrices lie under ``layer_I_weights_J``, in the
order of the names in the header; an output's likewise.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nengo_dense import files
from nengo_dense.budget import DATA
from nengo_dense.exceptions import FileFormatError
from nengo_dense.files import load_arrays
from nengo_dense.layers.graph_part import GraphLayer, GraphOutput
from nengo_dense.layers.stack_file import (
    FORMAT,
    STACK,
    VERSION,
    check_header,
    describe_neuron,
    describe_synapse,
    made_with,
    make_neuron,
    make_synapse,
    read_encoder,
    store_record,
)


def write(arguments: Mapping[str, Any], path: Path) -> None:
    """Write the arguments of a graph (`DenseGraph.arguments`)."""
    files.check_target(path, STACK)
    arrays: dict[str, Any] = {}
    layers, outputs = arguments["layers"], arguments["outputs"]
    for index, part in enumerate(layers):
        _store(arrays, f"layer_{index}", part)
    for index, part in enumerate(outputs.values()):
        _store(arrays, f"output_{index}", part)
    for index, encoder in enumerate(arguments["encoders"].values()):
        arrays |= {f"encoder_{index}_{name}": np.array(v) for name, v in encoder.items()}
    header = {
        "format": FORMAT,
        "version": VERSION,
        "kind": "graph",
        "inputs": arguments["inputs"],
        "layers": [
            {
                "name": part.name,
                "sources": list(part.weights),
                "max_rate": part.max_rate,
                "on_chip": part.on_chip,
            }
            for part in layers
        ],
        "outputs": [
            {"name": name, "sources": list(part.weights), "head": part.head}
            for name, part in outputs.items()
        ],
        "encoders": list(arguments["encoders"]),
        "synapse": describe_synapse(arguments["synapse"]),
        "neuron_type": describe_neuron(arguments["neuron_type"]),
        **{name: arguments[name] for name in ("columns", "fitted", "label", "seed")},
    }
    header |= store_record(arguments["tuned"], arrays)
    arrays["header"] = np.array(json.dumps(header))
    files.write_arrays(path, arrays, kind=STACK, limit=DATA)


def read(path: Path) -> dict[str, Any]:
    """Read the arguments that make the graph again.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        Not such a file, a damaged one, or one of another version.
    FileNotFoundError
        No file there.
    """
    arrays = load_arrays(path, "a saved DenseGraph", "It is damaged or of another format.")
    header = check_header(path, arrays)
    if header.get("kind") != "graph":
        raise FileFormatError(f"{path} holds a DenseStack; read it with DenseStack.load")
    try:
        return {
            "inputs": dict(header["inputs"]),
            "layers": [
                GraphLayer(
                    item["name"],
                    *_stored(arrays, f"layer_{index}", item["sources"]),
                    item["max_rate"],
                    item["on_chip"],
                )
                for index, item in enumerate(header["layers"])
            ],
            "outputs": {
                item["name"]: GraphOutput(
                    *_stored(arrays, f"output_{index}", item["sources"]), item["head"]
                )
                for index, item in enumerate(header["outputs"])
            },
            "encoders": {
                name: read_encoder(header, arrays, f"encoder_{index}")
                for index, name in enumerate(header["encoders"])
            },
            "synapse": make_synapse(header["synapse"]),
            "neuron_type": make_neuron(header["neuron_type"]),
            **made_with(header, arrays),
            **{name: header[name] for name in ("fitted", "label", "seed")},
        }
    except (AttributeError, KeyError, TypeError) as err:
        raise FileFormatError(
            f"{path} is damaged: {err} is missing or malformed. Save the graph again."
        ) from err


def _store(arrays: dict[str, Any], name: str, part: GraphLayer | GraphOutput) -> None:
    for number, matrix in enumerate(part.weights.values()):
        arrays[f"{name}_weights_{number}"] = matrix
    arrays[f"{name}_bias"] = part.bias


def _stored(
    arrays: Mapping[str, np.ndarray], name: str, sources: list[str]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    weights = {source: arrays[f"{name}_weights_{i}"] for i, source in enumerate(sources)}
    return weights, arrays[f"{name}_bias"]
