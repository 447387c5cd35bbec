"""What a simulator is made of, looked at before anything is built."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import nengo
from nengo.exceptions import BuildError, ValidationError

from nengo_dense import compat
from nengo_dense.arguments import choice
from nengo_dense.exceptions import invalid
from nengo_dense.plugins import show
from nengo_dense.stack_inputs import stack_inputs

TARGETS = ("sim", "simreal")


def check_network(network: Any) -> nengo.Network:
    """Return a network, or raise a ValidationError for anything else.

    Warns
    -----
    UserWarning
        A stack or graph in it has no input, to whoever calls the caller.
    """
    if network is None:
        raise ValidationError("network parameter must not be None", attr="network")
    if not isinstance(network, nengo.Network):
        raise ValidationError(
            f"must be a nengo.Network (got {type(network).__name__})", attr="network"
        )
    for node in open_inputs(network):
        warnings.warn(
            f"Nothing is connected to {node}, the input of a stack, which gets zeros: answers say "
            "nothing. Connect a node with samples, nengo.Connection(samples, stack.input, "
            "synapse=None), in a network that the stack was added to, net.add(stack). "
            "nengo_dense.predict(stack, x) and evaluate(stack, x, y) do that themselves.",
            stacklevel=3,
        )
    return network


def open_inputs(network: nengo.Network) -> list[nengo.Node]:
    """Return the inputs of stacks and graphs that no connection leads to."""
    fed = {conn.post_obj for conn in network.all_connections}
    return [node for node in stack_inputs(network) if node not in fed]


@contextmanager
def enough_memory(lanes: int) -> Iterator[None]:
    """Say how many lanes were too many, where memory does not suffice."""
    try:
        yield
    except MemoryError as err:
        raise ValidationError(
            f"{lanes} lanes of this network take more memory than there is ({err}); run fewer at "
            "once",
            attr="minibatch_size",
        ) from err


def check_target(target: str | None) -> str:
    """Return a target; a BuildError for the hardware, a ValidationError for an unknown one."""
    if target is None:
        return "sim"
    if isinstance(target, str) and target == "loihi":
        raise BuildError(
            "target='loihi' is the hardware, which this simulator does not run; use "
            "nengo_loihi.Simulator for it, or target='sim'"
        )
    return choice(target, TARGETS, "target")


def check_hardware_options(options: Any) -> None:
    """Raise a ValidationError for what is neither None nor a dict."""
    if options is not None and not isinstance(options, Mapping):
        raise invalid(f"must be a dict, got {show(options)}", "hardware_options")


def check_model(model: Any, dt: float) -> None:
    """Refuse what is no model of nengo-loihi's builder, or has another step."""
    if model is None:
        return
    if not isinstance(model, compat.nengo_loihi().builder.Model):
        raise ValidationError(
            f"must be a nengo_loihi.builder.Model (got {type(model).__name__})", attr="model"
        )
    if model.dt != dt:
        raise ValidationError(f"has a dt of {model.dt:g}, not {dt:g} seconds", attr="model")
