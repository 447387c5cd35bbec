"""Ctrl-C that is not lost where Python would swallow it.

Extensions in C that are interrupted while they are imported raise an ImportError, which many
packages take for "not installed"; what is raised in ``__del__`` or in a callback is only printed.
There Ctrl-C waits for a better place.
"""

import os
import signal
import sys
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: Seconds after which a Ctrl-C that could not be raised comes again.
AGAIN = 0.05
#: Most seconds that it waits for an import, which may have no end.
LONGEST = 10.0


class _Interrupts:
    """The handler of the signal INT in the main thread."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.waits = False
        self.ended = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, or wait for a better place."""
        now = time.monotonic()
        self.since = self.since or now
        if is_importing(frame) and now < self.since + LONGEST:
            self.come_again()
        else:
            self.since, self.waits = None, False
            raise KeyboardInterrupt

    def come_again(self) -> None:
        """Send the signal once more in a moment."""
        self.waits = True
        start_new_thread(self._repeat, ())  # threading has locks, which its caller may hold

    def raise_waiting(self) -> None:
        """Raise what waits, as the work was done before it came again."""
        if self.waits:
            self.waits = False
            raise KeyboardInterrupt

    def _repeat(self) -> None:
        time.sleep(AGAIN)
        if self.waits and not self.ended:
            os.kill(os.getpid(), signal.SIGINT)


def is_importing(frame: FrameType | None) -> bool:
    """Tell whether a frame runs inside an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def kept() -> Iterator[Callable[[], None]]:
    """Raise KeyboardInterrupt only where it is not swallowed; does nothing in other threads.

    Yields
    ------
    raise_waiting : callable
        To be called when all is done: raises a Ctrl-C that still waits.
    """
    interrupts, tell = _Interrupts(), sys.unraisablehook
    if (
        sys.platform == "win32"
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        # Ctrl-C is ignored, or somebody else's; Windows has no signals to send
        yield interrupts.raise_waiting
        return

    def unraisable(what: Any) -> None:
        if what.exc_type is KeyboardInterrupt:
            interrupts.come_again()
        else:
            tell(what)

    try:
        signal.signal(signal.SIGINT, interrupts.handle)
    except ValueError:  # not the main thread, so no signal arrives here
        yield interrupts.raise_waiting
        return
    sys.unraisablehook = unraisable
    try:
        yield interrupts.raise_waiting
    finally:
        interrupts.ended = True
        sys.unraisablehook = tell
        signal.signal(signal.SIGINT, signal.default_int_handler)
