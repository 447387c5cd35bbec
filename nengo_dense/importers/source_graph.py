"""A trained model that is no chain of layers, as it was read."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from nengo_dense.columns import Names
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.comparison import (
    Difference,
    chosen,
    not_compared,
    outcome,
    random_inputs,
    within_range,
)
from nengo_dense.importers.form.folding import operations_of
from nengo_dense.importers.form.graph_chain import chain_of, merged
from nengo_dense.importers.form.graph_folding import GraphNode, fold_graph
from nengo_dense.importers.form.graph_form import GraphForm, Output, Population
from nengo_dense.importers.form.graph_rectifiers import rectified
from nengo_dense.importers.form.operation import Operation
from nengo_dense.importers.form.piecewise_fit import ACTIVATION_ERROR, Fit
from nengo_dense.importers.graph_rounding import run_nodes
from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.rounding import Step
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.samples import check_inputs, join_inputs


class SourceGraph:
    """A trained dense network with merges, skip connections, several inputs or outputs.

    Parameters
    ----------
    name : str
        The model's name in messages.
    nodes, outputs
        As for ``nengo_dense.importers.form.graph_folding.fold_graph``.
    reference : Reference, optional
        How to run the model itself; its inputs lie one after the other, and so do its outputs.
    why_not : str, optional
        Why it cannot be run, where there is no reference.
    classes : (n_out,) array_like, optional
        What each value of the only output stands for in the source.
    task : {None, "classification", "regression"}
        What it was trained for, where the source says it of all outputs.

    Attributes
    ----------
    name : str
    form : GraphForm
        What it computes.
    classes : (n_out,) ndarray or None
    features : None
        No graph knows names of its inputs' values.
    task : str or None
    compared : str
        Whether it was compared with the model itself, and what came of it.

    Examples
    --------
    `nengo_dense.importers.read_model` makes one of a model with branches:

    .. code-block:: python

        graph = nengo_dense.importers.read_model("branches.onnx")
        graph.compare(x)                          # with the model itself
        graph.logits(graph.joined({"image": images, "words": words}))
        *populations, output = graph.activations(x)
        form, fits = graph.normal_form(x)
    """

    features: Names | None = None

    def __init__(
        self,
        name: str,
        nodes: Sequence[GraphNode],
        outputs: Mapping[str, Hashable],
        *,
        reference: Reference | None = None,
        why_not: str = "its importer cannot run it",
        classes: Any = None,
        task: str | None = None,
    ) -> None:
        self.name = name
        self.task = task
        self.form: GraphForm = fold_graph(name, nodes, outputs)
        self.classes = None if classes is None else np.asarray(classes)
        if self.classes is not None and (len(outputs), self.classes.shape) != (1, (self.n_out,)):
            self.classes = None
        self._nodes, self._outputs = list(nodes), dict(outputs)
        self.compared = "not compared yet" if reference else f"not compared: {why_not}"
        self._reference = reference

    @property
    def n_in(self) -> int:
        """(int) Number of values of all inputs."""
        return self.form.n_in

    @property
    def n_out(self) -> int:
        """(int) Number of values of all outputs."""
        return sum(output.drive.n for output in self.form.outputs.values())

    @property
    def head(self) -> str:
        """(str) What is computed last of the only output, on the host.

        Raises
        ------
        nengo_dense.exceptions.ConversionError
            There are several outputs.
        """
        heads = [output.head for output in self.form.outputs.values()]
        if len(heads) != 1:
            raise ConversionError(
                self.name,
                [
                    f"it has {len(heads)} outputs, {', '.join(self.form.outputs)}, of which one "
                    "at a time can be held against what is right; give a model with one of them"
                ],
            )
        return heads[0]

    @property
    def layers(self) -> Any:
        """Refuse to give the layers of what has none in a row."""
        raise ConversionError(
            self.name,
            [
                "it is no chain of layers with one output, which this needs; convert makes a "
                "DenseGraph of it"
            ],
        )

    def __iter__(self) -> Iterator[Population | Output]:
        """Yield the populations in the order of computation, then the outputs."""
        yield from self.form.populations
        yield from self.form.outputs.values()

    def normal_form(
        self, x: np.ndarray | None = None, error: float = ACTIVATION_ERROR
    ) -> tuple[GraphForm, dict[str, Fit]]:
        """Return the same graph of rectifiers alone, and what was fitted.

        Parameters
        ----------
        x : (batch, n_in) ndarray, optional
            Inputs that activations are fitted for.
        error : float, optional
            How closely, as ``activation_error`` of `nengo_dense.convert`.

        Returns
        -------
        form : nengo_dense.importers.form.graph_form.GraphForm
        fits : dict of {str: nengo_dense.importers.form.piecewise_fit.Fit}
            What was fitted, by layer.
        """
        form, fits = rectified(self.name, self.form, x, error)
        return merged(form), fits

    def joined(self, x: Any) -> np.ndarray:
        """Return inputs one after the other.

        Parameters
        ----------
        x : (batch, n_in) array_like, or mapping of name to (batch, n) array_like
            All inputs in their order, or each by its name.

        Returns
        -------
        joined : (batch, n_in) ndarray

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        if not isinstance(x, Mapping):
            return check_inputs(x, self.n_in, "x")
        return join_inputs(x, self.form.inputs)

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Compute all outputs before any head, side by side: (batch, n_out) of (batch, n_in).

        Parameters
        ----------
        x : (batch, n_in) ndarray

        Returns
        -------
        logits : (batch, n_out) ndarray
        """
        return np.concatenate(list(self.form.logits(x).values()), axis=1)

    def activations(self, x: Any) -> list[Any]:
        """Compute what each population gives, and then the output, or outputs by name.

        Parameters
        ----------
        x : (batch, n_in) array_like, or mapping of name to (batch, n) array_like
            As for `joined`.

        Returns
        -------
        activations : list
            A (batch, n) array a population; last the output, a dict of arrays of several.
        """
        joined = self.joined(x)
        values, outputs = self.form.values(joined), self.form.forward(joined)
        last = outputs if len(outputs) > 1 else next(iter(outputs.values()))
        return [*(values[population.name] for population in self.form.populations), last]

    def compare(self, x: Any = None) -> None:
        """Hold what was read against the model itself, as `SourceModel.compare` does.

        Parameters
        ----------
        x : (batch, n_in) array_like, or mapping of name to (batch, n) array_like, optional
            As for `joined`; random ones if not given.

        Raises
        ------
        nengo_dense.exceptions.ConversionError
            The outputs differ by more than the rounding of the model's own numbers explains.

        Warns
        -----
        UserWarning
            The model itself failed to run.
        """
        if self._reference is None:
            return
        inputs = random_inputs([], self.n_in) if x is None else self.joined(x)
        what = "random" if x is None else "calibration"
        operations = chain.from_iterable(node.operations for node in self._nodes)
        given = chosen(inputs, operations, self._reference)
        try:
            theirs = np.asarray(self._reference.outputs(given), dtype=np.float64)
        except Exception as err:  # the model runs its own code, which may raise anything
            self.compared = not_compared(self.name, what, err)
            return
        steps: list[Step] = []
        precision = self._reference.precision
        found = run_nodes(self._nodes, self.form.split(given), precision, steps)
        fits = within_range(steps, precision.largest) & np.isfinite(given).all(axis=1)
        rounded = {
            name: [part[fits] for part in found[node]] for name, node in self._outputs.items()
        }
        worst = 0.0
        if fits.any():
            theirs = theirs.reshape(len(given), -1)[fits]
            worst = self._differences(given[fits], theirs, rounded, what)
        self.compared = outcome(fits, what, precision.largest, worst)

    def _differences(
        self,
        x: np.ndarray,
        theirs: np.ndarray,
        rounded: Mapping[str, Sequence[np.ndarray]],
        what: str,
    ) -> float:
        """Return the largest difference; ``rounded`` are an output's values and their errors."""
        results = {
            name: (y, np.broadcast_to(rounded[name][1], y.shape))
            for name, y in self.form.forward(x).items()
        }
        widths = {name: values.shape[1] for name, (values, _) in rounded.items()}
        ours = {name: _like(*result, widths[name]) for name, result in results.items()}
        if sum(y.shape[1] for y, _ in ours.values()) != theirs.shape[1]:
            ours = dict(results)
        n = sum(y.shape[1] for y, _ in ours.values())
        if n != theirs.shape[1]:
            raise ConversionError(
                self.name, [f"it gives {theirs.shape[1]} outputs, read as dense layers {n}"]
            )
        problems, worst, start = [], 0.0, 0
        for name, (y, error) in ours.items():
            part = theirs[:, start : start + y.shape[1]]
            start += y.shape[1]
            found = Difference.between(Step(name, "", y, error, np.zeros(len(y))), part)
            worst = max(worst, found.size)
            if not found.is_rounding:
                problems.append(
                    f"output {name!r}: read as dense layers it gives other values than the model "
                    f"itself: on {len(x)} {what} inputs {found}"
                )
        if problems:
            raise ConversionError(self.name, problems)
        return worst

    def __repr__(self) -> str:
        sizes = " + ".join(map(str, self.form.inputs.values()))
        units = ", ".join(str(population.n) for population in self.form.populations)
        ends = " + ".join(f"{o.drive.n} {o.head}" for o in self.form.outputs.values())
        return f"<SourceGraph {self.name}: {sizes} → {units} → {ends}; {self.compared}>"


