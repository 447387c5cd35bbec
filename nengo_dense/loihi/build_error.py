"""Errors of nengo-loihi's builder, with the object that it could not build."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb
from types import TracebackType
from typing import Any

import nengo
from nengo.exceptions import BuildError, NengoException

#: Parts of conditions that nengo-loihi asserts without a message, and what they mean.
MEANINGS = {
    "post_slice == slice(None)": "a connection cannot lead to a part of neurons or of dimensions "
    "on the chip. Connect to all of them, with zeros in the other rows of the transform",
    "isinstance(conn.pre_obj, (Neurons": "a Convolution must start at neurons. Connect from "
    ".neurons to .neurons, or use a dense transform (an array)",
    "isinstance(conn.post_obj, Neurons)": "a Convolution must end at neurons. Connect from "
    ".neurons to .neurons, or use a dense transform (an array)",
    "isinstance(conn.post_obj, Ensemble)": "a solver with weights=True must be of a connection "
    "that ends at an ensemble. Use one without weights, as NnlsL2() or LstsqL2()",
    "(man > 0).all()": "a threshold is too small beside the weights and biases of its core, for "
    "which one exponent holds. Bring them closer together",
    "(man <= VTH_MAN_MAX).all()": "a threshold is too large beside the weights and biases of its "
    "core, for which one exponent holds. Bring them closer together",
}


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
    """Return an error's message, or what an assertion without a message means."""
    if isinstance(err, AssertionError | NotImplementedError) and str(err):
        return str(err)
    if isinstance(err, AssertionError):
        line = extract_tb(err.__traceback__)[-1].line or "an assertion"
        for part, meaning in MEANINGS.items():
            if part in line:
                return f"{meaning}. nengo_dense.check(network) shows where"
        return (
            f"'{line.removeprefix('assert ')}' does not hold. nengo_dense.check(network) may know "
            "why"
        )
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
