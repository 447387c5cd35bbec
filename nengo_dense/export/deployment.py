"""A tuned stack for export: the host's functions, and the chip's integers layer by layer."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import nengo
import numpy as np

from nengo_dense.context import outside_networks
from nengo_dense.emulator import Simulator
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.readout import window_start
from nengo_dense.layers.source import with_source
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.layout import layers_of, senders_of
from nengo_dense.loihi.program import Compartments, Program
from nengo_dense.neurons import Firing, known

#: How the neurons fire that the host's part is written for.
COUNTING = Firing(signed=False, counts=True)


class HostNeurons(NamedTuple):
    """The integrators that turn a sample into spikes, in Nengo's own order of operations.

    In each step the voltage grows by ``max(0, (gain * (weights @ x) + bias) * dt)``. Where it is
    1 or more the neuron sends a spike, and what is left after all whole ones stays.

    Attributes
    ----------
    weights : (n, size_in) ndarray
    gain, bias : (n,) ndarray
    """

    weights: np.ndarray
    gain: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, layer: DenseLayer) -> "HostNeurons":
        """Read the neurons of a layer on the host."""
        n = layer.ensemble.n_neurons
        gain, bias = (np.broadcast_to(a, (n,)) for a in (layer.ensemble.gain, layer.ensemble.bias))
        return cls(layer.weights, np.array(gain, float), np.array(bias, float))


class Readout(NamedTuple):
    """What the host makes of the last layer's spikes: the logits of a step.

    ``logits = weights @ spikes + bias``, with the spikes of the step before. Their mean over the
    steps from ``start`` on is the answer, after the head.

    Attributes
    ----------
    weights : (n_out, n) ndarray
    bias : (n_out,) ndarray
    head : str
    synapse : nengo.synapses.Synapse or None
        Filters the weighted spikes.
    start : int
        First step that counts.
    """

    weights: np.ndarray
    bias: np.ndarray
    head: str
    synapse: Any
    start: int

    @classmethod
    def of(cls, stack: DenseStack, n_steps: int, dt: float) -> "Readout":
        """Read the readout of a stack."""
        weights = stack.weights[-1] / (stack.layers[-1].max_rate * dt)
        start = int(window_start(n_steps))
        return cls(weights, stack.biases[-1], stack.readout, stack.synapses[-1], start)


@dataclass(frozen=True)
class ChipLayer:
    """The integers of one layer on the chip, in the order of its neurons.

    Attributes
    ----------
    label : str
    weights : (n_out, n_in) int64 ndarray
        What a spike adds to the accumulator of each neuron.
    parameters : dict of {str: (n_out,) int64 ndarray}
        ``keep_u, keep_v, bias, vth, vmin, vmax, refract`` of
        `nengo_dense.loihi.program.Compartments`.
    cores : list of (k,) int ndarray
        The neurons on each core.
    """

    label: str
    weights: np.ndarray
    parameters: dict[str, np.ndarray]
    cores: list[np.ndarray]

    @property
    def n_neurons(self) -> int:
        """(int) Number of neurons."""
        return len(self.weights)


PARAMETERS = ("keep_u", "keep_v", "bias", "vth", "vmin", "vmax", "refract")


@dataclass(frozen=True)
class Deployment:
    """A stack that is ready to go elsewhere.

    Attributes
    ----------
    stack : DenseStack
    dt : float
        Step in seconds.
    n_steps : int
        Length of a presentation.
    host : HostNeurons
    layers : list of ChipLayer
    readout : Readout
    samples : (n, size_in) ndarray
        Each was shown to a chip just switched on.
    spikes : list of (n, n_steps, n_neurons) uint8 ndarray
        Of the host's neurons as they reach the chip, and of each layer.
    logits : (n, n_steps, n_out) ndarray
    """

    stack: DenseStack
    dt: float
    n_steps: int
    host: HostNeurons
    layers: list[ChipLayer]
    readout: Readout
    samples: np.ndarray
    spikes: list[np.ndarray]
    logits: np.ndarray

    @classmethod
    def of(cls, stack: DenseStack, n_steps: int, dt: float, samples: np.ndarray) -> "Deployment":
        """Build a stack without problems (see ``problems``), and run samples on its integers.

        Raises
        ------
        nengo.exceptions.BuildError
            The chip cannot hold it.
        """
        populations = _populations(stack)
        network, source = with_source(stack, seed=stack.seed or 0)
        with network:
            probes = [nengo.Probe(layer.neurons) for layer in populations]
            probes.append(nengo.Probe(stack.logits))
        data = {source: np.repeat(samples[:, np.newaxis], n_steps, axis=1)}
        with (
            outside_networks(),
            Simulator(network, dt, minibatch_size=len(samples), progress_bar=False) as sim,
        ):
            layers = chip_layers(sim.model, Program.from_model(sim.model), populations)
            sim.run_steps(n_steps, data=data)
            *spikes, logits = (sim.data[probe] for probe in probes)
        return cls(
            stack,
            dt,
            n_steps,
            HostNeurons.of(populations[0]),
            layers,
            Readout.of(stack, n_steps, dt),
            samples,
            [np.not_equal(each, 0).view(np.uint8) for each in spikes],
            np.array(logits),
        )


def problems(stack: DenseStack) -> list[str]:
    """Say what keeps a stack from being written in any format, a sentence each."""
    if stack.encoding == "chip":
        return [
            "encoding='chip' leaves the first spikes to nengo-loihi's own neurons, which are no "
            "part of the stack; convert with encoding='host' or 'spikes'"
        ]
    if stack.encoding == "host" and len(stack.layers) == 1:
        return [
            "its only layer of neurons runs on the host; convert with encoding='spikes', which "
            "puts it on the chip"
        ]
    found = []
    for number, layer in enumerate(_populations(stack)):
        neuron_type = layer.ensemble.neuron_type
        fits = known(neuron_type).on_loihi if number else known(neuron_type).firing == COUNTING
        if not fits:
            names = "SpikingRectifiedLinear or LIF" if number else "SpikingRectifiedLinear"
            found.append(
                f"{layer.label} has {type(neuron_type).__name__} neurons, and on the "
                f"{'chip' if number else 'host'} only {names} can be written; convert with "
                "neuron_type= one of these"
            )
    for number, synapse in enumerate(stack.synapses[:-1]):
        if not (synapse is None or isinstance(synapse, int | float | nengo.Lowpass)):
            found.append(
                f"synapse number {number} is {synapse}, and the chip has only Lowpass or none; "
                "convert with synapse= a time constant in seconds"
            )
    return found


def chip_layers(model: Any, program: Program, populations: list[DenseLayer]) -> list[ChipLayer]:
    """Gather a program's integers by layer, whatever cores they are on.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Discretized.
    program : Program
        Read from it.
    populations : list of DenseLayer
        In the order of the spikes, the one on the host first.
    """
    order = {id(block): number for number, block in enumerate(model.blocks)}
    owners = {id(layer.ensemble): layer for layer in layers_of(model)}
    below = senders_of(model, populations[0].ensemble)
    groups = [(list(model.inputs).index(sender), numbers) for sender, numbers in below]
    n_below = populations[0].ensemble.n_neurons
    layers = []
    for population in populations[1:]:
        owner = owners[id(population.ensemble)]
        blocks = [(order[id(b)], n) for b, n in zip(owner.blocks, owner.neurons, strict=True)]
        n = population.ensemble.n_neurons
        weights = np.zeros((n, n_below), dtype=np.int64)
        parameters = {name: np.zeros(n, dtype=np.int64) for name in PARAMETERS}
        for block, neurons in blocks:
            _fill_parameters(parameters, program, block, neurons)
            for group, sources in groups:
                _add_weights(weights, program, (group, sources), (block, neurons))
        cores = [neurons for _, neurons in blocks]
        layers.append(ChipLayer(population.label, weights, parameters, cores))
        n_below = n
        groups = [(len(program.inputs) + block, neurons) for block, neurons in blocks]
    return layers


def _fill_parameters(
    parameters: dict[str, np.ndarray], program: Program, block: int, neurons: np.ndarray
) -> None:
    group, chip = program.blocks[block], program.compartments
    part = slice(group.start - program.n_inputs, group.start - program.n_inputs + group.size)
    for name, values in parameters.items():
        values[neurons] = _parameter(chip, name)[part]


def _parameter(chip: Compartments, name: str) -> np.ndarray:
    values: np.ndarray = getattr(chip, name)
    return values


def _add_weights(
    weights: np.ndarray,
    program: Program,
    source: tuple[int, np.ndarray],
    target: tuple[int, np.ndarray],
) -> None:
    """Add what one group of sources sends to one core."""
    (group, sources), (block, neurons) = source, target
    start = program.blocks[block].start - program.n_inputs
    for projection in program.projections:
        if (projection.source, projection.target) != (group, block):
            continue
        synapse = projection.weights
        for number in np.flatnonzero(projection.rows >= 0):
            row = projection.rows[number]
            part = slice(synapse.starts[row], synapse.starts[row + 1])
            columns = synapse.targets[part] + projection.bases[number] - start
            weights[neurons[columns], sources[number]] += synapse.values[part]


def _populations(stack: DenseStack) -> list[DenseLayer]:
    """List the neurons on the host, then those of each layer on the chip."""
    encoder = [] if stack.encoder is None else [stack.encoder.layer]
    return [*encoder, *stack.layers]
