"""nengo-loihi's own build of a network, which does not stop at the first error.

The network is built once, in floating point. What the builder raises for one object is kept with
that object and the build goes on; limits are not enforced but left for the rules to read. The
arrays are copied before they are turned into integers in place.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import BuildError

from nengo_dense import compat
from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.core_plan import LayerCores
from nengo_dense.loihi.limits import MAX_IN_AXONS
from nengo_dense.plugins import contained, describe, message

#: Values from the host, and weights of a layer, that nengo-loihi builds in a few seconds. For
#: values it draws points on a sphere of as many dimensions, in a time that grows with their cube.
QUICK_VALUES, QUICK_WEIGHTS = 500, 1_000_000


@dataclass
class Trouble:
    """What nengo-loihi raised, and where.

    Parameters
    ----------
    target : str
        Path of the object, as far as it is known.
    error : BaseException
        Also the one of ``sys.exit()`` in a function of the network.
    """

    target: str
    error: BaseException

    @property
    def text(self) -> str:
        """The message, with the type of the error where there is none, or where it is no error."""
        if not isinstance(self.error, Exception):
            return describe(self.error)
        return message(self.error) or f"{type(self.error).__name__} without a message"


@dataclass(eq=False)
class Layer:
    """Neurons that belong together: an ensemble, or those that decode a connection.

    Parameters
    ----------
    name : str
    ensemble : nengo.Ensemble or None
        ``None`` for decode neurons.
    blocks : list of nengo_loihi.block.LoihiBlock
        One a core.
    """

    name: str
    ensemble: nengo.Ensemble | None
    blocks: list[Any]

    @property
    def n_neurons(self) -> int:
        """Number of neurons on all cores."""
        return sum(block.n_neurons for block in self.blocks)


@dataclass
class Construction:
    """What came of a build.

    Attributes
    ----------
    model : nengo_loihi.builder.Model or None
        ``None`` if nothing was to be built.
    troubles : list of Trouble
        Empty if the floating point model stands.
    why_not : str
        Why nothing was to be built.
    """

    model: Any
    troubles: list[Trouble] = field(default_factory=list)
    why_not: str = ""


def _recording_model(dt: float, graph: Graph) -> Any:
    """Make a model that keeps the errors of single objects and goes on."""
    from nengo_loihi.builder.builder import Model, ValidationLevel

    class RecordingModel(Model):
        def __init__(self) -> None:
            super().__init__(dt=dt, label="check")
            self.troubles: list[Trouble] = []
            self.building: Any = None
            self.built = False
            self.validation_level = ValidationLevel.NONE

        def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
            if self.built:  # a Simulator is being given the model that stands
                return None
            if self.building is not None or isinstance(obj, nengo.Network):
                return super().build(obj, *args, **kwargs)
            self.building = obj
            with contained(lambda err: self.troubles.append(Trouble(graph.name(obj), err))):
                try:
                    return super().build(obj, *args, **kwargs)
                finally:
                    self.building = None
            return None

    return RecordingModel()


@fact("nengo-loihi's floating point model, and every error on the way to it.")
def construction(
    network: nengo.Network,
    dt: float,
    build: bool,
    graph: Graph,
    planned_cores: list[LayerCores] | None = None,
) -> Construction:
    """Build a network as far as it can be built.

    Not where arithmetic tells at once that it cannot, and the build would take minutes.
    """
    if not build:
        return Construction(None, why_not="the network is not built, as build=False asks")
    if planned_cores and _takes_long(planned_cores, graph):
        for layer in planned_cores:
            n_axons = layer.cores[0].n_in_axons
            if n_axons > MAX_IN_AXONS:
                return Construction(
                    None, why_not=f"{layer.name} needs {n_axons} input axons, so nothing is built"
                )
    compat.nengo_loihi()
    model = _recording_model(dt, graph)
    result = Construction(model, model.troubles)
    raised: list[BaseException] = []
    with quiet(), contained(raised.append):
        model.build(network, discretize=False)
    result.troubles += [Trouble(graph.name(network), err) for err in raised]
    model.built = True
    result.troubles[:] = list(_causes(result.troubles, graph))
    return result


def _takes_long(layers: list[LayerCores], graph: Graph) -> bool:
    """Tell whether nengo-loihi would need more than a few seconds."""
    values = max((link.path[0].size_mid for link in graph.encoded()), default=0)
    weights = max(layer.cores[0].n_in_axons * layer.n_neurons for layer in layers)
    return values > QUICK_VALUES or weights > QUICK_WEIGHTS


@fact("Every error of nengo-loihi's build.")
def troubles(construction: Construction, graph: Graph) -> list[Trouble]:
    """List what a build ran into, or, without one, what placement did."""
    if construction.model is None and graph.refusals:
        return [Trouble(graph.name(graph.network), error) for error in graph.refusals]
    if construction.model is None:
        raise BuildError(construction.why_not)
    return construction.troubles


def _causes(troubles: list[Trouble], graph: Graph) -> Iterator[Trouble]:
    """Leave out what only follows from the first error: an object that is missing."""
    first = True
    for trouble in troubles:
        if first or not isinstance(trouble.error, KeyError):
            yield trouble
        first = False


@contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings instead of showing them; rules say what matters of them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@dataclass
class FloatBlock:
    """A block's numbers before they become integers; weights in the order of its synapses."""

    vth: np.ndarray
    bias: np.ndarray
    decay_u: np.ndarray
    decay_v: np.ndarray
    weights: list[np.ndarray]


@dataclass
class FloatBuild:
    """The floating point model.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
    layers : list of Layer
    blocks : dict of {LoihiBlock: FloatBlock}
    """

    model: Any
    layers: list[Layer]
    blocks: dict[Any, FloatBlock]


@fact("nengo-loihi's floating point model, complete.")
def float_build(construction: Construction, troubles: list[Trouble], graph: Graph) -> FloatBuild:
    """Copy the arrays of a model that stands."""
    if troubles:
        raise BuildError(f"nengo-loihi cannot build it ({troubles[0].target}: {troubles[0].text})")
    model = construction.model
    blocks = {block: _copy(block) for block in model.blocks}
    return FloatBuild(model, layers_of(model, graph), blocks)


def _copy(block: Any) -> FloatBlock:
    c = block.compartment
    return FloatBlock(
        c.vth.copy(),
        c.bias.copy(),
        c.decay_u.copy(),
        c.decay_v.copy(),
        [np.concatenate([w.ravel() for w in s.weights] or [[]]) for s in block.synapses],
    )


def layers_of(model: Any, graph: Graph) -> list[Layer]:
    """Group the blocks of a built model by what they belong to."""
    owners: dict[int, tuple[str, nengo.Ensemble | None]] = {}
    for obj, parts in model.objs.items():
        ensemble = obj if isinstance(obj, nengo.Ensemble) else None
        for part in ("in", "decoded") if ensemble else ("decoded",):
            blocks = parts.get(part, [])
            name = graph.name(obj) if ensemble else f"decoders of {graph.name(obj)}"
            for block in blocks if isinstance(blocks, list) else [blocks]:
                owners[id(block)] = (name, ensemble)
    layers: dict[Any, Layer] = {}
    for block in model.blocks:
        name, ensemble = owners.get(id(block), (f"decoders of {block.label}", None))
        key = ensemble if ensemble is not None else name
        layers.setdefault(key, Layer(name, ensemble, [])).blocks.append(block)
    return list(layers.values())
