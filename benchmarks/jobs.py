"""Run a benchmark's parts in processes of one thread each, or one after another in this one."""

import concurrent.futures
import multiprocessing
import os

#: What makes NumPy, OpenBLAS and numba use one thread; read when a process imports them.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def run(n_jobs, starts, then):
    """Call functions, and yield results as they come.

    Parameters
    ----------
    n_jobs : int
        Processes; with 1 all runs here, with as many threads as there are.
    starts : list of (key, function, arguments)
    then : callable
        Called with ``(key, result)`` of one of ``starts``; returns more of them, whose results
        start nothing.

    Yields
    ------
    key, result
    """
    if n_jobs == 1:
        for key, function, arguments in starts:
            result = function(*arguments)
            yield key, result
            for further, other, its in then(key, result):
                yield further, other(*its)
        return
    os.environ.update(dict.fromkeys(THREADS, "1"))
    pool = concurrent.futures.ProcessPoolExecutor(
        n_jobs,
        multiprocessing.get_context("spawn"),
        max_tasks_per_child=1,  # so that the peak memory is that of one part
    )
    with pool:
        waiting = {pool.submit(function, *its): (key, True) for key, function, its in starts}
        while waiting:
            done, _ = concurrent.futures.wait(waiting, return_when="FIRST_COMPLETED")
            for future in done:
                key, first = waiting.pop(future)
                result = future.result()
                yield key, result
                if first:
                    for further, function, its in then(key, result):
                        waiting[pool.submit(function, *its)] = further, False
