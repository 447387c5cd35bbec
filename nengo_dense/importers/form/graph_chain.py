"""Graphs and chains of layers, one from the other; rectifiers that read the same are one layer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nengo_dense.importers.form.expression import Expression
from nengo_dense.importers.form.graph_form import GraphForm, Output, Population
from nengo_dense.importers.form.spec import DenseSpec


def merged(form: GraphForm) -> GraphForm:
    """Make one population of rectifiers that read the same: they may share cores."""
    populations: list[Population] = []
    places: dict[str, tuple[str, int, int]] = {}  # old name -> new name, first row, number of rows
    widths = dict(form.inputs)
    readers: dict[frozenset[str], int] = {}  # what rectifiers read -> their place
    for population in form.populations:
        drive = _moved(population.drive, places, widths)
        read = frozenset(drive.terms)
        rectifies = population.function.name == "relu"
        if rectifies and read in readers:
            other = populations[readers[read]]
            places[population.name] = other.name, other.n, population.n
            populations[readers[read]] = _joined(other, drive, widths)
            widths[other.name] = other.n + population.n
        else:
            if rectifies:
                readers[read] = len(populations)
            places[population.name] = population.name, 0, population.n
            widths[population.name] = population.n
            populations.append(replace(population, drive=drive))
    # what a population reads may have grown after it was looked at
    result = GraphForm(form.inputs, populations, {})
    widths = result.widths
    grown = [replace(p, drive=_padded(p.drive, widths)) for p in populations]
    outputs = {
        name: replace(o, drive=_padded(_moved(o.drive, places, widths), widths))
        for name, o in form.outputs.items()
    }
    return GraphForm(form.inputs, grown, outputs)


def _joined(other: Population, drive: Expression, widths: Mapping[str, int]) -> Population:
    terms = {
        name: np.concatenate([part.matrix(name, widths[name]) for part in parts])
        for name in drive.terms
        for parts in [[_padded(other.drive, widths), _padded(drive, widths)]]
    }
    bias = np.concatenate([other.drive.bias, drive.bias])
    return replace(other, drive=Expression(terms, bias))


def _moved(
    drive: Expression, places: dict[str, tuple[str, int, int]], widths: Mapping[str, int]
) -> Expression:
    """Let an expression read the populations that others were joined to."""
    terms: dict[str, np.ndarray] = {}
    for name, term in drive.terms.items():
        if name not in places:
            terms[name] = term
            continue
        new, start, n = places[name]
        if new not in terms:
            terms[new] = np.zeros((drive.n, widths[new]))
        terms[new][:, start : start + n] += np.diag(term) if term.ndim == 1 else term
    return Expression(terms, drive.bias)


def _padded(drive: Expression, widths: Mapping[str, int]) -> Expression:
    """Add zeros for units that a population got since."""
    terms = {}
    for name, term in drive.terms.items():
        dense = np.diag(term) if term.ndim == 1 and len(term) != widths[name] else term
        n_more = 0 if dense.ndim == 1 else widths[name] - dense.shape[1]
        terms[name] = np.pad(dense, ((0, 0), (0, n_more))) if n_more else dense
    return Expression(terms, drive.bias)


def form_of(specs: Sequence[DenseSpec]) -> GraphForm:
    """Return a chain of layers as a graph; the counterpart of `chain_of`.

    Populations have their layers' names, or ``layer 1`` and so on.
    """
    names = ["input"]
    for number, spec in enumerate(specs, start=1):
        name = spec.label or f"layer {number}"
        names.append(f"{name} (layer {number})" if name in names else name)
    drives = [
        Expression({before: spec.weights}, spec.bias)
        for before, spec in zip(names, specs, strict=False)
    ]
    populations = []
    for name, drive, spec in zip(names[1:-1], drives, specs, strict=False):
        assert spec.function is not None  # as of every layer
        populations.append(Population(name, drive, spec.function))
    output = Output(drives[-1], specs[-1].activation)
    return GraphForm({"input": specs[0].n_in}, populations, {names[-1]: output})


def chain_of(form: GraphForm) -> list[DenseSpec] | None:
    """Return a graph's layers if it is a chain from one input to one output, else None."""
    if len(form.inputs) != 1 or len(form.outputs) != 1:
        return None
    (output,) = form.outputs.values()
    before, widths = next(iter(form.inputs)), form.widths
    specs = []
    for population in form.populations:
        if list(population.drive.terms) != [before]:
            return None
        weights = population.drive.matrix(before, widths[before])
        specs.append(
            DenseSpec(
                weights,
                population.drive.bias,
                population.function.name,
                population.name,
                population.function,
            )
        )
        before = population.name
    if list(output.drive.terms) != [before]:
        return None
    weights = output.drive.matrix(before, widths[before])
    (name,) = form.outputs
    return [*specs, DenseSpec(weights, output.drive.bias, output.head, name)]
