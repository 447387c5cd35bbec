"""Operations that a functional Keras model calls as functions.

Keras 3 writes them down as layers of classes in ``keras.ops`` (for ``keras.ops.relu(h)`` or
``h / 2.0``), Keras 2 as layers of the class ``TFOpLambda`` with the name of TensorFlow's function.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nengo_dense.importers.form.activation import FUNCTIONS, key_of
from nengo_dense.importers.form.advice import words_of
from nengo_dense.importers.form.condition import COMPARISONS
from nengo_dense.importers.form.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    UnfitError,
    activation,
    unsupported,
)
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.from_keras.keras_move import (
    REDUCTIONS,
    groups_of,
    is_move,
    layout_of,
    parts_of,
    reduced,
)
from nengo_dense.importers.from_keras.keras_shape import Shape, n_features, numbers
from nengo_dense.importers.reading.arithmetic_call import (
    ARITHMETIC,
    FLOWING,
    arithmetic,
    clip,
    compare,
    constant,
    crelu,
    maximum,
    minimum,
    power,
    product,
)
from nengo_dense.importers.reading.contraction import contracted
from nengo_dense.importers.reading.feature_layout import along_last, as_batch

Operations = list[Operation]

#: Functions of two values of which one may be a constant.
OF_TWO = {"maximum": maximum, "minimum": minimum, "pow": power, "power": power}

#: Names of what a choice takes, in Keras 3 and 2 -> their places.
CHOICE = {"condition": 0, "x1": 1, "x": 1, "x2": 2, "y": 2}

#: Types between which a cast only rounds.
FLOATS = ("bfloat16", "float16", "float32", "float64")

#: Functions that give what they take.
PASS_THROUGH = ("identity", "stop_gradient", "copy", "ensure_shape")

#: Settings of functions: Keras's names, and those of `nengo_dense.importers.form.activation`.
SETTINGS = {
    "relu": {
        "max_value": "max_value",
        "negative_slope": "negative_slope",
        "alpha": "negative_slope",
    },
    "leaky_relu": {"negative_slope": "slope", "alpha": "slope"},
    "elu": {"alpha": "alpha"},
    "celu": {"alpha": "alpha"},
    "gelu": {"approximate": "approximate"},
    "soft_shrink": {"threshold": "limit"},
    "squareplus": {"b": "b"},
    "silu": {"beta": "beta"},
    "swish": {"beta": "beta"},
}


def defaults_of(name: Any, is_keras_2: bool, is_function: bool = False) -> dict[str, Any]:
    """Return what Keras sets where nothing is said, other than `importers.activation` does.

    Parameters
    ----------
    name : str
    is_keras_2 : bool
        Whether it is of an earlier Keras than 3.
    is_function : bool, optional
        Whether it is called in a functional model, not named as an ``activation``.
    """
    key = str(name).lower().replace("_", "")
    if key == "hardsigmoid" and is_keras_2:
        return {"slope": 0.2}
    if key == "leakyrelu":
        return {"slope": 0.2}
    return {"approximate": True} if key == "gelu" and is_function and not is_keras_2 else {}


def read_call(layer: KerasLayer, shape: Shape, is_keras_2: bool = False) -> Operations:
    """Return the operations of a function; `shape` becomes that of its result."""
    name, kind = layer.called, kind_of(layer)
    if is_move(kind):
        return _move(layer, shape, kind)
    if kind in CALLS:
        return CALLS[kind](layer, shape, kind)
    values = _values(layer, shape) if kind in (*ARITHMETIC, *COMPARISONS, *OF_TWO) else []
    if kind in COMPARISONS and len(values) == 2:
        return compare(kind, values[0], values[1], layer.label)
    if kind in ARITHMETIC and len(values) == 2:
        return arithmetic(ARITHMETIC[kind], values[0], values[1], layer.label)
    if kind in OF_TWO and len(values) == 2:
        return OF_TWO[kind](values[0], values[1], layer.label)
    if kind in PASS_THROUGH:
        return []
    if kind == "crelu":
        return _crelu(layer, shape)
    if key_of(kind) in FUNCTIONS:
        return activation(kind, layer.label, **_settings(layer, kind, is_keras_2))
    return [unsupported(layer.label, name, kind)]


def kind_of(layer: KerasLayer) -> str:
    """Return the name of a layer or of a function as the tables here write it."""
    return "_".join(words_of(layer.called.rpartition(".")[2]))


def choice_of(layer: KerasLayer, sources: Sequence[Any]) -> list[Any] | None:
    """Return the condition of a choice and its two values: sources, or the numbers of constants.

    None if they are fewer.

    Parameters
    ----------
    layer : KerasLayer
    sources : sequence
        What stands for the values of the model that it takes, in their order.
    """
    taken = iter(sources)
    keywords = ((CHOICE.get(name, -1), value) for name, value in layer.keywords.items())
    given: dict[int, Any] = {}
    for at, value in (*enumerate(layer.args), *keywords):
        found = next(taken) if value is FLOWING else value
        given[at] = numbers(value) if found is value and at in range(3) else found
    return [given[at] for at in range(3)] if {0, 1, 2} <= given.keys() else None


def _move(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    """Read what moves or adds up features, in a chain."""
    if kind in REDUCTIONS:
        n = shape.n_features
        after, rows = groups_of(layer, shape, kind)
        shape.sizes = after.sizes
        return reduced(kind, rows, n or 0, layer.label)
    ((after, steps),) = parts_of(layer, shape, kind)
    shape.sizes = after.sizes
    return steps


def _crelu(layer: KerasLayer, shape: Shape) -> Operations:
    n = shape.n_features
    if not shape.is_flat or layer.keywords.get("axis", -1) not in (-1, 1):
        return [unsupported(layer.label, "a crelu along one axis of several", "crelu")]
    shape.sizes = (None if n is None else 2 * n,)
    return crelu(n, layer.label)


def _settings(layer: KerasLayer, kind: str, is_keras_2: bool) -> dict[str, Any]:
    found = defaults_of(kind, is_keras_2, is_function=True)
    known = (*SETTINGS.get(kind, ()), "name", "x", "features", "a")
    unread = {key: v for key, v in layer.keywords.items() if key not in known and v is not None}
    if unread or len(layer.args) > 1:
        more = unread or layer.args[1:]
        raise UnfitError(f"its settings {more} are not read; call it without them")
    given = {**layer.config, **layer.keywords}
    for name, ours in SETTINGS.get(kind, {}).items():
        if given.get(name) is not None:
            value = given[name]
            found[ours] = value if isinstance(value, bool) else float(numbers(value))
    return found


def _values(layer: KerasLayer, shape: Shape) -> list[Any]:
    """Return what a function is called with: `FLOWING`, or numbers spread over the features."""
    keywords = {key: value for key, value in layer.keywords.items() if key != "name"}
    values = [*layer.args, *keywords.values()]
    return [v if v is FLOWING else shape.spread(numbers(v)) for v in values]


def _clip(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    settings = {**layer.config, **layer.keywords}
    low = settings.get("x_min", settings.get("clip_value_min"))
    high = settings.get("x_max", settings.get("clip_value_max"))
    low, high = (None if v is None else shape.spread(numbers(v)) for v in (low, high))
    return clip(low, high, layer.label)


def _matmul(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    keywords = layer.keywords
    first, second = (*layer.args, *(keywords[key] for key in ("b", "x2", "y") if key in keywords))
    turned = [
        key
        for key, value in keywords.items()
        if value is True and key.startswith(("transpose", "adjoint"))
    ]
    if turned == ["transpose_b"] and second is not FLOWING:
        second, turned = numbers(second).T, []
    several = second is not FLOWING and np.ndim(numbers(second)) != 2
    if turned or several or (second is FLOWING and not shape.is_flat):
        return [unsupported(layer.label, "a product along one axis of several", "einsum")]
    if second is FLOWING:
        return product(first, second, layer.label)
    matrix, others = numbers(second), Shape((shape.sizes or (None,))[:-1]).known()
    shape.sizes = (*others, matrix.shape[-1])
    steps = product(first, matrix, layer.label)
    n = n_features(others) * len(matrix)
    return [along_last(step, n) if isinstance(step, Affine) else step for step in steps]


def _einsum(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    equation, values = layer.config.get("subscripts"), list(layer.args)
    if equation is None:  # Keras 2 takes it as the first argument
        equation, *values = values
    layout = layout_of(shape)
    operands = [layout if value is FLOWING else numbers(value) for value in values]
    after, steps = contracted(str(equation), operands, layer.label)
    shape.sizes = as_batch(after).shape[1:]
    return steps


def _cast(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    target = str(layer.keywords.get("dtype", layer.config.get("dtype")))
    return [] if target in FLOATS else [unsupported(layer.label, f"a cast to {target}", "cast")]


def _softmax(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    axis = layer.keywords.get("axis", layer.config.get("axis"))
    if axis in (None, -1, 1) and shape.is_flat:
        return activation(kind, layer.label)
    return [
        Problem(f"layer {layer.label!r}: a softmax over axis {axis} of shape {shape}; flatten")
    ]


def _reshape(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    target = layer.config.get("newshape", layer.keywords.get("shape"))
    if isinstance(target, list) and len(target) == 1 and target[0] == -1:
        return [Scaling(np.ones(1), 0.0, layer.label)]  # one number a sample stays one
    if not isinstance(target, list) or target[0] not in (None, -1):
        return [unsupported(layer.label, f"a reshape to {target}", "reshape")]
    shape.reshape(tuple(target[1:]))
    return []


def _squeeze(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    shape.squeeze(layer.config.get("axis", layer.keywords.get("axis")))
    return []


def _expand_dims(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    axis = int(layer.config.get("axis", layer.keywords.get("axis", 0)))
    if axis == 0:
        return [unsupported(layer.label, "an axis before that of the samples", "expand")]
    shape.expand(axis)
    return []


def _full(layer: KerasLayer, value: Any) -> Operations:
    """Give one number for every feature of every sample."""
    value = layer.args[1] if value is None else value
    return constant(float(numbers(value)), layer.label)


def _negative(layer: KerasLayer, shape: Shape, kind: str) -> Operations:
    return [Scaling(-1.0, 0.0, layer.label)]


CALLS: dict[str, Callable[[KerasLayer, Shape, str], Operations]] = {
    "cast": _cast,
    "clip": _clip,
    "clip_by_value": _clip,
    "dot": _matmul,
    "einsum": _einsum,
    "expand_dims": _expand_dims,
    "full_like": lambda layer, shape, kind: _full(layer, layer.keywords.get("fill_value")),
    "log_softmax": _softmax,
    "matmul": _matmul,
    "negative": _negative,
    "ones_like": lambda layer, shape, kind: _full(layer, 1.0),
    "reshape": _reshape,
    "softmax": _softmax,
    "squeeze": _squeeze,
    "zeros_like": lambda layer, shape, kind: _full(layer, 0.0),
}
