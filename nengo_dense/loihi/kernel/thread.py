"""Divide lanes among threads, for work that releases the interpreter lock: compiled code, BLAS."""

import collections
import functools
import itertools
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

#: Numbers to compute that are worth a part of their own: to hand it to a thread takes some 50 us,
#: and to compute them some 250. Work of fewer than two parts stays in one thread.
PART_WORK = 500_000


def over_lanes(function: Callable[[int, int], Any], lanes: int, work: int) -> list[Any]:
    """Call a function with ranges of lanes, in threads if that is faster.

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
        One for each range, in order.
    """
    n_parts = min(lanes, work // PART_WORK)
    n_threads = _n_threads() if n_parts > 1 else 1  # to ask takes time as well
    if n_threads == 1:
        return [function(0, lanes)]
    n_parts = min(n_parts, 4 * n_threads)
    bounds = [lanes * part // n_parts for part in range(n_parts + 1)]
    todo = collections.deque(enumerate(itertools.pairwise(bounds)))
    results: list[Any] = [None] * n_parts

    def work_off() -> None:
        while True:
            try:
                number, pair = todo.popleft()
            except IndexError:  # nothing is left
                return
            results[number] = function(*pair)

    # this thread works too: to wake another takes as long as thousands of numbers
    pool = _pool(n_threads - 1)
    helpers = [pool.submit(work_off) for _ in range(min(n_threads, n_parts) - 1)]
    try:
        work_off()
        for helper in helpers:
            if not helper.cancel():  # it has begun
                helper.result()
        return results
    except BaseException:  # also at an interrupt, no thread may write after the caller goes on
        todo.clear()
        wait([helper for helper in helpers if not helper.cancel()])
        raise


def _n_threads() -> int:
    """Return numba's number of threads: ``NUMBA_NUM_THREADS``, or the number of cores."""
    numba = sys.modules.get("numba")
    if numba is not None:
        return int(numba.get_num_threads())
    return int(os.environ.get("NUMBA_NUM_THREADS", 0)) or os.cpu_count() or 1


@functools.cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    """Start threads once; they are reused by later runs, but not after a fork of the process."""
    return ThreadPoolExecutor(n_threads, thread_name_prefix="nengo_dense")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
