"""A call with a limit ends in time, and gives back what it would give without one."""

import os
import signal
import sys
import threading
import time

import pytest

from nengo_dense.deadline import is_inside, within


def test_result_is_that_of_the_call():
    assert within(60.0, lambda: [1]) == [1]
    assert within(None, lambda: [1]) == [1]


@pytest.mark.parametrize("error", [ValueError("v"), SystemExit(3), KeyboardInterrupt("k")])
@pytest.mark.parametrize("seconds", [60.0, None])
def test_error_of_the_call_is_raised(error, seconds):
    def fail():
        raise error

    with pytest.raises(type(error), match=str(error)):
        within(seconds, fail)


def test_call_that_never_ends_is_stopped():
    threads = []

    def loop():
        threads.append(threading.current_thread())
        while True:
            pass

    with pytest.raises(TimeoutError, match=r"did not end within 0\.05 seconds and was stopped"):
        within(0.05, loop)
    assert not threads[0].is_alive()


def test_call_that_cannot_be_stopped_is_left_behind_and_said():
    done = threading.Event()
    with pytest.raises(TimeoutError, match="and goes on in the background"):
        within(0.05, done.wait)
    done.set()


def test_stop_that_arrives_where_nothing_can_be_raised_is_not_printed_and_asked_again(capfd):
    busy = threading.Event()
    hook = sys.unraisablehook

    class Last:
        def __del__(self):
            busy.set()
            while True:
                pass

    def loop():
        Last()
        while True:
            pass

    with pytest.raises(TimeoutError, match="was stopped"):
        within(0.05, loop)
    assert busy.is_set()
    assert sys.unraisablehook is hook
    assert capfd.readouterr() == ("", "")


def test_call_knows_where_it_runs():
    assert within(60.0, is_inside)
    assert not within(None, is_inside)
    assert not is_inside()


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_stops_the_call():
    threads = []

    def press():
        threads.append(threading.current_thread())
        os.kill(os.getpid(), signal.SIGINT)  # as a terminal does: the main thread is woken
        while True:
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        within(60.0, press)
    assert not threads[0].is_alive()
