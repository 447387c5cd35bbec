"""What flows in a model, as an affine map of its inputs and of its populations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nengo_dense.budget import WEIGHTS

#: Relative difference that rounding in double precision explains, of sums of many products.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Expression:
    """``sum(matrix @ value) + bias`` over named values.

    Parameters
    ----------
    terms : mapping
        Name of an input or a population -> (n, n_in) matrix, or (n,) diagonal of one.
    bias : (n,) ndarray
    """

    terms: Mapping[str, np.ndarray]
    bias: np.ndarray

    @classmethod
    def of(cls, name: str, n: int) -> "Expression":
        """Return a named value of `n` features as it is."""
        return cls({name: np.ones(n)}, np.zeros(n))

    @property
    def n(self) -> int:
        """(int) Number of features."""
        return len(self.bias)

    @property
    def is_constant(self) -> bool:
        """(bool) Whether it is the same for all values."""
        return not any(term.any() for term in self.terms.values())

    def is_plainly(self, name: str) -> bool:
        """Tell whether this is a named value as it is."""
        term = self.terms.get(name)
        plain = term is not None and term.ndim == 1 and bool((term == 1).all())
        return plain and len(self.terms) == 1 and not self.bias.any()

    def affine(self, weights: ArrayLike, bias: ArrayLike | None) -> "Expression":
        """Return ``weights @ this + bias``."""
        weights = np.asarray(weights, dtype=np.float64)
        terms = {
            name: weights * term if term.ndim == 1 else weights @ term
            for name, term in self.terms.items()
        }
        return Expression(terms, weights @ self.bias + (0.0 if bias is None else bias))

    def scaled(self, scale: ArrayLike, offset: ArrayLike = 0.0) -> "Expression":
        """Return ``scale * this + offset``, each a number or one a feature."""
        scale = np.broadcast_to(np.asarray(scale, dtype=np.float64), self.n)
        terms = {
            name: scale * term if term.ndim == 1 else scale[:, np.newaxis] * term
            for name, term in self.terms.items()
        }
        return Expression(terms, scale * self.bias + offset)

    def rows(self, kept: np.ndarray) -> "Expression":
        """Return some of the features.

        Parameters
        ----------
        kept : (n,) ndarray of bool
        """
        if kept.all():
            return self
        terms = {
            name: (np.diag(term) if term.ndim == 1 else term)[kept]
            for name, term in self.terms.items()
        }
        return Expression(terms, self.bias[kept])

    def without_zeros(self) -> "Expression":
        """Return the same without values that have no part in it."""
        terms = {name: term for name, term in self.terms.items() if term.any()}
        return Expression(terms, self.bias)

    def spread(self, n: int) -> "Expression":
        """Return a single feature `n` times, and what has `n` as it is.

        Raises
        ------
        ValueError
            It has another number of features.
        """
        if self.n == n:
            return self
        if self.n != 1:
            raise ValueError(f"{self.n} features are not {n}")
        return self.affine(np.ones((n, 1)), None)

    def plus(self, other: "Expression") -> "Expression":
        """Return the sum, of equal widths or one of them 1."""
        if 1 not in (self.n, other.n) and self.n != other.n:
            raise ValueError(f"{self.n} features and {other.n} cannot be added")
        first, second = (part.spread(max(self.n, other.n)) for part in (self, other))
        terms = dict(first.terms)
        for name, term in second.terms.items():
            terms[name] = _added(terms[name], term) if name in terms else term
        return Expression(terms, first.bias + second.bias)

    def matrix(self, name: str, n_in: int) -> np.ndarray:
        """Return the (n, n_in) matrix of a named value, zeros where it has no part."""
        term = self.terms.get(name)
        if term is None:
            return np.zeros((self.n, n_in))
        matrix: np.ndarray = np.diag(term) if term.ndim == 1 else term
        return matrix


def concatenated(parts: Sequence[Expression], widths: Mapping[str, int]) -> Expression:
    """Return expressions one after the other.

    Parameters
    ----------
    parts : sequence of Expression
    widths : mapping
        Name -> number of features, of all named values.

    Raises
    ------
    ValueError
        There would be more weights than a model may have.
    """
    ends = np.cumsum([part.n for part in parts])
    n, names = int(ends[-1]), dict.fromkeys(name for part in parts for name in part.terms)
    n_weights = n * sum(widths[name] for name in names)
    if n_weights > WEIGHTS.most:
        raise ValueError(
            f"its concatenation has {n_weights} weights, more than the limit of {WEIGHTS.most}"
        )
    terms = {name: np.zeros((n, widths[name])) for name in names}
    for part, end in zip(parts, ends, strict=True):
        for name in part.terms:
            terms[name][end - part.n : end] = part.matrix(name, widths[name])
    return Expression(terms, np.concatenate([part.bias for part in parts]))


def _added(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = alike(first, second)
    total: np.ndarray = first + second
    return total


def alike(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two terms both as diagonals, or both as matrices."""
    if first.ndim != second.ndim:
        first, second = (np.diag(term) if term.ndim == 1 else term for term in (first, second))
    return first, second


def picked(term: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Return which unit each row of a matrix takes, and times what, if all do that."""
    if term.ndim == 1:
        columns, factors = np.arange(len(term)), term
    else:
        if np.any(np.count_nonzero(term, axis=1) != 1):
            return None
        columns = np.abs(term).argmax(axis=1)
        factors = term[np.arange(len(term)), columns]
    if not factors.size or np.ptp(factors) > ROUNDING * np.abs(factors).max():
        return None
    return columns, float(factors[0])


def with_rows(drive: Expression, columns: np.ndarray) -> Expression:
    """Return features of an expression in another order, or several times."""
    if np.array_equal(columns, np.arange(drive.n)):
        return drive
    terms = {
        name: (np.diag(term) if term.ndim == 1 else term)[columns]
        for name, term in drive.terms.items()
    }
    return Expression(terms, drive.bias[columns])
