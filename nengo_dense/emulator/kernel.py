"""Choose what steps the chip: NumPy, always there, or numba, faster; the numbers are the same."""

import importlib.util

from nengo.exceptions import ValidationError

from nengo_dense.chip.program import Program
from nengo_dense.emulator.chip import Kernel
from nengo_dense.emulator.kernel_numpy import NumpyKernel

KERNELS = ("auto", "numpy", "numba")


def make_kernel(name: str, program: Program, lanes: int) -> Kernel:
    """Make a kernel for a program.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
        ``"auto"`` is numba if it is installed.
    program : Program
    lanes : int
    """
    if name not in KERNELS:
        raise ValidationError(f"Must be one of {', '.join(KERNELS)} (got {name!r})", attr="kernel")
    if name == "numpy" or (name == "auto" and importlib.util.find_spec("numba") is None):
        return NumpyKernel(program)
    from nengo_dense.emulator.kernel_numba import NumbaKernel  # loads numba

    return NumbaKernel(program)
