"""A Keras architecture (the JSON of Keras 1, 2 and 3) -> its layers in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nengo_dense.importers.reading.arithmetic_call import FLOWING
from nengo_dense.importers.reading.chain_order import chain

#: The model classes whose meaning is in their configuration; every other has a ``call`` method.
MODEL_CLASSES = ("Sequential", "Functional", "Model")

#: Packages whose layer classes are Keras's own.
PACKAGES = ("keras", "tf_keras", "tensorflow")

#: QKeras's layers that are read as they are deployed (`.keras_quantizer`).
QKERAS = ("QActivation", "QBatchNormalization", "QDense")

#: HGQ2's layers that are read as they are deployed (`.keras_hgq`).
HGQ = (
    *("QAdd", "QAveragePow2", "QBatchNormDense", "QBatchNormalization", "QDense", "QEinsumDense"),
    *("QMaximum", "QMinimum", "QSubtract", "QUnaryFunctionLUT", "Quantizer"),
)

#: What HGQ2 and HGQ 1 write before the names of their classes where the modules are left out, and
#: where these are.
HGQ_PREFIXES = {"hgq>": "hgq", "HGQ>": "HGQ"}

#: What Keras 2 writes in the place of a layer's name where a function takes a constant.
CONSTANT = "_CONSTANT_VALUE"


@dataclass(frozen=True)
class Step:
    """One step of the way to a layer in a model of models.

    Parameters
    ----------
    name : str
        The layer's name.
    class_name : str
        Its class.
    index : int
        How many layers of this class come before it in the same model: Keras 3 files name it so.
    """

    name: str
    class_name: str
    index: int


@dataclass(frozen=True)
class KerasLayer:
    """A layer as the architecture declares it.

    Parameters
    ----------
    path : tuple of Step
        From the outermost model; the last one is the layer itself.
    config : dict
    module : str or None
        Where its class is defined, if that is declared.
    args, keywords : optional
        What it is called with in a functional model; `FLOWING` for what depends on the input.
    trains : bool, optional
        Whether it, or a model that it is in, is called with ``training=True``.
    part : tuple of str, optional
        The way to the layer in it whose weights are meant, as ``.keras`` files have it.
    """

    path: tuple[Step, ...]
    config: dict[str, Any]
    module: str | None = "keras"
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    trains: bool = False
    part: tuple[str, ...] = ()

    @property
    def class_name(self) -> str:
        """The layer's class."""
        return self.path[-1].class_name

    @property
    def called(self) -> str:
        """What it is called: its class, or TensorFlow's function that it stands for."""
        name = self.config.get("function") if isinstance(self.config, dict) else None
        return name if isinstance(name, str) else self.class_name  # not the code of a Lambda

    @property
    def dtype(self) -> str:
        """The type of its weights, or its policy; Keras 2 notes bfloat16 nowhere else."""
        kind = self.config.get("dtype") if isinstance(self.config, dict) else None
        inner = kind.get("config") if isinstance(kind, dict) else None
        name = inner.get("name") if isinstance(inner, dict) else kind
        return name if isinstance(name, str) else ""

    @property
    def quantization(self) -> str:
        """How Keras 3 has quantized its weights, in its own words; empty if it has not."""
        kind = self.config.get("dtype") if isinstance(self.config, dict) else None
        inner = kind.get("config") if isinstance(kind, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("mode"), str):
            return str(inner["mode"])
        return kind if isinstance(kind, str) and "_from_" in kind else ""

    @property
    def label(self) -> str:
        """The layer's name, after those of the models that it is nested in."""
        return "/".join(step.name for step in self.path)

    @property
    def is_custom(self) -> bool:
        """Whether its class is somebody else's, whatever it is called."""
        package = "" if self.module is None else self.module.partition(".")[0]
        if package.startswith("qkeras"):
            return self.class_name not in QKERAS
        return not self.is_hgq and package not in PACKAGES and not self.of_hgq_1

    @property
    def of_hgq(self) -> bool:
        """Whether its class is HGQ2's."""
        return (self.module or "").partition(".")[0] == "hgq"

    @property
    def of_hgq_1(self) -> bool:
        """Whether its class is HGQ 1's (`.keras_hgq_proxy`)."""
        return (self.module or "").partition(".")[0] == "HGQ"

    @property
    def is_hgq(self) -> bool:
        """Whether it is a layer of HGQ2 that is read."""
        return self.of_hgq and self.class_name in HGQ

    @property
    def is_function(self) -> bool:
        """Whether it is a function of ``keras.ops`` that only bears the name of a layer.

        Keras 3 leaves the module out of ``.h5`` files, and calls the shape otherwise.
        """
        return ".ops." in f"{self.module}." or "newshape" in self.config


