"""Choose a kernel: NumPy (always available) or numba (faster). Their results are equal."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

import numpy as np
from nengo.exceptions import ValidationError
from nengo.utils.progress import Progress, ProgressBar, ProgressTracker

from nengo_dense import compat
from nengo_dense.arguments import choice
from nengo_dense.loihi.kernel import numpy_count, numpy_host, numpy_product, numpy_slope
from nengo_dense.loihi.kernel.contract import Kernel
from nengo_dense.loihi.kernel.early_kernel import EarlyKernel
from nengo_dense.loihi.kernel.memory import Memory
from nengo_dense.loihi.kernel.notice import told
from nengo_dense.loihi.kernel.numpy_kernel import NumpyKernel
from nengo_dense.loihi.kernel.numpy_readout import SumOrder
from nengo_dense.loihi.kernel.numpy_slope import Neurons, Trace
from nengo_dense.loihi.kernel.patience import Patience, can_estimate, is_switched_off
from nengo_dense.loihi.program import Program

KERNELS = ("auto", "numpy", "numba")
#: Shown while functions are compiled, once on every machine.
COMPILING = "Compiling for the first time (some 10 s)"
#: How much NumPy computes in this process where either could.
PATIENCE = Patience()
#: How much longer than by an estimate small layers of the host fire in this process.
ESTIMATING = Patience(is_ready=can_estimate)


def make_kernel(name: str, program: Program) -> Kernel:
    """Make a kernel for a program.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
        ``"auto"`` is numba if it is installed, and not switched off by ``NUMBA_DISABLE_JIT``; but
        NumPy begins (see `.patience`).
    program : Program
    """
    if not _may_be_compiled(name):
        return NumpyKernel(program)
    if name == "auto" and not PATIENCE.is_over(0):
        return EarlyKernel(program, PATIENCE, _make_patient, ESTIMATING)
    return _make_compiled(program) if name == "numba" else _make_patient(program)


def _make_patient(program: Program) -> Kernel:
    return _make_compiled(program, ESTIMATING)


def _make_compiled(program: Program, patience: Patience | None = None) -> Kernel:
    from nengo_dense.loihi.kernel.numba_kernel import NumbaKernel  # loads numba

    return NumbaKernel(program, patience)


def make_fire_from_start(
    name: str = "auto",
) -> Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]:
    """Choose what lets the host's neurons fire, likewise; see `.numpy_host.fire_from_start`."""
    if not _compiled(name):
        return numpy_host.fire_from_start
    from nengo_dense.loihi.kernel import compiled_host  # loads numba

    return compiled_host.fire_from_start


def make_sum_spiking(
    name: str = "auto", nanoseconds: float = np.inf
) -> Callable[[np.ndarray, np.ndarray, SumOrder, Memory], np.ndarray] | None:
    """Choose what adds the weights of spikes; None for NumPy, which only makes matrix products.

    ``nanoseconds`` is the time that NumPy would take.
    """
    if not _may_be_compiled(name) or (name == "auto" and not PATIENCE.is_over(nanoseconds)):
        return None
    from nengo_dense.loihi.kernel import compiled_readout  # loads numba

    return compiled_readout.sum_spiking


def make_count(name: str = "auto") -> Callable[[np.ndarray, Sequence[slice]], np.ndarray]:
    """Choose what counts spikes, likewise; see `.numpy_count`."""
    if not _compiled(name):
        return numpy_count.count_spikes
    from nengo_dense.loihi.kernel import compiled_count  # loads numba

    return compiled_count.count_spikes


class BackInTime(NamedTuple):
    """The functions that take slopes back in time; see `.numpy_slope` and `.numpy_product`."""

    slopes: Callable[[np.ndarray, Trace, Neurons], np.ndarray]
    correlate: Callable[[np.ndarray, np.ndarray], np.ndarray]
    send_back: Callable[[np.ndarray, np.ndarray], np.ndarray]


def make_slopes(name: str = "auto") -> BackInTime:
    """Choose what goes back in time, likewise."""
    if not _compiled(name):
        return BackInTime(numpy_slope.slopes, numpy_product.correlate, numpy_product.send_back)
    from nengo_dense.loihi.kernel import compiled_product, compiled_slope  # loads numba

    return BackInTime(
        compiled_slope.slopes, compiled_product.correlate, compiled_product.send_back
    )


def is_compiled() -> bool:
    """Whether no function has to be compiled first, which takes seconds."""
    if not _compiled("auto"):
        return True
    from nengo_dense.loihi.kernel import compilation, compiled_chip, compiled_slope

    # those that take longest; of the others it hangs on the network which are needed
    return all(map(compilation.is_ready, (compiled_chip.advance, compiled_slope.back)))


def showing(
    progress: Progress, bar: bool | ProgressBar, name: str = "auto"
) -> AbstractContextManager[None]:
    """Show progress on a bar, also that functions are compiled, for as long as they are.

    Parameters
    ----------
    progress : nengo.utils.progress.Progress
    bar : bool or nengo.utils.progress.ProgressBar
        False shows nothing, and takes no time: a tracker makes a thread even then.
    name : {"auto", "numpy", "numba"}
        Of the kernel.
    """
    return nullcontext() if bar is False else _showing(progress, bar, name)


@contextmanager
def _showing(progress: Progress, bar: bool | ProgressBar, name: str) -> Iterator[None]:
    with ProgressTracker(bar, progress), saying_what_is_compiled(progress, name):
        yield


@contextmanager
def saying_what_is_compiled(progress: Progress, name: str = "auto") -> Iterator[None]:
    """Let a progress bar say that functions are compiled, for as long as they are.

    Parameters
    ----------
    progress : nengo.utils.progress.Progress
        Shows its own name otherwise.
    name : {"auto", "numpy", "numba"}
        Of the kernel.
    """
    if not _may_be_compiled(name):
        yield
        return
    act = progress.name_during

    def tell(compiling: bool) -> None:
        progress.name_during = COMPILING if compiling else act

    with told(tell):
        yield


def _may_be_compiled(name: str) -> bool:
    """Do as `_compiled`, but do not load numba for "auto": `.patience` looks whether it is on."""
    not_loaded = name == "auto" and "numba" not in sys.modules
    return importlib.util.find_spec("numba") is not None if not_loaded else _compiled(name)


def _compiled(name: str) -> bool:
    """Whether a name stands for compiled code here; not if numba compiles nothing."""
    choice(name, KERNELS, "kernel")
    if name == "numba":
        compat.require("numba", "The compiled kernel")
    if name == "numpy" or importlib.util.find_spec("numba") is None:
        return False
    is_off = is_switched_off()
    if is_off and name == "numba":
        raise ValidationError(
            "numba is switched off (NUMBA_DISABLE_JIT); switch it on, or use 'numpy'", "kernel"
        )
    return not is_off
