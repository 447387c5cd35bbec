"""Plug-ins: find, load and call the entry points of other packages, without risk to the rest.

A problem of one package becomes one sentence with the package and its entry point. The other
packages are still used.
"""

import configparser
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import entrypoints

from nengo_dense.deadline import within
from nengo_dense.exceptions import PluginError

#: File in which a package declares its entry points.
FILE = "entry_points.txt"
#: This package, which is trusted to end.
OWN = __name__.partition(".")[0]
#: Longest text for an object in a message, in characters.
MAX_SHOWN = 200
#: Longest message of an exception, in characters.
MAX_MESSAGE = 2000
#: Seconds that a package, or one of its functions, may take; whatever takes longer never ends.
TIME_LIMIT = 60.0

T = TypeVar("T")


class FaultError(Exception):
    """An exception of another package's function, in words that can be shown.

    Parameters
    ----------
    words : str
    error : BaseException, optional
        ``None`` if the function did not end in time.
    """

    def __init__(self, words: str, error: BaseException | None = None) -> None:
        super().__init__(words)
        self.error = error


@dataclass
class Found:
    """The entry points of a group, and the packages that could not be read.

    Attributes
    ----------
    entries : list of entrypoints.EntryPoint
        In a stable order, not loaded.
    problems : list of str
        Unreadable packages that mention the group, one sentence each.
    elsewhere : list of str
        Unreadable packages that do not mention the group, as far as can be known.
    """

    entries: list[entrypoints.EntryPoint] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def find(group: str) -> list[entrypoints.EntryPoint]:
    """List the entry points of a group, in a stable order, without loading any."""
    return search(group).entries


def find_with_ours(group: str) -> list[entrypoints.EntryPoint]:
    """List the entry points of a group in which this package has some itself, as `find` does.

    Raises
    ------
    nengo_dense.exceptions.PluginError
        There are none: this package is used without having been installed.
    """
    entries = find(group)
    if not entries:
        raise PluginError(
            f"No package has entry points in group '{group}', not even nengo_dense, which is "
            "found on Python's path but is not installed. Install it: pip install, or "
            "pip install -e for a clone."
        )
    return entries


def search(group: str) -> Found:
    """Find the entry points of a group, and the packages that cannot be read.

    If a package is installed twice, the copy that comes first on the path counts.
    """
    found = Found()
    seen: set[str] = set()
    for distribution in metadata.distributions():
        text = ""
        try:
            text = _written(distribution)
            config = _parse(text)
        except (OSError, UnicodeDecodeError, configparser.Error) as err:
            concerned = group in text or group.encode() in getattr(err, "object", b"")
            package = _package(distribution)
            if _first(package, seen):
                sentences = found.problems if concerned else found.elsewhere
                sentences.append(_unreadable(package, err))
            continue
        if group in config:
            package = _package(distribution)
            if _first(package, seen):
                _add(found, package, group, config)
    found.entries.sort(key=lambda entry: (entry.name, origin(entry)))
    return found


def _first(package: entrypoints.Distribution, seen: set[str]) -> bool:
    name = _normalized(package.name)
    new = name not in seen
    seen.add(name)
    return new


def _written(distribution: metadata.Distribution) -> str:
    """Read a package's file; one on disk is read again only after it has changed."""
    folder, changed = _on_disk(distribution)
    return _read(folder, changed) if folder else distribution.read_text(FILE) or ""


def _on_disk(distribution: metadata.Distribution) -> tuple[str, tuple[int, int]]:
    """Return a package's folder, and when and to what size its file was changed.

    The folder is empty if the package is not on disk, but in an archive.
    """
    folder = getattr(distribution, "_path", None)
    if not isinstance(folder, Path):
        return "", (0, 0)
    name = str(folder)
    try:
        state = os.stat(f"{name}/{FILE}")
    except OSError:  # there is none
        return name, (0, 0)
    return name, (state.st_mtime_ns, state.st_size)


@cache
def _read(folder: str, changed: tuple[int, int]) -> str:
    return metadata.Distribution.at(folder).read_text(FILE) or ""


@cache
def _parse(text: str) -> entrypoints.CaseSensitiveConfigParser:
    """Parse a file's text, once; whoever asks only reads the result."""
    config = entrypoints.CaseSensitiveConfigParser(delimiters=("=",), interpolation=None)
    if text:
        config.read_string(text, source=FILE)
    return config


def _add(
    found: Found,
    package: entrypoints.Distribution,
    group: str,
    config: entrypoints.CaseSensitiveConfigParser,
) -> None:
    for name, target in config[group].items():
        try:
            entry = entrypoints.EntryPoint.from_string(target, name, package)
        except entrypoints.BadEntryPoint:
            found.problems.append(
                f"The entry point '{name} = {target}' in group '{group}' of "
                f"{_title(package)} does not name an object (package.module:object). "
                "Repair or uninstall that package."
            )
        else:
            found.entries.append(entry)


def _unreadable(package: entrypoints.Distribution, err: Exception) -> str:
    return (
        f"The {FILE} of {_title(package)} cannot be read: {' '.join(describe(err).split())}. "
        "Repair or uninstall that package."
    )