def layers_of(
    architecture: dict[str, Any], path: tuple[Step, ...] = (), trains: bool = False
) -> tuple[list[KerasLayer], list[str]]:
    """List the layers of a model and of the models in it, in the order of computation.

    Parameters
    ----------
    architecture : dict
        ``class_name`` and ``config``, as in ``json.loads(model.to_json())``.
    path : tuple of Step
        The way to this model.
    trains : bool, optional
        Whether it is called with ``training=True``, which its layers are then, too.

    Returns
    -------
    layers : list of KerasLayer
    problems : list of str
        What keeps the layers from being one chain; they are in no special order then.
    """
    class_name, config = architecture["class_name"], architecture["config"]
    outer = KerasLayer((*path, Step("", class_name, 0)), {}, architecture.get("module", "keras"))
    if class_name not in MODEL_CLASSES or outer.is_custom:
        return [], [
            f"the model class {class_name!r} is custom, what its call method does is not in its "
            "configuration; make a keras.Sequential of its layers, or a functional keras.Model"
        ]
    # Keras 1 and early Keras 2 write the layers of a Sequential without a dict around them.
    entries = config if isinstance(config, list) else config["layers"]
    steps = list(steps_of(entries))
    as_listed: list[tuple[int, Any]] = [(index, []) for index in range(len(entries))]
    is_sequential = class_name == "Sequential"
    order = as_listed if is_sequential else _functional_order(entries, steps, config)
    problems = ["its layers are not one chain"] if order is None else []
    layers: list[KerasLayer] = []
    for index, node in order or as_listed:
        entry, here = entries[index], (*path, steps[index])
        in_training = trains or is_training(node)
        if is_model(entry):
            inner, inner_problems = layers_of(entry, here, in_training)
            layers += inner
            problems += inner_problems
        else:
            given = arguments_of(node)
            layers.append(KerasLayer(here, entry["config"], module_of(entry), *given, in_training))
    return layers, problems


def is_model(entry: dict[str, Any]) -> bool:
    """Tell whether a layer is a model of layers."""
    return isinstance(entry["config"], list) or "layers" in entry["config"]


def module_of(entry: dict[str, Any]) -> str | None:
    """Return where a layer's class is defined, Keras if that is not declared."""
    default = HGQ_PREFIXES.get(str(entry["class_name"])[:4], "keras")
    module = entry.get("module", default)
    return module if module is None else str(module)


def is_training(node: Any) -> bool:
    """Tell whether a layer is called with ``training=True``."""
    return arguments_of(node)[1].get("training") in (True, 1)


def steps_of(entries: list[dict[str, Any]]) -> Iterator[Step]:
    """Name and number the layers of one model."""
    counts: dict[str, int] = {}
    for position, entry in enumerate(entries):
        class_name, config = str(entry["class_name"]), entry["config"]
        class_name = class_name[4:] if class_name[:4] in HGQ_PREFIXES else class_name
        name = entry.get("name") or (config.get("name") if isinstance(config, dict) else None)
        index = counts.get(class_name, 0)
        counts[class_name] = index + 1
        yield Step(str(name or f"{class_name.lower()}_{position + 1}"), class_name, index)


def calls_of(
    entries: list[dict[str, Any]], steps: list[Step], config: dict[str, Any]
) -> Iterator[tuple[int, int, Any]]:
    """Yield each use of a layer: the layer's index, the use's number, and what it is called with.

    Keras 2 counts the making of a model as its first use, which is not written down.
    """
    highest: dict[str, int] = {}
    nodes = [node for entry in entries for node in entry["inbound_nodes"]]
    for name, number, _ in [*tensors_in(nodes), *outputs_of(config, steps)]:
        highest[name] = max(number, highest.get(name, 0))
    for index, (entry, step) in enumerate(zip(entries, steps, strict=True)):
        uses = entry["inbound_nodes"] or [[]]
        first = 1 if is_model(entry) and highest.get(step.name) == len(uses) else 0
        for number, node in enumerate(uses, first):
            yield index, number, node


