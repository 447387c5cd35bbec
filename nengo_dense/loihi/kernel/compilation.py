"""How functions are compiled; loaded only by compiled modules, because it imports numba.

numba keeps compiled functions on disk and compiles again when the file of the *called* function
changes, not when a file that it imports from does: so what belongs together is in one file. An
installation renews all files; who edits `.vector` in place deletes the ``__pycache__`` beside it.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.core.options import DefaultOptions

#: Options of all functions; without a run-time, numba does not count references to arrays.
OPTIONS: dict[str, Any] = {"nogil": True}
if hasattr(DefaultOptions, "_nrt"):
    OPTIONS["_nrt"] = False


def compiled(function: Callable) -> Callable:
    """Compile; keep the result on disk where that is possible."""
    try:
        return numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # neither the package's nor the user's folder can be written
        return numba.njit(**OPTIONS)(function)
