"""Models as files: whether one exists, and its first bytes."""

import os
from pathlib import Path

from nengo_dense.exceptions import FileFormatError

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
