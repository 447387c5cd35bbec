"""Arithmetic of 32-bit integers in compiled functions; loaded only by `.compiled` (needs numba).

numba widens sums and products of 32-bit integers to 64 bits, which halves what a vector register
holds, or worse. These stay at 32 bits and wrap round, as NumPy's int32 arrays do.
"""

from typing import Any

from numba.core import types
from numba.extending import intrinsic


def _operation(instruction: str) -> Any:
    """Make a function of two int32 that is one LLVM instruction."""

    @intrinsic
    def operation(typing_context, a, b):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return getattr(builder, instruction)(*arguments)

        return types.int32(types.int32, types.int32), generate

    return operation


add = _operation("add")
subtract = _operation("sub")
multiply = _operation("mul")
exclusive_or = _operation("xor")
either = _operation("or_")
both = _operation("and_")
shift_left = _operation("shl")
shift_right = _operation("ashr")
