"""Calls that end in time: in a thread of their own, which is stopped when the time is up."""

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")

#: How often a call is asked to stop, and how long it may take each time, in seconds. A call that
#: catches every exception, or waits for something outside Python, stops late or never.
ATTEMPTS, PAUSE = 3, 0.1


class _Stopped(SystemExit):
    """Raised inside a call whose time is up."""


class _Call(threading.Thread, Generic[T]):
    """A thread for one call; it does not keep the interpreter from ending."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(name="nengo_dense call", daemon=True)
        self._call = call
        self.results: list[T] = []
        self.raised: list[BaseException] = []

    def run(self) -> None:
        try:
            self.results.append(self._call())
        except BaseException as err:  # whoever waits for this call gets it
            self.raised.append(err)

    def stop(self) -> None:
        """Ask the call to stop, and wait a moment for its end."""
        with _unraisable_stops_untold():
            for _ in range(ATTEMPTS):
                if not self.is_alive() or self.ident is None:
                    return
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.ident), ctypes.py_object(_Stopped)
                )
                self.join(PAUSE)


@contextmanager
def _unraisable_stops_untold() -> Iterator[None]:
    """Let Python not print a ``_Stopped`` that arrives where nothing can be raised.

    That is in ``__del__`` and in the callbacks of weak references; the call goes on there, and
    the next attempt stops it.
    """
    before = sys.unraisablehook

    def tell(unraisable: Any) -> None:
        if unraisable.exc_type is not _Stopped:
            before(unraisable)

    sys.unraisablehook = tell
    try:
        yield
    finally:
        sys.unraisablehook = before


def within(seconds: float | None, call: Callable[[], T]) -> T:
    """Call a function for a limited time, and return its result.

    Parameters
    ----------
    seconds : float or None
        ``None`` for no limit; the call is then made in this thread, as a debugger needs it.
    call : callable
        Without arguments. What it changes after its time is up does not matter to anybody.

    Raises
    ------
    TimeoutError
        The time is up. The call is stopped; if it catches every exception, or waits for something
        outside Python, it goes on in the background, and the message says so.

    Notes
    -----
    Any exception of the call is raised here. Ctrl-C stops the call, too.

    Examples
    --------
    >>> within(1.0, lambda: 6 * 7)
    42
    """
    if seconds is None:
        return call()
    thread = _Call(call)
    try:
        thread.start()
        thread.join(seconds)
        late = thread.is_alive()
    finally:  # the time is up, or somebody has pressed Ctrl-C
        thread.stop()
    if late:
        fate = "goes on in the background" if thread.is_alive() else "was stopped"
        raise TimeoutError(f"it did not end within {seconds:g} seconds and {fate}")
    for err in thread.raised:
        raise err
    return thread.results[0]


def is_inside() -> bool:
    """Tell whether this code runs in a call with a limit."""
    return isinstance(threading.current_thread(), _Call)
