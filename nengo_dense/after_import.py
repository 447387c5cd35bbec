"""Make nengo-loihi work under NumPy 2, also if the user imports it.

nengo-loihi 1.1 cannot build under NumPy 2 unless some of its modules are patched (`compat.mend`).
The layers, the checker and the simulators patch them when they import nengo-loihi. For a user's
own ``import nengo_loihi``, a hook in Python's import system patches them. The hook does not import
nengo-loihi, and removes itself afterwards.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from nengo_dense.version import mended


def mend_nengo_loihi() -> None:
    """Patch modules that are already imported now, and the others when they are imported."""
    waiting = [name for name in mended if name not in sys.modules]
    for name in mended:
        if name in sys.modules:
            _mend(sys.modules[name])
    if waiting and not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher(waiting))


def stop() -> None:
    """Remove the hook; if nengo-loihi is not imported yet, it will not be patched."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Watcher)]


class _Watcher:
    """A finder in `sys.meta_path` that finds no module itself, but detects imports."""

    def __init__(self, names: list[str]) -> None:
        self.names = set(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Let the other finders find a module, and patch it after its execution."""
        if name not in self.names:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._mend_when_executed(spec.loader)
        return spec

    def _mend_when_executed(self, loader: Any) -> None:
        def execute_and_mend(module: ModuleType) -> None:
            del loader.exec_module  # restore the loader, which the modules of a zip file share
            loader.exec_module(module)
            _mend(module)
            self.names.discard(module.__name__)
            if not self.names:
                stop()

        loader.exec_module = execute_and_mend


def _mend(module: ModuleType) -> None:
    from nengo_dense import compat  # cheap here: nengo_loihi has imported the same packages

    compat.mend(module)
