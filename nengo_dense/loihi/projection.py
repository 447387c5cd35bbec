"""Projections: the senders, receivers and weights of spikes, as index arrays."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import BuildError


@dataclass(frozen=True)
class Group:
    """Sources of spikes that share projections: an input from the host, or one block.

    Attributes
    ----------
    start, size : int
        Its first source and number of sources, among all sources; inputs come before compartments.
    label : str
        For messages.
    scheduled : dict of {int: (k,) int array}
        Spikes fixed when the model was built: step → indices (repeated for several spikes).
    """

    start: int
    size: int
    label: str
    scheduled: dict[int, np.ndarray]


@dataclass(frozen=True)
class Weights:
    """The rows of weights of one synapse.

    Attributes
    ----------
    values : (n_values,) int32 or float32 array
        All rows, one after another.
    targets : (n_values,) int32 array
        Compartment that each value is added to, relative to the base of the axon.
    starts : (n_rows + 1,) int64 array
        Index of the first value of each row.
    width : int
        For a dense matrix, the number of values in every row; they are added to compartments
        ``offset``, ``offset + 1``, ... in order. Otherwise 0.
    offset : int
        First compartment of a dense matrix.
    """

    values: np.ndarray
    targets: np.ndarray
    starts: np.ndarray
    width: int
    offset: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class Projection:
    """Spikes of one group of sources to the compartments of one block.

    Attributes
    ----------
    source : int
        Number of the group, inputs first.
    target : int
        Number of the block.
    rows : (size of source,) int32 array
        Row of weights that a spike of each source adds; -1 for none.
    bases : (size of source,) int32 array
        Compartment, among all, that the row's targets are relative to.
    weights : Weights
        Of the synapse; shared by all projections to it.
    learning : int
        Number of the learning synapse, or -1.
    """

    source: int
    target: int
    rows: np.ndarray
    bases: np.ndarray
    weights: Weights
    learning: int


@dataclass(frozen=True)
class Learning:
    """One synapse with PES learning: a dense matrix, of which every lane has a copy.

    Attributes
    ----------
    synapse : nengo_loihi.block.Synapse
        Its rates, exponents and epochs.
    start, size : int
        The target block's first compartment and number of compartments.
    weights : (n_axons, size) int32 or float32 array
        Before learning.
    """

    synapse: Any
    start: int
    size: int
    weights: np.ndarray


def read_projections(
    model: Any, inputs: list[Group], blocks: list[Group]
) -> tuple[list[Projection], list[Learning]]:
    """Read all axons and synapses of a built model, in the order of nengo-loihi's emulator."""
    arriving: dict[Any, list[tuple[int, int, Any]]] = {}
    for number, (source, group) in enumerate(
        zip([*model.inputs, *model.blocks], [*inputs, *blocks], strict=True)
    ):
        for axon in source.axons:
            arriving.setdefault(axon.target, []).append((number, group.size, axon))

    projections: list[Projection] = []
    learnings: list[Learning] = []
    for number, (block, group) in enumerate(zip(model.blocks, blocks, strict=True)):
        start = group.start - blocks[0].start
        for synapse in block.synapses:
            weights = _read_weights(synapse)
            learning = -1
            if synapse.learning:
                learning = len(learnings)
                learnings.append(_read_learning(synapse, block, start))
            for source, size, axon in arriving.get(synapse, []):
                rows, bases = _read_axon(axon, synapse, size)
                _check_targets(rows, bases, weights, block)
                bases += start
                for array in (rows, bases):
                    array.setflags(write=False)
                projections.append(Projection(source, number, rows, bases, weights, learning))
    return projections, learnings


