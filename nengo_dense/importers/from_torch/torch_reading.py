"""The trace of a PyTorch module, step by step -> the nodes of its graph, each with its layout."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.form.condition import COMPARISONS, compared
from nengo_dense.importers.form.graph_folding import GraphNode, Merge
from nengo_dense.importers.form.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    attempt,
    unsupported,
)
from nengo_dense.importers.from_torch.torch_call import CHOICES, Call, is_limit
from nengo_dense.importers.from_torch.torch_choice import chosen, contracted
from nengo_dense.importers.from_torch.torch_graph import operations_of_node
from nengo_dense.importers.from_torch.torch_move import (
    JOINS,
    MOVES,
    REDUCTIONS,
    TURNED,
    joined_by,
    moved_by,
)
from nengo_dense.importers.from_torch.torch_reference import label_of
from nengo_dense.importers.from_torch.torch_state import to_numpy
from nengo_dense.importers.reading.arithmetic_call import ARITHMETIC
from nengo_dense.importers.reading.feature_layout import (
    N_SAMPLES,
    Layout,
    along_last,
    as_batch,
    selection,
)
from nengo_dense.importers.reading.feature_merge import added, broadcast, check_group, groups

Operations = list[Operation]

#: Functions that take several values of a model -> what they do, and their factors.
MERGES = {
    **dict.fromkeys(("add", "iadd"), Merge("sum", (1.0, 1.0))),
    **dict.fromkeys(("sub", "isub", "subtract"), Merge("sum", (1.0, -1.0))),
    **dict.fromkeys(("max", "maximum"), Merge("max")),
    **dict.fromkeys(("min", "minimum"), Merge("min")),
    **dict.fromkeys(("mul", "imul", "multiply"), Merge("product")),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv", "itruediv"), Merge("quotient")),
    **{kind: Merge("sum", factors) for kind, factors in COMPARISONS.items()},
}

#: Functions that may take a constant for each element.
WITH_CONSTANTS = (
    *ARITHMETIC,
    *COMPARISONS,
    *("clamp", "clamp_max", "clamp_min", "clip", "max", "maximum", "min", "minimum"),
)


@dataclass
class TorchReading:
    """What is known while the steps of a trace are read in order.

    Parameters
    ----------
    traced : torch.fx.GraphModule
    constants : dict
        Step -> its value, for all that does not depend on the inputs.
    values : dict
        Step -> its value for some samples of zeros; empty if no inputs fit.
    known : set
        The steps that depend on the inputs.

    Attributes
    ----------
    nodes : list of GraphNode
    names : dict
        Step -> name of the node that gives its value, or a list of them.
    layouts : dict
        Name of a node -> its layout.
    """

    traced: Any
    constants: dict[Any, Any]
    values: dict[Any, Any]
    known: set[Any]
    nodes: list[GraphNode] = field(default_factory=list)
    names: dict[Any, Any] = field(default_factory=dict)
    layouts: dict[Hashable, Layout] = field(default_factory=dict)

    def read(self, step: Any) -> None:
        """Read one step, all of whose sources were read."""
        label = label_of(step)
        if step.op == "placeholder":
            value = self.values.get(step)
            width = None if value is None else value[0].numel()
            self.add(step, (), [], width and self._layout_of(value), label, width=width)
            return
        sources = [source for source in self._sources(step) if source in self.known]
        kind = self.kind_of(step)
        if kind == "type_as":
            sources = sources[:1]  # of the other only the type counts
        reader = self._reader(step, kind, len(sources))
        if any(isinstance(self.names.get(source), list) for source in sources):
            ways = {"getitem": self._part, "getattr": self._part}
            reader = self._joined if kind in JOINS else ways.get(kind, self._refused)
        lost = any(self._first(source) not in self.layouts for source in sources)
        if lost and reader not in (self._each, self._refused):
            problems: Operations = []  # nothing is known of what a refused layer gives
        else:
            problems = attempt(label, reader, step, kind, sources, label)
        if step not in self.names:
            names = [self._first(source) for source in sources]
            value = self.values.get(step)
            is_batch = getattr(value, "shape", (0,))[:1] == (N_SAMPLES,)
            self.add(step, names, problems, self._layout_of(value) if is_batch else None, label)

    def add(
        self,
        name: Hashable,
        sources: Sequence[Hashable],
        operations: Operations,
        layout: Layout | None,
        label: str,
        merge: Merge | None = None,
        width: int | None = None,
    ) -> Operations:
        """Add a node that gives a step's value, or a part of what gives it."""
        self.nodes.append(GraphNode(name, tuple(sources), operations, merge, width, label))
        if layout is not None:
            self.layouts[name] = layout
        self.names[name] = name
        return []

    def _reader(self, step: Any, kind: str, n: int) -> Callable[..., Operations]:
        if kind in JOINS:
            return self._joined
        if kind in CHOICES:
            return partial(chosen, self)
        if kind == "einsum" and n == 1:
            return partial(contracted, self)
        if n > 1:
            return self._merged if kind in MERGES else self._refused
        if kind in MOVES or (kind == "getattr" and step.args[1] in TURNED):
            return self._moved
        if kind in REDUCTIONS and not is_limit(Call(step, self.constants, "")):
            return self._reduced
        return self._each

    def kind_of(self, step: Any) -> str:
        """Return the name of a step's function, method or module."""
        if step.op == "call_module":
            return type(self.traced.get_submodule(step.target)).__name__
        return Call(step, self.constants, label_of(step)).kind

    def _sources(self, value: Any) -> Iterator[Any]:
        """Yield what a step takes, in order, and twice what it takes twice."""
        if hasattr(value, "all_input_nodes"):
            parts: list[Any] = [*value.args, *value.kwargs.values()]
        elif isinstance(value, dict):
            parts = list(value.values())
        else:
            parts = list(value)
        for part in parts:
            if hasattr(part, "all_input_nodes"):
                yield part
            elif isinstance(part, list | tuple | dict):
                yield from self._sources(part)

    def _first(self, source: Any) -> Hashable:
        name = self.names[source]
        first: Hashable = name[0] if isinstance(name, list) else name
        return first

    def _layout_of(self, value: Any) -> Layout | None:
        if not hasattr(value, "shape") or not value.ndim or 0 in value.shape:
            return None
        return Layout.of_input(tuple(value.shape))

    def run(self, step: Any, given: dict[Any, Any]) -> Any:
        """Do what a step does, with other values of its sources."""

        def resolved(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return type(value)(map(resolved, value))
            if isinstance(value, slice):
                return slice(*map(resolved, (value.start, value.stop, value.step)))
            if not hasattr(value, "all_input_nodes"):
                return value
            found = given.get(value, self.constants.get(value))
            return self.values[value] if found is None else found

        args = [resolved(value) for value in step.args]
        keywords = {key: resolved(value) for key, value in step.kwargs.items()}
        if step.op == "call_module":
            return self.traced.get_submodule(step.target)(*args, **keywords)
        if isinstance(step.target, str):
            return getattr(args[0], step.target)(*args[1:], **keywords)
        return step.target(*args, **keywords)

    def _part(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        """Take one of several results."""
        parts = self.names[sources[0]]
        key = step.args[1]
        place = {"values": 0, "indices": 1}[key] if isinstance(key, str) else key
        if parts[place] is None:
            return [_unknown_place(label)]
        self.names[step] = parts[place]
        return []

    def _moved(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        (source,) = sources
        layout = self.layouts[self.names[source]]
        try:
            several, found = moved_by(lambda x: self.run(step, {source: x}), layout)
        except ValueError as err:
            return [Problem(f"layer {label!r}: {err}; keep the axis of the samples first")]
        names: list[Hashable] = [(step, i) for i in range(len(found))] if several else [step]
        for name, (after, rows) in zip(names, found, strict=True):
            steps = selection(rows, layout.n, label)
            self.add(name, [self.names[source]], steps, after, label)
        if several:
            self.names[step] = names
        return []

    def _joined(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        given = Call(step, self.constants, label).get(0, "tensors")
        names = [self.names[source] for source in sources]
        if names and isinstance(names[0], list):  # as they come out of a chunk or a split
            names = names[0]
            if None in names:
                return [_unknown_place(label)]
        elif len(given) != len(sources):
            return [Problem(f"layer {label!r} joins constants to values; add them to the bias")]
        layouts = [self.layouts[name] for name in names]

        def run(parts: list[Any]) -> Any:
            keywords = {k: v for k, v in step.kwargs.items() if k != "tensors"}
            return step.target(parts, *step.args[1:], **keywords)

        try:
            layout, rows = joined_by(run, layouts)
        except ValueError as err:
            return [Problem(f"layer {label!r}: {err}; concatenate along dim=1")]
        total = sum(each.n for each in layouts)
        steps = selection(rows, total, label)
        return self.add(step, names, steps, layout, label, Merge("concat"))

    def _merged(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        if step.kwargs.get("rounding_mode") is not None:
            return [unsupported(label, f"{kind} with rounding", "divide")]
        brought, layout = self.brought(step, sources, label)
        merge = MERGES[kind]
        if merge.kind == "sum" and "alpha" in step.kwargs:
            merge = Merge("sum", (1.0, merge.factors[1] * float(step.kwargs["alpha"])))
        then = compared(kind, label) if kind in COMPARISONS else []
        return self.add(step, brought, then, layout, label, merge)

    def brought(self, step: Any, sources: list[Any], label: str) -> tuple[list[Hashable], Layout]:
        """Return values as they are broadcast together, and their layout."""
        names = [self.names[source] for source in sources]
        layout, ways = broadcast([self.layouts[name] for name in names])
        brought: list[Hashable] = []
        for number, (name, rows) in enumerate(zip(names, ways, strict=True)):
            steps = selection(rows, self.layouts[name].n, label)
            if steps:
                self.add((step, number), [name], steps, layout, label)
            brought.append((step, number) if steps else name)
        return brought, layout

    def _reduced(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        (source,) = sources
        call, name = Call(step, self.constants, label), self.names[source]
        layout, how = self.layouts[name], REDUCTIONS[kind]
        axes = call.get(1, "dim", call.keywords.get("axis"))
        axes = axes if axes is None or isinstance(axes, list | tuple) else [axes]
        try:
            after, rows = groups(layout, axes or None, bool(call.get(2, "keepdim", False)))
            check_group(len(rows) if how in ("max", "min") else 1)
        except ValueError as err:
            return [Problem(f"layer {label!r}: {err}")]
        if how in ("mean", "sum"):
            steps = added(rows, layout.n, label, mean=how == "mean")
            return self.add(step, [name], steps, after, label)
        parts: list[Hashable] = [(step, "of", number) for number in range(len(rows))]
        for part, each in zip(parts, rows, strict=True):
            self.add(part, [name], selection(each, layout.n, label), after, label)
        several = kind in ("max", "min")  # with the places of the largest
        result: Hashable = (step, "values") if several else step
        self.add(result, parts, [], after, label, Merge(how))
        if several:
            self.names[step] = [result, None]
        return []

    def _each(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        """Read what works on the features of one value."""
        name = self.names[sources[0]]
        layout, value = self.layouts.get(name), self.values.get(step)
        constants = self._spread_constants(step, kind, layout)
        steps = attempt(label, operations_of_node, self.traced, step, constants)
        if not (value is None or hasattr(value, "ndim")):  # several, of which more follows
            steps = [each for each in steps if isinstance(each, Problem)]
            return steps or [unsupported(label, kind, kind)]
        is_vector = layout is not None and len(layout.shape) == 2 and layout.is_by_sample()
        if layout is None or value is None or (is_vector and value.ndim == 2):
            after = layout if value is None else self._layout_of(value)
            return self.add(step, [name], steps, after, label)
        if any(isinstance(each, Problem) for each in steps):
            return steps
        try:
            if tuple(value.shape) == layout.shape:
                steps = [self._spread(each, layout, kind) for each in steps]
                return self.add(step, [name], steps, layout, label)
            steps = [_along_last(each, layout) for each in steps]
        except ValueError as err:
            return [Problem(f"layer {label!r}: {err}")]
        return self.add(step, [name], steps, self._layout_of(value), label)

    def end(self, step: Any, label: str) -> Hashable:
        """Return the node of an output."""
        if step not in self.names:
            text = f"output {label!r} is the same for every input; return what depends on it alone"
            self.add(("end", label), ("",), [Problem(text)], None, label)
            return "end", label
        name = self._first(step)
        layout = self.layouts.get(name)
        if layout is None or layout.is_by_sample():
            return name
        text = f"output {label!r} does not have the samples along its first axis; turn it"
        self.add(("end", step), [name], [Problem(text)], None, label)
        return "end", step

    def _spread_constants(self, step: Any, kind: str, layout: Layout | None) -> dict[Any, Any]:
        """Return constants, those that a step takes spread over the features of its tensor."""
        if layout is None or kind not in WITH_CONSTANTS or len(layout.shape) == 1:
            return self.constants
        torch = compat.require("torch", "Reading a PyTorch module")
        taken = [n for n in step.all_input_nodes if getattr(self.constants.get(n), "ndim", 0)]
        # what has more elements than the tensor makes that larger, and is no case of this
        fitting = [n for n in taken if self.values[step].shape == layout.shape]
        spread = {n: layout.vector(to_numpy(self.constants[n])) for n in fitting}
        return {**self.constants, **{n: torch.from_numpy(v) for n, v in spread.items()}}

    def _spread(self, step: Operation, layout: Layout, kind: str) -> Operation:
        """Give numbers of a layer to the features of a tensor of any axes."""
        if kind in WITH_CONSTANTS:
            return step
        if isinstance(step, Affine):
            return _along_last(step, layout)
        if isinstance(step, Scaling) and step.width is not None:
            shape = (1, -1, *(1 for _ in layout.shape[2:]))  # its second axis is that of channels
            pair = [np.reshape(v, shape) if np.ndim(v) else v for v in (step.scale, step.offset)]
            scale, offset = (layout.vector(np.asarray(v)) for v in pair)
            return Scaling(scale, offset, step.label)
        function = getattr(step, "function", None)
        if not isinstance(step, Scaling) and (function is None or _is_by_unit(function)):
            raise ValueError("it works along one axis of several; flatten before it")
        return step

    def _refused(self, step: Any, kind: str, sources: list[Any], label: str) -> Operations:
        if step.op == "call_module":
            return [unsupported(label, kind, kind)]
        return [
            Problem(
                f"layer {label!r}: {kind} of {len(sources)} values that all depend on the input "
                "is no sum of rectifiers; merge them by +, -, torch.cat, maximum or minimum, and "
                "train again"
            )
        ]


def _is_by_unit(function: Any) -> bool:
    """Tell whether a function has another setting for each feature."""
    limits = function.limits or ()
    exact = function.exact
    return any(np.size(v) > 1 for v in limits) or (exact is not None and exact.width is not None)


def _unknown_place(label: str) -> Problem:
    """Say that the second result of a maximum is not read."""
    return unsupported(label, "the place of the largest of several values", "argmax")


def _along_last(step: Operation, layout: Layout) -> Operation:
    """Return a dense layer that works along the last axis of several, for all features."""
    if not isinstance(step, Affine):
        raise ValueError("it works along one axis of several; flatten before it")
    return along_last(step, as_batch(layout).n)
