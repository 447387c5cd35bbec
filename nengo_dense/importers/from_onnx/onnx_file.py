"""ONNX files read as data: weights from beside the model, and from nowhere else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nengo_dense import compat
from nengo_dense.budget import DATA, current
from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers.file import existing

#: TensorProto.EXTERNAL in onnx.proto: the data of a tensor lie in another file.
EXTERNAL = 1


def load(path: Any) -> Any:
    """Read the model in a file, with weights that are kept in files of the same folder.

    onnx itself is not asked to find those: before 1.16 it looks into the working directory where
    a `pathlib.Path` is given, and its checks of what a model may name differ by version.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
    """
    file = existing(path)
    onnx = compat.require("onnx", "Reading an ONNX file")
    message = compat.require("google.protobuf.message", "Reading an ONNX file")
    current().take(DATA, file.stat().st_size, str(file))
    model = onnx.ModelProto()
    try:
        model.ParseFromString(file.read_bytes())
    except (ValueError, message.DecodeError) as err:
        raise FileFormatError(f"{file} is damaged or no ONNX file: {err}") from err
    for tensor in tensors_of(model):
        if tensor.data_location == EXTERNAL:
            _take_in(tensor, file)
    return model


def check_complete(model: Any) -> None:
    """Refuse a model in memory whose weights were left in a file that it only names."""
    missing = [tensor for tensor in tensors_of(model) if tensor.data_location == EXTERNAL]
    if missing:
        location = _places(missing[0]).get("location")
        raise FileFormatError(
            f"The ONNX model keeps {len(missing)} of its tensors in a file {location!r} and was "
            "loaded without it; give the path of the .onnx file, with that file beside it"
        )


def tensors_of(model: Any) -> Iterator[Any]:
    """Yield the constants of a model's graph and of its functions."""
    yield from model.graph.initializer
    yield from (sparse.values for sparse in model.graph.sparse_initializer)
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t


def _places(tensor: Any) -> dict[str, str]:
    return {entry.key: entry.value for entry in tensor.external_data}


def _take_in(tensor: Any, model: Path) -> None:
    """Read a tensor's data into it."""
    places = _places(tensor)
    file = _beside(model, places.get("location", ""))
    try:
        offset = int(places.get("offset", 0))
        length = int(places.get("length", file.stat().st_size - offset))
    except ValueError as err:
        raise FileFormatError(
            f"{model} says wrongly where tensor {tensor.name!r} lies in {file.name}: {err}"
        ) from err
    if offset < 0 or length < 0 or offset + length > file.stat().st_size:
        raise FileFormatError(
            f"{model} expects tensor {tensor.name!r} in bytes {offset} to {offset + length} of "
            f"{file.name}, which has {file.stat().st_size}; they are not of the same model"
        )
    current().take(DATA, length, f"tensor {tensor.name!r} in {file}")
    with open(file, "rb") as data:
        data.seek(offset)
        tensor.raw_data = data.read(length)
    tensor.data_location = 0
    del tensor.external_data[:]


def _beside(model: Path, location: str) -> Path:
    """Return the file of this name in the model's folder, or below it, and not through links."""
    parts = Path(location).parts
    if not parts or Path(location).is_absolute() or ".." in parts or "\\" in location:
        raise FileFormatError(
            f"{model} keeps weights in {location!r}, outside its folder, which is not read; save "
            "the model again with its weights beside it"
        )
    file = model.parent
    for part in parts:
        file = file / part
        if file.is_symlink():
            raise FileFormatError(
                f"{model} keeps weights in {location!r}, where {file} is a link, which is not "
                "followed; copy the file itself there"
            )
    if not file.is_file():
        raise FileFormatError(
            f"{model} keeps its weights in the file {location!r}, which is not beside it; move or "
            "copy both together, or save the model with its weights inside"
        )
    return file
