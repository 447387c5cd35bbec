"""The outputs of PyTorch modules, and the result of each step of their trace."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.from_torch.torch_state import evaluation, precision_of, to_numpy
from nengo_dense.importers.model_reference import Reference

#: Packages whose forward hooks derive weights and are read.
OWN_HOOKS = "torch.nn.utils."

#: Of the random numbers that a forward pass draws, if it does; any other than the user's.
SEED = 1234567891


def reference(model: Any, traced: Any, widths: Sequence[int] = ()) -> Reference:
    """Return how to run a module.

    Parameters
    ----------
    model : torch.nn.Module
    traced : torch.fx.GraphModule
        Its trace, whose steps are labelled as `label_of` does.
    widths : sequence of int, optional
        Features of each input, of several.
    """
    torch = compat.require("torch", "Reading a PyTorch module")
    tensors = [*model.parameters(), *model.buffers()]
    floating = [tensor for tensor in tensors if tensor.is_floating_point()]
    like = floating[0] if floating else torch.zeros(())

    def tensor(x: np.ndarray) -> Any:
        return torch.from_numpy(x).to(device=like.device, dtype=like.dtype)

    def parts(x: np.ndarray) -> list[Any]:
        ends: list[int] = np.cumsum(widths)[:-1].astype(int).tolist()
        return [tensor(np.ascontiguousarray(part)) for part in np.split(x, ends, axis=1)]

    def outputs(x: np.ndarray) -> np.ndarray:
        with evaluation(model):
            model(*parts(x))  # a module that counts its calls gives something else the next time
            # other random numbers than those that came when the model was read
            torch.manual_seed(SEED)
            results = [to_numpy(result) for result in _tensors_in(model(*parts(x)))]
        if len(results) == 1:
            return results[0]
        return np.concatenate([result.reshape(len(x), -1) for result in results], axis=1)

    def layers(x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        with evaluation(model):
            return list(_steps(traced, tensor(x)))

    return Reference(
        outputs,
        "float64" if like.dtype == torch.float64 else "float32",
        precision_of(model, traced),
        layers,
        _hooks(model),
    )


def label_of(node: Any) -> str:
    """Name a step of a trace: a module by its place in the model, anything else by its call."""
    return str(node.target if node.op == "call_module" else node.name)


def _tensors_in(value: Any) -> list[Any]:
    """List the tensors in what a forward returned: alone, in a tuple, a dict or a data class."""
    if hasattr(value, "detach"):
        return [value]
    if hasattr(value, "values"):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for part in value for tensor in _tensors_in(part)]
    return []


def _steps(traced: Any, x: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Run a trace; yield what each step gives that has a sample a row."""
    fx = compat.require("torch.fx", "Reading a PyTorch module")
    interpreter = fx.Interpreter(traced)
    interpreter.args_iter = iter([x])
    for node in traced.graph.nodes:
        interpreter.env[node] = value = interpreter.run_node(node)
        is_call = node.op in ("call_module", "call_function", "call_method")
        if is_call and hasattr(value, "detach") and value.ndim and len(value) == len(x):
            yield label_of(node), to_numpy(value)


def _hooks(model: Any) -> dict[str, str]:
    """Say what forward hooks may change: those of each module, of the model, of all modules."""
    torch = compat.require("torch", "Reading a PyTorch module")
    registry = torch.nn.modules.module
    everywhere = [
        *registry._global_forward_pre_hooks.values(),
        *registry._global_forward_hooks.values(),
    ]
    found = {}
    for name, module in model.named_modules():
        hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
        hooks += [] if name else everywhere
        foreign = [_name_of(hook) for hook in hooks if not _is_torchs(hook)]
        if foreign:
            where = f"layer {name!r}" if name else "the model, or every module,"
            found[name] = (
                f"{where} has the forward hook {', '.join(map(repr, foreign))}, which may change "
                "its values and is not converted; remove it with its handle's remove()"
            )
    return found


def _is_torchs(hook: Any) -> bool:
    module = getattr(hook, "__module__", None) or type(hook).__module__
    return str(module).startswith(OWN_HOOKS)


def _name_of(hook: Any) -> str:
    return getattr(hook, "__qualname__", type(hook).__qualname__)
