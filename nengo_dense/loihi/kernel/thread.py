"""Divide lanes among threads, for work that releases the interpreter lock: compiled code, BLAS."""

import collections
import contextvars
import functools
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

#: Numbers to compute that are worth a part of their own: to hand it to a thread takes some 50 us,
#: and to compute them some 250. Work of fewer than two parts stays in one thread.
PART_WORK = 500_000
#: Seconds between looks at threads that are to end.
MOMENT = 0.001

_this_thread = threading.local()


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
    threads = n_threads() if n_parts > 1 else 1  # to ask takes time as well
    if threads == 1:
        return [function(0, lanes)]
    ranges = divide(lanes, min(n_parts, 4 * threads))
    return call_all([functools.partial(function, *bounds) for bounds in ranges])


def divide(lanes: int, n_parts: int) -> list[tuple[int, int]]:
    """Divide lanes into ranges of about as many: the first of each, and the one after its last."""
    return list(itertools.pairwise(lanes * part // n_parts for part in range(n_parts + 1)))


def call_all(functions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Call functions side by side, in threads, which share out the processor's cores.

    What they call themselves stays in their thread.

    Returns
    -------
    results : list
        One for each function, in order.
    """
    threads = n_threads() if len(functions) > 1 else 1
    if threads == 1:
        return [function() for function in functions]
    work = _Work(functions)
    try:
        # this thread works too: to wake another takes as long as thousands of numbers
        pool = _pool(threads - 1)
        helpers = [
            pool.submit(contextvars.copy_context().run, work.help_off)
            for _ in range(min(threads, len(functions)) - 1)
        ]
        work.work_off()
        for helper in helpers:
            if not helper.cancel():  # it has begun
                helper.result()
        return work.results
    except BaseException:  # also at an interrupt, no thread may write after the caller goes on
        work.end()
        raise


class _Work:
    """Functions to call, by several threads, and what they return."""

    def __init__(self, functions: Sequence[Callable[[], Any]]) -> None:
        self.results: list[Any] = [None] * len(functions)
        self._todo = collections.deque(enumerate(functions))
        self._begun: list[int] = []
        self._ended: list[int] = []

    def work_off(self) -> None:
        """Call functions until none is left."""
        _this_thread.is_shared_out = True
        try:
            while True:
                try:
                    number, function = self._todo.popleft()
                except IndexError:  # nothing is left
                    return
                self.results[number] = function()
        finally:
            _this_thread.is_shared_out = False

    def help_off(self) -> None:
        """Call functions in another thread than the caller's."""
        self._begun.append(1)  # before it looks for work
        try:
            self.work_off()
        finally:
            self._ended.append(1)

    def end(self) -> None:
        """Begin nothing more, and wait until no other thread is at work.

        Another interrupt is no reason to leave threads at work.
        """
        while True:
            try:
                self._todo.clear()
                while len(self._ended) < len(self._begun):
                    time.sleep(MOMENT)
                return
            except KeyboardInterrupt:
                continue


def n_threads() -> int:
    """Return numba's number of threads: ``NUMBA_NUM_THREADS``, or that of the process's cores.

    One, where all of them are at work.
    """
    if getattr(_this_thread, "is_shared_out", False):
        return 1
    numba = sys.modules.get("numba")
    if numba is not None:
        return int(numba.get_num_threads())
    told = os.environ.get("NUMBA_NUM_THREADS", "")
    return (int(told) if told.isdecimal() else 0) or _n_cores()


def _n_cores() -> int:
    """Return the number of cores that this process may use, as numba counts them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    """Start threads once; they are reused by later runs, but not after a fork of the process."""
    return ThreadPoolExecutor(n_threads, thread_name_prefix="nengo_dense")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
