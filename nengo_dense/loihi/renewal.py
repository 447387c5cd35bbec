"""The program of a network whose weights and biases change again and again."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from nengo_dense.loihi.core_rounding import Rounded, Rounding
from nengo_dense.loihi.float_model import FloatModel
from nengo_dense.loihi.program import Program


class Renewal:
    """Make programs of one network: who sends to whom is read once, the numbers every time.

    Parameters
    ----------
    floats : FloatModel
        Only its weights and biases may change, through `FloatModel.set_weights` and
        `FloatModel.set_bias`. Weights that are set for the first time are read anew.
    """

    def __init__(self, floats: FloatModel) -> None:
        self._floats = floats
        self._program: Program | None = None
        self._rounding = Rounding([])
        self._synapses: list[int] = []
        self._n_set = 0

    def program(self) -> Program:
        """Return what ``Program.from_model(floats.integers().model)`` does, in less time.

        Raises
        ------
        BuildError
            The chip cannot store a number.
        """
        known = self._program is not None and self._n_set == self._floats.n_set
        rounded = self._rounding.integers() if known else None
        if self._program is None or rounded is None:
            return self._read()
        return self._renewed(self._program, rounded)

    def _read(self) -> Program:
        """Read a whole program, from which later ones are made if it is plain enough."""
        self._program, self._n_set = None, self._floats.n_set
        integers = self._floats.integers().model
        program = Program.from_model(integers)
        # learning and sparse synapses have more to them than weights
        if program.learnings or not all(p.weights.width for p in program.projections):
            return program
        rounding = Rounding.of(self._floats, integers)
        if rounding is not None:
            self._rounding, self._synapses = rounding, _synapses(integers)
            rounded = self._rounding.integers()
            if rounded is not None and _same(self._renewed(program, rounded), program):
                self._program = program
        return program

    def _renewed(self, program: Program, rounded: Rounded) -> Program:
        """Exchange all numbers of a program that hang on weights and biases."""
        numbers = rounded._asdict()
        all_values = numbers.pop("values")
        for values in all_values:
            values.setflags(write=False)
        first: dict[int, Any] = {}
        for synapse, projection in zip(self._synapses, program.projections, strict=True):
            first.setdefault(synapse, projection.weights)
        weights = {n: replace(old, values=all_values[n]) for n, old in first.items()}
        projections = [
            replace(projection, weights=weights[synapse])
            for synapse, projection in zip(self._synapses, program.projections, strict=True)
        ]
        compartments = replace(program.compartments, **numbers)
        return replace(program, compartments=compartments, projections=projections)


def _synapses(model: Any) -> list[int]:
    """Find the number of the synapse of each projection; these are in the order of synapses."""
    sources = (*model.inputs, *model.blocks)
    arriving = Counter(id(axon.target) for source in sources for axon in source.axons)
    synapses = [synapse for block in model.blocks for synapse in block.synapses]
    return [n for n, synapse in enumerate(synapses) for _ in range(arriving[id(synapse)])]


def _same(one: Program, other: Program) -> bool:
    """Tell whether two programs have the same numbers."""
    numbers = [
        [
            *(getattr(program.compartments, name) for name in Rounded._fields[:-1]),
            *(projection.weights.values for projection in program.projections),
        ]
        for program in (one, other)
    ]
    return all(map(np.array_equal, *numbers))
