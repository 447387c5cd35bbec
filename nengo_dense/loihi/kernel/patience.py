"""When compiled functions are used: once NumPy has computed for about as long as they take to get.

numba is imported and its cache read in half a second, and what is not in the cache takes seconds
to compile. Most runs of a notebook end sooner in NumPy. Nobody knows how much a process will still
compute; but one that goes on until it has waited as long as the other way takes, and then changes,
never waits more than twice as long as necessary (A. R. Karlin et al., "Competitive snoopy
caching", Algorithmica 3, 1988).

Times are estimated from the work, not measured.
"""

import functools
import os
import sys
from collections.abc import Callable

from nengo.exceptions import ValidationError

#: Nanoseconds that NumPy computes in a process before compiled functions are loaded, and before
#: they are compiled, which processes to come gain from too.
LOADING, COMPILING = 3e8, 2e9


class Patience:
    """Counts what NumPy computes, and says when that is enough.

    Parameters
    ----------
    loading, compiling : float
    is_ready : callable, optional
        Returns whether nothing need be compiled; by default, whether the chip's function is.

    Attributes
    ----------
    loading, compiling : float
        See `LOADING` and `COMPILING`; negative numbers leave nothing to NumPy.
    """

    def __init__(
        self,
        loading: float = LOADING,
        compiling: float = COMPILING,
        is_ready: Callable[[], bool] | None = None,
    ) -> None:
        self.loading, self.compiling = loading, compiling
        self._is_ready = is_ready
        self._spent = 0.0
        self._over = False

    def is_over(self, nanoseconds: float) -> bool:
        """Whether compiled functions are to do some work; else it is counted as NumPy's.

        Parameters
        ----------
        nanoseconds : float
            That NumPy would take for it.
        """
        spent = self._spent + nanoseconds
        if not self._over and ("numba" in sys.modules or spent > self.loading):
            is_ready = self._is_ready or _is_ready
            self._over = not is_switched_off() and (spent > self.compiling or is_ready())
        if not self._over:
            self._spent = spent
        return self._over


def is_switched_off() -> bool:
    """Whether numba compiles nothing; it says so only once it is loaded.

    Raises
    ------
    nengo.exceptions.ValidationError
        It cannot be loaded with the number of threads that it is told.
    """
    variable = "NUMBA_NUM_THREADS"
    try:
        import numba
    except ValueError as err:
        if variable not in os.environ:
            raise  # something else is wrong
        raise ValidationError(
            f"numba cannot be loaded where it is {os.environ[variable]!r} ({err}); give a whole "
            "number above 0, or none",
            variable,
        ) from err
    return bool(vars(numba.config)["DISABLE_JIT"])


def _is_ready() -> bool:
    """Whether the chip's function is compiled, which takes longest.

    The host's are left out: who converts and evaluates never needs all of them, and would wait
    for NumPy in each process.
    """
    from nengo_dense.loihi.kernel import compilation, compiled_chip  # loads numba

    return compilation.is_ready(compiled_chip.advance)


@functools.cache
def can_estimate() -> bool:
    """Whether the functions of estimates were compiled before this process asked for them."""
    from nengo_dense.loihi.kernel import compilation, compiled_estimate  # loads numba

    return compilation.is_ready(compiled_estimate.fire_lanes)
