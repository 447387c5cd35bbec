"""Compile functions, and cache them on disk; loaded only by compiled modules (needs numba).

numba's cache keeps a compiled function until its own source file changes. But compiled code also
contains the functions that it calls and constants from other files. This cache keeps a function
until *any* source of `nengo_dense.loihi` changes; compiled functions use no other source.
"""

import contextlib
import functools
import hashlib
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.compiler import Compiler
from numba.core.options import DefaultOptions
from numba.core.registry import cpu_target
from numba.extending import register_jitable

from nengo_dense.loihi.kernel.inlining import FITS, PartCompiler
from nengo_dense.loihi.kernel.notice import tell_all

#: Options of all functions; without its run-time, numba does not count references to arrays.
OPTIONS: dict[str, Any] = {"nogil": True}
if hasattr(DefaultOptions, "_nrt"):
    OPTIONS["_nrt"] = False


def compiles_for(feature: str) -> bool:
    """Whether code is compiled for a feature of the processor, such as ``"avx512f"``.

    That is this machine's, unless ``NUMBA_CPU_NAME`` says otherwise.
    """
    *_, features = cpu_target.target_context.codegen().magic_tuple()
    return f"+{feature}" in features.split(",")


def stamp_of(folder: Path) -> str | None:
    """Hash all sources in a folder and below; None if there are none (as in an archive)."""
    sources = sorted(folder.rglob("*.py"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(folder)}\n{path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest() if sources else None


#: Hash of all sources that compiled functions may use.
STAMP = stamp_of(Path(__file__).parents[1])


class KeptCode(IndexDataCacheFile):
    """The files of a function's cache: an index, and one file for each combination of types.

    numba numbers the latter. Of two processes that compile for other types at once, one could then
    load what the other has compiled, and numba loads whatever a damaged file has in it. Here files
    are named after their types, and begin with a checksum.
    """

    def save(self, key: Any, data: Any) -> None:
        """Save compiled code; an entry that another process writes meanwhile may get lost."""
        number = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big")
        name = self._data_name(number)
        entries = self._load_index()
        if entries.get(key) != name:
            self._save_index({**entries, key: name})
        self._save_data(name, data)

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(hashlib.sha256(content).digest() + content)

    def _load_data(self, name: str) -> Any:
        content = Path(self._data_path(name)).read_bytes()
        checksum, content = content[:32], content[32:]
        if hashlib.sha256(content).digest() != checksum:
            raise ValueError(f"{name} is damaged")
        return pickle.loads(content)


class KernelCache(FunctionCache):
    """The cache of a compiled function on disk; valid until a source changes.

    Raises
    ------
    RuntimeError
        Neither the package's folder nor the user's cache folder is writable.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        # two environments that share a folder would write over each other's files
        name = f"{self._impl.filename_base}.numba-{numba.__version__}"
        self._cache_file = KeptCode(self._cache_path, name, STAMP)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load the code compiled for some types; None if it is missing or damaged."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # what is unpickled from a damaged file may raise anything
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save compiled code; if that fails (a full disk), it is compiled again next time."""
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


#: Options of functions that only compiled ones call; they cannot be called from Python or C.
INLINED = {
    **OPTIONS,
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": PartCompiler if FITS else Compiler,
}


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Inline a function into every compiled function that calls it, which saves the call.

    LLVM does so; numba would take much longer. The function itself stays as it is.
    """
    same: Callable[..., Any] = register_jitable(**INLINED)(function)
    return same


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function; cache the result on disk, if there is a folder to write to."""
    dispatcher: Any = numba.njit(**OPTIONS, no_cfunc_wrapper=True)(function)
    if STAMP is not None:
        try:
            dispatcher._cache = KernelCache(function)
        except RuntimeError:
            _warn_that_nothing_is_kept()
    result: Callable[..., Any] = dispatcher
    return result


@functools.cache
def _warn_that_nothing_is_kept() -> None:
    """Warn once in a process, whatever the filters."""
    warnings.warn(
        "neither the package's folder nor your cache folder can be written, so that functions "
        "are compiled again in every process (some 10 s); set NUMBA_CACHE_DIR to a folder that "
        "can be written",
        stacklevel=1,
    )


def is_ready(function: Any) -> bool:
    """Whether a compiled function was called before, or is kept on disk."""
    kept = getattr(function._cache, "_cache_file", None)
    if function.signatures or kept is None:
        return bool(function.signatures)
    try:
        return bool(kept._load_index())
    except Exception:  # what is unpickled from a damaged file may raise anything
        return False


class _Teller(event.Listener):
    """Tells when the first of functions within one another begins to be compiled, and the end."""

    def __init__(self) -> None:
        self.depth = 0

    def on_start(self, _: Any) -> None:
        self.depth += 1
        tell_all(True)

    def on_end(self, _: Any) -> None:
        self.depth -= 1
        tell_all(self.depth > 0)


event.register("numba:compile", _Teller())
