"""Compile functions that other compiled ones contain; loaded only by `.compilation`.

numba optimizes each function and makes machine code of it, and does so again with every function
that calls it, which contains it then. Of functions that are only called so, nobody needs the
machine code, and to optimize them once, where they have gone, is enough: that takes a third off
the time to compile. What comes out is the same but for the order of some instructions.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

#: Whether numba has what `Part` replaces or calls; where not, functions are compiled as usual.
FITS = all(
    hasattr(JITCodeLibrary, name)
    for name in (
        "_ensure_finalized",
        "_finalize_dynamic_globals",
        "_finalize_final_module",
        "_optimize_final_module",
        "_optimize_functions",
    )
)


class Part(JITCodeLibrary):
    """The code of a function that is only ever a part of others: neither optimized nor loaded."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return zero, as there is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> "Part":
        """(Part) What is told of an environment, for lack of machine code that would need it."""
        return self

    def set_env(self, env_name: str, env: Any) -> None:
        """Leave the environment, of which a function tells when it raises an error."""


class PartCompiler(Compiler):
    """Compiles a function to a `Part`."""

    def __init__(  # numba's own arguments
        self, typingctx: Any, targetctx: Any, library: Any, *args: Any
    ) -> None:
        part = Part(targetctx.codegen(), "part") if library is None else library
        super().__init__(typingctx, targetctx, part, *args)
