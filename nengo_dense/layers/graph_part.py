"""The parts that a DenseGraph is made of: layers and outputs, each with what it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import choice, finite_array, flag, positive, quantities
from nengo_dense.array_like import to_array
from nengo_dense.heads import HEADS
from nengo_dense.plugins import show


@dataclass(frozen=True, eq=False)
class GraphLayer:
    """A layer of neurons, ``relu(sum(weights[k] @ value[k]) + bias)``.

    Parameters
    ----------
    name : str
        Unique among the inputs and layers of a graph.
    weights : mapping of str to (n, n_in) array_like
        Name of an input or of an earlier layer -> what of it enters.
    bias : (n,) array_like, optional
        Zeros if not given.
    max_rate : float, optional
        Rate in hertz that stands for the value 1.
    on_chip : bool, optional
        Whether it runs on Loihi; a layer on the host reads inputs alone.

    Raises
    ------
    nengo.exceptions.ValidationError

    Examples
    --------
    >>> layer = GraphLayer("sum", {"left": [[1.0, 2.0]], "right": [[3.0]]}, bias=[0.5])
    >>> layer.n, sorted(layer.weights)
    (1, ['left', 'right'])
    """

    name: str
    weights: Mapping[str, Any]
    bias: Any = None
    max_rate: float = 250.0
    on_chip: bool = True

    def __post_init__(self) -> None:
        weights, bias = _checked(self.name, self.weights, self.bias)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", bias)
        object.__setattr__(self, "max_rate", positive(self.max_rate, "max_rate", self, "hertz"))
        object.__setattr__(self, "on_chip", flag(self.on_chip, "on_chip", self))

    @property
    def n(self) -> int:
        """(int) Number of neurons."""
        return len(self.bias)


@dataclass(frozen=True, eq=False)
class GraphOutput:
    """A result, ``head(sum(weights[k] @ value[k]) + bias)``, computed on the host.

    Parameters
    ----------
    weights : mapping of str to (n, n_in) array_like
        Name of an input or of a layer -> what of it enters.
    bias : (n,) array_like, optional
        Zeros if not given.
    head : str, optional
        A key of ``nengo_dense.heads.HEADS``.

    Raises
    ------
    nengo.exceptions.ValidationError

    Examples
    --------
    >>> output = GraphOutput({"hidden": [[1.0, -1.0], [0.0, 1.0]]}, head="softmax")
    >>> output.n
    2
    """

    weights: Mapping[str, Any]
    bias: Any = None
    head: str = field(default="linear")

    def __post_init__(self) -> None:
        weights, bias = _checked("output", self.weights, self.bias)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", bias)
        object.__setattr__(self, "head", choice(self.head, tuple(HEADS), "head", self))

    @property
    def n(self) -> int:
        """(int) Number of values."""
        return len(self.bias)


def _checked(name: str, weights: Any, bias: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return matrices with as many rows each as there are biases."""
    if not isinstance(name, str):
        raise ValidationError(f"must be text, got {show(name)}", attr="name")
    if not isinstance(weights, Mapping) or not weights:
        raise ValidationError(
            f"of {name!r} must be a dict with a matrix for each input or layer that it reads, got "
            f"{show(weights)}",
            attr="weights",
        )
    matrices = {key: to_array(matrix, "weights") for key, matrix in weights.items()}
    shapes = {key: matrix.shape for key, matrix in matrices.items()}
    n = next(iter(shapes.values()))[:1]
    if any(len(shape) != 2 or shape[:1] != n or 0 in shape for shape in shapes.values()):
        raise ValidationError(
            f"of {name!r} must have shapes (n, n_in) with the same n, got {shapes}",
            attr="weights",
        )
    checked = {
        str(key): finite_array(matrix, shapes[key], f"weights[{key!r}]", None)
        for key, matrix in matrices.items()
    }
    return checked, quantities(0 if bias is None else bias, n, "bias", None, fill=True)


def check_parts(
    sizes: Mapping[str, int],
    layers: Sequence[GraphLayer],
    outputs: Mapping[str, GraphOutput],
    obj: object,
) -> None:
    """Refuse parts that do not fit one another.

    Parameters
    ----------
    sizes : mapping of str to int
        Values of each input.
    layers : sequence of GraphLayer
    outputs : mapping of str to GraphOutput
    obj : object
        Whose parts they are, for the message.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    if not layers or not outputs or not sizes:
        raise ValidationError(
            "must be at least one; for a matrix without neurons a nengo.Connection is enough",
            attr="layers" if not layers else "outputs" if sizes else "inputs",
            obj=obj,
        )
    known = dict(sizes)
    for part in layers:
        found = _problem(part.name, part.weights, known)
        if part.name in known:
            found = f"there are two parts called {part.name!r}; give each its own name"
        elif not found and not part.on_chip and not set(part.weights) <= set(sizes):
            found = (
                f"{part.name!r} is on the host and reads a layer, so that spikes would travel "
                "back; have on_chip=True, or read inputs alone"
            )
        if found:
            raise ValidationError(found, attr="layers", obj=obj)
        known[part.name] = part.n
    for name, output in outputs.items():
        found = _problem(name, output.weights, known)
        if found:
            raise ValidationError(found, attr="layers", obj=obj)


def _problem(name: str, weights: Mapping[str, Any], known: Mapping[str, int]) -> str:
    """Say what a part reads that is not there or has another size; empty if all is well."""
    for source, matrix in weights.items():
        if source not in known:
            return (
                f"{name!r} reads {source!r}, which is no input and no layer before it; there "
                f"are {', '.join(known)}"
            )
        if matrix.shape[1] != known[source]:
            return (
                f"{name!r} has weights for {matrix.shape[1]} values of {source!r}, which has "
                f"{known[source]}"
            )
    return ""
