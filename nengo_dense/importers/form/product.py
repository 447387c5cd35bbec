"""Products, quotients and choices of functions of one weighted input, which are functions of it.

Models spell activations so: ``x * sigmoid(x)`` is SiLU, ``x * tanh(softplus(x))`` is Mish,
``x / (1 + |x|)`` is softsign. Whatever the factors are, their product is read as one function of
the weighted input that all depend on, and fitted like any other; it is exact where it is made of
straight pieces.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nengo_dense.importers.form.activation import FUNCTIONS, Function
from nengo_dense.importers.form.activation_pattern import GRID, SAME, recognized
from nengo_dense.importers.form.condition import STEP
from nengo_dense.importers.form.expression import ROUNDING, Expression, alike, picked, with_rows
from nengo_dense.importers.form.graph_form import Population
from nengo_dense.importers.form.piecewise import PiecewiseLinear
from nengo_dense.importers.form.straight_pieces import (
    Compute,
    check_continuous,
    crossings,
    sign_changes,
    straight,
)

#: Factors of a weighted input that activations are spelled with: GELU has ``x / sqrt(2)``.
FACTORS = (1.0, 2.0, 0.5, 2.0**0.5, 0.5**0.5)

#: Where a known function must hold too, and where a divisor must not vanish.
WIDE = np.concatenate([np.linspace(-64.0, 64.0, 4097), [-1e4, -1e3, -250.0, 250.0, 1e3, 1e4]])

#: Pairs of points far out, whose slopes agree where a function has a limiting slope.
FAR = np.array([1e3, 2e3, 1e5, 2e5])

#: What several values are made one by -> how messages call it.
OPERATIONS = {"product": "their product", "quotient": "their quotient", "where": "their choice"}


class OfBase(NamedTuple):
    """What an expression is of a weighted input.

    Attributes
    ----------
    compute : callable
    name : str
        For messages.
    knots : (m,) ndarray or None
        Where its straight pieces meet; None if it is made of others.
    jumps : (k,) ndarray
        Where a comparison in it changes.
    """

    compute: Compute
    name: str
    knots: np.ndarray | None
    jumps: np.ndarray


def combined(
    kind: str, parts: Sequence[Expression], populations: Mapping[str, Population]
) -> tuple[Expression, Function | None]:
    """Return the weighted input that all parts depend on, and the function that they make of it.

    Parameters
    ----------
    kind : {"product", "quotient", "where"}
    parts : sequence of Expression
        Of equal widths, or of one feature; of a choice the condition first.
    populations : mapping
        Name -> population, of all that the parts may have in them, in the order of computation.

    Returns
    -------
    base : Expression
    function : Function or None
        None where all parts but one are constants: the base is the result.

    Raises
    ------
    ValueError
        They depend on different ones, a divisor becomes 0, or the function jumps.
    """
    n = max(part.n for part in parts)
    spread = [part.spread(n) for part in parts]
    flowing = [part for part in spread if not part.is_constant]
    if kind == "product" and len(flowing) < 2:
        total = flowing[0] if flowing else Expression({}, np.ones(n))
        for part in (each for each in spread if each.is_constant):
            total = total.scaled(part.bias)
        return total, None
    found = _functions(kind, spread, populations)
    if found is None:
        operation = OPERATIONS[kind]
        raise ValueError(
            f"it takes {len(parts)} values that all depend on the input, and {operation} is no "
            "sum of rectifiers unless all are functions of the same weighted input, as in "
            "x * sigmoid(x); merge them by addition, concatenation, maximum or minimum, and "
            "train again"
        )
    base, factors = found
    if kind == "quotient":
        for divisor in factors[1:]:
            _check_divisor(divisor)
    return _named(base, kind, factors)


def of_one_input(
    kind: str, parts: Sequence[Expression], populations: Mapping[str, Population]
) -> bool:
    """Tell whether all parts are functions of the same weighted input."""
    return _functions(kind, parts, populations) is not None


def _functions(
    kind: str, parts: Sequence[Expression], populations: Mapping[str, Population]
) -> tuple[Expression, list[OfBase]] | None:
    """Return the earliest weighted input that all parts are functions of, with these."""
    places = {name: place for place, name in enumerate(populations)}
    candidates = [base for part in parts for base in _bases(part, populations)]
    depths = [
        max((places.get(name, -1) for name in each.terms), default=-1) for each in candidates
    ]
    workable: list[tuple[int, Expression, list[OfBase]]] = []
    for index in np.argsort(depths, kind="stable"):
        base = candidates[index]
        if workable and depths[index] > workable[0][0]:
            break
        found = [_of_base(part, base, populations) for part in parts]
        if not base.is_constant and None not in found:
            workable.append((depths[index], base, [each for each in found if each is not None]))
    if not workable:
        return None
    known = (each for each in workable if recognized(_values(kind, each[2], GRID)))
    _, base, functions = next(known, workable[0])
    return base, functions


def _bases(part: Expression, populations: Mapping[str, Population]) -> Iterator[Expression]:
    """Yield what an expression may be a function of: weighted inputs before it, and itself."""
    for name, term in part.terms.items():
        found = picked(term) if name in populations else None
        if found is not None:
            yield from _bases(with_rows(populations[name].drive, found[0]), populations)
    yield part


def _of_base(
    part: Expression, base: Expression, populations: Mapping[str, Population]
) -> OfBase | None:
    """Return an expression as a function of another's features, the same for each; else None."""
    straight: dict[str, np.ndarray] = {}
    inner: list[tuple[float, OfBase]] = []
    for name, term in part.terms.items():
        if not term.any():
            continue
        found = None if _factor(part, base) else _through(name, term, base, populations)
        if found is None:
            straight[name] = term
        else:
            inner.append(found)
    factor = _factor(Expression(straight, part.bias), base) if straight else 0.0
    if factor is None:
        return None
    offsets = part.bias - factor * base.bias
    size = np.abs(part.bias).max() + abs(factor) * np.abs(base.bias).max()
    if np.ptp(offsets) > ROUNDING * size:
        return None
    offset = float(offsets.mean())

    def compute(z: np.ndarray) -> np.ndarray:
        total = factor * np.asarray(z, dtype=np.float64) + offset
        for scale, function in inner:
            total = total + scale * function.compute(z)
        return np.asarray(total)

    shown = [f"{offset:.3g}"] * bool(offset) + ["x"] * bool(factor)
    shown += [function.name for _, function in inner]
    return OfBase(compute, " + ".join(shown) or "0", *_bends([each for _, each in inner]))