def _read_weights(synapse: Any) -> Weights:
    """Number a synapse's rows by axon weight, then by population ("atom")."""
    values = np.concatenate([w.ravel() for w in synapse.weights])
    targets = np.concatenate([i.ravel() for i in synapse.indices]).astype(np.int32)
    shapes = np.array([w.shape for w in synapse.weights], dtype=np.int64)
    lengths = np.repeat(shapes[:, 1], shapes[:, 0])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    width = int(lengths[0]) if len(lengths) and (lengths == lengths[0]).all() else 0
    offset = 0
    if width:
        table = targets.reshape(-1, width)
        offset = int(table[0, 0])
        if not (table == np.arange(offset, offset + width, dtype=np.int32)).all():
            width = offset = 0
    if not width:
        values = _drop_repeated(values.copy(), targets, starts)
    for array in (values, targets, starts):
        array.setflags(write=False)
    return Weights(values, targets, starts, width, offset)


def _drop_repeated(values: np.ndarray, targets: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Set weights for a repeated target of a row to zero, except the last one.

    nengo-loihi adds a row with ``input[targets] += weights``, which adds only the last weight for
    a repeated target.
    """
    for start, stop in itertools.pairwise(starts):
        row = targets[start:stop]
        _, last = np.unique(row[::-1], return_index=True)
        if len(last) < len(row):
            keep = np.zeros(len(row), dtype=bool)
            keep[len(row) - 1 - last] = True
            values[start:stop][~keep] = 0
    return values


def _read_axon(axon: Any, synapse: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the row that the spikes of each source add, and the row's base; -1 and 0 for none."""
    sources = np.arange(size)
    targets = np.asarray(axon.map_axon(sources), dtype=np.int64)
    atoms = np.asarray(axon.map_atoms(sources), dtype=np.int64)
    used = targets >= 0
    weight = np.zeros(size, dtype=np.int64)
    base = np.zeros(size, dtype=np.int64)
    if synapse.axon_to_weight_map is None:
        weight[used] = targets[used]
    else:
        weight[used] = _lookup(synapse.axon_to_weight_map, targets[used])
    if synapse.axon_compartment_bases is not None:
        base[used] = np.asarray(synapse.axon_compartment_bases)[targets[used]]
        used &= base >= 0  # a negative base marks an axon without synapses
    first_row = np.concatenate([[0], np.cumsum([w.shape[0] for w in synapse.weights])])
    rows = np.where(used, first_row[weight] + atoms, -1)
    return rows.astype(np.int32), np.where(used, base, 0).astype(np.int32)


def _lookup(table: Any, keys: np.ndarray) -> np.ndarray:
    """Index a sequence or a dict by an array."""
    if isinstance(table, dict):
        return np.array([table[key] for key in keys.tolist()], dtype=np.int64)
    found: np.ndarray = np.asarray(table, dtype=np.int64)[keys]
    return found


def _check_targets(rows: np.ndarray, bases: np.ndarray, weights: Weights, block: Any) -> None:
    """Refuse axons with targets outside their block."""
    used = rows >= 0
    if not used.any() or not len(weights.targets):
        return
    lengths = np.diff(weights.starts)
    filled = np.flatnonzero(lengths)
    lowest = np.zeros(weights.n_rows, dtype=np.int64)
    highest = np.full(weights.n_rows, -1, dtype=np.int64)
    if len(filled):
        lowest[filled] = np.minimum.reduceat(weights.targets, weights.starts[:-1][filled])
        highest[filled] = np.maximum.reduceat(weights.targets, weights.starts[:-1][filled])
    low = (bases[used] + lowest[rows[used]]).min()
    high = (bases[used] + highest[rows[used]]).max()
    if low < 0 or high >= block.n_neurons:
        raise BuildError(
            f"{block}: synapses reach compartments {low} to {high}, but the block has "
            f"{block.n_neurons}"
        )


def _read_learning(synapse: Any, block: Any, start: int) -> Learning:
    """Stack the rows of a learning synapse."""
    if any(w.shape != (1, block.n_neurons) for w in synapse.weights):
        raise BuildError(
            f"{block}: learning on {synapse} needs one dense row of weights for each axon"
        )
    weights = np.concatenate(synapse.weights)
    weights.setflags(write=False)
    return Learning(synapse, start, block.n_neurons, weights)
