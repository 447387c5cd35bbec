"""Build a network with nengo-loihi's own builder, and say which object stands in the way."""

from traceback import extract_tb
from types import TracebackType
from typing import Any

import nengo
from nengo.exceptions import BuildError, NengoException

from nengo_dense import compat


class NotImplementedBuildError(BuildError, NotImplementedError):
    """nengo-loihi does not implement what a network needs."""


def build_model(
    network: nengo.Network,
    dt: float,
    *,
    model: Any = None,
    precompute: bool | None = None,
    remove_passthrough: bool = True,
    discretize: bool = True,
) -> Any:
    """Build a network as ``nengo_loihi.Simulator`` does.

    Parameters
    ----------
    network : nengo.Network
    dt : float
        Step in seconds.
    model : nengo_loihi.builder.Model, optional
        Built into, if given.
    precompute, remove_passthrough : bool
        See ``nengo_loihi.Simulator``.
    discretize : bool
        Whether to turn parameters into the chip's integers.

    Returns
    -------
    model : nengo_loihi.builder.Model

    Raises
    ------
    BuildError
        nengo-loihi cannot build the network; its message, and the object it was building.
    """
    loihi = compat.nengo_loihi()
    if model is None:
        model = loihi.builder.Model(dt=float(dt), label=f"{network}, dt={dt:f}")
    try:
        model.build(
            network,
            precompute=precompute,
            remove_passthrough=remove_passthrough,
            discretize=discretize,
        )
    except BuildError as err:
        culprit = _object_being_built(err.__traceback__)
        named = culprit is None or str(getattr(culprit, "label", None) or culprit) in str(err)
        if named or str(culprit) in str(err):
            raise
        raise BuildError(f"{err} (while building {culprit})") from err
    except (NengoException, Warning):  # warnings are raised where a user asks for it
        raise
    except Exception as err:  # whatever an object that it does not expect makes it raise
        kind = NotImplementedBuildError if isinstance(err, NotImplementedError) else BuildError
        culprit = _object_being_built(err.__traceback__) or network
        reason = _reason(err)
        raise kind(f"nengo-loihi cannot build {culprit}: {reason}") from err
    return model


def _reason(err: Exception) -> str:
    """Return an error's words, or the condition of an assertion that says nothing."""
    if isinstance(err, AssertionError | NotImplementedError) and str(err):
        return str(err)
    if isinstance(err, AssertionError):
        line = extract_tb(err.__traceback__)[-1].line or "an assertion"
        return f"'{line.removeprefix('assert ')}' does not hold"
    return f"{type(err).__name__}: {str(err) or 'it does not say why'}"


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
