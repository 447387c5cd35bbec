"""Dense networks on Loihi through Nengo.

Train a dense network anywhere, know before you build whether Loihi can hold it, and run it there
without losing accuracy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from nengo_dense.after_import import mend_nengo_loihi
from nengo_dense.version import version as __version__

if TYPE_CHECKING:
    from nengo_dense.checks import check
    from nengo_dense.conversion import convert
    from nengo_dense.emulator import Simulator
    from nengo_dense.evaluation import evaluate, ladder, predict
    from nengo_dense.layers import DenseGraph, DenseLayer, DenseStack, SoftmaxNode

#: Public name -> the module that defines it, imported when the name is first used.
_HOME = {
    "DenseGraph": "layers",
    "DenseLayer": "layers",
    "DenseStack": "layers",
    "SoftmaxNode": "layers",
    "Simulator": "emulator",
    "check": "checks",
    "convert": "conversion",
    "evaluate": "evaluation",
    "ladder": "evaluation",
    "predict": "evaluation",
}

__all__ = [
    "DenseGraph",
    "DenseLayer",
    "DenseStack",
    "Simulator",
    "SoftmaxNode",
    "__version__",
    "check",
    "convert",
    "evaluate",
    "ladder",
    "predict",
]


#: Parts of the package that users name, imported when they are first used.
_PARTS = {
    "checks",
    "compat",
    "conversion",
    "emulator",
    "evaluation",
    "exceptions",
    "export",
    "importers",
    "layers",
    "loihi",
    "training",
}

mend_nengo_loihi()


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"nengo_dense.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'nengo_dense' has no attribute {name!r}")
    return getattr(importlib.import_module(f"nengo_dense.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_PARTS})
