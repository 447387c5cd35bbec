"""A tuned stack or graph for export: the host's functions, and the chip's integers."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import nengo
import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.emulator import Simulator
from nengo_dense.export.chip_layer import ChipLayer, chip_layers
from nengo_dense.export.wiring import Wiring
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.readout import window_start
from nengo_dense.layers.source import with_source
from nengo_dense.loihi.program import Program
from nengo_dense.neurons import Firing, known

#: How the neurons fire that the host's part is written for.
COUNTING = Firing(signed=False, counts=True)


class HostNeurons(NamedTuple):
    """The integrators that turn a sample into spikes, in Nengo's own order of operations.

    The voltage is ``start`` at first, and in each step grows by
    ``max(0, (gain * (weights @ x) + bias) * dt)``. Where it is 1 or more the neuron sends a spike,
    and what is left after all whole ones stays.

    Attributes
    ----------
    weights : (n, size_in) ndarray
    gain, bias, start : (n,) ndarray
    """

    weights: np.ndarray
    gain: np.ndarray
    bias: np.ndarray
    start: np.ndarray

    @classmethod
    def of(cls, wiring: Wiring) -> "HostNeurons":
        """Read the neurons of all layers on the host."""
        n = max(each.part.stop for each in wiring.host.values())
        weights, (gain, bias, start) = np.zeros((n, wiring.size_in)), np.zeros((3, n))
        for population in wiring.host.values():
            ensemble, rows = population.layer.ensemble, np.r_[population.part]
            weights[np.ix_(rows, wiring.columns(population.sources))] = population.layer.weights
            gain[rows], bias[rows] = ensemble.gain, ensemble.bias
            start[rows] = population.layer.start
        return cls(weights, gain, bias, start)


class Readout(NamedTuple):
    """What the host makes of spikes: the logits of a step.

    ``logits = weights @ spikes[columns] + direct @ x + bias``. Of neurons on the chip it sees the
    spikes of the step before, of those on the host how often each fired in this one. The mean
    over the steps from ``start`` on is the answer, after the head.

    Attributes
    ----------
    weights : (n_out, n) ndarray
    sources : tuple of str
        Names of the populations that it reads.
    columns : (n,) int ndarray
        Numbers of their neurons among all, those on the host first.
    direct : (n_out, size_in) ndarray
        What of the sample enters without any neuron; zeros in a stack.
    bias : (n_out,) ndarray
    heads : dict of {str: (str, slice)}
        Output -> its head, and its part of the logits.
    synapse : nengo.synapses.Synapse or None
        Filters the weighted spikes.
    start : int
        First step that counts.
    """

    weights: np.ndarray
    sources: tuple[str, ...]
    columns: np.ndarray
    direct: np.ndarray
    bias: np.ndarray
    heads: dict[str, tuple[str, slice]]
    synapse: Any
    start: int

    @classmethod
    def of(cls, wiring: Wiring, n_steps: int, dt: float, delay: int = 0) -> "Readout":
        """Read the outputs of a stack or a graph, of a frame so many steps later."""
        outputs, populations = wiring.outputs, wiring.populations
        n = max(output.part.stop for output in outputs.values())
        read = [name for name in populations if any(name in o.weights for o in outputs.values())]
        columns = wiring.columns(read)
        weights, direct = np.zeros((n, len(columns))), np.zeros((n, wiring.size_in))
        for output in outputs.values():
            for name, matrix in output.weights.items():
                if name in wiring.inputs:
                    direct[output.part, wiring.inputs[name]] = matrix
                    continue
                own = np.isin(columns, wiring.columns([name]))
                rate = populations[name].layer.max_rate
                weights[output.part, own] = matrix / (rate * dt)
        bias = np.concatenate([output.bias for output in outputs.values()])
        heads = {name: (output.head, output.part) for name, output in outputs.items()}
        start = delay + int(window_start(n_steps - delay))
        return cls(weights, tuple(read), columns, direct, bias, heads, wiring.synapse, start)


@dataclass(frozen=True)
class Deployment:
    """A stack or a graph that is ready to go elsewhere.

    Attributes
    ----------
    stack : DenseStack or DenseGraph
    wiring : Wiring
    dt : float
        Step in seconds.
    n_steps : int
        Length of a presentation; of a frame until its answer.
    host : HostNeurons
    layers : list of ChipLayer
    readout : Readout
    samples : (n, size_in) ndarray
        Each was shown to a chip just switched on.
    spikes : list of (n, n_steps, n_neurons) uint8 ndarray
        Of the host's neurons as they reach the chip, and of each layer.
    logits : (n, n_steps, n_out) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 6, 3], 4, seed=0)
    >>> deployment = Deployment.of(stack, n_steps=20, dt=0.001, samples=np.ones((1, 4)))
    >>> [each.shape for each in deployment.spikes]    # samples, steps, neurons
    [(1, 20, 8), (1, 20, 6)]
    >>> deployment.logits.shape
    (1, 20, 3)
    """

    stack: AnyDense
    wiring: Wiring
    dt: float
    n_steps: int
    host: HostNeurons
    layers: list[ChipLayer]
    readout: Readout
    samples: np.ndarray
    spikes: list[np.ndarray]
    logits: np.ndarray

    @classmethod
    def of(
        cls, dense: AnyDense, n_steps: int, dt: float, samples: np.ndarray, delay: int = 0
    ) -> "Deployment":
        """Build what has no problems (see ``problems``), and run samples on its integers.

        Parameters
        ----------
        dense : DenseStack or DenseGraph
        n_steps : int
            Length of a presentation.
        dt : float
            Step in seconds.
        samples : (n, size_in) ndarray
        delay : int, optional
            Steps at the start in which no spike has come through; they are not read.

        Returns
        -------
        deployment : Deployment

        Raises
        ------
        nengo.exceptions.BuildError
            The chip cannot hold it.
        """
        wiring = Wiring.of(dense)
        network, source = with_source(dense, seed=dense.seed or 0)
        with network:
            groups = [
                [nengo.Probe(each.layer.neurons) for each in wiring.host.values()],
                *([nengo.Probe(each.layer.neurons)] for each in wiring.chip.values()),
                [nengo.Probe(output.logits) for output in wiring.outputs.values()],
            ]
        data = {source: np.repeat(samples[:, np.newaxis], n_steps, axis=1)}
        with (
            outside_networks(),
            Simulator(network, dt, minibatch_size=len(samples), progress_bar=False) as sim,
        ):
            sim.tells_of_tuning = False  # the export was held against it
            layers = chip_layers(sim.model, Program.from_model(sim.model), wiring)
            sim.run_steps(n_steps, data=data)
            *spikes, logits = (
                np.concatenate([sim.data[probe] for probe in group], axis=2) for group in groups
            )
        return cls(
            dense,
            wiring,
            dt,
            n_steps,
            HostNeurons.of(wiring),
            layers,
            Readout.of(wiring, n_steps, dt, delay),
            samples,
            [np.not_equal(each, 0).view(np.uint8) for each in spikes],
            logits,
        )


def problems(dense: AnyDense) -> list[str]:
    """Say what keeps a stack or a graph from being written in any format, a sentence each."""
    if dense.encoding == "chip":
        return [
            "encoding='chip' leaves the first spikes to nengo-loihi's own neurons, which are no "
            "part of the stack; convert with encoding='host' or 'spikes'"
        ]
    wiring = Wiring.of(dense)
    if not wiring.chip:
        what = "its only layer of neurons runs" if len(dense.layers) == 1 else "all its layers run"
        return [f"{what} on the host; convert with encoding='spikes', which puts it on the chip"]
    found = []
    for name, population in wiring.populations.items():
        neuron_type = population.layer.ensemble.neuron_type
        on_chip = name in wiring.chip
        fits = known(neuron_type).on_loihi if on_chip else known(neuron_type).firing == COUNTING
        if not fits:
            names = "SpikingRectifiedLinear or LIF" if on_chip else "SpikingRectifiedLinear"
            found.append(
                f"{name} has {type(neuron_type).__name__} neurons, and on the "
                f"{'chip' if on_chip else 'host'} only {names} can be written; convert with "
                "neuron_type= one of these"
            )
    synapses = [dense.synapse] if isinstance(dense, DenseGraph) else dense.synapses[:-1]
    for number, synapse in enumerate(synapses):
        if not (synapse is None or isinstance(synapse, int | float | nengo.Lowpass)):
            found.append(
                f"synapse number {number} is {synapse}, and the chip has only Lowpass or none; "
                "convert with synapse= a time constant in seconds"
            )
    return found
