"""The file format of a DenseStack: one ``.npz`` file of plain arrays, without pickle.

The array ``header`` holds JSON text. The others hold numbers, or the names of classes. The header
has the version of the format; a reader refuses unknown versions.

- Version 1: sizes, weights, biases, encoding, rates, synapses, neurons.
- Version 2: also the names of classes, the tuning record, and an encoder's offset and resting
  rate; the head may be any in `nengo_dense.heads`.
- Version 3: also the errors of fitted activations, heads that earlier versions did not know, and
  graphs (`nengo_dense.layers.graph_file`).
- Version 4: also the voltage that an encoder's neurons start at; in earlier ones it is 0.

Later versions of this package will read all these versions.
"""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import nengo
import numpy as np
from nengo.utils.numpy import is_number

from nengo_dense import files, neurons
from nengo_dense.archive import read_arrays
from nengo_dense.budget import DATA, TEXT, current
from nengo_dense.exceptions import FileFormatError
from nengo_dense.files import load_arrays
from nengo_dense.layers.encoder import ARGUMENTS
from nengo_dense.layers.tuning_record import TuningRecord

FORMAT = "nengo_dense.DenseStack"
#: The version that is written, and all versions that are read.
VERSION, READABLE = 4, (1, 2, 3, 4)

#: Arguments of an encoder that a version was the first to store; all others were always.
FIRST_STORED = {"offset": 2, "resting": 2, "start": 4}
#: Fields of a TuningRecord that are arrays.
TUNED_ARRAYS = ("input_low", "input_high")
SYNAPSES = {"Lowpass": nengo.Lowpass, "Alpha": nengo.Alpha}


def write(arguments: dict[str, Any], path: Path) -> None:
    """Write the arguments of a stack (`DenseStack.arguments`)."""
    files.check_target(path, STACK)
    arguments = dict(arguments)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "synapse": [describe_synapse(synapse) for synapse in arguments.pop("synapse")],
        "neuron_type": [describe_neuron(kind) for kind in arguments.pop("neuron_type")],
    }
    arrays: dict[str, Any] = {}
    for i, pair in enumerate(zip(arguments.pop("weights"), arguments.pop("biases"), strict=True)):
        arrays[f"weights_{i}"], arrays[f"bias_{i}"] = pair
    for name, value in arguments.pop("encoder", {}).items():
        arrays[f"encoder_{name}"] = np.array(value)
    classes, tuned = arguments.pop("classes"), arguments.pop("tuned")
    if classes is not None:
        arrays["classes"] = classes
    header |= store_record(tuned, arrays)
    arrays["header"] = np.array(json.dumps(header | arguments))
    files.write_arrays(path, arrays, kind=STACK, limit=DATA)


def read(path: Path) -> dict[str, Any]:
    """Read the arguments that make the stack again.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        The file is not a saved stack, is damaged, or has an unknown version.
    FileNotFoundError
        There is no such file.
    """
    arrays = load_arrays(
        path,
        "a saved DenseStack",
        "It is damaged or of another format; a trained model of another framework is read by "
        "nengo_dense.convert.",
    )
    header = check_header(path, arrays)
    if header.get("kind") == "graph":
        raise FileFormatError(f"{path} holds a DenseGraph; read it with DenseGraph.load")
    try:
        arguments = {key: header[key] for key in ("units", "size_in", "readout", "encoding")}
        arguments |= {key: header[key] for key in ("max_rate", "label", "seed")}
        arguments["synapse"] = [make_synapse(item) for item in header["synapse"]]
        arguments["neuron_type"] = [make_neuron(item) for item in header["neuron_type"]]
        n = len(header["units"])
        arguments["weights"] = [arrays[f"weights_{i}"] for i in range(n)]
        arguments["biases"] = [arrays[f"bias_{i}"] for i in range(n)]
        if header["encoding"] == "spikes":
            arguments["encoder"] = read_encoder(header, arrays, "encoder")
        if header["version"] > 1:
            arguments["classes"] = arrays.get("classes")
            arguments |= made_with(header, arrays)
        if header["version"] > 2:
            arguments["fitted"] = header["fitted"]
    except (KeyError, TypeError) as err:
        raise FileFormatError(
            f"{path} is damaged: {err} is missing or malformed. Save the stack again."
        ) from err
    return arguments


def is_graph(path: Path) -> bool:
    """Tell whether a file holds a graph; False for what is no file of ours, which `read` says."""
    if not os.path.isfile(path):  # a device may have no end
        return False
    try:
        with open(path, "rb") as file:
            header = _header(file)
    except Exception:  # whatever a foreign or damaged file makes of its reader
        return False
    return bool(header["format"] == FORMAT and header.get("kind") == "graph")


def _is_stack(file: BinaryIO) -> bool:
    """Tell whether an open file is a saved stack, of any version."""
    return bool(_header(file)["format"] == FORMAT)


