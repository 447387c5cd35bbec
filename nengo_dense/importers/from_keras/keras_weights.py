"""The places of a layer's weights in the HDF5 files of Keras 1, 2 and 3."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from nengo_dense.exceptions import FileFormatError
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.hdf5 import Hdf5File

#: Finds the weights of a layer, in Keras's order.
WeightSource = Callable[[KerasLayer], list[np.ndarray]]

#: Group -> class -> the names of its layers in order; each group is listed once.
Groups = dict[str, dict[str, list[str]]]

#: What the group with the layers is called by Keras 3, and by the first writers of this layout.
LAYER_GROUPS = ("layers", "_layer_checkpoint_dependencies")


#: Names of weights in Keras's order; ``.h5`` files put first what was trained at that time.
ORDER = (
    *("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    *("gamma", "beta", "moving_mean", "moving_variance"),
)


def weight_source(file: Hdf5File) -> WeightSource:
    """Recognize the layout of a file and return what finds weights in it.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        The file has none of the known layouts.
    """
    root = "model_weights" if file.has("model_weights") else ""
    if file.attribute(root, "layer_names") is not None or _texts(file, root, "layer_names"):
        return lambda layer: _named_weights(file, root, layer)
    if any(file.has(group) for group in LAYER_GROUPS):
        groups: Groups = {}
        return lambda layer: _numbered_weights(file, groups, layer)
    raise FileFormatError(
        f"{file.name} holds no Keras weights (no 'model_weights', 'layer_names' or 'layers'); "
        "save the model again, as a .keras file"
    )


def _named_weights(file: Hdf5File, root: str, layer: KerasLayer) -> list[np.ndarray]:
    """Read the layout of ``.h5`` files: a group a layer of the outermost model, by its name.

    The weights of a nested model all lie in its group, trainable ones first; a layer's own are
    found by the layer's name in theirs (``inner/dense/kernel:0``) and are in order again.
    """
    group = f"{root}/{layer.path[0].name}"
    if not file.has(group):
        raise _of_another_model(file, layer)
    names = _texts(file, group, "weight_names")
    if layer.is_hgq:
        names = names_of(layer, names)
    elif len(layer.path) > 1:
        names = [name for name in names if layer.path[-1].name in name.split("/")[-2:-1]]
        last_parts = [name.rpartition("/")[2] for name in names]
        if len(set(last_parts)) < len(last_parts):
            raise FileFormatError(
                f"{file.name} has several layers {layer.path[-1].name!r} in "
                f"{layer.path[0].name!r}, with weights that cannot be told apart; "
                "save the model again, as a .keras file"
            )
    return [file.array(f"{group}/{name}", layer.dtype) for name in in_order(names)]


def in_order(names: list[str]) -> list[str]:
    """Bring names of a layer's weights into Keras's order, if all of them are known.

    >>> in_order(["a/beta:0", "a/gamma:0"])
    ['a/gamma:0', 'a/beta:0']
    """
    last = [name.rpartition("/")[2].partition(":")[0] for name in names]
    if not set(last) <= set(ORDER) or len(set(last)) < len(last):
        return names
    return [names[last.index(name)] for name in ORDER if name in last]


def with_lora(layer: KerasLayer, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Add to a kernel what was trained beside it, a product of two matrices [1]_.

    ``.keras`` files hold the sum.

    References
    ----------
    .. [1] E. J. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022.
    """
    rank = layer.config.get("lora_rank")
    if not rank or len(arrays) < 3:
        return list(arrays)
    kernel, *bias, a, b = (np.asarray(array, dtype=np.float64) for array in arrays)
    alpha = layer.config.get("lora_alpha")  # early Keras 3 has none
    return [kernel + (1 if alpha is None else alpha / rank) * np.matmul(a, b), *bias]


def _numbered_weights(file: Hdf5File, groups: Groups, layer: KerasLayer) -> list[np.ndarray]:
    """Read the layout of ``.keras`` and ``.weights.h5`` files.

    A group a layer, called by its class and the number of layers of that class before it
    (``layers/dense_1/vars/0``), numbered with gaps by the first writers of the layout.
    """
    group = ""
    for step in layer.path:
        group += "/" + next((name for name in LAYER_GROUPS if file.has(f"{group}/{name}")), "")
        if group not in groups:
            groups[group] = _by_class(file.names(group))
        numbered = groups[group].get(_snake_case(step.class_name), [])
        if step.index >= len(numbered):
            raise _of_another_model(file, layer)
        group += f"/{numbered[step.index]}"
    group = "/".join([group, *layer.part])
    names = sorted(file.names(f"{group}/vars"), key=lambda name: (len(name), name))
    return [file.array(f"{group}/vars/{name}", layer.dtype) for name in names]


def names_of(layer: KerasLayer, names: Sequence[str]) -> list[str]:
    """Choose the names of a layer's own weights, or of those of a quantizer in it.

    ``a/kernel``, ``a/a_kq/fixed_point_quantizer_kbi/b`` and, where several values are merged,
    ``add/multiple_quantizers/quantizer_3/fixed_point_quantizer_kif_4/f``.
    """
    ways = [name.split("/") for name in names]
    name = layer.path[-1].name
    if not layer.part:
        return ["/".join(way) for way in ways if way[-2:-1] == [name]]
    if "quantizers" in layer.part:
        merged = [way for way in ways if way[-4:-3] == ["multiple_quantizers"]]
        places = list(dict.fromkeys(way[-3] for way in merged))
        number = int(layer.part[2].rpartition("_")[2]) if "_" in layer.part[2] else 0
        return ["/".join(way) for way in merged if way[-3] == places[number]]
    owner = "_".join([name, *layer.part[:-1]])
    return ["/".join(way) for way in ways if way[-3:-2] == [owner]]


def _of_another_model(file: Hdf5File, layer: KerasLayer) -> FileFormatError:
    return FileFormatError(
        f"{file.name} has no weights for layer {layer.label!r}: architecture and weights are not "
        "of the same model"
    )


def _by_class(names: list[str]) -> dict[str, list[str]]:
    """Sort the groups of layers by the class that their names begin with, then by number."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        stem, _, number = name.rpartition("_")
        for key, position in ((name, 0), (stem, int(number) if number.isdecimal() else None)):
            if key and position is not None:
                found.setdefault(key, []).append((position, name))
    return {key: [name for _, name in sorted(numbered)] for key, numbered in found.items()}


def _texts(file: Hdf5File, path: str, name: str) -> list[str]:
    """Read a list of names; Keras cuts a long one into several attributes."""
    parts = [file.attribute(path, name)]
    if parts[0] is None:
        parts = []
        while (part := file.attribute(path, f"{name}{len(parts)}")) is not None:
            parts.append(part)
    texts = [text for part in parts for text in np.atleast_1d(part).tolist()]
    return [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]


def _snake_case(class_name: str) -> str:
    """``BatchNormalization`` -> ``batch_normalization``, as Keras names the groups."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W", "", class_name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
