"""Output to a terminal, file or pipe: characters, progress bars and warnings."""

import codecs
import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from nengo_dense.exceptions import told
from nengo_dense.terminal import printable

#: Characters in our texts without an ASCII equivalent, and their replacements.
TYPED = {
    "µ": "u",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "“": '"',
    "”": '"',
    "’": "'",
    "·": "*",
}


def shows_progress() -> bool:
    """Tell whether to show a progress bar: only if standard output is a terminal.

    Nengo draws its bar on standard output. In a file or pipe, the bar would be mixed with the
    results.
    """
    return sys.stdout.isatty() and sys.stderr.isatty()


def announce(act: str) -> None:
    """Say what begins, if it may take seconds, on standard error that is a terminal.

    Parameters
    ----------
    act : str
        Such as "reading model.keras".
    """
    if sys.stderr.isatty():
        print(f"{told(act)} ...", file=sys.stderr, flush=True)


def say(text: object) -> None:
    """Print a result at once; the name of a file may steer a terminal."""
    print(printable(str(text)), flush=True)


@contextmanager
def complete_streams() -> Iterator[None]:
    """Put the null device in the place of standard streams that were closed before the start.

    Otherwise the next file that is opened gets their numbers, and what is printed goes into it.
    """
    with ExitStack() as null_devices:
        closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
        for name in closed:  # the lowest number that is free is given first
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, null_devices.enter_context(open(os.devnull, mode)))
        try:
            yield
        finally:
            for name in closed:
                setattr(sys, name, None)


@contextmanager
def plain_characters() -> Iterator[None]:
    """Replace characters that a stream's encoding lacks, instead of raising an error."""
    codecs.register_error("nengo_dense.typed", _typed)
    streams: list[tuple[Any, str]] = []
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors is not None:
            streams.append((stream, stream.errors))
            stream.reconfigure(errors="nengo_dense.typed")
    try:
        yield
    finally:
        for stream, errors in streams:
            stream.reconfigure(errors=errors)


@contextmanager
def own_warnings() -> Iterator[None]:
    """Show warnings of this package, and of a user's script, as one line each; hide all others.

    Other packages warn about themselves (versions, deprecations). This package warns about
    results that may be wrong.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # runpy names the module of a script "<run_path>"
        warnings.filterwarnings(
            "default", category=UserWarning, module=r"nengo_dense(\.|$)|<run_path>$"
        )
        warnings.showwarning = _show  # type: ignore[assignment]
        yield


def _show(message: Any, category: Any, filename: str, lineno: int, *_: Any) -> None:
    words = told(" ".join(str(message).split()))
    print(f"nengo-dense: warning: {words}", file=sys.stderr)


def _typed(err: UnicodeError) -> tuple[str, int]:
    """Replace characters that ASCII lacks; an error handler for a codec."""
    assert isinstance(err, UnicodeEncodeError), "only what is written is encoded"
    text = err.object[err.start : err.end]
    return "".join(map(_typed_one, text)), err.end


def _typed_one(character: str) -> str:
    letters = unicodedata.normalize("NFKD", character)  # "é" is "e" and an accent
    return TYPED.get(character) or letters.encode("ascii", "ignore").decode() or "?"
