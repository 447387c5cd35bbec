"""The state of PyTorch modules after training, read without a trace."""

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from nengo_dense import compat
from nengo_dense.importers.precision import PRECISIONS, Precision, coarsest

#: Parts of a module that are dicts, of which a shallow copy would share the content.
TABLES = ("_parameters", "_buffers", "_modules")

#: PyTorch's names for how finely float32 products are computed -> the type that comes closest.
MATMUL_TYPES = {"highest": "float32", "high": "tensorfloat32", "medium": "bfloat16"}

#: Methods that change the type of values -> the type.
CASTS = {"bfloat16": "bfloat16", "float": "float32", "half": "float16"}

#: Where a trace notes the type in which products are computed at a step.
PRODUCT = "product type"


@contextmanager
def evaluation(model: Any) -> Iterator[None]:
    """Have a module in evaluation mode for the time of the context, and leave it as it was.

    Modes, attributes, gradients and random generators are as before afterwards, also what old
    weight normalizations and a trace write into modules, and tensors that a forward changes.
    """
    torch = compat.require("torch", "Reading a PyTorch module")
    before = [(module, attributes_of(module)) for module in model.modules()]
    tensors = [tensor for tensor in (*model.parameters(), *model.buffers()) if _has_values(tensor)]
    kept = [(tensor, tensor.detach().clone()) for tensor in tensors]
    on_gpu = torch.cuda.is_available() and torch.cuda.is_initialized()
    devices = list(range(torch.cuda.device_count())) if on_gpu else []
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.random.fork_rng(devices=devices))
        for kind in ["cpu", "cuda"] if on_gpu else ["cpu"]:
            stack.enter_context(torch.autocast(kind, enabled=False))
        try:
            for module, _ in before:
                module.training = False
            yield
        finally:
            for module, attributes in before:
                vars(module).clear()
                vars(module).update(attributes)
            for tensor, values in kept:
                if not torch.equal(tensor, values):
                    tensor.copy_(values)


def _has_values(tensor: Any) -> bool:
    """Tell tensors that can be compared from those of lazy layers, "meta" and sparse ones."""
    has_memory = not hasattr(tensor, "materialize") and not tensor.is_meta
    return has_memory and str(tensor.layout) == "torch.strided"


def attributes_of(module: Any) -> dict[str, Any]:
    """Return a module's attributes, with tables of their own."""
    copied = dict(vars(module))
    for name in TABLES:
        if name in copied:
            copied[name] = copy.copy(copied[name])
    return copied


def settled(module: Any) -> Any:
    """Return a module with the weights that it would use: those after its forward pre-hooks.

    Weight and spectral normalization and pruning derive them there, at each call, from others;
    after a checkpoint was loaded the old ones still stand in the module. To be called within
    `evaluation`, so that what the hooks write does not last.
    """
    if not module._forward_pre_hooks:
        return module
    torch = compat.require("torch", "Reading a PyTorch module")
    n_in = getattr(module, "in_features", getattr(module, "num_features", 1))
    like = next(iter([*module.parameters(), *module.buffers()]), torch.zeros(()))
    zeros = torch.zeros((1, n_in), device=like.device, dtype=like.dtype)
    with_keywords = getattr(module, "_forward_pre_hooks_with_kwargs", {})
    for number, hook in list(module._forward_pre_hooks.items()):
        _ = hook(module, (zeros,), {}) if number in with_keywords else hook(module, (zeros,))
    return module


def to_numpy(tensor: Any) -> np.ndarray:
    """Return a tensor as an array of float64."""
    values: np.ndarray = tensor.detach().to_dense().cpu().double().numpy()
    return values


def product_type_of(model: Any) -> Callable[[], str]:
    """Return what names the type that products of a module's numbers have at the time.

    It is another one within ``torch.autocast``, for which PyTorch's versions have several names.
    """
    torch = compat.require("torch", "Reading a PyTorch module")
    types = {getattr(torch, name) for name in PRECISIONS if hasattr(torch, name)}
    tensors = (tensor for tensor in model.parameters() if tensor.dtype in types)
    like = next(tensors, torch.zeros(()))
    one = torch.ones((1, 1), dtype=like.dtype, device=like.device)
    return lambda: str((one @ one).dtype).removeprefix("torch.")


def precision_of(model: Any, traced: Any) -> Precision:
    """Return how finely a module computes: its own types, and what PyTorch makes of products.

    Its trace has those that values are cast to, also by ``torch.autocast``.
    """
    torch = compat.require("torch", "Reading a PyTorch module")
    tensors = [*model.parameters(), *model.buffers()]
    names = {str(tensor.dtype).removeprefix("torch.") for tensor in tensors}
    for node in traced.graph.nodes:
        given = [*node.args, *node.kwargs.values()]
        kinds = [str(value) for value in given if isinstance(value, torch.dtype)]
        names |= {*(kind[len("torch.") :] for kind in kinds), CASTS.get(node.target, "")}
        names.add(node.meta.get(PRODUCT, ""))
    if "float64" in names and not names & {"float32", "float16", "bfloat16"}:
        return coarsest(names)
    try:
        setting = torch.get_float32_matmul_precision()
    except RuntimeError:  # the settings of single back ends contradict each other
        setting = "medium"
    return coarsest({*names, MATMUL_TYPES.get(setting, "float32")})