def _bends(parts: Sequence[OfBase]) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the knots and the jumps of a sum of functions."""
    knots = [each.knots for each in parts if each.knots is not None]
    jumps = np.concatenate([np.empty(0), *(each.jumps for each in parts)])
    return (np.concatenate([jumps, *knots]) if len(knots) == len(parts) else None), jumps


def _through(
    name: str, term: np.ndarray, base: Expression, populations: Mapping[str, Population]
) -> tuple[float, OfBase] | None:
    """Return the factor of a population, and what it is of a weighted input, if it is that."""
    found = picked(term) if name in populations else None
    if found is None:
        return None
    population, (columns, factor) = populations[name], found
    exact = population.function.exact
    if exact is not None and exact.width is not None:
        return None  # another function for each unit
    drive = _of_base(with_rows(population.drive, columns), base, populations)
    if drive is None:
        return None
    first, second = drive.compute, population.function
    knots, jumps = drive.knots, drive.jumps
    if second is STEP:
        changes = (
            sign_changes(first, np.unique(WIDE))
            if knots is None
            else crossings(first, knots, [0.0])
        )
        jumps = np.concatenate([jumps, changes])
        knots = None if knots is None else np.concatenate([knots, jumps])
    elif exact is None:
        knots = None
    elif knots is not None:
        knots = np.concatenate([knots, crossings(first, knots, exact.knots.ravel())])
    return factor, OfBase(lambda z: second(first(z)), second.name, knots, jumps)


def _factor(part: Expression, base: Expression) -> float | None:
    """Return by what number the matrices of a part are those of the base; None if by none."""
    ours = {name: term for name, term in part.terms.items() if term.any()}
    theirs = {name: term for name, term in base.terms.items() if term.any()}
    if ours.keys() != theirs.keys() or part.n != base.n:
        return None
    pairs = [alike(ours[name], theirs[name]) for name in ours]
    first, second = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1))
    at = np.abs(second).argmax()
    factor = first[at] / second[at]
    is_same = np.abs(first - factor * second).max() <= ROUNDING * np.abs(first).max()
    return float(factor) if is_same else None


def _values(kind: str, factors: Sequence[OfBase], z: np.ndarray) -> np.ndarray:
    combine = np.multiply if kind == "product" else np.divide
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if kind == "where":
            condition, first, second = (each.compute(z) for each in factors)
            return np.asarray(np.where(condition > 0.5, first, second))
        total = factors[0].compute(z)
        for each in factors[1:]:
            total = combine(total, each.compute(z))
    return np.asarray(total)


def _check_divisor(divisor: OfBase) -> None:
    """Raise a ValueError where a divisor becomes 0, or comes too close to tell."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = divisor.compute(WIDE)
    least = float(np.abs(values).min())
    if not (np.all(values > 0) or np.all(values < 0)) or least < ROUNDING:
        raise ValueError(
            f"it divides by {divisor.name} of its input, which may be 0, and sums of rectifiers "
            "are finite; divide by what stays above 0, as in x / (1 + |x|)"
        )


