"""What is told the user beside a result; of several evaluations in one call, each notice once.

Python's own way to hold warnings back, ``warnings.catch_warnings``, changes them for all threads,
and may leave them off for good where two threads do so at once.
"""

import warnings
from contextvars import ContextVar
from types import TracebackType

#: What is held back here, each once, in order; None where everything is said at once.
_HELD: ContextVar[dict[str, None] | None] = ContextVar("held", default=None)


def notify(notice: str, stacklevel: int) -> None:
    """Warn the caller of whoever calls this (1), or further up; later where `Notices` hold it."""
    held = _HELD.get()
    if held is None:
        warnings.warn(notice, stacklevel=stacklevel + 2)
    else:
        held.setdefault(notice)


class Notices:
    """Holds back the notices of a ``with`` block, and says each once, to the caller's caller.

    After an error nothing more is said.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     with Notices():
    ...         notify("too short", stacklevel=1)
    ...         notify("too short", stacklevel=1)
    >>> len(said)
    1
    """

    def __enter__(self) -> None:
        self._held: dict[str, None] = {}
        self._before = _HELD.set(self._held)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _HELD.reset(self._before)
        if error is None:
            for notice in self._held:
                notify(notice, stacklevel=2)
