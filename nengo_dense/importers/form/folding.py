"""Operations -> layers: fold scalings into their dense neighbour, merge what is linear.

All of it is exact algebra in double precision:

- dense, scaling: ``s * (W x + b) + o = (s W) x + (s b + o)``;
- scaling, dense (a ReLU or the input before them): ``W (s x + o) + b = (W s) x + (W o + b)``;
- dense, dense without a nonlinearity between them: ``W2 (W1 x + b1) + b2``;
- a function of each input: ``f(1 x)``;
- a sigmoid of one unit at the end is the second of two probabilities: ``softmax([0, z])``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nengo_dense.budget import WEIGHTS, current
from nengo_dense.exceptions import ConversionError
from nengo_dense.heads import OF_CLASSES
from nengo_dense.importers.form.activation import composed
from nengo_dense.importers.form.condition import STEP, jumping
from nengo_dense.importers.form.operation import Activation, Affine, Operation, Problem, Scaling
from nengo_dense.importers.form.spec import DenseSpec

#: Largest number of weights that merging layers may make, 1 GiB of float64: eight times the
#: largest layer that fits on Loihi's input axons. A small file must not demand terabytes.
MAX_WEIGHTS = 2**27


def fold(model: str, operations: Sequence[Operation]) -> list[DenseSpec]:
    """Turn the operations of a model into its layers.

    Parameters
    ----------
    model : str
        The model's name in error messages.
    operations : sequence of Operation

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        With every problem among the operations, and every one of their order and their shapes.
    """
    operations = [step for step in operations if not _is_nothing(step)]
    problems = find_problems(operations)
    if problems:
        raise ConversionError(model, problems)
    n_in = next(np.shape(step.weights)[1] for step in operations if isinstance(step, Affine))
    layers = _Layers(model, n_in)
    for operation in operations:
        layers.add(operation)
    return layers.specs()


def operations_of(specs: Iterable[DenseSpec]) -> list[Operation]:
    """Return the operations of layers: the inverse of `fold`."""
    operations: list[Operation] = []
    for index, spec in enumerate(specs):
        label = spec.label or f"layer_{index}"
        operations.append(Affine(spec.weights, spec.bias, label))
        if spec.activation != "linear":
            function = None if spec.activation in OF_CLASSES else spec.function
            operations.append(Activation(spec.activation, label, function))
    return operations


def find_problems(operations: Sequence[Operation]) -> list[str]:
    """List everything that keeps these operations from being a dense network."""
    if not operations:
        return ["it has no layers"]
    problems: list[str] = []
    width: int | None = None  # what flows between the layers, None where it cannot be known
    is_known = True  # nothing was refused since the last dense layer
    first = True  # no dense layer yet, nor one that might be
    rests = _rests(operations)
    for operation, rest in zip(operations, rests, strict=True):
        if isinstance(operation, Activation):
            problems += _activation_problems(operation, rest, width, first)
            continue
        first = first and isinstance(operation, Scaling)
        if isinstance(operation, Problem):
            if operation.is_certain or not problems:
                problems.append((rest.is_output and operation.at_output) or operation.text)
            width, is_known = None, False
            continue
        is_known = is_known or isinstance(operation, Affine)
        found, width = _shape_problems(operation, width)
        if is_known:
            problems += found
        else:
            width = None  # a scaling may have been read with a wrong idea of its input
    if not problems and not any(isinstance(operation, Affine) for operation in operations):
        problems.append("it has no dense layer; there must be at least one")
    return problems


def _is_nothing(operation: Operation) -> bool:
    """Tell a factor of one and a summand of zero, for any number of features."""
    if not isinstance(operation, Scaling) or operation.width is not None:
        return False
    return bool(operation.scale == 1 and operation.offset == 0)


@dataclass(frozen=True)
class _Rest:
    """What comes after an operation: the next one, and whether only outputs come at all."""

    follower: Affine | Scaling | Activation | None = None
    is_output: bool = True


def _rests(operations: Sequence[Operation]) -> list[_Rest]:
    rests = []
    rest = _Rest()
    for operation in reversed(operations):
        rests.append(rest)
        if isinstance(operation, Problem):
            rest = _Rest(rest.follower, rest.is_output and bool(operation.at_output))
        else:
            rest = _Rest(operation, rest.is_output and not isinstance(operation, Affine))
    return rests[::-1]


def _activation_problems(
    operation: Activation, rest: _Rest, width: int | None, first: bool
) -> list[str]:
    layer = f"layer {operation.label!r}"
    if first and operation.kind in OF_CLASSES:
        return [
            f"{layer}: a {operation.kind} comes before the first dense layer; "
            "apply it to the data instead"
        ]
    if operation.function is STEP:
        return [jumping(operation.label)]
    if operation.function is not None:
        form = operation.function.exact
        n = None if form is None else form.width
        if n is not None and width is not None and n != width:
            return [f"{layer}: its activation is for {n} units, but there are {width}"]
        return []
    if rest.follower is not None:
        return [
            f"{layer}: a {operation.kind} must be the last operation, but layer "
            f"{rest.follower.label!r} follows; remove what follows, or the {operation.kind}"
        ]
    return []


def _shape_problems(
    operation: Affine | Scaling, width: int | None
) -> tuple[list[str], int | None]:
    """Check the arrays of an operation on `width` features; return its problems and outputs."""
    layer = f"layer {operation.label!r}"
    if isinstance(operation, Scaling):
        arrays = {"scale": np.asarray(operation.scale), "offset": np.asarray(operation.offset)}
        n_in, n_out = operation.width or width, operation.width or width
        wrong = [
            f"{layer}: {name} has shape {values.shape}, must be a number or ({n_in},)"
            for name, values in arrays.items()
            if values.shape not in ((), (n_in,))
        ]
    else:
        arrays = {"weights": np.asarray(operation.weights)}
        shape = arrays["weights"].shape
        if len(shape) != 2 or 0 in shape:
            return [f"{layer}: weights must be (n_out, n_in), both positive, got {shape}"], None
        n_out, n_in = shape
        wrong = []
        if operation.bias is not None:
            arrays["bias"] = np.asarray(operation.bias)
            if arrays["bias"].shape != (n_out,):
                wrong = [
                    f"{layer}: bias must have shape ({n_out},) to match weights {shape}, "
                    f"got {arrays['bias'].shape}{_turned(arrays)}"
                ]
    for name, values in arrays.items():
        n_bad = np.count_nonzero(~np.isfinite(values.astype(np.float64, copy=False)))
        if n_bad:
            wrong.append(
                f"{layer}: {n_bad} of {values.size} values of its {name} are NaN or infinite; "
                "the training probably diverged, train again with a lower learning rate"
            )
    if width is not None and n_in != width:
        wrong.append(
            f"{layer}: takes {n_in} inputs, but the layer before it has {width} outputs; "
            "weights must be (n_out, n_in)"
        )
    return wrong, n_out


def _turned(arrays: dict[str, np.ndarray]) -> str:
    """Say so if weights look like Keras's, (n_in, n_out)."""
    is_turned = arrays["bias"].shape == arrays["weights"].shape[1:]
    return "; if they are (n_in, n_out), as Keras's, give weights.T" if is_turned else ""


