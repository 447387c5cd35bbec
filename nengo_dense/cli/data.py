"""Data sets on the command line: ``.npz`` files with arrays x and y."""

from pathlib import Path

import numpy as np

from nengo_dense.exceptions import FileFormatError
from nengo_dense.files import load_arrays

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
    way_out = "Write a data set with np.savez(path, x=samples, y=labels)."
    arrays = load_arrays(Path(path), "a data set", way_out)
    return {name.lower(): array for name, array in arrays.items()}


def _pick(arrays: dict[str, np.ndarray], names: tuple[str, ...], path: str) -> np.ndarray:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise FileFormatError(
        f"{path} has no array named {' or '.join(names)}, only {', '.join(arrays) or 'none'}"
    )
