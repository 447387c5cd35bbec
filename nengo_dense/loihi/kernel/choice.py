"""Choose a kernel: NumPy (always available) or numba (faster). Their results are equal."""

import importlib.util

from nengo_dense import compat
from nengo_dense.arguments import choice
from nengo_dense.loihi.kernel.contract import Kernel
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
    choice(name, KERNELS, "kernel")
    if name == "numba":
        compat.require("numba", "The compiled kernel")
    if name == "numpy" or importlib.util.find_spec("numba") is None:
        return NumpyKernel(program)
    from nengo_dense.loihi.kernel.numba_kernel import NumbaKernel  # loads numba

    return NumbaKernel(program)
