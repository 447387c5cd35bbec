"""Nodes of a model's graph -> its form: populations, each affine in inputs and earlier ones.

Whatever is affine folds away, in double precision: dense layers without activation, scalings,
sums, concatenations and slices. ``max(a, b)`` is ``b + relu(a - b)``, a product of functions of
the same weighted input is a function of it (`.product`), and so are choices by a comparison
(`.condition`).
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.heads import HEADS
from nengo_dense.importers.form.activation import FUNCTIONS, Function, composed
from nengo_dense.importers.form.condition import (
    STEP,
    TIED,
    above_ties,
    is_truth,
    jumping,
    rectified_choice,
    rectified_function,
)
from nengo_dense.importers.form.expression import Expression, concatenated
from nengo_dense.importers.form.graph_form import GraphForm, Output, Population
from nengo_dense.importers.form.operation import Activation, Affine, Operation, Problem, Scaling
from nengo_dense.importers.form.product import combined, of_one_input

#: Features of an input, as many as may be followed through a tensor.
MAX_INPUTS = 2**20


@dataclass(frozen=True)
class Merge:
    """How several values become one.

    Parameters
    ----------
    kind : {"sum", "concat", "max", "min", "product", "quotient", "where"}
    factors : tuple of float, optional
        Of each value of a sum.
    """

    kind: str
    factors: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class GraphNode:
    """A step of a model.

    Parameters
    ----------
    name : hashable
        What other nodes call its result.
    sources : tuple
        Names of the nodes whose results it takes; none for an input.
    operations : sequence of Operation
        What it does to its one value, or to what the merge made of several.
    merge : Merge, optional
    width : int, optional
        Features of an input.
    label : str, optional
        For messages.
    """

    name: Hashable
    sources: tuple[Hashable, ...] = ()
    operations: Sequence[Operation] = ()
    merge: Merge | None = None
    width: int | None = None
    label: str = ""


@dataclass
class _Fold:
    """What is known while the nodes are folded in order."""

    form: GraphForm
    values: dict[Hashable, Expression | None] = field(default_factory=dict)
    heads: dict[Hashable, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    known: dict[str, Population] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)

    def node(self, node: GraphNode) -> None:
        """Fold one node; without a value of a source nothing is said of its own."""
        for step in node.operations:
            if isinstance(step, Problem) and (step.is_certain or not self.problems):
                self.problems.append(step.text)
        self.values[node.name] = None
        sources = [self.values.get(name) for name in node.sources]
        if len(node.sources) == 1 and not node.operations and node.merge is None:
            (name,) = node.sources  # it passes on what it takes, outputs too
            self.values[node.name] = self.values.get(name)
            if name in self.heads:
                self.heads[node.name] = self.heads[name]
            return
        for name in node.sources:
            if name in self.heads:
                self.problems.append(
                    f"layer {node.label!r} takes the outputs of a {self.heads[name]}, which must "
                    "be the last operation; remove what follows, or it"
                )
                return
        if any(isinstance(step, Problem) for step in node.operations):
            return
        parts = [part for part in sources if part is not None]
        if len(parts) < len(sources):
            return
        try:
            value = self._merged(node, parts)
            for step in node.operations:
                value = self._step(node, step, value)
            self.values[node.name] = value
        except ValueError as err:
            self.problems.append(f"layer {node.label!r}: {err}")

    def input(self, node: GraphNode) -> None:
        """Take in an input whose number of features is known, and not too large."""
        if node.width and node.width > MAX_INPUTS:
            self.problems.append(
                f"input {node.label!r} has {node.width} features, more than {MAX_INPUTS}; reduce "
                "them before they enter the model"
            )
        elif node.width and node.width > 0:
            self.values[node.name] = Expression.of(node.label, node.width)
        else:
            self.problems.append(
                f"the number of features of input {node.label!r} is not known; let the model say "
                "it (a Keras Input of a whole shape, a nir.Input with one; in PyTorch "
                "x = x.view(x.shape[0], n) as the first step of forward), or export it to ONNX"
            )

    def _merged(self, node: GraphNode, parts: list[Expression]) -> Expression:
        if node.merge is None or (len(parts) == 1 and node.merge.kind != "sum"):
            return parts[0]
        if node.merge.kind == "concat":
            names = {name for part in parts for name in part.terms}
            return concatenated(parts, {name: self._width(name) for name in names})
        if node.merge.kind == "sum":
            if all(is_truth(part, self.known) for part in parts):
                raise ValueError("it adds comparisons, whose sum some frameworks take for true")
            factors = node.merge.factors or (1.0,) * len(parts)
            total = parts[0].scaled(factors[0])
            for part, factor in zip(parts[1:], factors[1:], strict=True):
                total = total.plus(part.scaled(factor))
            return total
        if node.merge.kind == "where":
            return self._chosen(node.label, *parts)
        if node.merge.kind == "product" and len(parts) == 2:
            return self._product(node.label, *parts)
        if node.merge.kind in ("product", "quotient"):
            return self._combined(node.label, node.merge.kind, parts)
        sign = 1.0 if node.merge.kind == "max" else -1.0
        total = parts[0]
        for part in parts[1:]:  # max(a, b) = b + relu(a - b)
            rest = part.scaled(-1.0).plus(total).scaled(sign)
            total = part.plus(self._population(node.label, rest, FUNCTIONS["relu"]()).scaled(sign))
        return total

    def _combined(self, label: str, kind: str, parts: Sequence[Expression]) -> Expression:
        base, function = combined(kind, parts, self.known)
        return base if function is None else self._population(label, base, function)

    def _product(self, label: str, first: Expression, second: Expression) -> Expression:
        """Multiply two values, of which one may be a comparison."""
        n = max(first.n, second.n)
        pair = [part.spread(n) for part in (first, second)]
        if not of_one_input("product", pair, self.known):
            for condition, other in (pair, pair[::-1]):
                found = rectified_choice(condition, other, self.known)
                if found is not None:
                    drive, scale, rest = found
                    rectifiers = self._population(label, drive, FUNCTIONS["relu"]())
                    return rest.plus(rectifiers.scaled(scale)).without_zeros()
        return self._combined(label, "product", pair)

    def _chosen(
        self, label: str, condition: Expression, first: Expression, second: Expression
    ) -> Expression:
        """Choose the first value where a condition holds, else the second."""
        n = max(first.n, second.n, condition.n)
        parts = [part.without_zeros().spread(n) for part in (condition, first, second)]
        condition, first, second = parts
        if condition.is_constant:
            holds = condition.bias > 0.5
            return first.scaled(holds).plus(second.scaled(~holds))
        if not is_truth(condition, self.known):
            raise ValueError(
                "it chooses by what is no comparison of two values; choose by one, as in "
                "where(x > 0, x, 0.1 * x)"
            )
        if of_one_input("where", parts, self.known):
            return self._combined(label, "where", parts)
        piecewise = rectified_function(condition, first, second, self.known)
        if piecewise is not None:
            return self._population(label, *piecewise)
        difference = first.plus(second.scaled(-1.0))
        if rectified_choice(condition, difference, self.known) is None and not of_one_input(
            "product", (condition, difference), self.known
        ):
            raise ValueError(
                "it chooses between values by a comparison of others; only a choice by what "
                "they differ by is a rectifier, as in where(a > b, a, b)"
            )
        return second.plus(self._product(label, condition, difference)).without_zeros()

    def _width(self, name: str) -> int:
        return self.known[name].n if name in self.known else self.form.inputs[name]

    def _step(self, node: GraphNode, step: Operation, value: Expression) -> Expression:
        if isinstance(step, Affine):
            n_in = np.shape(step.weights)[1]
            if n_in != value.n:
                raise ValueError(f"it takes {n_in} inputs, but gets {value.n}")
            if step.bias is not None and np.shape(step.bias) != np.shape(step.weights)[:1]:
                n_out, given = len(np.asarray(step.weights)), np.shape(step.bias)
                raise ValueError(f"its bias must have shape ({n_out},), got {given}")
            return value.affine(step.weights, step.bias)
        if isinstance(step, Scaling):
            if step.width not in (None, value.n):
                raise ValueError(f"it takes {step.width} inputs, but gets {value.n}")
            return value.scaled(step.scale, step.offset)
        if isinstance(step, Activation) and step.function is not None:
            drive = above_ties(value) if step.kind == TIED else value
            return self._population(step.label, drive, step.function)
        assert isinstance(step, Activation)
        self.heads[node.name] = step.kind
        return value

    def _population(self, label: str, drive: Expression, function: Function) -> Expression:
        known = self.known
        for name in drive.terms:
            if name not in known or not drive.is_plainly(name):
                continue
            both = composed(known[name].function, function)
            if function.name == "relu" and known[name].function.name == "relu":
                return drive  # a ReLU after a ReLU changes nothing
            if both is not None:  # limits after a ReLU need no neurons of their own
                drive, function = known[name].drive, both
        name = label
        while name in known or name in self.form.inputs:
            self.labels[label] += 1
            name = f"{label}_{self.labels[label] + 1}"
        known[name] = Population(name, drive, function)
        self.form.populations.append(known[name])
        return Expression.of(name, drive.n)


def fold_graph(
    model: str, nodes: Sequence[GraphNode], outputs: Mapping[str, Hashable]
) -> GraphForm:
    """Turn the nodes of a model into its form.

    Parameters
    ----------
    model : str
        The model's name in messages.
    nodes : sequence of GraphNode
        In the order of computation.
    outputs : mapping
        Name of an output -> name of its node.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        With every problem.
    """
    inputs = {node.label: node.width or 0 for node in nodes if not node.sources}
    fold = _Fold(GraphForm(inputs, [], {}))
    for node in nodes:
        if node.sources:
            fold.node(node)
        else:
            fold.input(node)
    known = {node.name for node in nodes}
    missing = [name for name, node in outputs.items() if node not in known]
    fold.problems += [f"output {name!r} is computed by no layer" for name in missing]
    if fold.problems:
        raise ConversionError(model, fold.problems)
    found = {name: fold.values[node] for name, node in outputs.items()}
    lost = [name for name, drive in found.items() if drive is None]
    if lost:
        raise ConversionError(
            model, [f"output {name!r} depends on what is computed after it" for name in lost]
        )
    form = GraphForm(
        fold.form.inputs,
        fold.form.populations,
        {
            name: Output(drive, fold.heads.get(outputs[name], "linear"))
            for name, drive in found.items()
            if drive is not None
        },
    )
    form = form.pruned()
    jumps = [jumping(p.name) for p in form.populations if p.function is STEP]
    if jumps:
        raise ConversionError(model, jumps)
    return _with_heads(_both_probabilities(form))


def _with_heads(form: GraphForm) -> GraphForm:
    """Make activations that only an output takes its head."""
    outputs = dict(form.outputs)
    known = {population.name: population for population in form.populations}
    drives = [reader.drive for reader in (*form.populations, *form.outputs.values())]
    n_readers = Counter(name for drive in drives for name in drive.terms)
    heads = set()
    for name, output in form.outputs.items():
        source = next(iter(output.drive.terms), "")
        if source not in known or output.head != "linear" or not output.drive.is_plainly(source):
            continue
        head = known[source].function.name
        if head in HEADS and n_readers[source] == 1:
            heads.add(source)
            outputs[name] = _two_classes(Output(known[source].drive, head))
    populations = [p for p in form.populations if p.name not in heads]
    return replace(form, populations=populations, outputs=outputs)


def _both_probabilities(form: GraphForm) -> GraphForm:
    """Make ``[1 - p, p]`` of a sigmoid p a softmax of two logits, which is the same."""
    outputs = dict(form.outputs)
    known = {population.name: population for population in form.populations}
    for name, output in form.outputs.items():
        drive = output.drive
        (source,) = drive.terms if len(drive.terms) == 1 else ("",)
        population = known.get(source)
        if population is None or population.function.name != "sigmoid" or population.n != 1:
            continue
        is_pair = drive.n == 2 and np.array_equal(drive.matrix(source, 1), [[-1.0], [1.0]])
        if output.head == "linear" and is_pair and np.array_equal(drive.bias, [1.0, 0.0]):
            outputs[name] = _two_classes(Output(population.drive, "sigmoid"))
    return replace(form, outputs=outputs).pruned()


def _two_classes(output: Output) -> Output:
    """A sigmoid of one unit is the second of two probabilities: ``softmax([0, z])``."""
    if output.head != "sigmoid" or output.drive.n != 1:
        return output
    return Output(output.drive.affine([[0.0], [1.0]], None), "softmax")
