"""Errors of nengo-loihi's builder, with the object that it could not build."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb, walk_tb
from types import TracebackType
from typing import Any

import nengo
from nengo.exceptions import BuildError, NengoException

from nengo_dense.plugins import message

#: Parts of lines of nengo-loihi that fail without a message, or of messages, and what they mean.
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
    "needs_sender[conn.post_obj]": "an error reaches a learning rule only if the connection that "
    "learns starts at an ensemble on the chip. Put that ensemble on the chip",
    "Locations are only established": "a connection that learns ends at a node that nothing "
    "reads, which nengo-loihi leaves out. Probe that node, or connect it to something",
    **dict.fromkeys(
        ("Object (<Connection", "Object (<LearningRule"),
        "nengo-loihi has no probes of connections and learning rules. Probe what they connect",
    ),
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
    except NengoException as err:
        culprit = _object_being_built(err.__traceback__)
        if meaning(err):
            raise BuildError(
                f"nengo-loihi cannot build {culprit or network}: {_reason(err)}"
            ) from err
        if not isinstance(err, BuildError):
            raise
        named = culprit is None or str(getattr(culprit, "label", None) or culprit) in str(err)
        if named or str(culprit) in str(err):
            raise
        raise BuildError(f"{err} (while building {culprit})") from err
    except Warning:
        raise
    except Exception as err:  # an unexpected object can raise any error
        kind = NotImplementedBuildError if isinstance(err, NotImplementedError) else BuildError
        culprit = _object_being_built(err.__traceback__) or network
        raise kind(f"nengo-loihi cannot build {culprit}: {_reason(err)}") from err


def meaning(err: BaseException) -> str:
    """Say what an error means that says too little, and what to do; empty if that is not known."""
    said = f"{_line(err)} {message(err)}"
    found = next((text for part, text in MEANINGS.items() if part in said), "")
    return found or _cannot_learn(err)


def _cannot_learn(err: BaseException) -> str:
    """Say why a connection cannot learn on the chip, where nothing else says it."""
    is_bare = isinstance(err, NotImplementedError) and not str(err)
    if not is_bare and getattr(err, "attr", None) != "learning_rule_type":
        return ""
    conns = (frame.f_locals.get("conn") for frame, _ in walk_tb(err.__traceback__))
    kinds = (getattr(conn, "learning_rule_type", None) for conn in conns)
    kind = next((kind for kind in kinds if kind is not None), nengo.PES())
    if isinstance(kind, nengo.PES):
        return ""
    if isinstance(kind, list | tuple | dict):
        return (
            f"a connection on the chip takes one learning rule, and no {type(kind).__name__}. "
            "Give the rule itself (learning_rule_type=nengo.PES()); several rules need a "
            "connection each"
        )
    return (
        f"a connection on the chip learns by nengo.PES alone, not by {type(kind).__name__}. Use "
        "PES, or put both its ends on the host"
    )


def _line(err: BaseException) -> str:
    frames = extract_tb(err.__traceback__)
    return (frames[-1].line if frames else None) or "an assertion"


def _reason(err: Exception) -> str:
    """Return an error's message, or what one without a message means."""
    if found := meaning(err):
        return f"{found}. nengo_dense.check(network) shows where"
    if isinstance(err, AssertionError | NotImplementedError) and str(err):
        return str(err)
    if isinstance(err, AssertionError):
        line = _line(err)
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
