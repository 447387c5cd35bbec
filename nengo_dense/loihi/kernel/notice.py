"""Who is told that functions are compiled; known before numba is loaded."""

import contextlib
from collections.abc import Callable, Iterator

#: What to call with True when anything begins to be compiled, and with False after it.
_all: list[Callable[[bool], None]] = []


@contextlib.contextmanager
def told(tell: Callable[[bool], None]) -> Iterator[None]:
    """Call a function with True when anything begins to be compiled, and with False after it."""
    _all.append(tell)
    try:
        yield
    finally:
        _all.remove(tell)


def tell_all(compiling: bool) -> None:
    """Tell all that anything begins to be compiled, or that nothing is any more."""
    for tell in list(_all):
        tell(compiling)
