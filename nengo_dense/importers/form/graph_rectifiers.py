r"""A graph with any activation -> one of rectifiers alone.

.. math:: f(z) = c + \sum_i a_i \max(0, s_i (z - k_i))

in the place of each activation: a population of :math:`n` units becomes one of :math:`K n`
rectifiers, with weights :math:`s_i W`, and what reads it gets the weights :math:`a_i V` and the
bias :math:`b + V c`. For straight pieces this is exact; a smooth function is fitted, and
rectifiers of it that no weighted input of their unit comes near are left out, where many show.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.activation import FUNCTIONS, Function
from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_form import GraphForm, Population, computed
from nengo_dense.importers.form.piecewise import Rectifier
from nengo_dense.importers.form.piecewise_fit import BEYOND, Fit, fit

#: Input axons of a core of the chip, the most rectifiers that a layer may become.
MOST_RECTIFIERS = 4096
#: Inputs that show what a unit's weighted inputs come near. The least that `convert` takes, 20, do
#: not: of random 40-64-32-10 nets of tanh, with 1 and 5 % of the inputs other than 0, others were
#: answered otherwise in 3.9 and 2.9 % without what is left out, and in 1.7 and 1.9 % with it. By
#: 50 to 1000 as many were, or fewer.
MANY = 50
#: Difference between a model and its exact rectifiers that rounding may explain, as a share of the
#: largest value or output: in a limit, large values are subtracted from one another.
ROUNDING = 1e-9


class Sum(NamedTuple):
    """Rectifiers that add up to the values of a population.

    Attributes
    ----------
    constant : (n,) or (1,) ndarray
    terms : list of Rectifier
    kept : (n_terms * n,) ndarray of bool
        Which of all units' first rectifiers, then of their second ones, are needed.
    """

    constant: np.ndarray
    terms: list[Rectifier]
    kept: np.ndarray

    @classmethod
    def of(cls, function: Function, n: int) -> "Sum | None":
        """Return those of `n` units with a function of straight pieces; None of another one."""
        if function.exact is None:
            return None
        constant, terms = function.exact.rectifiers()
        return cls(constant, terms, np.ones(len(terms) * n, dtype=bool))

    @classmethod
    def fitted(cls, found: Fit, n: int, z: np.ndarray | None) -> "Sum":
        """Return those of a fit, without what many (batch, n) weighted inputs do not come near."""
        constant, terms = found.form.rectifiers()
        kept = np.ones(len(terms) * n, dtype=bool)
        if z is not None and len(z) >= MANY:
            low, high = z.min(axis=0), z.max(axis=0)
            spare = BEYOND * (high - low)
            reached = {1: high + spare, -1: spare - low}
            near = [reached[term.sign] > term.sign * term.knot for term in terms]
            kept = np.concatenate(near)
        return cls(constant, terms, kept if kept.any() else ~kept)

    def units(self, drive: Expression) -> Expression:
        """Return the weighted inputs of the rectifiers in the place of those of the units."""
        bias = np.concatenate([term.sign * (drive.bias - term.knot) for term in self.terms])
        terms = {}
        for name, matrix in drive.terms.items():
            dense = np.diag(matrix) if matrix.ndim == 1 else matrix
            terms[name] = np.concatenate([term.sign * dense for term in self.terms])
        return Expression(terms, bias).rows(self.kept)

    def read_by(self, name: str, drive: Expression) -> Expression:
        """Return what reads the rectifiers in the place of the population's values."""
        n = len(self.kept) // len(self.terms)
        matrix = drive.matrix(name, n)
        weights = [matrix * np.broadcast_to(term.height, n) for term in self.terms]
        terms = {**drive.terms, name: np.concatenate(weights, axis=1)[:, self.kept]}
        return Expression(terms, drive.bias + matrix @ np.broadcast_to(self.constant, n))


def rectified(
    name: str, form: GraphForm, x: np.ndarray | None, error: float
) -> tuple[GraphForm, dict[str, Fit]]:
    """Put rectifiers in the place of every activation.

    Parameters
    ----------
    name : str
        The model's, for messages.
    form : GraphForm
    x : (batch, n_in) ndarray or None
        Inputs that show which weighted inputs occur; without them smooth functions are fitted
        over a fixed range.
    error : float
        What fits must come down to: root mean square over the weighted inputs, as a share of the
        values' standard deviation.

    Returns
    -------
    form : GraphForm
    fits : dict of {str: Fit}
        What was fitted, by population.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        A layer would have more rectifiers than a core of the chip takes inputs from.
    """
    values = None if x is None else form.values(x)
    fits: dict[str, Fit] = {}
    sums: dict[str, Sum] = {}
    problems: list[str] = []
    populations = []
    for population in form.populations:
        drive = _read(population.drive, sums)
        if population.function.name == "relu":
            populations.append(replace(population, drive=drive))
            continue
        total = Sum.of(population.function, population.n)
        if total is None:
            z = None if values is None else computed(population.drive, values)
            found = fits[population.name] = fit(population.function, z, error)
            total = Sum.fitted(found, population.n, z)
        sums[population.name] = total
        problems += _too_many(population, int(total.kept.sum()), error)
        units = total.units(drive)
        populations.append(Population(population.name, units, FUNCTIONS["relu"]()))
    if problems:
        raise ConversionError(name, problems)
    outputs = {k: replace(o, drive=_read(o.drive, sums)) for k, o in form.outputs.items()}
    result = GraphForm(form.inputs, populations, outputs)
    if sums and not fits:
        _check_same(name, form, result)
    return result, fits


def _read(drive: Expression, sums: Mapping[str, Sum]) -> Expression:
    """Let an expression read rectifiers in the place of values."""
    for name in [name for name in drive.terms if name in sums]:
        drive = sums[name].read_by(name, drive)
    return drive


def _too_many(population: Population, n: int, error: float) -> list[str]:
    """Say that a layer would have more rectifiers than a core takes inputs from, if so."""
    if n <= MOST_RECTIFIERS:
        return []
    most = MOST_RECTIFIERS * population.n // n
    remedy = f"train with {most} units or fewer, or with 'relu'"
    if population.function.exact is None:
        remedy = f"allow a larger activation_error than {error:g}, {remedy}"
    return [
        f"layer {population.name!r}: {population.function.name} would take {n} rectifiers, more "
        f"than the {MOST_RECTIFIERS} inputs of a core, for its {population.n} units; {remedy}"
    ]


def _check_same(name: str, form: GraphForm, result: GraphForm) -> None:
    """Raise a ConversionError if exact rectifiers compute something else than the model."""
    rng = np.random.RandomState(0)
    x = np.concatenate([size * rng.randn(32, form.n_in) for size in (0.1, 1.0, 10.0)])
    wanted, got = (np.concatenate(list(g.forward(x).values()), axis=1) for g in (form, result))
    values = np.concatenate([wanted, *result.values(x).values()], axis=1)
    differs = np.abs(got - wanted).max(axis=1)
    if not (differs <= ROUNDING * np.maximum(1.0, np.abs(values).max(axis=1))).all():
        apart = float(differs.max())
        raise ConversionError(
            name,
            [
                f"its rectifiers would differ from its layers by up to {apart:.3g}, which is a "
                "fault of nengo_dense; please report the model's activations"
            ],
        )
