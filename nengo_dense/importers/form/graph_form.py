"""A model as a graph: populations of units, each affine in inputs and earlier populations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nengo_dense.heads import HEADS
from nengo_dense.importers.form.activation import Function
from nengo_dense.importers.form.expression import Expression


class Affinely:
    """What a part of a form has that reads values affinely, under the names of a `DenseSpec`."""

    drive: Expression

    @property
    def n_in(self) -> int:
        """(int) Number of values that it reads."""
        return sum(term.shape[-1] for term in self.drive.terms.values())

    @property
    def n_out(self) -> int:
        """(int) Number of values that it gives."""
        return self.drive.n


@dataclass(frozen=True, eq=False)
class Population(Affinely):
    """Units with one activation function.

    Parameters
    ----------
    name : str
        Unique in the graph; that of the layer in the source.
    drive : Expression
        Their weighted inputs.
    function : Function
    """

    name: str
    drive: Expression
    function: Function

    @property
    def n(self) -> int:
        """(int) Number of units."""
        return self.drive.n

    @property
    def activation(self) -> str:
        """(str) Name of their function, as that of a `DenseSpec`."""
        return self.function.name


@dataclass(frozen=True, eq=False)
class Output(Affinely):
    """A result of a model.

    Parameters
    ----------
    drive : Expression
        Its logits.
    head : str
        A key of `nengo_dense.heads.HEADS`.
    """

    drive: Expression
    head: str = "linear"

    @property
    def activation(self) -> str:
        """(str) Its head, as that of a `DenseSpec`."""
        return self.head


@dataclass(frozen=True, eq=False)
class GraphForm:
    """A model's inputs, populations and outputs, in the order of computation.

    Parameters
    ----------
    inputs : mapping
        Name -> number of features.
    populations : list of Population
    outputs : mapping
        Name -> Output.
    """

    inputs: Mapping[str, int]
    populations: list[Population]
    outputs: Mapping[str, Output]

    @property
    def n_in(self) -> int:
        """(int) Features of all inputs."""
        return sum(self.inputs.values())

    @property
    def widths(self) -> dict[str, int]:
        """(dict) Name of an input or a population -> number of its features."""
        return {**self.inputs, **{p.name: p.n for p in self.populations}}

    def population(self, name: str) -> Population:
        """Return the population of a name."""
        return next(p for p in self.populations if p.name == name)

    def split(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Return each input's part of (batch, n_in) values, which lie one after the other."""
        ends = np.cumsum(list(self.inputs.values()))[:-1]
        return dict(zip(self.inputs, np.split(x, ends, axis=1), strict=True))

    def values(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Compute inputs and populations in double precision: name -> (batch, n) array."""
        values = self.split(np.asarray(x, dtype=np.float64))
        for population in self.populations:
            values[population.name] = population.function(computed(population.drive, values))
        return values

    def logits(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Compute each output before its head."""
        values = self.values(x)
        return {name: computed(output.drive, values) for name, output in self.outputs.items()}

    def forward(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Compute each output."""
        return {name: HEADS[self.outputs[name].head](z) for name, z in self.logits(x).items()}

    def pruned(self) -> "GraphForm":
        """Leave out populations that no output depends on."""
        needed = {name for output in self.outputs.values() for name in output.drive.terms}
        kept = []
        for population in reversed(self.populations):
            if population.name in needed:
                kept.append(population)
                needed |= set(population.drive.terms)
        return GraphForm(self.inputs, kept[::-1], self.outputs)

    def read_from(self, name: str) -> list[np.ndarray]:
        """Return the weights of everything that reads an input or a population."""
        n = self.widths[name]
        readers: list[Affinely] = [*self.populations, *self.outputs.values()]
        return [r.drive.matrix(name, n) for r in readers if name in r.drive.terms]

    def exchanged(
        self,
        name: str,
        drive: Expression,
        *,
        kept: Any = None,
        factor: Any = 1.0,
        constant: Any = 0.0,
    ) -> "GraphForm":
        """Put other units in a population's place, and have its readers get what they got.

        Parameters
        ----------
        name : str
            Of the population.
        drive : Expression
            Of the new units.
        kept : (n,) ndarray of bool, optional
            Which of the old units the new ones stand for; all if not given.
        factor, constant : float or (n,) array_like, optional
            Readers get ``factor * new + constant`` in the place of an old unit, and the constant
            alone in the place of one that is left out.
        """
        n = self.widths[name]
        kept = np.ones(n, dtype=bool) if kept is None else kept
        factor, constant = np.broadcast_to(factor, n)[kept], np.broadcast_to(constant, n)

        def read(expression: Expression) -> Expression:
            if name not in expression.terms:
                return expression
            matrix = expression.matrix(name, n)
            terms = {**expression.terms, name: matrix[:, kept] * factor}
            return Expression(terms, expression.bias + matrix @ constant)

        populations = [
            replace(p, drive=drive if p.name == name else read(p.drive)) for p in self.populations
        ]
        outputs = {key: replace(out, drive=read(out.drive)) for key, out in self.outputs.items()}
        return GraphForm(self.inputs, populations, outputs)


def computed(drive: Expression, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Compute an expression of (batch, n) values."""
    n_samples = len(next(iter(values.values())))
    total = np.tile(drive.bias, (n_samples, 1))
    for name, term in drive.terms.items():
        total += values[name] * term if term.ndim == 1 else values[name] @ term.T
    return total