def _package(distribution: metadata.Distribution) -> entrypoints.Distribution:
    """Return the name and version of a distribution; one on disk is read once, as its file is."""
    folder, changed = _on_disk(distribution)
    return _described(folder, changed) if folder else _describe(distribution)


@cache
def _described(folder: str, changed: tuple[int, int]) -> entrypoints.Distribution:
    return _describe(metadata.Distribution.at(folder))


def _describe(distribution: metadata.Distribution) -> entrypoints.Distribution:
    """Read the name and version of a distribution, even if its metadata are broken."""
    path = getattr(distribution, "_path", None)
    folder = entrypoints.Distribution.from_name_version(getattr(path, "stem", None) or "unknown")
    try:
        written: Any = distribution.metadata
        name, version = written.get("Name"), written.get("Version")
    except (AttributeError, OSError, TypeError, ValueError):  # they are missing, or not text
        return folder
    return entrypoints.Distribution(name or folder.name, version or folder.version)


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _title(package: entrypoints.Distribution) -> str:
    return f"{package.name} {package.version}" if package.version else package.name


def origin(entry: entrypoints.EntryPoint) -> str:
    """Return the name and version of an entry point's package."""
    return _title(entry.distro) if entry.distro else "unknown package"


def comes_from(entry: entrypoints.EntryPoint, package: str) -> bool:
    """Tell whether an entry point belongs to a package, however its name is written."""
    return entry.distro is not None and _normalized(entry.distro.name) == _normalized(package)


def load(entry: entrypoints.EntryPoint, group: str, time_limit: float | None = TIME_LIMIT) -> Any:
    """Import the object of an entry point.

    Parameters
    ----------
    entry : entrypoints.EntryPoint
    group : str
    time_limit : float or None
        Seconds that the import may take; ``None`` for no limit. This package's own modules have
        none, because a thread for each takes longer than their import.

    Raises
    ------
    PluginError
        The import failed; the message has the package and the entry point.
    """
    try:
        is_own = entry.module_name.partition(".")[0] == OWN
        return attempt(entry.load, None if is_own else time_limit)
    except FaultError as fault:
        raise PluginError(
            f"The entry point '{entry.name} = {entry.module_name}"
            f"{':' + entry.object_name if entry.object_name else ''}' in group '{group}' of "
            f"{origin(entry)} cannot be loaded: {fault}. "
            "Repair or uninstall that package."
        ) from fault.error


def attempt(call: Callable[[], T], time_limit: float | None = TIME_LIMIT) -> T:
    """Call a function of another package, and return its result.

    Parameters
    ----------
    call : callable
        Without arguments.
    time_limit : float or None
        Seconds that it may take; ``None`` for no limit.

    Raises
    ------
    FaultError
        It raised any exception but a Ctrl-C of the user, or it did not end.
    """

    def tell() -> T:
        raised: list[BaseException] = []
        with contained(raised.append):
            return call()
        raise FaultError(describe(raised[0]), raised[0])  # its message may never end either

    try:
        return within(time_limit, tell)
    except TimeoutError as err:
        raise FaultError(str(err)) from None


@contextmanager
def contained(note: Callable[[BaseException], None]) -> Iterator[None]:
    """Pass any exception of the code inside to ``note``, and go on.

    This includes ``sys.exit()``, and a KeyboardInterrupt that the code raises itself. Only a real
    Ctrl-C is raised again.
    """
    pressed: list[BaseException] = []
    with _listening(pressed):
        try:
            yield
        except BaseException as err:
            if pressed:
                raise
            note(err)
    if pressed:  # the code inside has caught the user's Ctrl-C
        raise pressed[0]


@contextmanager
def _listening(pressed: list[BaseException]) -> Iterator[None]:
    """Record a Ctrl-C of the user inside this context."""
    before = signal.getsignal(signal.SIGINT)

    def handler(number: int, frame: Any) -> None:
        try:
            before(number, frame)  # type: ignore[operator, misc]
        except BaseException as err:
            pressed.append(err)
            raise

    try:
        if callable(before):  # otherwise Ctrl-C is ignored, or Python does not handle it
            signal.signal(signal.SIGINT, handler)
    except ValueError:  # not the main thread, so no signal arrives here
        before = None
    try:
        yield
    finally:
        if callable(before):
            signal.signal(signal.SIGINT, before)


def describe(err: BaseException) -> str:
    """Return ``Type: message`` of an exception, even if its message cannot be shown."""
    words = message(err)
    return f"{type(err).__name__}: {words}" if words else type(err).__name__


def message(err: BaseException) -> str:
    """Return the message of an exception, or a text that it cannot be shown."""
    return _cut(_text(str, err), MAX_MESSAGE)


def show(value: object) -> str:
    """Return the ``repr`` of an object, or a text that it cannot be shown."""
    return _cut(_text(repr, value), MAX_SHOWN)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}..."


def _text(write: Callable[[object], str], value: object) -> str:
    failed: list[BaseException] = []
    with contained(failed.append):
        return write(value)
    kind = type(value).__name__
    return f"(this {kind} cannot be shown: {type(failed[0]).__name__} in its {write.__name__}())"
