"""Warnings of several evaluations in one call: each said once, at the line of the caller."""

import warnings
from types import TracebackType


class Notices:
    """Holds back what is warned of within, and says it at the end: each once, to the caller.

    After an error nothing more is said.

    Parameters
    ----------
    file : str
        ``__file__`` of whoever holds back; warnings of other files' lines keep these.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     with Notices(__file__):
    ...         warnings.warn("too short")
    ...         warnings.warn("too short")
    >>> len(said)
    1
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._catching = warnings.catch_warnings(record=True)

    def __enter__(self) -> None:
        caught = self._catching.__enter__()
        assert caught is not None, "they are recorded"
        self._caught = caught
        warnings.simplefilter("always")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._catching.__exit__(kind, error, traceback)
        if error is not None:
            return
        for one in {(str(one.message), one.category): one for one in self._caught}.values():
            if one.filename == self._file:
                warnings.warn(str(one.message), one.category, stacklevel=3)
            else:
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