class _Layers:
    """The layers so far, and the scaling that waits for the next one's weights."""

    def __init__(self, model: str, n_in: int) -> None:
        self.model, self.n_in = model, n_in
        self.layers: list[DenseSpec] = []
        self._forget()

    def add(self, operation: Operation) -> None:
        if isinstance(operation, Affine):
            self._affine(operation)
        elif isinstance(operation, Scaling):
            self._scaling(operation)
        elif isinstance(operation, Activation):
            self._activation(operation)

    def specs(self) -> list[DenseSpec]:
        if self.waiting:
            self._make_explicit()
        last = self.layers[-1]
        if last.activation == "sigmoid" and last.n_out == 1:
            weights = np.vstack([0 * last.weights, last.weights])
            self.layers[-1] = DenseSpec(weights, np.append(0.0, last.bias), "softmax", last.label)
        return self.layers

    @property
    def _is_linear(self) -> bool:
        return self._is("linear")

    def _is(self, activation: str) -> bool:
        return bool(self.layers) and self.layers[-1].activation == activation

    def _forget(self) -> None:
        self.scale, self.offset = np.float64(1), np.float64(0)
        self.waiting: list[str] = []  # labels of the scalings that wait

    def _affine(self, operation: Affine) -> None:
        weights = np.asarray(operation.weights, dtype=np.float64)
        bias = np.zeros(len(weights)) if operation.bias is None else np.asarray(operation.bias)
        if self.waiting:
            bias = bias + weights @ np.broadcast_to(self.offset, weights.shape[1])
            weights = weights * self.scale
            self._forget()
        spec = DenseSpec(weights, bias, label=operation.label)
        if self._is_linear:
            before = self.layers.pop()
            self._check_size(spec.n_out, before.n_in, f"{before.label}+{spec.label}")
            spec = DenseSpec(
                spec.weights @ before.weights,
                spec.weights @ before.bias + spec.bias,
                label=f"{before.label}+{spec.label}",
            )
        self.layers.append(spec)

    def _scaling(self, operation: Scaling) -> None:
        scale = np.asarray(operation.scale, dtype=np.float64)
        offset = np.asarray(operation.offset, dtype=np.float64)
        if self._is_linear:
            spec = self.layers.pop()
            weights = (scale[:, None] if scale.ndim else scale) * spec.weights
            self.layers.append(DenseSpec(weights, scale * spec.bias + offset, label=spec.label))
        else:
            self.scale, self.offset = scale * self.scale, scale * self.offset + offset
            self.waiting.append(operation.label)

    def _activation(self, operation: Activation) -> None:
        if not self._is_linear:
            if self._is_limited(operation):
                return
            self._make_explicit(operation.label)
        spec = self.layers.pop()
        self.layers.append(replace(spec, activation=operation.kind, function=operation.function))

    def _is_limited(self, operation: Activation) -> bool:
        """Limit the values of a layer that limits them already, if this is one: a ReLU."""
        before = self.layers[-1] if self.layers and not self.waiting else None
        if before is None or before.function is None or operation.function is None:
            return False
        both = composed(before.function, operation.function)
        if both is None:
            return False
        kind = "relu" if both.name == "relu" else "clip"
        self.layers[-1] = replace(before, activation=kind, function=both)
        return True

    def _make_explicit(self, label: str | None = None) -> None:
        """Append a diagonal layer that does what no neighbour can take in."""
        n = self.layers[-1].n_out if self.layers else self.n_in
        label = "+".join(self.waiting) or label
        current().take(WEIGHTS, n * n, f"layer {label!r}")
        weights = np.diag(np.broadcast_to(self.scale, n))
        self.layers.append(DenseSpec(weights, np.broadcast_to(self.offset, n), label=label))
        self._forget()

    def _check_size(self, n_out: int, n_in: int, label: str | None) -> None:
        if n_out * n_in > MAX_WEIGHTS:
            raise ConversionError(
                self.model,
                [
                    f"layer {label!r}: merged into one dense layer it would have {n_out} x {n_in} "
                    f"weights, more than {MAX_WEIGHTS}; put a ReLU between, or fewer units"
                ],
            )
