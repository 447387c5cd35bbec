"""The result of every importer: a trained dense network as plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.array_like import check_real, to_array
from nengo_dense.heads import HEADS, OF_CLASSES
from nengo_dense.importers.form.activation import FUNCTIONS, Function, key_of
from nengo_dense.plugins import show

#: What a layer may do to its weighted input beside the functions of `importers.activation`; a
#: softmax only makes sense in the last layer.
OTHERS = ("linear", *OF_CLASSES)


@dataclass(frozen=True, eq=False)
class DenseSpec:
    """One trained dense layer, ``activation(weights @ x + bias)``.

    Parameters
    ----------
    weights : (n_out, n_in) array_like
        In Nengo's orientation: a row per output.
    bias : (n_out,) array_like, optional
        Zero if not given.
    activation : str
        ``"linear"``, ``"softmax"``, ``"log_softmax"`` or the name of a function, such as
        ``"relu"`` or ``"tanh"`` (`.activation`).
    label : str, optional
        The layer's name in its source, for messages.
    function : Function, optional
        The activation with its settings; that of its name if not given.

    Raises
    ------
    nengo.exceptions.ValidationError
        A wrong shape, a value that is masked, complex, not finite or no number, or an unknown
        activation.
    """

    weights: np.ndarray
    bias: np.ndarray = None  # type: ignore[assignment]  # zeros take its place
    activation: str = "linear"
    label: str | None = None
    function: Function | None = None  # that of its name takes its place

    def __post_init__(self) -> None:
        weights = self._numbers("weights")
        if weights.ndim != 2 or 0 in weights.shape:
            raise ValidationError(
                f"must have shape (n_out, n_in) with both positive, got {weights.shape}"
                f"{self._where()}",
                attr="weights",
                obj=self,
            )
        bias = np.zeros(len(weights)) if self.bias is None else self._numbers("bias")
        if bias.shape != (len(weights),):
            raise ValidationError(
                f"must have shape ({len(weights)},) to match weights {weights.shape}, "
                f"got {bias.shape}{self._where()}",
                attr="bias",
                obj=self,
            )
        for name, values in (("weights", weights), ("bias", bias)):
            n_bad = np.count_nonzero(~np.isfinite(values))
            if n_bad:
                raise ValidationError(
                    f"{n_bad} of {values.size} values are NaN or infinite{self._where()}; "
                    "the training probably diverged",
                    attr=name,
                    obj=self,
                )
            values.setflags(write=False)
        object.__setattr__(self, "function", self.function or self._named())
        assert self.function is not None
        if self.activation in HEADS and self.function.name != self.activation:
            raise ValidationError(
                f"{self.activation!r} is another function than {self.function.name!r}"
                f"{self._where()}; give the function's own name",
                attr="activation",
                obj=self,
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", bias)

    def _named(self) -> Function:
        """Return the function of this name."""
        if self.activation in HEADS:
            return Function(self.activation, HEADS[self.activation])
        key = key_of(self.activation) if isinstance(self.activation, str) else ""
        if key not in FUNCTIONS:
            known = ", ".join((*OTHERS, *FUNCTIONS))
            raise ValidationError(
                f"must be one of {known}, got {show(self.activation)}{self._where()}",
                attr="activation",
                obj=self,
            )
        return FUNCTIONS[key]()

    def _numbers(self, name: str) -> np.ndarray:
        values = to_array(getattr(self, name), name, self)
        check_real(values, name, self)
        # what nobody can write to, such as another layer's weights, is shared
        is_fixed = values.flags.owndata and not values.flags.writeable
        numbers: np.ndarray = values.astype(np.float64, copy=not is_fixed)
        return numbers

    def _where(self) -> str:
        return f" (layer {self.label!r})" if self.label else ""

    def apply(self, z: np.ndarray) -> np.ndarray:
        """Compute the activation of (..., n_out) weighted inputs."""
        assert self.function is not None  # given or found by name
        return self.function(z)

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return int(self.weights.shape[0])

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return int(self.weights.shape[1])


def forward(specs: Sequence[DenseSpec] | Any, x: Any) -> list[Any]:
    """Compute what the source model computes, layer by layer, in double precision.

    Parameters
    ----------
    specs : sequence of DenseSpec, or SourceGraph
    x : (batch, n_in) array_like
        Of a `SourceGraph` with several inputs also a mapping of name to array.

    Returns
    -------
    activations : list of (batch, n_out) ndarray
        One array a layer; the last one is the model's output. Of a `SourceGraph` with several
        outputs the last one is a dict of arrays by name.
    """
    if hasattr(specs, "activations"):
        found: list[Any] = specs.activations(x)
        return found
    activations = []
    y = np.asarray(x, dtype=np.float64)
    for spec in specs:
        y = y @ spec.weights.T + spec.bias
        y = spec.apply(y)
        activations.append(y)
    return activations
