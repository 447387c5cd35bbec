"""One thing at a time: what a simulator cannot do while it runs, and reading while one writes."""

import functools
import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from nengo.exceptions import SimulationError

Method = TypeVar("Method", bound=Callable[..., Any])


class SoleUse:
    """Lets one thing be done at a time, and refuses others, in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def to(self, doing: str) -> "SoleUse":
        """Do something to a simulator, alone, until the end of a ``with`` block.

        Raises
        ------
        nengo.exceptions.SimulationError
            Something else is done at this time.
        """
        if not self._lock.acquire(blocking=False):
            raise SimulationError(
                f"This simulator cannot {doing} while it runs, in another thread or around this "
                "call; wait for the end of the run, or use a simulator for each thread"
            )
        return self

    def __reduce__(self) -> NoReturn:
        raise SimulationError(
            "A simulator can be neither copied nor pickled, as its threads and its memory are "
            "this process's own; copy or pickle the network, and make a simulator of it there"
        )

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self._lock.release()


def in_turn(method: Method) -> Method:
    """Let a method wait until no other thread is in one of the object's; it needs a ``turn``."""

    @functools.wraps(method)
    def wait(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self.turn:
            return method(self, *args, **kwargs)

    return wait  # type: ignore[return-value]
