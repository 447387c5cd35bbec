"""Settings of the process that a function of another package may change, and their return."""

import gc
import locale
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np


class _Setting(NamedTuple):
    """A setting of the process: how it is read, and how it is written."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def _set_working_folder(path: str | None) -> None:
    if path is not None:
        os.chdir(path)


def _set_environment(variables: dict[str, str]) -> None:
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)


def _set_path(path: list[str]) -> None:
    sys.path[:] = path


def _stream(name: str) -> _Setting:
    return _Setting(f"sys.{name}", lambda: getattr(sys, name), lambda v: setattr(sys, name, v))


_SETTINGS = (
    _Setting("the working folder", _working_folder, _set_working_folder),
    _Setting("environment variables", lambda: dict(os.environ), _set_environment),
    _Setting("sys.path", lambda: list(sys.path), _set_path),
    *map(_stream, ("stdin", "stdout", "stderr")),
    _Setting("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    _Setting(
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda value: locale.setlocale(locale.LC_ALL, value),
    ),
    _Setting("garbage collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
)


@contextmanager
def same_process(note: Callable[[str], None]) -> Iterator[None]:
    """Set everything back that the code inside changes, and pass its name to ``note``.

    Filters of warnings, and how NumPy prints and treats errors, are set back without a word.
    """
    before = [setting.read() for setting in _SETTINGS]
    threads = set(threading.enumerate())
    try:
        with warnings.catch_warnings(), np.errstate(), np.printoptions():
            yield
    finally:
        for setting, value in zip(_SETTINGS, before, strict=True):
            if setting.read() != value:
                setting.write(value)
                note(f"{setting.name} (set back)")
        for thread in set(threading.enumerate()) - threads:
            if not thread.daemon:
                note(f"the threads: {thread.name} goes on, and the process cannot end before it")
