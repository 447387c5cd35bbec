"""The same model with better numbers: exact changes that cost nothing on the chip.

All weights of a core share one exponent, set by the largest. Neurons that say nothing, and neurons
on another scale than the rest of their layer, would take the others' bits.
"""

from dataclasses import replace

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_form import GraphForm, Population

#: Factor from the middle of its layer beyond which a neuron is on another scale.
OTHER_SCALE = 8.0
#: Binary logarithm of the largest factor: half of what a double bears.
MOST_BITS = 500


def fold_constants(name: str, form: GraphForm) -> GraphForm:
    """Leave out neurons without input weights, which are constant, and neurons that nobody reads.

    The biases of what read them take the constants' place. A layer without neurons is left out
    too, and so are weights that are all zero.

    Parameters
    ----------
    name : str
        The model's, for messages.
    form : GraphForm
        Of rectifiers.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        An output is the same whatever the input is.
    """
    form, empty = _without_zeros(form), ""
    changed = True
    while changed:  # what is left out may have been all that another neuron had
        changed = False
        for population in form.populations:
            now = form.population(population.name)
            has_input, is_read = _has_input(now, form), _is_read(now, form)
            kept = has_input & is_read
            if kept.all():
                continue
            changed = True
            empty = empty or ("" if kept.any() else _says_nothing(now, has_input, is_read))
            constant = np.maximum(now.drive.bias, 0) * ~has_input
            drive = now.drive.rows(kept)
            form = form.exchanged(now.name, drive, kept=kept, constant=constant)
        form = _without_zeros(form)
    same = [key for key, output in form.outputs.items() if not output.drive.terms]
    if same:
        problem = empty or f"{', '.join(same)}: all weights that it reads with are zero"
        raise ConversionError(name, [f"{problem}, so the model gives the same {_COLLAPSED}"])
    return form


_COLLAPSED = (
    "output for every input. Its training has collapsed, or its weights were not loaded: train or "
    "load it again"
)


def _without_zeros(form: GraphForm) -> GraphForm:
    """Leave out populations without units, and matrices of zeros."""
    empty = {population.name for population in form.populations if not population.n}

    def read(drive: Expression) -> Expression:
        terms = {n: term for n, term in drive.terms.items() if n not in empty and term.any()}
        return drive if len(terms) == len(drive.terms) else Expression(terms, drive.bias)

    populations = [replace(p, drive=read(p.drive)) for p in form.populations if p.n]
    outputs = {key: replace(out, drive=read(out.drive)) for key, out in form.outputs.items()}
    return GraphForm(form.inputs, populations, outputs)


def _has_input(population: Population, form: GraphForm) -> np.ndarray:
    """Tell which neurons have input weights."""
    return np.any([matrix.any(axis=1) for matrix in _matrices(population, form)], axis=0)


def _is_read(population: Population, form: GraphForm) -> np.ndarray:
    """Tell which neurons have output weights."""
    return np.any([matrix.any(axis=0) for matrix in form.read_from(population.name)], axis=0)


def _matrices(population: Population, form: GraphForm) -> list[np.ndarray]:
    """Return the weights of a population's inputs, one row of zeros a neuron if it has none."""
    drive = population.drive
    return [drive.matrix(n, form.widths[n]) for n in drive.terms] or [np.zeros((drive.n, 1))]


def _says_nothing(population: Population, has_input: np.ndarray, is_read: np.ndarray) -> str:
    if not has_input.any():
        zero = "all input weights"
    elif not is_read.any():
        zero = "all weights that read it"
    else:
        zero = "the input or the output weights of every neuron"
    return f"{population.name}: {zero} are zero"


def equalize(form: GraphForm) -> GraphForm:
    """Bring neurons on another scale back to the middle of their layer.

    A rectified neuron with all input weights and its bias ``s`` times as large, and all weights
    that read it divided by ``s``, is the same neuron (M. Nagel et al., "Data-free quantization
    through weight equalization and bias correction", ICCV 2019). Only neurons for which both are
    far from the others', in everything that reads them, are changed, by powers of two, so that
    nothing is rounded.

    Parameters
    ----------
    form : GraphForm
        Of rectifiers, without constant neurons (`fold_constants`).
    """
    for population in form.populations:
        now = form.population(population.name)
        factor = _other_scale(now, form)
        if (factor != 1).any():
            form = form.exchanged(now.name, now.drive.scaled(1 / factor), factor=factor)
    return form


def _other_scale(population: Population, form: GraphForm) -> np.ndarray:
    """Return by how much each neuron's weights should shrink, 1 for usual ones: (n,) array."""
    matrices = _matrices(population, form)
    incoming = matrices[0] if len(matrices) == 1 else np.concatenate(matrices, axis=1)
    size, bias = _log_size(incoming, axis=1), _log_size(population.drive.bias[:, None], axis=1)
    # a bias grows as the weights do: beside tiny ones a usual bias tells the neuron's scale, but a
    # large one tells nothing, as the knots of an activation may lie far out
    written = _relative(np.fmax(size, np.minimum(bias, np.nanmedian(size))))
    read = np.array([-_relative(_log_size(m, axis=0)) for m in form.read_from(population.name)])
    smallest, largest = np.nanmin(read, axis=0), np.nanmax(read, axis=0)
    larger, smaller = np.minimum(written, smallest), np.maximum(written, largest)
    exponent = np.clip((written + (smallest + largest) / 2) / 2, -MOST_BITS, MOST_BITS)
    usual = (larger < np.log2(OTHER_SCALE)) & (smaller > -np.log2(OTHER_SCALE))
    factor: np.ndarray = np.exp2(np.where(usual, 0.0, np.round(exponent)))
    return factor


def _relative(logarithms: np.ndarray) -> np.ndarray:
    """Return sizes relative to the middle one."""
    relative: np.ndarray = logarithms - np.nanmedian(logarithms)
    return relative


def _log_size(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the base-2 logarithm of the root mean square; NaN for nothing.

    Weights of neurons that died in training may be 1e-200, whose square is nothing.
    """
    ends = values.max(axis=axis, keepdims=True), values.min(axis=axis, keepdims=True)
    largest = np.maximum(ends[0], -ends[1])
    largest = np.where(largest > 0, largest, np.nan)
    relative = values / largest
    np.multiply(relative, relative, out=relative)
    size: np.ndarray = np.log2(relative.mean(axis=axis)) / 2
    return size + np.log2(largest.squeeze(axis))
