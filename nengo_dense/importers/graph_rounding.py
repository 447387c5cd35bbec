"""The nodes of a graph computed one by one, with the rounding that a framework adds on the way."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import Problem
from nengo_dense.importers.precision import Precision
from nengo_dense.importers.rounding import Step, step

#: Values, and the root mean square of the rounding error to expect of them.
Rounded = tuple[np.ndarray, np.ndarray]


def run_nodes(
    nodes: Sequence[GraphNode],
    inputs: Mapping[str, np.ndarray],
    precision: Precision,
    steps: list[Step] | None = None,
) -> dict[Hashable, Rounded]:
    """Compute in double precision what the nodes do, as they are before anything is folded.

    Parameters
    ----------
    nodes : sequence of GraphNode
        Without problems.
    inputs : mapping
        Label of an input -> (batch, n) array.
    precision : Precision
        The source's.
    steps : list of Step, optional
        Gets one for each node.
    """
    found: dict[Hashable, Rounded] = {}
    for node in nodes:
        if not node.sources:
            x = np.asarray(inputs[node.label], dtype=np.float64)
            found[node.name] = x, precision.epsilon * np.abs(x)
            continue
        with np.errstate(over="ignore", invalid="ignore"):  # see `Step.largest`
            values, error = _merged(node.merge, [found[name] for name in node.sources], precision)
        sizes = np.abs(values)
        for operation in node.operations:
            if not isinstance(operation, Problem):
                values, error, more = step(operation, values, error, precision)
                sizes = np.maximum(sizes.max(axis=1, keepdims=True), more)
        found[node.name] = values, error
        if steps is not None:
            steps.append(Step(node.label, "", values, error, sizes.max(axis=1)))
    return found


def _merged(merge: Merge | None, parts: Sequence[Rounded], precision: Precision) -> Rounded:
    if merge is None or (len(parts) == 1 and merge.kind != "sum"):
        return parts[0]
    if merge.kind == "concat":
        return (
            np.concatenate([values for values, _ in parts], axis=1),
            np.concatenate([error for _, error in parts], axis=1),
        )
    if merge.kind == "sum":
        factors = merge.factors or (1.0,) * len(parts)
        total, variance, sizes = np.float64(0), np.float64(0), np.float64(0)
        for factor, (values, error) in zip(factors, parts, strict=True):
            total = total + factor * values
            variance = variance + (factor * error) ** 2
            sizes = sizes + np.abs(factor * values)
        return total, np.sqrt(variance) + precision.epsilon * sizes
    if merge.kind == "where":
        return _chosen(*parts)
    if merge.kind in ("product", "quotient"):
        return _combined(merge.kind, parts, precision)
    choose = np.maximum if merge.kind == "max" else np.minimum
    total, worst = parts[0]
    for values, error in parts[1:]:
        total, worst = choose(total, values), np.maximum(worst, error)
    return total, worst


def _chosen(condition: Rounded, first: Rounded, second: Rounded) -> Rounded:
    """Choose, where rounding may lead to the other value, which is as good."""
    holds = condition[0] > 0.5
    error = np.where(holds, first[1], second[1])
    return np.where(holds, first[0], second[0]), error + condition[1] * np.abs(
        first[0] - second[0]
    )


def _combined(kind: str, parts: Sequence[Rounded], precision: Precision) -> Rounded:
    """Multiply or divide, each factor off by its own error and the result by one rounding."""
    total, error = parts[0]
    for values, other in parts[1:]:
        factor = values
        if kind == "quotient":
            factor, other = 1 / values, other / np.square(values)
        error = np.hypot(error * factor, total * other)
        total = total * factor
        error = error + precision.epsilon * np.abs(total)
    return total, error
