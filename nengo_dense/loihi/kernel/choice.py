"""Choose what steps the chip: NumPy, always there, or numba, faster; the numbers are the same."""

import importlib.util

from nengo.exceptions import ValidationError

from nengo_dense import compat
from nengo_dense.loihi.kernel.contract import Fire, Follow, Kernel
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.program import Program

KERNELS = ("auto", "numpy", "numba")


def make_kernel(name: str, program: Program) -> Kernel:
    """Make a kernel for a program.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
        ``"auto"`` is numba if it is installed.
    program : Program
    """
    if not _is_compiled(name):
        return NumpyKernel(program)
    from nengo_dense.loihi.kernel.numba_kernel import NumbaKernel  # loads numba

    return NumbaKernel(program)


def make_fire(name: str) -> Fire | None:
    """Get what runs a host layer ahead, or None if that is not compiled.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
    """
    if not _is_compiled(name):
        return None
    from nengo_dense.loihi.kernel.compiled_host import fire  # loads numba

    return fire


def make_follow(name: str) -> Follow | None:
    """Get what runs a readout after the chip, or None if that is not compiled.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
    """
    if not _is_compiled(name):
        return None
    from nengo_dense.loihi.kernel.compiled_host import follow  # loads numba

    return follow


def _is_compiled(name: str) -> bool:
    if name not in KERNELS:
        raise ValidationError(f"Must be one of {', '.join(KERNELS)} (got {name!r})", attr="kernel")
    if name == "numba":
        compat.require("numba", "The compiled kernel")
    return name == "numba" or (name == "auto" and importlib.util.find_spec("numba") is not None)
