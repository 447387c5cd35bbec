"""nengo-loihi's own build of a network, without a stop at the first error.

The network is built once, in floating point. If the builder raises an error for one object, the
error is kept with that object and the build goes on. Limits are not enforced, because the rules
check them.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import nengo
from nengo.exceptions import BuildError

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.core_plan import LayerCores
from nengo_dense.loihi import layout
from nengo_dense.loihi.build import try_build_floats
from nengo_dense.loihi.float_model import FloatModel, Trouble
from nengo_dense.loihi.limits import MAX_IN_AXONS

#: Number of values from the host, and of weights of a layer, that nengo-loihi builds in a few
#: seconds. For values it draws points on a sphere; the time grows with the cube of the dimensions.
QUICK_VALUES, QUICK_WEIGHTS = 500, 1_000_000


@dataclass(eq=False)
class Layer:
    """Neurons that belong together: those of an ensemble, or those that decode a connection.

    Parameters
    ----------
    name : str
    ensemble : nengo.Ensemble or None
        ``None`` for decode neurons.
    blocks : list of nengo_loihi.block.LoihiBlock
        One per core.
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
    """The result of a build.

    Attributes
    ----------
    floats : FloatModel or None
        ``None`` if there was no build.
    troubles : list of Trouble
        With names as targets; empty if the floating point model is complete.
    why_not : str
        The reason why there was no build.
    """

    floats: FloatModel | None
    troubles: list[Trouble] = field(default_factory=list)
    why_not: str = ""

    @property
    def model(self) -> Any:
        """(nengo_loihi.builder.Model or None) The model, as far as it could be built."""
        return None if self.floats is None else self.floats.model


@fact("nengo-loihi's floating point model, and every error of its build.")
def construction(
    network: nengo.Network,
    dt: float,
    build: bool,
    graph: Graph,
    planned_cores: list[LayerCores] | None = None,
) -> Construction:
    """Build a network as far as possible.

    It is not built if arithmetic shows that it cannot fit and the build would take minutes.
    """
    if not build:
        return Construction(None, why_not="the network is not built, because of build=False")
    if planned_cores and _takes_long(planned_cores, graph):
        for layer in planned_cores:
            n_axons = layer.cores[0].n_in_axons
            if n_axons > MAX_IN_AXONS:
                return Construction(
                    None, why_not=f"{layer.name} needs {n_axons} input axons, so nothing is built"
                )
    floats = try_build_floats(network, dt)
    named = [replace(trouble, target=graph.name(trouble.target)) for trouble in floats.troubles]
    return Construction(floats, named)


def _takes_long(layers: list[LayerCores], graph: Graph) -> bool:
    """Tell whether nengo-loihi would need more than a few seconds."""
    values = max((link.path[0].size_mid for link in graph.encoded()), default=0)
    weights = max(layer.cores[0].n_in_axons * layer.n_neurons for layer in layers)
    return values > QUICK_VALUES or weights > QUICK_WEIGHTS


@fact("Every error of nengo-loihi's build.")
def troubles(construction: Construction, graph: Graph) -> list[Trouble]:
    """List the errors of the build or, without a build, those of the placement."""
    if construction.floats is None and graph.refusals:
        return [Trouble(graph.name(graph.network), error) for error in graph.refusals]
    if construction.floats is None:
        raise BuildError(construction.why_not)
    return construction.troubles


@contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings instead of showing them; rules report those that matter."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@dataclass
class FloatBuild:
    """The floating point model.

    Attributes
    ----------
    floats : FloatModel
    layers : list of Layer
    """

    floats: FloatModel
    layers: list[Layer]

    @property
    def model(self) -> Any:
        """(nengo_loihi.builder.Model) The model; it stays in floating point."""
        return self.floats.model


@fact("nengo-loihi's floating point model, complete.")
def float_build(construction: Construction, troubles: list[Trouble], graph: Graph) -> FloatBuild:
    """Name the layers of a complete model."""
    if troubles:
        raise BuildError(f"nengo-loihi cannot build it ({troubles[0].target}: {troubles[0].text})")
    assert construction.floats is not None  # otherwise `troubles` is unavailable
    return FloatBuild(construction.floats, layers_of(construction.floats.model, graph))


def layers_of(model: Any, graph: Graph) -> list[Layer]:
    """Group the blocks of a built model by owner, and name the owners."""
    layers: dict[Any, Layer] = {}
    for part in layout.layers_of(model):
        name = _name(part, graph)
        layer = layers.setdefault(part.ensemble or name, Layer(name, part.ensemble, []))
        layer.blocks += part.blocks
    return list(layers.values())


def _name(part: layout.Layer, graph: Graph) -> str:
    if part.ensemble is not None:
        return graph.name(part.ensemble)
    label = part.blocks[0].label if part.owner is None else graph.name(part.owner)
    return f"decoders of {label}"