def _functional_order(
    entries: list[dict[str, Any]], steps: list[Step], config: dict[str, Any]
) -> list[tuple[int, Any]] | None:
    """Order the layers of a functional model, each with what it is called with.

    A layer that is used twice comes twice. None if they are not one chain.
    """
    inputs: dict[tuple[str, int], list[tuple[str, int]]] = {}
    calls: dict[tuple[str, int], tuple[int, Any]] = {}
    for index, number, node in calls_of(entries, steps, config):
        inputs[steps[index].name, number] = list(_references(node))
        calls[steps[index].name, number] = index, node
    nodes = chain(inputs, [(name, number) for name, number, _ in outputs_of(config, steps)])
    return None if nodes is None else [calls[node] for node in nodes]


def arguments_of(node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what a layer is called with, in any Keras's writing.

    Keras 3: ``{"args": [...], "kwargs": {...}}``; Keras 2: ``[["dense", 0, 0, {"y": 2.0}]]``, for
    functions also without the outer list, and ``["_CONSTANT_VALUE", -1, 2.0, {...}]``.
    """
    if isinstance(node, dict):
        keywords = {key: _argument(value) for key, value in node.get("kwargs", {}).items()}
        return tuple(_argument(value) for value in node.get("args", [])), keywords
    if not isinstance(node, list) or not node:
        return (), {}
    tensors = [node] if isinstance(node[0], str) else node
    last = tensors[0][3] if len(tensors[0]) > 3 and isinstance(tensors[0][3], dict) else {}
    return (
        tuple(_argument(tensor) for tensor in tensors),
        {key: _argument(value) for key, value in last.items()},
    )


def _argument(value: Any) -> Any:
    """Return a constant as it is, and `FLOWING` for a tensor of the model."""
    if isinstance(value, list) and len(value) >= 3 and value[0] == CONSTANT:
        return value[2]
    return FLOWING if any(True for _ in _references(value)) else value


def _references(value: Any) -> Iterator[tuple[str, int]]:
    """Find the uses, (layer, call), whose tensors a node's arguments name."""
    yield from ((name, number) for name, number, _ in tensors_in(value))


def tensors_in(value: Any) -> Iterator[tuple[str, int, int]]:
    """Find the tensors, (layer, call, place), that arguments name, in any Keras's writing.

    Those of a dict come in the order of its keys, as Keras takes them.
    """
    if isinstance(value, list) and value[:1] == [CONSTANT]:
        value = value[3:]  # the other arguments may be tensors
    if isinstance(value, dict):
        for _, item in sorted(value.items()):
            yield from tensors_in(item)
    elif isinstance(value, list | tuple):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1], value[2]
            value = value[3:]
        for item in value:
            yield from tensors_in(item)


def outputs_of(
    config: dict[str, Any], steps: list[Step], is_inside: bool = False
) -> list[tuple[str, int, int]]:
    """Find the outputs of a functional model, as `ends_of` does.

    Of a functional model in it Keras 3 counts the making as its first use here, and not where
    another layer takes what it gives.
    """
    counts_from_1 = {
        step.name
        for entry, step in zip(config["layers"], steps, strict=True)
        if is_model(entry)
        and step.class_name != "Sequential"
        and any(isinstance(node, dict) for node in entry["inbound_nodes"])
    }
    return [
        (name, number - (name in counts_from_1), place)
        for name, number, place in ends_of(config["output_layers"], is_inside)
    ]


def ends_of(tensors: Any, is_inside: bool) -> Iterator[tuple[str, int, int]]:
    """Find the inputs or outputs of a model: of a dict as it is, in another model by its keys."""
    if isinstance(tensors, dict) and not is_inside:
        tensors = list(tensors.values())
    return tensors_in(tensors)
