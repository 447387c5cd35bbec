"""Choose a kernel: NumPy (always available) or numba (faster). Their results are equal."""

import importlib.util
from collections.abc import Callable

import numpy as np

from nengo_dense import compat
from nengo_dense.arguments import choice
from nengo_dense.loihi.kernel import numpy_slope
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.numpy_slope import Neurons, Trace
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
    if not _compiled(name):
        return NumpyKernel(program)
    from nengo_dense.loihi.kernel.numba_kernel import NumbaKernel  # loads numba

    return NumbaKernel(program)


def make_slopes(name: str = "auto") -> Callable[[np.ndarray, Trace, Neurons], np.ndarray]:
    """Choose what goes back in time, likewise; see `.numpy_slope.slopes`."""
    if not _compiled(name):
        return numpy_slope.slopes
    from nengo_dense.loihi.kernel import compiled_slope  # loads numba

    return compiled_slope.slopes


def is_compiled() -> bool:
    """Whether no function has to be compiled first, which takes seconds."""
    if not _compiled("auto"):
        return True
    from nengo_dense.loihi.kernel import compilation, compiled_chip, compiled_slope

    return all(map(compilation.is_ready, (compiled_chip.advance, compiled_slope.back)))


def _compiled(name: str) -> bool:
    """Whether a name stands for compiled code here."""
    choice(name, KERNELS, "kernel")
    if name == "numba":
        compat.require("numba", "The compiled kernel")
    return name != "numpy" and importlib.util.find_spec("numba") is not None
