"""nengo-loihi in working order under NumPy 2, whoever imports it.

nengo-loihi 1.1 cannot build under NumPy 2 until two of its modules are mended (`compat.mend`).
The layers, the checker and the simulators here mend them when they import nengo-loihi. A user's
own ``import nengo_loihi`` is seen by Python's import system, which is asked to mend them as well.
nengo-loihi itself is not imported for that, and nothing here is left when the work is done.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: Modules that need mending.
MODULES = ("nengo_loihi.block", "nengo_loihi.neurons")


def mend_nengo_loihi() -> None:
    """Mend what is imported already now, and the rest once it is imported."""
    waiting = [name for name in MODULES if name not in sys.modules]
    for name in MODULES:
        if name in sys.modules:
            _mend(sys.modules[name])
    if waiting and not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher(waiting))


def stop() -> None:
    """Leave nengo-loihi as it is, if it is not imported yet."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Watcher)]


class _Watcher:
    """A finder in `sys.meta_path` that finds nothing itself, but sees what is looked for."""

    def __init__(self, names: list[str]) -> None:
        self.names = set(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Let the other finders find a module, and have it mended when it was executed."""
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
            del loader.exec_module  # the loader is as it was, which a zip file's modules share
            loader.exec_module(module)
            _mend(module)
            self.names.discard(module.__name__)
            if not self.names:
                stop()

        loader.exec_module = execute_and_mend


def _mend(module: ModuleType) -> None:
    from nengo_dense import compat  # light by now: what it imports, nengo_loihi has imported

    compat.mend(module)
