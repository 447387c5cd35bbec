"""Build a network with nengo-loihi's own builder, and say which object stands in the way."""

from types import TracebackType
from typing import Any

import nengo
from nengo.exceptions import BuildError

from nengo_dense import compat


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
    except (AssertionError, NotImplementedError) as err:
        culprit = _object_being_built(err.__traceback__) or network
        reason = str(err) or "it fails an assertion without a message"
        raise BuildError(f"nengo-loihi cannot build {culprit}: {reason}") from err
    return model


def _object_being_built(traceback: TracebackType | None) -> Any:
    """Find the innermost Nengo object whose building failed."""
    found = None
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "build":
            built = frame.f_locals.get("obj")
            if isinstance(built, nengo.base.NengoObject):
                found = built
        traceback = traceback.tb_next
    return found
