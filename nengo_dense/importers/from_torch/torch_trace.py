"""The trace of a PyTorch module, with the values that its steps have."""

import inspect
import operator
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.from_torch.torch_state import PRODUCT, attributes_of, product_type_of
from nengo_dense.importers.reading.feature_layout import N_SAMPLES

#: Numbers of features that are tried for the inputs.
MOST_TRIALS = 200

#: What PyTorch says of code that it cannot trace -> what to write in its place.
REMEDIES = {
    "'len' is not supported": "write x.shape[0] in the place of len(x)",
    "support item assignment": "write torch.cat, torch.where or masked_fill in the place of an "
    "assignment to a part of a tensor",
}


#: What to do about everything else.
OTHERWISE = (
    "give a torch nn.Module whose forward has no branches and asserts on data, or an "
    "nn.Sequential of the layers"
)


def trace(model: Any, name: str) -> Any:
    """Return the trace of a module's forward, a torch.fx.GraphModule.

    Parameters
    ----------
    model : torch.nn.Module
    name : str
        For messages.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Its code cannot be traced.
    """
    lengths: list[int] = []
    try:
        while True:
            try:
                traced = _traced(model, lengths)
            except _Unrolled as loop:
                lengths.append(_length(model, loop))
            else:
                break
    except Exception as err:  # forward is the user's own code and may raise anything
        text = str(err)
        way_out = next((REMEDIES[key] for key in REMEDIES if key in text), OTHERWISE)
        raise ConversionError(
            name, [f"its forward cannot be traced ({type(err).__name__}: {text}); {way_out}"]
        ) from err
    if starred := [step.target for step in _inputs(traced.graph) if _is_starred(step)]:
        raise ConversionError(
            name,
            [f"its forward reads {starred[0]}, whose values have no names; name each argument"],
        )
    if parted := [step.target for step in _inputs(traced.graph) if _is_container(step)]:
        raise ConversionError(
            name,
            [
                f"its input {parted[0]!r} is a dict, a tuple or a single sample; let forward take "
                "each tensor of a batch as an argument of its own"
            ],
        )
    return traced


def _is_container(step: Any) -> bool:
    """Tell whether nothing but parts of an input are taken, by numbers or names."""
    keys = [user.args[1] for user in step.users if user.target is operator.getitem]
    return 0 < len(keys) == len(step.users) and all(isinstance(key, int | str) for key in keys)


def _inputs(graph: Any) -> list[Any]:
    return [step for step in graph.nodes if step.op == "placeholder"]


def _is_starred(step: Any) -> bool:
    """Tell whether an argument stands for any number of them, as in ``forward(self, *x)``."""
    return bool(step.target.startswith("*") and step.users)


class _Unrolled(BaseException):
    """Stops a trace at a loop over the parts of a value, whose number is not known there."""

    def __init__(self, graph: Any, node: Any, error: Exception) -> None:
        super().__init__()
        self.graph, self.node, self.error = graph, node, error


def _traced(model: Any, lengths: list[int]) -> Any:
    """Trace a module whose loops over parts of values have these lengths, in their order."""
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    waiting = iter(lengths)
    product_type = product_type_of(model)

    class Tracer(fx.Tracer):  # type: ignore[name-defined]
        def create_node(self, *args: Any, **kwargs: Any) -> Any:
            node = super().create_node(*args, **kwargs)
            node.meta[PRODUCT] = product_type()
            return node

        def iter(self, obj: Any) -> Iterator[Any]:
            try:
                found: Iterator[Any] = super().iter(obj)
            except fx.proxy.TraceError as err:
                n = next(waiting, None)
                if n is None:
                    raise _Unrolled(self.graph, obj.node, err) from err
                return iter([obj[number] for number in range(n)])
            return found

    before = [(module, attributes_of(module)) for module in model.modules()]
    graph = Tracer().trace(model, concrete_args=_defaults(model))
    for module, attributes in before:  # a forward may keep values of the trace in their place
        vars(module).update(attributes)
    return fx.GraphModule(model, graph)


def _length(model: Any, loop: _Unrolled) -> int:
    """Return how many parts a value has; raises the trace's error if that is not known."""
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    graph = fx.Graph()
    copies: dict[Any, Any] = {}
    graph.graph_copy(loop.graph, copies)
    end = copies[loop.node]
    graph.output(end)
    runs = fitting_values(fx.GraphModule(model, graph), _inputs(graph))
    found = {len(values[end]) for values in runs}
    if len(found) != 1 or found == {N_SAMPLES}:  # of which the number of samples is none
        raise loop.error
    return found.pop()


