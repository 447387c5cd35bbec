"""Share lanes among threads; loaded only with compiled code, which releases the interpreter."""

import functools
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numba
import numpy as np

#: Numbers to compute below which starting threads costs more than it saves.
THREAD_WORK = 200_000
#: Bytes that the processor's caches move at once.
CACHE_LINE = 64


def over_lanes(function: Callable[[int, int], Any], lanes: int, work: int) -> list[Any]:
    """Call a function with ranges of lanes, in threads if it pays.

    Parameters
    ----------
    function : callable
        Takes the first lane and the one after the last.
    lanes : int
    work : int
        Numbers to compute, in all lanes.

    Returns
    -------
    results : list
        One for each range. There are as many threads as numba uses: ``NUMBA_NUM_THREADS``.
    """
    n_threads = min(numba.get_num_threads(), lanes)
    if n_threads == 1 or work < THREAD_WORK:
        return [function(0, lanes)]
    n_parts = min(lanes, 4 * n_threads)
    bounds = [lanes * part // n_parts for part in range(n_parts + 1)]
    pool = _pool(n_threads)
    parts = [pool.submit(function, *pair) for pair in itertools.pairwise(bounds)]
    try:
        return [part.result() for part in parts]
    except BaseException:  # an interrupt too: nothing may write when the caller goes on
        for part in parts:
            part.cancel()
        wait(parts)
        raise


@functools.cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    """Start threads once: they outlive a run, but not a fork of the process."""
    return ThreadPoolExecutor(n_threads, thread_name_prefix="nengo_dense")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def aligned(array: np.ndarray) -> np.ndarray:
    """Copy a vector to where a line of the processor's cache begins.

    A register of a line's size is then loaded and stored in one go.
    """
    room = np.empty(array.nbytes + CACHE_LINE, dtype=np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    copy = room[start : start + array.nbytes].view(array.dtype)
    copy[...] = array
    return copy
