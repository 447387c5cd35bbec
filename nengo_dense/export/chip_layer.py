"""The chip's integers, gathered layer by layer from whatever cores they are on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengo_dense.export.wiring import Population, Wiring
from nengo_dense.loihi.layout import layers_of, senders_of
from nengo_dense.loihi.program import Compartments, Program

PARAMETERS = ("keep_u", "keep_v", "bias", "vth", "vmin", "vmax", "refract")


@dataclass(frozen=True)
class ChipLayer:
    """The integers of one layer on the chip, in the order of its neurons.

    Attributes
    ----------
    label : str
    sources : tuple of str
        Names of the populations that it reads.
    columns : (n_in,) int ndarray
        Their neurons' numbers among all, those on the host first.
    weights : (n_out, n_in) int64 ndarray
        What a spike adds to the accumulator of each neuron.
    parameters : dict of {str: (n_out,) int64 ndarray}
        ``keep_u, keep_v, bias, vth, vmin, vmax, refract`` of
        `nengo_dense.loihi.program.Compartments`.
    cores : list of (k,) int ndarray
        The neurons on each core.
    """

    label: str
    sources: tuple[str, ...]
    columns: np.ndarray
    weights: np.ndarray
    parameters: dict[str, np.ndarray]
    cores: list[np.ndarray]

    @property
    def n_neurons(self) -> int:
        """(int) Number of neurons."""
        return len(self.weights)


def chip_layers(model: Any, program: Program, wiring: Wiring) -> list[ChipLayer]:
    """Gather a program's integers by layer.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Discretized.
    program : Program
        Read from it.
    wiring : Wiring
        Of the stack or graph that was built.
    """
    order = {id(block): number for number, block in enumerate(model.blocks)}
    owners = {id(layer.ensemble): layer for layer in layers_of(model)}
    layers = []
    for name, population in wiring.chip.items():
        owner = owners[id(population.layer.ensemble)]
        blocks = [(order[id(b)], n) for b, n in zip(owner.blocks, owner.neurons, strict=True)]
        columns = wiring.columns(population.sources)
        weights = np.zeros((population.n_neurons, len(columns)), dtype=np.int64)
        parameters = {key: np.zeros(population.n_neurons, dtype=np.int64) for key in PARAMETERS}
        below = list(_groups(model, program, (wiring.populations[s] for s in population.sources)))
        for block, neurons in blocks:
            _fill_parameters(parameters, program, block, neurons)
            for source in below:
                _add_weights(weights, program, source, (block, neurons))
        cores = [neurons for _, neurons in blocks]
        layers.append(ChipLayer(name, population.sources, columns, weights, parameters, cores))
    return layers


def _groups(
    model: Any, program: Program, sources: Iterable[Population]
) -> Iterable[tuple[int, np.ndarray]]:
    """Find a program's groups of sources, and the columns of weights that each has."""
    order = {id(sender): number for number, sender in enumerate([*model.inputs, *model.blocks])}
    start = 0
    for source in sources:
        for sender, numbers in senders_of(model, source.layer.ensemble):
            yield order[id(sender)], start + numbers
        start += source.n_neurons


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
