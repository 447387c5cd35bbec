"""Keras files read as data: no framework is needed, and no code that a file holds is ever run.

``.keras`` (a zip archive), whole models in HDF5 (``.h5``), and an architecture in JSON beside its
weights in HDF5, as Keras 1, 2 and 3 write them.
"""

import json
import os
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from nengo.exceptions import NengoException

from nengo_dense.archive import check_member
from nengo_dense.budget import TEXT, UNPACKED, current
from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers import hdf5
from nengo_dense.importers.file import existing, starts_with, suffix
from nengo_dense.importers.from_keras.keras_model import read_architecture
from nengo_dense.importers.from_keras.keras_weights import weight_source
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.importers.source_model import SourceModel

ZIP_SIGNATURE = b"PK\x03\x04"

#: How the weights of ``NAME.json`` may be called.
WEIGHT_FILES = ("{}.weights.h5", "{}_weights.h5", "{}-weights.h5", "{}.h5", "{}.hdf5")


class KerasFileImporter:
    """Reads Keras models from files."""

    reads = "Keras files (.keras, .h5, or .json with its weights: a path or a pair of paths)"

    def recognizes(self, model: Any) -> bool:
        """Tell whether this is the path of a Keras file, or a pair of (.json, .h5) paths."""
        if isinstance(model, tuple) and len(model) == 2:
            return all(isinstance(path, str | os.PathLike) for path in model)
        return suffix(model) in (".keras", ".h5", ".hdf5", ".json") or (
            suffix(model) != ".nir" and starts_with(model, hdf5.SIGNATURE)
        )

    def read(self, model: Any) -> SourceModel | SourceGraph:
        """Read the layers of the model in the file."""
        if isinstance(model, tuple):
            return _read_pair(existing(model[0]), existing(model[1]))
        path = existing(model)
        if starts_with(path, ZIP_SIGNATURE):
            return _read_archive(path)
        if starts_with(path, hdf5.SIGNATURE):
            return _read_whole_model(path)
        if path.suffix.lower() == ".json":
            return _read_pair(path, _weights_beside(path))
        raise FileFormatError(
            f"{path} is damaged or no Keras file: it starts neither like a .keras file (zip) nor "
            "like an .h5 file (HDF5)"
        )


def _read_archive(path: Path) -> SourceModel | SourceGraph:
    try:
        with zipfile.ZipFile(path) as archive:
            config = _member(archive, "config.json", path)
            weights = _member(archive, "model.weights.h5", path)
            about = _member(archive, "metadata.json", path) if _has(archive) else b"{}"
    except NengoException:
        raise
    except Exception as err:  # zipfile and zlib raise many kinds of errors for damaged bytes
        raise FileFormatError(f"{path} is damaged, it cannot be unpacked: {err}") from err
    with hdf5.Hdf5File(weights, f"model.weights.h5 in {path}") as file:
        architecture = _parse(config, f"config.json in {path}")
        architecture["keras_version"] = _version(about)
        architecture["loss"] = _loss(architecture.get("compile_config"))
        return _source(path, architecture, file)


def _has(archive: zipfile.ZipFile, name: str = "metadata.json") -> bool:
    return name in archive.namelist()


def _version(metadata: bytes) -> str:
    """Return the version of Keras that a ``.keras`` file was written by."""
    try:
        return str(json.loads(metadata).get("keras_version", "3"))
    except (AttributeError, RecursionError, ValueError):
        return "3"  # only what Keras 2 wrote is read otherwise


def _loss(compiled: Any) -> Any:
    """Return the loss of what a model was compiled with; None where that says nothing."""
    return compiled.get("loss") if isinstance(compiled, dict) else None


def _loaded(text: Any) -> Any:
    """Return what a JSON text holds; None for what is none, as nothing is read that needs it."""
    try:
        return json.loads(text) if len(text) <= TEXT.most else None
    except (RecursionError, TypeError, ValueError):
        return None


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    if name not in archive.namelist():
        raise FileFormatError(
            f"{path} has no {name}; it is no .keras file, or its weights are in parts: "
            "save the model again, as one .keras file"
        )
    info = archive.getinfo(name)
    where = f"{name} in {path}"
    current().take(TEXT if name.endswith(".json") else UNPACKED, info.file_size, where)
    check_member(info, where)
    with archive.open(info) as member:
        return member.read(info.file_size)


def _read_whole_model(path: Path) -> SourceModel | SourceGraph:
    with hdf5.Hdf5File(path, str(path)) as file:
        config = file.attribute("", "model_config")
        if config is None:
            raise FileFormatError(
                f"{path} holds no model configuration, perhaps weights only; give the "
                "architecture too, as the pair (architecture.json, weights.h5)"
            )
        architecture = _parse(config, f"model_config in {path}")
        version = file.attribute("", "keras_version")
        if version is not None:
            architecture["keras_version"] = getattr(version, "decode", lambda: version)()
        training = file.attribute("", "training_config")
        architecture["loss"] = None if training is None else _loss(_loaded(training))
        return _source(path, architecture, file)


def _read_pair(architecture: Path, weights: Path) -> SourceModel | SourceGraph:
    current().take(TEXT, architecture.stat().st_size, str(architecture))
    parsed = _parse(architecture.read_bytes(), str(architecture))
    if not starts_with(weights, hdf5.SIGNATURE):
        raise FileFormatError(f"{weights} is damaged or no HDF5 file, so it holds no weights")
    with hdf5.Hdf5File(weights, str(weights)) as file:
        return _source(architecture, parsed, file)


def _source(
    path: Path, architecture: dict[str, Any], file: hdf5.Hdf5File
) -> SourceModel | SourceGraph:
    name = f"Keras file {path}"
    source = cache(lambda: weight_source(file))  # a model without layers to read has none
    why_not = "a file is read as data and never run"
    return read_architecture(name, architecture, lambda layer: source()(layer), why_not=why_not)


def _weights_beside(path: Path) -> Path:
    """Find the one file that holds the weights of an architecture."""
    candidates = [path.with_name(pattern.format(path.stem)) for pattern in WEIGHT_FILES]
    found = [candidate for candidate in candidates if candidate.is_file()]
    if len(found) != 1:
        state = f"several weight files ({', '.join(file.name for file in found)})"
        looked_for = ", ".join(candidate.name for candidate in candidates)
        raise FileFormatError(
            f"{path} has {state if found else 'no weights'} beside it (looked for {looked_for}); "
            "give the pair (architecture.json, weights.h5)"
        )
    return found[0]


def _parse(text: bytes | str, name: str) -> dict[str, Any]:
    if len(text) > TEXT.most:
        current().take(TEXT, len(text), name)
    try:
        parsed = json.loads(text)
    except (RecursionError, TypeError, ValueError) as err:
        raise FileFormatError(f"{name} is no JSON: {err}") from err
    if not isinstance(parsed, dict) or not {"class_name", "config"} <= parsed.keys():
        raise FileFormatError(
            f"{name} is no Keras architecture, it declares no class_name and config"
        )
    return parsed
