"""Models as data: a file's existence and first bytes, the largest file, the most layers."""

import os
from pathlib import Path

from nengo_dense.exceptions import ConversionError, FileFormatError

#: Largest amount of data taken from one file, 1 GiB: a layer of 4096 x 4096 float64 weights, the
#: largest whose fan-in fits on a Loihi core, is an eighth of it.
MAX_BYTES = 2**30
#: Most layers of one model. Each takes a core at least, so that these would fill 78 chips.
MAX_LAYERS = 10_000

#: How a file begins that stands for one in git's store of large files (git-lfs, docs/spec.md).
GIT_LFS = b"version https://git-lfs.github.com/spec/"


def suffix(model: object) -> str:
    """Return the lower-case suffix of a path, ``""`` for anything that is not a path."""
    return Path(model).suffix.lower() if isinstance(model, str | os.PathLike) else ""


def starts_with(model: object, magic: bytes) -> bool:
    """Tell whether `model` is the path of a file that begins with these bytes."""
    if not isinstance(model, str | os.PathLike) or not Path(model).is_file():
        return False
    with open(model, "rb") as file:
        return file.read(len(magic)) == magic


def existing(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that is there and not empty.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
    """
    path = Path(path)
    if path.is_dir():
        raise FileFormatError(f"{path} is a directory; {way_out_of_folder(path)}")
    if not path.exists():
        raise FileFormatError(f"{path} does not exist")
    if path.stat().st_size == 0:
        raise FileFormatError(f"{path} is empty")
    if starts_with(path, GIT_LFS):
        raise FileFormatError(
            f"{path} is a pointer of git-lfs, not the file itself; fetch that with 'git lfs pull'"
        )
    return path


def way_out_of_folder(path: Path) -> str:
    """Say what to give instead of a directory."""
    if (path / "saved_model.pb").is_file():
        return (
            "as a TensorFlow SavedModel its graph is not read; load it with "
            "tf.keras.models.load_model in the TensorFlow that wrote it and give the model, or "
            "save that as a .keras file"
        )
    return "give the path of a model file"


def check_size(what: str, n_bytes: int, n_read: int = 0) -> None:
    """Refuse to read `n_bytes` more after `n_read` where that is more than `MAX_BYTES`."""
    if n_read + n_bytes > MAX_BYTES:
        raise FileFormatError(
            f"{what} declares {n_bytes} bytes of data, more than the limit of {MAX_BYTES} bytes "
            "for one file; the file is damaged, or no model that Loihi can hold"
        )


def check_layers(model: str, n_layers: int) -> None:
    """Refuse to read more than `MAX_LAYERS` layers of a model of this name."""
    if n_layers > MAX_LAYERS:
        raise ConversionError(
            model,
            [
                f"it has {n_layers} layers, more than the limit of {MAX_LAYERS}; it is damaged, "
                "or no model that Loihi can hold"
            ],
        )
