"""Errors of nengo-loihi's builder, with the object that it could not build."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb
from types import TracebackType
from typing import Any

import nengo
from nengo.exceptions import BuildError, NengoException


class NotImplementedBuildError(BuildError, NotImplementedError):
    """nengo-loihi does not implement a feature that the network needs."""


@contextmanager
def explained(network: Any) -> Iterator[None]:
    """Turn every error of nengo-loihi's builder into one that names an object.

    Parameters
    ----------
    network : nengo.Network
        Named if the object that caused the error is not known.

    Raises
    ------
    BuildError
        nengo-loihi's message, and the object that it was building. Nengo's other errors, and
        warnings that are raised as errors, pass unchanged.
    """
    try:
        yield
    except BuildError as err:
        culprit = _object_being_built(err.__traceback__)
        named = culprit is None or str(getattr(culprit, "label", None) or culprit) in str(err)
        if named or str(culprit) in str(err):
            raise
        raise BuildError(f"{err} (while building {culprit})") from err
    except (NengoException, Warning):
        raise
    except Exception as err:  # an unexpected object can raise any error
        kind = NotImplementedBuildError if isinstance(err, NotImplementedError) else BuildError
        culprit = _object_being_built(err.__traceback__) or network
        raise kind(f"nengo-loihi cannot build {culprit}: {_reason(err)}") from err


def _reason(err: Exception) -> str:
    """Return an error's message, or the condition of an assertion without a message."""
    if isinstance(err, AssertionError | NotImplementedError) and str(err):
        return str(err)
    if isinstance(err, AssertionError):
        line = extract_tb(err.__traceback__)[-1].line or "an assertion"
        return f"'{line.removeprefix('assert ')}' does not hold"
    return f"{type(err).__name__}: {str(err) or 'without a message'}"


def _object_being_built(traceback: TracebackType | None) -> Any:
    """Find the innermost object (of Nengo, or a block on the chip) whose building failed."""
    found = None
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "build":
            built = frame.f_locals.get("obj")
            if isinstance(built, nengo.base.NengoObject):
                found = built
        elif frame.f_code.co_name in ("discretize_block", "validate_block"):
            found = frame.f_locals.get("block")
        traceback = traceback.tb_next
    return found