def _named(base: Expression, kind: str, factors: list[OfBase]) -> tuple[Expression, Function]:
    """Return a function under its known name, if it has one.

    Raises
    ------
    ValueError
        It jumps.
    """

    def compute(z: np.ndarray) -> np.ndarray:
        return _values(kind, factors, np.asarray(z, dtype=np.float64))

    knots, jumps = _bends(factors)
    check_continuous(compute, jumps)

    for scale in FACTORS:

        def scaled(z: np.ndarray, scale: float = scale) -> np.ndarray:
            return compute(scale * np.asarray(z, dtype=np.float64))

        found = recognized(scaled(GRID))
        if found is None:
            continue
        known = FUNCTIONS[found[0]](**found[1])
        with np.errstate(over="ignore", invalid="ignore"):
            wanted, values = known(WIDE), scaled(WIDE)
        if np.all(np.abs(values - wanted) <= SAME * np.maximum(1.0, np.abs(wanted))):
            function = known if known.exact is not None else replace(known, compute=scaled)
            return base.scaled(1 / scale), function
    names = [f"({each.name})" if " + " in each.name else each.name for each in factors]
    name = {"product": " * ", "quotient": " / "}.get(kind, ", ").join(names)
    name = f"where({name})" if kind == "where" else name
    exact = None if knots is None else straight(compute, knots)
    if exact is not None and _is_leaky(exact):
        return base, FUNCTIONS["leakyrelu"](float(exact.slopes[0, 0]))
    if exact is not None:
        return base, Function("piecewise", exact)
    return base, Function(name, compute, _far_slopes(compute))


def _is_leaky(form: PiecewiseLinear) -> bool:
    """Tell whether straight pieces are a rectifier with a slope for negative values."""
    if form.knots.size > 1:
        return False
    numbers = np.array([form.knots[0, 0], form.value[0], form.slopes[1, 0] - 1])
    return bool(np.all(np.abs(numbers) < ROUNDING))


def _far_slopes(compute: Compute) -> tuple[float | None, float | None]:
    """Return the limits of a function's slope far left and far right, None where it has none."""
    found: list[float | None] = []
    for points in (-FAR, FAR):
        with np.errstate(over="ignore", invalid="ignore"):
            y = compute(points)
            near, far = (y[1::2] - y[::2]) / (points[1::2] - points[::2])
            is_limit = np.isfinite(far) and abs(near - far) <= 1e-3 * (1 + abs(far))
        found.append(float(far) if is_limit else None)
    return found[0], found[1]
