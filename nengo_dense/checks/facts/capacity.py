"""The contents of every core: read from the build or, without a build, by arithmetic."""

from typing import Any

from nengo_dense.checks.declaration import fact
from nengo_dense.checks.facts.connectivity import Graph
from nengo_dense.checks.facts.construction import Construction, layers_of
from nengo_dense.checks.facts.core_plan import Core, LayerCores, plan


@fact("The contents of each core by arithmetic, before anything is built.")
def planned_cores(graph: Graph) -> list[LayerCores]:
    """Compute how dense layers would be divided among cores."""
    return plan(graph)


@fact("The contents of each core.")
def cores(graph: Graph, construction: Construction) -> list[LayerCores]:
    """Read the blocks if the network could be built; otherwise compute them."""
    if construction.model is not None and not construction.troubles:
        return _from_build(construction.model, graph)
    return plan(graph)


def _from_build(model: Any, graph: Graph) -> list[LayerCores]:
    layers = layers_of(model, graph)
    owner = {s: layer.name for layer in layers for b in layer.blocks for s in b.synapses}
    found = []
    for layer in layers:
        used = [[int(u) for u, _ in block.utilization().values()] for block in layer.blocks]
        receivers = [owner.get(a.target, "") for b in layer.blocks for a in b.axons]
        found.append(
            LayerCores(
                layer.name,
                layer.ensemble,
                [Core(*u) for u in used],
                list(dict.fromkeys(receivers)),
            )
        )
    return found
