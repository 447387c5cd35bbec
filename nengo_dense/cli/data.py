"""Data sets on the command line: ``.npz`` files with arrays x and y."""

import zipfile
from pathlib import Path

import numpy as np

from nengo_dense.exceptions import FileFormatError

#: Names under which samples and labels are found; capitals count too.
X_NAMES = ("x", "x_test", "inputs", "data")
Y_NAMES = ("y", "y_test", "labels", "target")


def load_inputs(path: str) -> np.ndarray:
    """Load the samples of a data set."""
    return _pick(_load(path), X_NAMES, path)


def load_data(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Load samples and labels.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        Not an ``.npz`` file, or one without such arrays.
    """
    arrays = _load(path)
    return _pick(arrays, X_NAMES, path), _pick(arrays, Y_NAMES, path)


def _load(path: str) -> dict[str, np.ndarray]:
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("a single array")
            return {name.lower(): array for name, array in archive.items()}
    except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile) as err:
        raise FileFormatError(
            f"{path} cannot be read as a data set ({err}). Write one with "
            "np.savez(path, x=samples, y=labels)."
        ) from err


def _pick(arrays: dict[str, np.ndarray], names: tuple[str, ...], path: str) -> np.ndarray:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise FileFormatError(
        f"{path} has no array named {' or '.join(names)}, only {', '.join(arrays) or 'none'}"
    )
