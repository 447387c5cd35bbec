"""How functions are compiled, and kept on disk; loaded only by compiled modules (needs numba).

numba keeps a compiled function until the file that it stands in changes. But it also holds the
code of all functions that it calls, and constants from other files. Here it is kept until *any*
source of `nengo_dense.loihi` changes, which is all that compiled functions are made of.
"""

import contextlib
import hashlib
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


#: Changes with any source that compiled functions may be made of.
STAMP = stamp_of(Path(__file__).parents[1])


class KernelCache(FunctionCache):
    """A compiled function on disk, for as long as no source changes.

    Raises
    ------
    RuntimeError
        Neither the package's folder nor the user's can be written.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        # two environments that share a folder would write over each other's files
        name = f"{self._impl.filename_base}.numba-{numba.__version__}"
        self._cache_file = IndexDataCacheFile(self._cache_path, name, STAMP)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load what was compiled for some types; None if it is not there, or damaged."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # what is unpickled from a damaged file may raise anything
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; where that fails (a full disk), it is compiled again."""
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function a part of every compiled function that calls it; it costs no call."""
    dispatcher: Callable[..., Any] = numba.njit(inline="always", **OPTIONS)(function)
    return dispatcher


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile; keep the result on disk, if there is a folder to write to."""
    dispatcher: Any = numba.njit(**OPTIONS)(function)
    if STAMP is not None:
        with contextlib.suppress(RuntimeError):
            dispatcher._cache = KernelCache(function)
    result: Callable[..., Any] = dispatcher
    return result


def is_ready(function: Any) -> bool:
    """Whether a compiled function was called before, or is kept on disk."""
    kept = getattr(function._cache, "_cache_file", None)
    return bool(function.signatures) or (kept is not None and bool(kept._load_index()))
