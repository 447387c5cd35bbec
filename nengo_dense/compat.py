"""The only place that knows other packages' versions.

Optional and heavy packages are imported through the functions below, when they are first needed;
each either returns the module in working order or says in one sentence what to install.
"""

import importlib
import re
import sys
import warnings
from importlib import metadata
from types import ModuleType
from typing import Any

import numpy as np

from nengo_dense.exceptions import MissingDependencyError
from nengo_dense.version import supported

#: Import name -> the extra that installs it (``pip install "nengo-dense[extra]"``).
EXTRAS = {
    "h5py": None,
    "joblib": None,
    "keras": "keras",
    "matplotlib": "plot",
    "nengo_dl": "dl",
    "nengo_extras": "dl",
    "nir": "nir",
    "numba": "fast",
    "onnx": "onnx",
    "sklearn": "sklearn",
    "tensorflow": "dl",
    "torch": "torch",
}
#: nengo-loihi 1.1 and NengoDL 3.6 say so of every Nengo after 3.2; our tests run on 4.1.
UNTESTED = ".*has not been tested with your .?[nN]engo"


def require(name: str, purpose: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Parameters
    ----------
    name : str
        Import name, dots allowed (``"matplotlib.pyplot"``).
    purpose : str
        What it is needed for, to complete the sentence "<purpose> needs <name>".

    Raises
    ------
    MissingDependencyError
        The package is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as err:
        package = name.partition(".")[0]
        if err.name is None or err.name.partition(".")[0] != package:
            raise  # the package is there; something that it imports is not
        extra = EXTRAS.get(package)
        command = f'pip install "nengo-dense[{extra}]"' if extra else f"pip install {package}"
        raise MissingDependencyError(
            f"{purpose} needs {package}, which is not installed. Install it with: {command}"
        ) from err


def nengo_loihi() -> ModuleType:
    """Return nengo-loihi, able to build under the NumPy that is installed.

    The import takes seconds where TensorFlow is installed, because nengo-loihi imports it; hence
    a function and not an import at the top of a file.
    """
    module = sys.modules.get("nengo_loihi")
    if module is None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=UNTESTED)
            module = importlib.import_module("nengo_loihi")
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        _mend_copy_false(sys.modules["nengo_loihi.block"], sys.modules["nengo_loihi.neurons"])
    return module


def nengo_dl() -> ModuleType:
    """Return NengoDL, or say what stands in its way.

    Raises
    ------
    MissingDependencyError
        TensorFlow or NengoDL is not installed, or in versions that do not go together.
    """
    if "nengo_dl" in sys.modules:
        return sys.modules["nengo_dl"]
    tensorflow = require("tensorflow", "Training with NengoDL")
    obstacle = _dl_obstacle(tensorflow.__version__, _installed("keras"))
    if obstacle:
        raise MissingDependencyError(
            f"{obstacle} In an environment of its own, with Python 3.10 or 3.11, "
            'pip install "nengo-dense[dl]" brings versions that go together.'
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=UNTESTED)
        return require("nengo_dl", "Training with NengoDL")


def _installed(package: str) -> str | None:
    """Look up the version of a package without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _dl_obstacle(tensorflow: str, keras: str | None) -> str | None:
    """Say why NengoDL cannot be imported beside these versions; None if it can."""
    low, high = supported["tensorflow"]
    if not low <= _release(tensorflow) < high:
        return (
            f"NengoDL works with TensorFlow {low[0]}.{low[1]} to {high[0]}.{high[1] - 1}, and "
            f"{tensorflow} is installed: NengoDL imports keras.engine, which later versions no "
            "longer have."
        )
    if keras is not None and _release(keras) >= (3,):
        return (
            f"NengoDL works with the Keras 2 that TensorFlow {tensorflow} brings, and Keras "
            f"{keras} is installed in its place."
        )
    return None


def _release(version: str) -> tuple[int, ...]:
    """Read the first two numbers of a version, ``(2, 12)`` of "2.12.1"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


class _NumpyCopyIfNeeded:
    """NumPy whose ``array(..., copy=False)`` means "copy if needed", as it did before NumPy 2."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def array(obj: Any, *args: Any, copy: bool | None = True, **kwargs: Any) -> np.ndarray:
        return np.array(obj, *args, copy=copy or None, **kwargs)


def _mend_copy_false(*modules: ModuleType) -> None:
    """Give modules written for NumPy 1 the old meaning of ``copy=False``.

    nengo-loihi 1.1.0 writes it in ``block.py`` and ``neurons.py`` where a copy may be needed,
    which NumPy 2 refuses with "Unable to avoid copy". Only the modules' name for NumPy changes.
    """
    for module in modules:
        if module.np is np:
            module.np = _NumpyCopyIfNeeded()  # type: ignore[attr-defined]
