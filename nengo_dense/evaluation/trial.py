"""A stack or a graph with a source at its input and probes at its outputs."""

import warnings
from collections.abc import Sequence
from typing import Any

import nengo

from nengo_dense.context import outside_networks
from nengo_dense.emulator import Simulator
from nengo_dense.emulator.history import KeepHistory
from nengo_dense.emulator.reference import ReferenceSimulator
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.encoder import SpikeEncoder
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack

AnySimulator = Simulator | ReferenceSimulator


class Trial:
    """A network that shows a value to a stack or a graph and records logits and spikes.

    Parameters
    ----------
    stack : DenseStack or DenseGraph
        Left as it is, also where it is part of another network.
    target : {"sim", "simreal", "nengo"}
        Run on the chip's integers, the chip in floats, or Nengo itself.
    dt : float
        Step in seconds.
    minibatch_size : int
        Samples at once.
    """

    def __init__(self, stack: AnyDense, target: str, dt: float, minibatch_size: int) -> None:
        self.target = target
        self.dt = dt
        self.minibatch_size = minibatch_size
        self.n_out = stack.units[-1]
        self.populations = populations_of(stack)
        self.network, self.source = with_source(stack, seed=stack.seed or 0, label="evaluation")
        with outside_networks(), self.network:
            self.logits = nengo.Probe(_all_logits(stack))
            self.spikes = [nengo.Probe(layer.neurons) for layer in self.populations]

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpack, (_Quiet(), vars(self))  # read in this order

    def simulator(self, keep_history: KeepHistory) -> AnySimulator:
        """Make a simulator; of probes that are not kept it has sums."""
        with outside_networks():
            if self.target == "nengo":
                return ReferenceSimulator(
                    self.network, self.dt, self.minibatch_size, keep_history=keep_history
                )
            simulator = Simulator(
                self.network,
                self.dt,
                minibatch_size=self.minibatch_size,
                target=self.target,
                progress_bar=False,
                keep_history=keep_history,
            )
        simulator.tells_of_tuning = False  # the run was held against it as a whole
        return simulator


class _Quiet:
    """Stands before what is unpickled: Nengo warns there of each passthrough node."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _begin_quiet, ()


def _begin_quiet() -> "warnings.catch_warnings[None]":
    quiet = warnings.catch_warnings()
    quiet.__enter__()
    warnings.filterwarnings("ignore", "'Node.size_out' is being overwritten", UserWarning)
    return quiet


def _unpack(quiet: "warnings.catch_warnings[None]", state: dict[str, Any]) -> Trial:
    """Make a trial in another process, and end the quiet that came before it."""
    quiet.__exit__(None, None, None)
    trial = Trial.__new__(Trial)
    vars(trial).update(state)
    return trial


def populations_of(stack: AnyDense) -> list[DenseLayer]:
    """List the encoders, if there are any, and the layers of neurons."""
    encoders = [part.layer for part in stack.networks if isinstance(part, SpikeEncoder)]
    return [*encoders, *stack.layers]


def senders_of(stack: AnyDense, populations: Sequence[DenseLayer]) -> list[list[int]]:
    """List for each population the numbers of those that send it their spikes."""
    number = {layer.neurons: i for i, layer in enumerate(populations)}
    into: dict[nengo.Node, list[int]] = {layer.input: [] for layer in populations}
    for connection in stack.connections:
        if connection.pre_obj in number and connection.post_obj in into:
            into[connection.post_obj].append(number[connection.pre_obj])
    return list(into.values())


def _all_logits(stack: AnyDense) -> nengo.Node:
    """Return the node of all logits; those of several outputs lie one after the other."""
    if isinstance(stack, DenseStack) or len(stack.readouts) == 1:
        return stack.logits
    logits, start = nengo.Node(size_in=stack.units[-1], label="all logits"), 0
    for node in stack.readouts.values():
        nengo.Connection(node, logits[start : start + node.size_out], synapse=None)
        start += node.size_out
    return logits