def _like(y: np.ndarray, error: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the second of two probabilities, where the source has it alone (see `folding`)."""
    return (y[:, 1:], error[:, 1:]) if n == 1 < y.shape[1] else (y, error)


def source_of(
    name: str,
    nodes: Sequence[GraphNode],
    outputs: Mapping[str, Hashable],
    **settings: Any,
) -> SourceModel | SourceGraph:
    """Fold a model's nodes; a chain becomes a `SourceModel`.

    Parameters
    ----------
    name : str
    nodes, outputs
        As for ``nengo_dense.importers.form.graph_folding.fold_graph``.
    **settings : optional
        ``reference``, ``why_not``, ``classes`` and ``task``.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        With every problem among the nodes.
    """
    graph = SourceGraph(name, nodes, outputs, **settings)
    specs = chain_of(merged(graph.form))
    return graph if specs is None else FoldedGraph(graph, operations_of(specs))


class FoldedGraph(SourceModel):
    """A chain of layers that a model's branches have been folded to.

    Parameters
    ----------
    graph : SourceGraph
        The model with its branches, which is compared.
    operations : sequence of Operation
        What became of it.
    """

    def __init__(self, graph: SourceGraph, operations: Sequence[Operation]) -> None:
        super().__init__(graph.name, operations, classes=graph.classes, task=graph.task)
        self._graph = graph
        self.compared = graph.compared

    def compare(self, x: Any = None) -> None:
        """Hold the graph against the model itself; see `SourceModel.compare`."""
        self._graph.compare(x)
        self.compared = self._graph.compared
