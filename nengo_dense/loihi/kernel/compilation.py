"""How functions are compiled, and kept on disk; loaded only by compiled modules (needs numba).

numba keeps a compiled function until the file that it stands in changes. But it also holds the
code of all functions that it calls, and constants from other files. Here it is kept until *any*
source of `nengo_dense.loihi` changes, which is all that compiled functions are made of.
"""

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.options import DefaultOptions

#: Options of all functions; without a run-time, numba does not count references to arrays.
OPTIONS: dict[str, Any] = {"nogil": True}
if hasattr(DefaultOptions, "_nrt"):
    OPTIONS["_nrt"] = False


def stamp_of(folder: Path) -> str | None:
    """Digest all sources in a folder and below; None if there are none (as in an archive)."""
    sources = sorted(folder.rglob("*.py"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(folder)}\n{path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest() if sources else None


STAMP = stamp_of(Path(__file__).parents[1])


class KernelCache(FunctionCache):
    """A compiled function on disk, for as long as no source changes.

    Raises
    ------
    RuntimeError
        Neither the package's folder nor the user's can be written.
    """

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self._cache_path, self._impl.filename_base, STAMP)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load what was compiled for some types, or None if nothing usable is there."""
        try:
            return super().load_overload(sig, target_context)
        except (OSError, EOFError, pickle.UnpicklingError):
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; where that fails (a full disk), it is compiled again."""
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


def inlined(function: Callable) -> Callable:
    """Make a function a part of every compiled function that calls it; it costs no call."""
    return numba.njit(inline="always", **OPTIONS)(function)


def compiled(function: Callable) -> Callable:
    """Compile; keep the result on disk where that is possible."""
    dispatcher = numba.njit(**OPTIONS)(function)
    if STAMP is not None:
        try:
            dispatcher._cache = KernelCache(function)
        except RuntimeError:
            return dispatcher
    return dispatcher
