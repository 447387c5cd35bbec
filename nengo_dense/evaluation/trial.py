"""One presentation after another: what is shown to a stack, and what is recorded of it."""

from dataclasses import dataclass

import nengo
import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.emulator import Simulator
from nengo_dense.emulator.reference import ReferenceSimulator
from nengo_dense.evaluation.decision import decide_over_time
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack
from nengo_dense.samples import fill_up

AnySimulator = Simulator | ReferenceSimulator


@dataclass(frozen=True)
class Recording:
    """What was recorded of a batch of presentations.

    Attributes
    ----------
    answers : (batch, n_steps) ndarray of int
        Index of the class that is answered after each step.
    spike_counts : list of (batch, n_neurons) ndarray
        Spikes of each neuron in each presentation (for rate neurons: the expected number).
    """

    answers: np.ndarray
    spike_counts: list[np.ndarray]


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
        self.n_classes = stack.units[-1]
        self.populations = populations_of(stack)
        self.network, self.source = with_source(stack, seed=stack.seed or 0, label="evaluation")
        with outside_networks(), self.network:
            self.logits = nengo.Probe(stack.logits)
            self.spikes = [nengo.Probe(layer.neurons) for layer in self.populations]

    def simulator(self) -> AnySimulator:
        """Make a simulator that keeps what `record` needs."""
        with outside_networks():
            if self.target == "nengo":
                return ReferenceSimulator(
                    self.network, self.dt, self.minibatch_size, keep_history=[self.logits]
                )
            return Simulator(
                self.network,
                self.dt,
                minibatch_size=self.minibatch_size,
                target=self.target,
                progress_bar=False,
                keep_history=[self.logits],
            )

    def record(self, sim: AnySimulator, x: np.ndarray, n_steps: int) -> Recording:
        """Show each of ``x``, (batch, size_in), for ``n_steps`` steps, from a fresh start.

        Parameters
        ----------
        sim : Simulator or ReferenceSimulator
            From `simulator`; a batch may have fewer samples than it has lanes.
        """
        n = len(x)
        full = fill_up(x, self.minibatch_size)  # the last batch has fewer
        if sim.n_steps:
            sim.reset()
        data = {self.source: np.broadcast_to(full[:, None, :], (len(full), n_steps, x.shape[1]))}
        sim.run_steps(n_steps, data=data)
        counts = [
            # a spike's height is 1 / max_rate / dt
            sim.sum(probe)[:n] * (layer.max_rate * self.dt)
            for probe, layer in zip(self.spikes, self.populations, strict=True)
        ]
        return Recording(decide_over_time(sim.data[self.logits][:n], head=self.head), counts)


def populations_of(stack: DenseStack) -> list:
    """List the encoder, if there is one, and the layers of neurons."""
    encoder = [] if stack.encoder is None else [stack.encoder.layer]
    return [*encoder, *stack.layers]
