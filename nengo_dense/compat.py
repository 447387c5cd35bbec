"""The only place that knows other packages' versions.

The functions below import optional and heavy packages when they are first needed. Each returns a
working module, or raises an error that says in one sentence what to install.
"""

import importlib
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from types import ModuleType
from typing import Any

import numpy as np

from nengo_dense.exceptions import MissingDependencyError
from nengo_dense.retyping import Retyping
from nengo_dense.version import mended, supported

#: Import name -> the extra of this package that brings it.
EXTRAS = {
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
#: Extra -> its requirements, as in setup.cfg. To name the packages themselves works however
#: nengo_dense was installed: from a clone, a wheel, or a folder on PYTHONPATH.
REQUIREMENTS = {
    "dl": (
        "tensorflow>=2.10,<2.13",
        "nengo-dl>=3.6,<3.7",
        "nengo-extras>=0.5",
        "numpy<1.24.4",
        "scipy<1.16",
        "jax<0.5",
    ),
    "fast": ("numba>=0.57",),
    "keras": ("keras>=3.0",),
    "nir": ("nir>=1.0",),
    "onnx": ("onnx>=1.14",),
    "plot": ("matplotlib>=3.5",),
    "sklearn": ("scikit-learn>=1.1",),
    "torch": ("torch>=2.0",),
}
#: nengo-loihi 1.1 and NengoDL 3.6 warn so about every Nengo after 3.2; our tests run on 4.1.
UNTESTED = ".*has not been tested with your .?[nN]engo"
#: Modules of Keras that NengoDL 3.6 imports -> their names in tf_keras (`nengo_dl.compat`).
KERAS_2 = {
    "keras.engine.functional": "tf_keras.src.engine.functional",
    "keras.layers": "tf_keras.src.layers",
}


def require(name: str, purpose: str) -> ModuleType:
    """Import an optional package, or raise an error with the command that installs it.

    Parameters
    ----------
    name : str
        Import name, dots allowed (``"matplotlib.pyplot"``).
    purpose : str
        The use of the package, as in the sentence "<purpose> needs <name>".

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
            raise  # the package is installed, but not a package that it imports
        command = pip_command(EXTRAS[package]) if package in EXTRAS else f"pip install {package}"
        raise MissingDependencyError(
            f"{purpose} needs {package}, which is not installed. Install it with: {command}"
        ) from err


def pip_command(extra: str) -> str:
    """Return the command that installs the packages of an extra.

    >>> pip_command("plot")
    'pip install "matplotlib>=3.5"'
    """
    return "pip install " + " ".join(f'"{wanted}"' for wanted in REQUIREMENTS[extra])


def new_figure(width: float, height: float) -> Any:
    """Make a matplotlib figure (inches) that needs no display and that a notebook shows."""
    require("matplotlib", "Drawing")
    from nengo_dense.figure import NotebookFigure  # imports matplotlib

    return NotebookFigure(figsize=(width, height), layout="constrained", dpi=120)


def nengo_loihi() -> ModuleType:
    """Return nengo-loihi, patched to build under the installed NumPy.

    nengo-loihi imports TensorFlow if it is installed, which takes seconds. Therefore this is a
    function and not an import at the top of a file.
    """
    module = sys.modules.get("nengo_loihi")
    if module is None:
        with warnings.catch_warnings(), _past_unreadable_packages():
            warnings.filterwarnings("ignore", message=UNTESTED)
            module = importlib.import_module("nengo_loihi")
    for name in mended:
        mend(sys.modules[name])
    return module


@contextmanager
def _past_unreadable_packages() -> Iterator[None]:
    """Allow imports of modules that read the entry points of all packages, as networkx does.

    nengo-loihi imports networkx. If the entry points of any package are not UTF-8,
    importlib.metadata raises a UnicodeDecodeError. The checker reports that package.
    """
    original = metadata.entry_points
    try:
        original(group="networkx.backends")
    except UnicodeDecodeError:
        metadata.entry_points = _readable_entry_points  # type: ignore[assignment]
    try:
        yield
    finally:
        metadata.entry_points = original


def _readable_entry_points(**chosen: Any) -> metadata.EntryPoints:
    found: list[metadata.EntryPoint] = []
    for distribution in metadata.distributions():
        try:
            found += distribution.entry_points
        except UnicodeDecodeError:
            continue
    return metadata.EntryPoints(found).select(**chosen)


def nengo_dl() -> ModuleType:
    """Return NengoDL, or raise an error that says why it cannot be imported.

    Raises
    ------
    MissingDependencyError
        TensorFlow or NengoDL is not installed, or their versions do not work together.
    """
    if "nengo_dl" in sys.modules:
        return sys.modules["nengo_dl"]
    tensorflow = require("tensorflow", "Training with NengoDL")
    obstacle = _dl_obstacle(tensorflow.__version__, _installed("keras"))
    if obstacle:
        raise MissingDependencyError(
            f"{obstacle} These versions go together, in an environment of its own with Python "
            f"3.10 or 3.11: {pip_command('dl')}. On later Pythons, see "
            "nengo_dense.compat.use_tf_keras."
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=UNTESTED)
        return require("nengo_dl", "Training with NengoDL")


def use_tf_keras() -> None:
    """Let NengoDL run on a current TensorFlow, with tf_keras, the continuation of Keras 2.

    NengoDL 3.6 needs TensorFlow below 2.13, which does not exist for Python 3.12 and later. Call
    this function in every process that uses NengoDL, before anything imports TensorFlow
    (nengo-loihi does). ``tf.keras`` is then Keras 2 (by TensorFlow's own switch,
    ``TF_USE_LEGACY_KERAS``). NengoDL is imported, and gets modules of tf_keras where it imports
    Keras. With a TensorFlow that NengoDL supports, nothing happens.

    Raises
    ------
    MissingDependencyError
        A package is missing, the versions do not work together, or TensorFlow was imported
        before.

    Examples
    --------
    .. code-block:: python

        from nengo_dense import compat

        compat.use_tf_keras()

        import nengo_dl
        import tensorflow as tf
    """
    packages = "nengo-dl", "nengo-extras", "tf_keras", "tensorflow"
    versions = {package: _installed(package) for package in packages}
    tensorflow = versions["tensorflow"] = versions["tensorflow"] or _installed("tensorflow-cpu")
    known = tensorflow is not None and _release(tensorflow) < supported["tensorflow"][1]
    if known or "nengo_dl" in sys.modules:
        return
    obstacle = _tf_keras_obstacle(versions)
    if obstacle:
        raise MissingDependencyError(
            f"{obstacle} The extra tf-keras of nengo-dense installs versions that work together; "
            "see the documentation page about training."
        )
    if "tensorflow" in sys.modules:
        raise MissingDependencyError(
            "TensorFlow was imported before nengo_dense.compat.use_tf_keras() was called, so "
            "tf.keras is Keras 3. Call it at the start of the program, before anything that "
            "imports TensorFlow, such as nengo-loihi."
        )
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    with _standing_in(KERAS_2), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=UNTESTED)
        importlib.import_module("nengo_dl")


def _installed(package: str) -> str | None:
    """Look up the version of a package without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _dl_obstacle(tensorflow: str, keras: str | None) -> str | None:
    """Return why NengoDL cannot be imported with these versions; None if it can."""
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


def _tf_keras_obstacle(versions: dict[str, str | None]) -> str | None:
    """Return why NengoDL cannot run with tf_keras in these versions; None if it can."""
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        return f"NengoDL on a current TensorFlow needs {', '.join(missing)}, not installed here."
    low, high = supported["tf_keras"]
    tensorflow, tf_keras = str(versions["tensorflow"]), str(versions["tf_keras"])
    if not low <= _release(tensorflow) < high:
        return (
            f"NengoDL works through tf_keras with TensorFlow {low[0]}.{low[1]} to "
            f"{high[0]}.{high[1] - 1}, and {tensorflow} is installed."
        )
    if _release(tensorflow) != _release(tf_keras):
        return f"tf_keras {tf_keras} does not belong to TensorFlow {tensorflow}."
    return None


@contextmanager
def _standing_in(names: dict[str, str]) -> Iterator[None]:
    """Import other modules under these names, inside the context."""
    others = {name: importlib.import_module(other) for name, other in names.items()}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(others)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


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


def mend(module: ModuleType) -> None:
    """Make a module of nengo-loihi 1.1 run under NumPy 2; under NumPy 1 it stays as it is.

    ``copy=False`` gets the meaning that it had in NumPy 1: nengo-loihi uses it where a copy may be
    needed, and NumPy 2 then raises "Unable to avoid copy". Only the name ``np`` in the module is
    replaced. Where dtypes are changed in place, which NumPy 2.5 deprecates, see `.retyping`.
    """
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        return
    if hasattr(module, "array_to_int"):
        Retyping.into(module)
    elif getattr(module, "np", None) is np:
        module.np = _NumpyCopyIfNeeded()  # type: ignore[attr-defined]
