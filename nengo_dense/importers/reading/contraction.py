"""Sums of products by indices, ``einsum``, of one value of a model and of constants: affine maps.

The map is found by giving each feature alone, as if each were a sample.
"""

import string
from collections.abc import Sequence

import numpy as np

from nengo_dense.importers.form.operation import Affine, Operation, UnfitError
from nengo_dense.importers.reading.feature_layout import MAX_MATRIX, Layout, as_batch

#: Products that a contraction may take to find its map, a second's work.
MAX_PRODUCTS = 2**30


def contracted(
    equation: str, operands: Sequence[np.ndarray | Layout], label: str
) -> tuple[Layout, list[Operation]]:
    """Read an einsum.

    Parameters
    ----------
    equation : str
        As NumPy has it.
    operands : sequence of ndarray or Layout
        One of them the layout of what flows, whose samples lie along its first axis.
    label : str

    Raises
    ------
    UnfitError
        It mixes samples, or is too large.
    """
    (at,) = [number for number, each in enumerate(operands) if isinstance(each, Layout)]
    layout = operands[at]
    assert isinstance(layout, Layout)
    as_batch(layout)
    *terms, result = indices_of(equation, [len(each.shape) for each in operands])
    sample = terms[at][0]
    others = "".join([*terms[:at], terms[at][1:], *terms[at + 1 :]])
    if result.count(sample) != 1 or sample in others:
        raise UnfitError(f"{equation!r} makes one value of several samples; keep them apart")
    sizes = {
        index: max(1, size)
        for term, each in zip(terms, operands, strict=True)
        for index, size in zip(term, each.shape, strict=True)
    }
    shape = [sizes[index] for index in result]
    n_out = int(np.prod(shape)) // sizes[sample]
    sizes[sample] = layout.n
    if n_out * layout.n > MAX_MATRIX or np.prod([float(n) for n in sizes.values()]) > MAX_PRODUCTS:
        raise UnfitError(f"{equation!r} is too large: {layout.n} features to {n_out}")
    alone = np.eye(layout.n).reshape(layout.n, *layout.shape[1:])
    arrays = [alone if isinstance(each, Layout) else np.asarray(each, float) for each in operands]
    map_ = np.einsum(f"{','.join(terms)}->{result}", *arrays)
    weights = np.moveaxis(map_, result.index(sample), 0).reshape(layout.n, n_out).T
    places = np.arange(layout.n_samples).reshape([-1 if i == sample else 1 for i in result])
    return Layout(np.broadcast_to(places, shape), n_out), [Affine(weights, None, label)]


def indices_of(equation: str, ranks: Sequence[int]) -> list[str]:
    """Return the indices of each operand and of the result, letters for all axes.

    Parameters
    ----------
    equation : str
    ranks : sequence of int
        Of the operands.

    Raises
    ------
    UnfitError
        It does not fit them.
    """
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    free = [letter for letter in string.ascii_letters[::-1] if letter not in equation]
    unnamed = ""
    for number, (term, rank) in enumerate(zip(terms, ranks, strict=False)):
        if "..." in term:
            n = max(0, rank - len(term) + 3)
            more = "".join(free[:n])[::-1]  # the last axes of all operands are the same
            unnamed = max(unnamed, more, key=len)
            terms[number] = term.replace("...", more)
    if not arrow:  # those that come once, in the alphabet's order
        named = [letter for letter in left if letter.isalpha()]
        result = "..." + "".join(sorted(x for x in set(named) if named.count(x) == 1))
    result = result.replace("...", unnamed)
    known = set("".join(terms))
    fits = len(terms) == len(ranks) and all(map(_is_of_rank, terms, ranks))
    if not fits or not set(result) <= known or len(set(result)) < len(result):
        raise UnfitError(f"{equation!r} does not fit its operands of {list(ranks)} axes")
    return [*terms, result]


def _is_of_rank(term: str, rank: int) -> bool:
    return len(term) == rank and all(letter in string.ascii_letters for letter in term)
