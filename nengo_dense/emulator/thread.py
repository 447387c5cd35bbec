"""Share lanes among threads; loaded only with compiled code, which releases the interpreter."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba

#: Numbers to compute below which starting threads costs more than it saves.
THREAD_WORK = 200_000


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
    with ThreadPoolExecutor(n_threads) as pool:
        parts = [pool.submit(function, *pair) for pair in itertools.pairwise(bounds)]
        return [part.result() for part in parts]
