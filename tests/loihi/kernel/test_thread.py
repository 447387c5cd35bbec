"""Lanes are shared among threads without losing one."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from nengo_dense.loihi.kernel.thread import PART_WORK, over_lanes

AFTER_FORK = """
import os, signal
from nengo_dense.loihi.kernel.thread import PART_WORK, over_lanes
def size(start, stop): return stop - start
assert sum(over_lanes(size, 50, 8 * PART_WORK)) == 50
child = os.fork()
if not child:
    signal.alarm(30)  # a child that waits for its parent's threads waits for ever
    os._exit(sum(over_lanes(size, 50, 8 * PART_WORK)) != 50)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


@pytest.fixture
def three_threads(monkeypatch):
    """Use as many on any machine, and whatever tests are told of threads."""
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")


@pytest.mark.parametrize("lanes", [1, 2, 7, 1000])
@pytest.mark.parametrize("work", [0, 100 * PART_WORK])
def test_every_lane_is_in_one_range_and_results_are_in_order(lanes, work, three_threads):
    ranges = over_lanes(lambda start, stop: (start, stop), lanes, work)
    assert len(ranges) == (min(lanes, 12) if work else 1)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == lanes
    assert all(a[1] == b[0] for a, b in itertools.pairwise(ranges))


def test_little_work_stays_in_one_piece():
    assert over_lanes(lambda *bounds: bounds, 100, 2 * PART_WORK - 1) == [(0, 100)]


def test_a_part_has_enough_work(three_threads):
    assert len(over_lanes(lambda *bounds: bounds, 100, 2 * PART_WORK)) == 2
    assert len(over_lanes(lambda *bounds: bounds, 100, 5 * PART_WORK)) == 5


def test_all_work_has_the_same_threads(three_threads):
    """However little there is: a pool for each number of parts would keep dozens of threads."""
    workers = set()

    def work(start, stop):
        workers.add(threading.current_thread())
        time.sleep(0.01)

    for n_parts in (100, 2, 100, 2):
        over_lanes(work, 100, n_parts * PART_WORK)
    assert len(workers) <= 3


def test_without_numba_there_is_a_thread_for_each_core(monkeypatch, three_threads):
    assert len(over_lanes(lambda *bounds: bounds, 100, 100 * PART_WORK)) == 12
    monkeypatch.delenv("NUMBA_NUM_THREADS")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(5), raising=False)
    assert len(over_lanes(lambda *bounds: bounds, 100, 100 * PART_WORK)) == 20
    monkeypatch.setenv("NUMBA_NUM_THREADS", "all")  # numba takes no notice of it
    assert len(over_lanes(lambda *bounds: bounds, 100, 100 * PART_WORK)) == 20
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)  # it is not known everywhere
    assert over_lanes(lambda *bounds: bounds, 100, 100 * PART_WORK) == [(0, 100)]


@pytest.mark.parametrize("here", [True, False])
def test_an_error_in_a_thread_is_raised_when_all_have_ended(here, three_threads):
    begun, ended, failed = [], [], []

    def fail(start, stop):
        in_this_thread = threading.current_thread() is threading.main_thread()
        begun.append(start)
        if not failed and in_this_thread == here:
            failed.append(start)
            raise ZeroDivisionError(f"lanes {start} to {stop}")
        time.sleep(0.05)
        ended.append(start)

    with pytest.raises(ZeroDivisionError, match="lanes"):
        over_lanes(fail, 100, 100 * PART_WORK)
    assert set(begun) == {*failed, *ended}  # nobody is still at work


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals are no thread's here")
def test_a_second_interrupt_leaves_no_thread_at_work(three_threads):
    begun, ended = [], []

    def work(start, stop):
        if threading.current_thread() is threading.main_thread():
            while not begun:
                time.sleep(0.001)
            raise KeyboardInterrupt
        begun.append(start)
        time.sleep(0.05)  # until the other waits
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.1)
        ended.append(start)

    with pytest.raises(KeyboardInterrupt):
        over_lanes(work, 100, 100 * PART_WORK)
    assert begun
    assert sorted(ended) == sorted(begun)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_threads_of_its_own():
    code = [sys.executable, "-W", "ignore", "-c", AFTER_FORK]
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run(code, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