def _header(file: BinaryIO) -> Any:
    return json.loads(str(read_arrays(file, TEXT, "header")["header"]))


#: Kind of this file; it only replaces files of the same kind.
STACK = files.Kind("a saved DenseStack", _is_stack)


def check_header(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the header of a file, or raise a FileFormatError."""
    size = arrays["header"].nbytes if "header" in arrays else 0
    current().take(TEXT, size, f"the header of {path}")
    try:
        header = json.loads(str(arrays["header"]))
        is_ours = header["format"] == FORMAT
    except (KeyError, TypeError, ValueError, RecursionError):
        is_ours = False
    if not is_ours:
        raise FileFormatError(
            f"{path} is not a saved DenseStack: it has no header with '{FORMAT}', only "
            f"{', '.join(sorted(arrays)[:5]) or 'nothing'}. DenseStack.save writes such files."
        )
    if header.get("version") not in READABLE:
        raise FileFormatError(
            f"{path} is of format version {header.get('version')!r}, and this nengo_dense reads "
            f"versions {READABLE[0]} to {READABLE[-1]}. Install the nengo_dense that wrote it, or "
            "a newer one."
        )
    return header


def store_record(tuned: TuningRecord | None, arrays: dict[str, Any]) -> dict[str, Any]:
    """Add a record's arrays to those of a file, and return what its header has of it."""
    if tuned is None:
        return {}
    record = dataclasses.asdict(tuned)
    arrays |= {f"tuned_{name}": record.pop(name) for name in TUNED_ARRAYS}
    return {"tuned": record}


def made_with(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the record that `store_record` stored, and the names of the inputs."""
    fields = header.get("tuned")
    if fields is None:
        return {"tuned": None, "columns": header.get("columns")}
    fields = {**fields}
    names = fields.pop("columns", None)  # where they stood at first
    tuned = TuningRecord(**(fields | {name: arrays[f"tuned_{name}"] for name in TUNED_ARRAYS}))
    return {"tuned": tuned, "columns": header.get("columns", names)}


def read_encoder(
    header: dict[str, Any], arrays: dict[str, np.ndarray], name: str
) -> dict[str, np.ndarray]:
    """Return the arguments of an encoder whose arrays' names begin with a name."""
    stored = [key for key in ARGUMENTS if FIRST_STORED.get(key, 1) <= header["version"]]
    return {key: arrays[f"{name}_{key}"] for key in stored}


def describe_synapse(synapse: Any) -> Any:
    """Return a synapse as JSON has it, or raise a FileFormatError."""
    if synapse is None:
        return None
    if is_number(synapse):
        return float(synapse)
    name = type(synapse).__name__
    if SYNAPSES.get(name) is not type(synapse):
        raise FileFormatError(
            f"A stack with a synapse of type {name} cannot be saved; "
            f"{', '.join(SYNAPSES)}, a time constant or None can."
        )
    return {"type": name, "tau": synapse.tau}


def make_synapse(item: Any) -> Any:
    """Return what `describe_synapse` described."""
    return SYNAPSES[item["type"]](item["tau"]) if isinstance(item, dict) else item


def describe_neuron(neuron_type: nengo.neurons.NeuronType) -> dict[str, Any]:
    """Return a neuron type as JSON has it, or raise a FileFormatError."""
    name = type(neuron_type).__name__
    if not neurons.known(neuron_type).in_files:
        module = type(neuron_type).__module__.partition(".")[0]
        raise FileFormatError(
            f"A stack with neurons of type {module}.{name} cannot be saved; "
            f"{', '.join(neurons.IN_FILES)} can."
        )
    arguments = neurons.arguments(neuron_type)
    del arguments["amplitude"]  # the layer sets it, and also an initial voltage of zero
    state = set(arguments.pop("initial_state") or {}) - {"voltage"}
    numbers = {key: float(value) for key, value in arguments.items() if is_number(value)}
    others = [key for key in arguments if key not in numbers and arguments[key] is not None]
    if state or others:
        lost = [f"initial_state of {key}" for key in sorted(state)] + others
        raise FileFormatError(
            f"A stack whose {name} neurons have {', '.join(lost)} cannot be saved; only numbers "
            "such as time constants are kept. Set it again after loading."
        )
    return {"type": name, **numbers}


def make_neuron(item: dict[str, Any]) -> nengo.neurons.NeuronType:
    """Return what `describe_neuron` described."""
    if not isinstance(item, dict) or item.get("type") not in neurons.IN_FILES:
        raise FileFormatError(
            f"The file names a neuron type that this nengo_dense does not know: {item!r}. It "
            f"knows {', '.join(neurons.IN_FILES)}."
        )
    numbers = dict(item)
    return neurons.class_in_file(numbers.pop("type"))(**numbers)
