"""The program of a network whose weights and biases change again and again."""

import copy
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nengo_dense.loihi.build_error import explained
from nengo_dense.loihi.float_model import FloatModel
from nengo_dense.loihi.integer_model import discretize_block
from nengo_dense.loihi.model_copy import copy_arrays, flatten
from nengo_dense.loihi.program import Program, read_compartments
from nengo_dense.loihi.projection import Projection


class Renewal:
    """Make programs of one network: who sends to whom is read once, the numbers every time.

    Parameters
    ----------
    floats : FloatModel
        Only its weights and biases may change, through `FloatModel.set_weights` and
        `FloatModel.set_bias`; all weights that ever change must have been set once before.
    """

    def __init__(self, floats: FloatModel) -> None:
        self._floats = floats
        self._parts: list[_Part] = []
        self._program: Program | None = None

    def program(self) -> Program:
        """Return what ``Program.from_model(floats.integers().model)`` does, in less time.

        Raises
        ------
        BuildError
            The chip cannot store a number.
        """
        if self._program is None:
            return self._read()
        with explained(self._floats.model.toplevel):
            blocks = [part.integers() for part in self._parts]
        if any(block is None for block in blocks):
            return self._read()
        return replace(
            self._program,
            compartments=read_compartments(blocks),
            projections=self._projections(self._program.projections, blocks),
        )

    def _read(self) -> Program:
        """Read a whole program, from which later ones are made if it is plain enough."""
        program = Program.from_model(self._floats.integers().model)
        # learning and sparse synapses have more to them than weights
        if not program.learnings and all(p.weights.width for p in program.projections):
            self._program = program
            self._parts = [_Part(block) for block in self._floats.model.blocks]
        return program

    def _projections(self, before: list[Projection], blocks: list[Any]) -> list[Projection]:
        """Exchange the weights of all projections, which are in the order of synapses."""
        projections = iter(before)
        arriving = _count_arriving(self._floats.model)
        result = []
        for block, original in zip(blocks, self._floats.model.blocks, strict=True):
            for synapse, old in zip(block.synapses, original.synapses, strict=True):
                values = np.concatenate([part.ravel() for part in synapse.weights])
                values.setflags(write=False)
                weights = None
                for _ in range(arriving[id(old)]):
                    projection = next(projections)
                    weights = weights or replace(projection.weights, values=values)
                    result.append(replace(projection, weights=weights))
        return result


def _count_arriving(model: Any) -> Counter[int]:
    """Count the axons that reach each synapse."""
    sources = (*model.inputs, *model.blocks)
    return Counter(id(axon.target) for source in sources for axon in source.axons)


@dataclass
class _Part:
    """One block, with what can be joined once.

    Attributes
    ----------
    block : nengo_loihi.block.LoihiBlock
        In floating point.
    """

    block: Any

    def __post_init__(self) -> None:
        self._indices = [flatten(synapse.indices)[np.newaxis] for synapse in self.block.synapses]

    def integers(self) -> Any:
        """Discretize a copy of the block, without axons.

        None if a weight is NaN or infinite, as the order of axons would matter then.
        """
        block = copy.copy(self.block)
        block.compartment = copy_arrays(block.compartment)
        block.synapses = []
        for synapse, indices in zip(self.block.synapses, self._indices, strict=True):
            joined = copy.copy(synapse)
            joined.synapse_cfg = copy.copy(synapse.synapse_cfg)
            joined.weights = [flatten(synapse.weights)[np.newaxis]]
            if not np.isfinite(joined.weights[0]).all():
                return None
            joined.indices = [indices]
            block.synapses.append(joined)
        discretize_block(block)
        return block
