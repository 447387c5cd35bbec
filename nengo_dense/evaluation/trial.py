"""A stack with a source at its input and probes at its outputs."""

import nengo

from nengo_dense.context import outside_networks
from nengo_dense.emulator import Simulator
from nengo_dense.emulator.history import KeepHistory
from nengo_dense.emulator.reference import ReferenceSimulator
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack

AnySimulator = Simulator | ReferenceSimulator


class Trial:
    """A network that shows a value to a stack and records logits and spikes.

    Parameters
    ----------
    stack : DenseStack
        Left as it is, also where it is part of another network.
    target : {"sim", "simreal", "nengo"}
        Run on the chip's integers, the chip in floats, or Nengo itself.
    dt : float
        Step in seconds.
    minibatch_size : int
        Samples at once.
    """

    def __init__(self, stack: DenseStack, target: str, dt: float, minibatch_size: int) -> None:
        self.target = target
        self.dt = dt
        self.minibatch_size = minibatch_size
        self.head = stack.readout
        self.n_out = stack.units[-1]
        self.populations = populations_of(stack)
        self.network, self.source = with_source(stack, seed=stack.seed or 0, label="evaluation")
        with outside_networks(), self.network:
            self.logits = nengo.Probe(stack.logits)
            self.spikes = [nengo.Probe(layer.neurons) for layer in self.populations]

    def simulator(self, keep_history: KeepHistory) -> AnySimulator:
        """Make a simulator; of probes that are not kept it has sums."""
        with outside_networks():
            if self.target == "nengo":
                return ReferenceSimulator(
                    self.network, self.dt, self.minibatch_size, keep_history=keep_history
                )
            return Simulator(
                self.network,
                self.dt,
                minibatch_size=self.minibatch_size,
                target=self.target,
                progress_bar=False,
                keep_history=keep_history,
            )


def populations_of(stack: DenseStack) -> list:
    """List the encoder, if there is one, and the layers of neurons."""
    encoder = [] if stack.encoder is None else [stack.encoder.layer]
    return [*encoder, *stack.layers]
