"""Steps of a PyTorch trace that change their argument, such as ``nn.ReLU(inplace=True)``.

What takes the argument after such a step gets the changed values: it is made to take the step's
result instead. A step counts as one by PyTorch's own count of changes to a tensor.
"""

from typing import Any

from nengo_dense import compat
from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.from_torch.torch_reference import label_of
from nengo_dense.importers.from_torch.torch_trace import fitting_values


def settle(traced: Any, name: str) -> None:
    """Have later steps take what changes in place give.

    Parameters
    ----------
    traced : torch.fx.GraphModule
        In evaluation mode; its graph is changed.
    name : str
        The model's, for messages.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        A part of a value is changed, and the whole is taken later, or the other way round.
    """
    values, changed = _watched(traced)
    order = {step: number for number, step in enumerate(traced.graph.nodes)}
    problems = []
    for step, target in changed.items():
        for other in [each for each in values if order[each] < order[step]]:
            later = {user for user in other.users if order[user] > order[step]}
            if not later or not _share(values[other], values[target]):
                continue
            if _place(values[other]) != _place(values[step]):
                problems.append(
                    f"layer {label_of(step)!r} changes in place what {label_of(other)!r} holds "
                    "another part of; write it without the change in place"
                )
                continue
            other.replace_all_uses_with(step, delete_user_cb=later.__contains__)
        step.kwargs = {key: value for key, value in step.kwargs.items() if key != "out"}
    if problems:
        raise ConversionError(name, problems)
    traced.recompile()


def _watched(traced: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Run a trace on zeros.

    Returns
    -------
    values : dict
        Step -> its value, for all that gives a tensor.
    changed : dict
        Step -> the one whose value it has changed, in the order of computation.
    """
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    changed: dict[Any, Any] = {}

    class Watcher(fx.Interpreter):  # type: ignore[name-defined]
        def run_node(self, step: Any) -> Any:
            taken = [s for s in step.all_input_nodes if hasattr(self.env[s], "_version")]
            before = [self.env[source]._version for source in taken]
            result = super().run_node(step)
            for source, version in zip(taken, before, strict=True):
                if self.env[source]._version != version and _share(result, self.env[source]):
                    changed[step] = source
            return result

        def run(self, *args: Any) -> Any:
            changed.clear()  # of numbers of features that did not fit
            return super().run(*args)

    inputs = [step for step in traced.graph.nodes if step.op == "placeholder"]
    found = next(fitting_values(traced, inputs, Watcher), None)
    if found is None:
        return {}, {}
    return {step: v for step, v in found.items() if hasattr(v, "untyped_storage")}, changed


def _share(first: Any, second: Any) -> bool:
    """Tell whether two values are tensors that lie in the same memory."""
    pair = [getattr(value, "untyped_storage", None) for value in (first, second)]
    return None not in pair and first.untyped_storage().data_ptr() == (
        second.untyped_storage().data_ptr()
    )


def _place(tensor: Any) -> tuple[Any, ...]:
    """Return where the elements of a tensor lie in its memory."""
    return tensor.shape, tensor.stride(), tensor.storage_offset()
