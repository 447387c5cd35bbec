"""Layers and functions of Keras that move features of a sample, or make one of several.

Each is done once, with NumPy, to the numbers of the features of a few samples. What comes out
tells which feature came where.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import Operation, UnfitError
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.from_keras.keras_shape import Shape, numbers
from nengo_dense.importers.reading import feature_merge
from nengo_dense.importers.reading.arithmetic_call import FLOWING
from nengo_dense.importers.reading.feature_layout import MAX_FOLLOWED, Layout, moved, selection
from nengo_dense.importers.reading.feature_merge import added, groups

#: Samples that a layout is followed with, so that what mixes them shows.
N_SAMPLES = 3


def layout_of(shape: Shape) -> Layout:
    """Return the layout of samples of a shape; a ValueError if it is not known."""
    return Layout.of_input((N_SAMPLES, *shape.known()))


def _setting(layer: KerasLayer, *names: str) -> Any:
    """Return a setting under the first of its names that is given."""
    given = {**layer.config, **layer.keywords}
    return next((given[name] for name in names if given.get(name) is not None), None)


def _key(layer: KerasLayer) -> tuple[Any, ...]:
    """Return what a layer is indexed with, as Keras 2 and 3 write it down."""
    given = layer.keywords.get("slice_spec", layer.args[1] if len(layer.args) > 1 else None)
    return tuple(_index(part) for part in (given if isinstance(given, list) else [given]))


def _index(part: Any) -> Any:
    if not isinstance(part, dict):
        if part is None or isinstance(part, int):
            return part
        raise UnfitError(f"it is indexed with {part}, must be a slice or a whole number")
    if part.get("class_name") == "__ellipsis__":
        return Ellipsis
    part = part.get("config", part)
    return slice(part["start"], part["stop"], part["step"])


def _split(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    axis = int(_setting(layer, "axis") or 0)
    sections = _setting(layer, "indices_or_sections", "num_or_size_splits")
    if isinstance(sections, list) and "num_or_size_splits" in layer.keywords:
        sections = np.cumsum(sections)[:-1].tolist()  # sizes, of which Keras 2 may leave one open
    if isinstance(sections, int) and not 0 < sections <= places.shape[axis]:
        raise UnfitError(f"it makes {sections} parts of {places.shape[axis]} features")
    return np.split(places, sections, axis=axis)


def _take(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    given = layer.keywords.get("indices", layer.args[1] if len(layer.args) > 1 else None)
    if given is None or given is FLOWING or _setting(layer, "batch_dims"):
        raise UnfitError("what it takes must be constant, and the same for each sample")
    axis = _setting(layer, "axis")
    indices = np.asarray(numbers(given), dtype=np.int64)
    if axis is None or indices.size > places.size:
        raise UnfitError("it must take features along an axis, no more than there are")
    return [np.take(places, indices, axis=int(axis))]


def _permute(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    return [np.transpose(places, (0, *layer.config["dims"]))]


def _transpose(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    return [np.transpose(places, _setting(layer, "axes", "perm"))]


def _flip(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    axis = _setting(layer, "axis")
    return [np.flip(places, tuple(axis) if isinstance(axis, list) else axis)]


def _swap(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    return [np.swapaxes(places, int(_setting(layer, "axis1")), int(_setting(layer, "axis2")))]


def _roll(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    axis = _setting(layer, "axis")
    if axis is None:
        raise UnfitError("it rolls all samples at once; give it an axis")
    return [np.roll(places, _setting(layer, "shift"), axis)]


def _repeat(places: np.ndarray, layer: KerasLayer) -> list[np.ndarray]:
    """Repeat features along an axis, or a vector along a new one."""
    repeats, axis = _setting(layer, "repeats", "n"), _setting(layer, "axis")
    if "n" in layer.config:
        places, axis = places[:, np.newaxis], 1
    if not isinstance(repeats, int) or axis is None or repeats * places.size > MAX_FOLLOWED:
        raise UnfitError(f"it repeats features {repeats} times along the axis {axis}")
    return [np.repeat(places, repeats, axis=int(axis))]


#: Name of a layer or a function -> what it makes of the numbers of features.
MOVES: dict[str, Callable[[np.ndarray, KerasLayer], list[np.ndarray]]] = {
    **dict.fromkeys(("get_item", "getitem"), lambda places, layer: [places[_key(layer)]]),
    **dict.fromkeys(("gather", "take"), _take),
    **dict.fromkeys(("flip", "reverse"), _flip),
    **dict.fromkeys(("repeat", "repeat_vector"), _repeat),
    "roll": _roll,
    "swapaxes": _swap,
    "permute": _permute,
    "split": _split,
    "transpose": _transpose,
}

#: Name of a function that makes one feature of several -> how, and along which axis by itself.
REDUCTIONS: dict[str, tuple[str, int | None]] = {
    **dict.fromkeys(("max", "amax", "reduce_max"), ("max", None)),
    **dict.fromkeys(("min", "amin", "reduce_min"), ("min", None)),
    **dict.fromkeys(("mean", "reduce_mean"), ("mean", None)),
    **dict.fromkeys(("sum", "reduce_sum"), ("sum", None)),
    "global_average_pooling_1_d": ("mean", 1),
    "global_max_pooling_1_d": ("max", 1),
}

#: Those that no chain of operations does: they give several values, or need several.
BRANCHING = ("split", *(name for name, (how, _) in REDUCTIONS.items() if how in ("max", "min")))


def is_move(kind: str) -> bool:
    """Tell whether a layer or a function is read here."""
    return kind in MOVES or kind in REDUCTIONS


def parts_of(layer: KerasLayer, shape: Shape, kind: str) -> list[tuple[Shape, list[Operation]]]:
    """Return the shapes of what a move gives, and the operations that give it.

    Raises
    ------
    UnfitError
        It mixes samples, or its settings mean nothing.
    """
    layout = layout_of(shape)
    found = []
    for places in MOVES[kind](layout.places, layer):
        after, rows = moved(places, layout.n, N_SAMPLES)
        steps = selection(rows, layout.n, layer.label)
        found.append((_by_sample(after), steps))
    return found


def groups_of(layer: KerasLayer, shape: Shape, kind: str) -> tuple[Shape, list[np.ndarray]]:
    """Return the shape of what a reduction gives, and of which features each value is made.

    Returns
    -------
    shape : Shape
    rows : list of (n,) ndarray of int
        The first feature of each of the n groups, then the second, ...
    """
    layout, axis = layout_of(shape), REDUCTIONS[kind][1]
    if axis is not None and layer.config.get("data_format") == "channels_first":
        axis = len(layout.shape) - 1
    axis = _setting(layer, "axis") if axis is None else axis
    axes = axis if isinstance(axis, list) or axis is None else [axis]
    after, rows = groups(layout, axes, bool(_setting(layer, "keepdims", "keep_dims")))
    return _by_sample(after), rows


def reduced(kind: str, rows: Sequence[np.ndarray], n: int, label: str) -> list[Operation]:
    """Return the operation of a sum or a mean of `n` features."""
    return added(rows, n, label, mean=REDUCTIONS[kind][0] == "mean")


def broadcast(shapes: Sequence[Shape], label: str) -> tuple[Shape, list[list[Operation]]]:
    """Return the shape that values have together, and how each is brought to it.

    Raises
    ------
    UnfitError
        They have none.
    """
    if any(shape.sizes is None or None in shape.sizes for shape in shapes):
        return shapes[0], [[] for _ in shapes]
    layouts = [layout_of(shape) for shape in shapes]
    result, rows = feature_merge.broadcast(layouts)
    known = zip(rows, layouts, strict=True)
    return _by_sample(result), [selection(each, layout.n, label) for each, layout in known]


def joined(shapes: Sequence[Shape], layer: KerasLayer, kind: str) -> tuple[Shape, list[Operation]]:
    """Return the shape of values side by side, and how they are ordered then."""
    layouts = [layout_of(shape) for shape in shapes]
    axis = 1 if kind == "hstack" else _setting(layer, "axis")
    axis = int(-1 if axis is None and kind != "stack" else axis or 0)
    join = np.stack if kind == "stack" else np.concatenate
    after, rows = feature_merge.joined(layouts, lambda parts: join(parts, axis=axis))
    total = sum(layout.n for layout in layouts)
    return _by_sample(after), selection(rows, total, layer.label)


def _by_sample(layout: Layout) -> Shape:
    """Return the shape of a sample; an UnfitError if their axis is not the first."""
    if not layout.is_by_sample():
        raise UnfitError("it moves the axis of the samples, which must stay the first")
    return Shape(layout.shape[1:])
