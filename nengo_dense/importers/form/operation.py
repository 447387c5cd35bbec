"""The few operations that a dense network is made of, whatever framework trained it.

Every importer says what its model does as a list of these; `.folding` turns the list into layers.
What cannot be said with them is a `Problem`, so that all are found at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import NengoException
from numpy.typing import ArrayLike

from nengo_dense.budget import WEIGHTS, current
from nengo_dense.heads import OF_CLASSES
from nengo_dense.importers.form.activation import FUNCTIONS, Function, key_of
from nengo_dense.importers.form.advice import way_out


@dataclass(frozen=True, eq=False)
class Affine:
    """A dense layer without its activation, ``weights @ x + bias``.

    Parameters
    ----------
    weights : (n_out, n_in) array_like
    bias : (n_out,) array_like or None
    label : str
        The layer's name in its source.
    """

    weights: ArrayLike
    bias: ArrayLike | None
    label: str

    def __post_init__(self) -> None:
        current().take(WEIGHTS, np.size(self.weights), f"layer {self.label!r}")


@dataclass(frozen=True, eq=False)
class Scaling:
    """A factor and a summand for each feature, ``scale * x + offset``.

    Parameters
    ----------
    scale, offset : float or (n,) array_like
    label : str
    rounding : float or (n,) array_like, optional
        By how much the source's values may differ, where it rounds them to levels.
    """

    scale: ArrayLike
    offset: ArrayLike
    label: str
    rounding: ArrayLike = 0.0

    @property
    def width(self) -> int | None:
        """Number of features, or None where one factor holds for all."""
        size = max(np.size(self.scale), np.size(self.offset))
        return None if np.ndim(self.scale) == np.ndim(self.offset) == 0 else size


@dataclass(frozen=True, eq=False)
class Activation:
    """An activation function.

    Parameters
    ----------
    kind : str
        ``"softmax"``, ``"log_softmax"`` or the name of a function of each feature alone.
    label : str
    function : Function, optional
        With its settings; that of its name if not given, and None for those of all features.
    """

    kind: str
    label: str
    function: Function | None = None

    def __post_init__(self) -> None:
        if self.function is None and self.kind not in OF_CLASSES:
            object.__setattr__(self, "function", FUNCTIONS[key_of(self.kind)]())


@dataclass(frozen=True)
class Problem:
    """Something that cannot be converted.

    Parameters
    ----------
    text : str
        One sentence: which layer, what is wrong with it, and what to do.
    at_output : str, optional
        The sentence to say in its place where nothing but the outputs come after it.
    is_certain : bool, optional
        False for what may only follow from a layer that was refused before it.
    """

    text: str
    at_output: str = ""
    is_certain: bool = True


Operation = Affine | Scaling | Activation | Problem

#: Names of activations, lower case without underscores -> those of all features at once.
OF_ALL = {"softmax": "softmax", "logsoftmax": "log_softmax"}


def activation(name: str, label: str, **settings: Any) -> list[Operation]:
    """Return the operations of an activation that a framework calls `name`; none if linear.

    Parameters
    ----------
    name : str
    label : str
    **settings : optional
        As in `.activation`.
    """
    key = key_of(name)
    if key in ("linear", "identity"):
        return []
    if key in OF_ALL:
        return [Activation(OF_ALL[key], label)]
    if key not in FUNCTIONS:
        return [unsupported(label, f"activation {name!r}", name)]
    try:
        function = FUNCTIONS[key](**settings)
    except ValueError as err:
        return [Problem(f"layer {label!r}: {err}")]
    # a name that is taken for the plain function must not stand for one with other settings
    plain = function.name if "relu" in (function.name, key) else key
    return [Activation(plain, label, function)]


class UnfitError(ValueError):
    """A layer is whole, and yet does something that no dense network does, or too much of it."""


def attempt(
    label: str,
    read: Callable[..., list[Operation]],
    *args: Any,
    remedy: str = "export the model again",
) -> list[Operation]:
    """Return the operations that `read` finds in one layer, or the `Problem` with its data.

    What a file declares may have any type and shape; a layer that cannot be read must neither
    hide the problems of the others nor end in the traceback of an internal.
    """
    try:
        return read(*args)
    except NengoException:
        raise  # it says already what is wrong, and with which file
    except UnfitError as err:
        return [Problem(f"layer {label!r} cannot be converted: {err}", is_certain=False)]
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as err:
        reason = f"{type(err).__name__}: {err}"
        text = f"layer {label!r} is malformed ({reason}); {remedy}"
        return [Problem(text, is_certain=False)]


def unsupported(label: str, what: str, kind: str) -> Problem:
    """Say that the layer `label` is or has `what`, and what to do about its `kind`."""
    text = f"layer {label!r}: {what} is not supported; "
    between, at_output = way_out(kind), way_out(kind, at_output=True)
    return Problem(text + between, text + at_output if at_output != between else "")


def per_feature(values: Any) -> np.ndarray:
    """Return a constant that is the same for every sample: a number, or one a feature.

    Raises
    ------
    UnfitError
        It has another shape.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size not in (1, array.shape[-1] if array.ndim else 1):
        raise UnfitError(f"a constant of shape {array.shape} is not one per feature")
    return array.reshape(()) if array.size == 1 else array.ravel()


def batch_norm(
    mean: ArrayLike,
    variance: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    epsilon: float,
    label: str,
) -> Scaling:
    """Return what a batch normalization does once it is trained: a scaling of each feature.

    ``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` with the moving statistics [1]_.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015, algorithm 2.
    """
    mean, variance, gamma, beta = (
        np.asarray(value, dtype=np.float64) for value in (mean, variance, gamma, beta)
    )
    with np.errstate(invalid="ignore", divide="ignore"):  # bad statistics are reported as NaN
        scale = gamma / np.sqrt(variance + epsilon)
    return Scaling(scale, beta - scale * mean, label)