def _defaults(model: Any) -> dict[str, Any]:
    """Return the arguments of forward that nobody gives when the model is called with one."""
    parameters = list(inspect.signature(model.forward).parameters.values())[1:]
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def fitting_values(
    traced: Any, inputs: list[Any], interpreter: Any = None
) -> Iterator[dict[Any, Any]]:
    """Run a trace on zeros of the numbers of features that fit.

    Parameters
    ----------
    traced : torch.fx.GraphModule
        In evaluation mode.
    inputs : list of torch.fx.Node
    interpreter : class, optional
        What runs it; `torch.fx.Interpreter` if not given.

    Yields
    ------
    values : dict
        Step -> what it gives for `N_SAMPLES` samples.
    """
    for widths in islice(product(sorted(set(_sizes(traced))), repeat=len(inputs)), MOST_TRIALS):
        values = _run(traced, widths, interpreter)
        if values is not None:
            yield values


def values_of_inputs(traced: Any, inputs: list[Any]) -> tuple[dict[Any, Any], dict[Any, str]]:
    """Run a trace on zeros of the numbers of features that it takes, if no others fit.

    Parameters
    ----------
    traced : torch.fx.GraphModule
        In evaluation mode.
    inputs : list of torch.fx.Node

    Returns
    -------
    values : dict
        Step -> what it gives for `N_SAMPLES` samples; empty if no numbers are found.
    open_inputs : dict
        Input that may have several numbers of features -> those that fit, for messages.
    """
    values = next(fitting_values(traced, inputs), {})
    if not values or not inputs:
        return values, {}
    tried = sorted(set(_sizes(traced)))
    tried.append(tried[-1] + 1)  # fits where any number does
    widths = [int(values[each].shape[1]) for each in inputs]
    fitting = [{n} for n in widths]
    places = [[place] for place in range(len(inputs))]
    for changed in [*places, [*range(len(inputs))]] if len(inputs) > 1 else places:
        for n in tried:
            trial = [n if place in changed else old for place, old in enumerate(widths)]
            if trial != widths and _keeps_samples(traced, trial):
                for place in changed:
                    fitting[place].add(n)
    # one feature is spread over the others in arithmetic; it fits where they do
    likely = [sorted(sizes - {1}) or [1] for sizes in fitting]
    if any(len(sizes) > 1 for sizes in likely):
        pairs = zip(inputs, likely, strict=True)
        return {}, {each: ", ".join(map(str, n)) for each, n in pairs if len(n) > 1}
    return _run(traced, [sizes[0] for sizes in likely]) or {}, {}


def _run(traced: Any, widths: Sequence[int], kind: Any = None) -> dict[Any, Any] | None:
    """Return what each step gives for zeros of these numbers of features; None if they misfit."""
    torch = compat.require("torch", "Reading a PyTorch module")
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    like = next((p for p in traced.parameters()), torch.zeros(()))
    interpreter = (kind or fx.Interpreter)(traced, garbage_collect_values=False)
    zeros = [torch.zeros((N_SAMPLES, n), dtype=like.dtype, device=like.device) for n in widths]
    try:
        interpreter.run(*zeros)
    except Exception:  # these numbers do not fit, in any of PyTorch's ways to say so
        return None
    return dict(interpreter.env)


def _keeps_samples(traced: Any, widths: Sequence[int]) -> bool:
    """Tell whether numbers of features fit, and give outputs of as many samples as there are."""
    values = _run(traced, widths)
    if values is None:
        return False
    (result,) = [node for node in traced.graph.nodes if node.op == "output"]
    return all(
        getattr(values[node], "shape", (0,))[:1] == (N_SAMPLES,)
        for node in result.all_input_nodes
        if node in values
    )


def _sizes(traced: Any) -> Iterator[int]:
    """Yield numbers of features that an input may have: those of layers and of shapes."""
    for module in traced.modules():
        sizes = (getattr(module, name, None) for name in ("in_features", "num_features"))
        yield from (int(size) for size in sizes if size)
        if type(module).__name__ == "Unflatten":
            yield int(np.prod(module.unflattened_size))
    made = [p for p in traced.parameters() if not hasattr(p, "materialize")]  # not of lazy layers
    yield from (int(p.shape[-1]) for p in made if p.ndim)
    for node in traced.graph.nodes:
        if node.op == "call_method" and node.target in ("view", "reshape", "unflatten"):
            shape = node.args[1:]
            shape = shape[0] if len(shape) == 1 and isinstance(shape[0], list | tuple) else shape
            yield int(np.prod([n for n in shape if isinstance(n, int) and n > 0]))
