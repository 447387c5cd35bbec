"""Make nengo-loihi's builder apply the settings of layers.

nengo-loihi 1.1.0 has no extension points for this. Therefore five names in its modules are
replaced by subclasses or wrappers. The first three only change the result for networks with a
dense layer, and the other two change none:

- ``splitter.HostChipSplit``: a layer's ``on_chip`` applies at any depth;
- ``splitter.PassthroughSplit``: spikes from a layer on the host reach the next layer *as spikes*,
  through its ``input`` node, instead of as a value that is clipped and encoded again;
- ``builder.network.split_model``: a layer is divided into blocks that fit on cores;
- ``builder.split_blocks.split_synapse`` and ``passthrough.Cluster.merge_transforms``: a wide
  layer is built in seconds, not minutes.

`install` imports nengo-loihi; it is called when the first layer is made.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import BuildError

from nengo_dense import compat
from nengo_dense.layers.placement import configured, placements
from nengo_dense.loihi.limits import MAX_IN_AXONS
from nengo_dense.loihi.partition import Population, ceil_div, partition, too_many_inputs
from nengo_dense.loihi.synapse_division import dividing
from nengo_dense.loihi.transform_merge import merging

if TYPE_CHECKING:
    import nengo
    from nengo_loihi.block import LoihiBlock
    from nengo_loihi.builder import Model


def install() -> None:
    """Install the five replacements; does nothing the second time."""
    compat.nengo_loihi()
    from nengo_loihi import passthrough, splitter
    from nengo_loihi.builder import network as network_builder
    from nengo_loihi.builder import split_blocks

    if getattr(splitter.HostChipSplit, "heeds_layers", False):
        return
    splitter.HostChipSplit = _host_chip_split(splitter.HostChipSplit)
    splitter.PassthroughSplit = _passthrough_split(splitter.PassthroughSplit)
    original = network_builder.split_model

    def split_model(model: "Model") -> Any:
        set_block_shapes(model)
        return original(model)

    network_builder.split_model = split_model
    split_blocks.split_synapse = dividing(split_blocks.split_synapse)
    cluster = passthrough.Cluster
    cluster.merge_transforms = merging(cluster.merge_transforms)


def _host_chip_split(base: type) -> type:
    class LayerHostChipSplit(base):
        """Places the ensembles of dense layers according to the layers' settings."""

        heeds_layers = True

        def _place_ensembles(self, network: "nengo.Network") -> None:
            super()._place_ensembles(network)
            host_bound = _learning_ensembles(network)
            for placement in placements(network):
                ensemble = placement.ensemble
                if configured(network, ensemble, "on_chip"):
                    continue
                if placement.on_chip and ensemble in host_bound:
                    raise BuildError(
                        f"{ensemble}: takes part in learning (a learned connection ends in it, or "
                        "it sends the error), and nengo-loihi keeps such ensembles on the host. "
                        "Make the layer with on_chip=False."
                    )
                here, there = self.host_objs, self.chip_objs
                if placement.on_chip:
                    here, there = there, here
                there.discard(ensemble)
                here.add(ensemble)

    return LayerHostChipSplit


def _learning_ensembles(network: "nengo.Network") -> set["nengo.Ensemble"]:
    """Find the ensembles that nengo-loihi keeps on the host because of learning.

    These are receivers of learned connections and senders of errors.
    """
    from nengo_loihi.passthrough import base_obj

    found = set()
    for conn in network.all_connections:
        if conn.learning_rule_type is not None:
            found.add(base_obj(conn.post))
        if isinstance(conn.post_obj, LearningRule):
            found.add(base_obj(conn.pre))
    return found


def _passthrough_split(base: type) -> type:
    from nengo_loihi.passthrough import ClusterError

    class LayerPassthroughSplit(base):
        """Removes the passthrough nodes between host neurons and a dense layer on the chip."""

        def __init__(self, network: "nengo.Network | None", hostchip: Any) -> None:
            layers = [] if network is None else placements(network)
            layers = [p for p in layers if hostchip.on_chip(p.ensemble)]
            self._layers = [p.ensemble for p in layers]
            self._layer_inputs = {p.input for p in layers}
            super().__init__(network, hostchip)
            if network is not None:
                conns = self.to_add.union(network.all_connections) - self.to_remove
                _refuse_wide_layers(conns, self._layers, self._layer_inputs)

        def _split_cluster(self, cluster: Any) -> None:
            super()._split_cluster(cluster)
            removed = not cluster.conns_in.isdisjoint(self.to_remove)
            if removed or not self._brings_host_spikes(cluster):
                return
            try:
                direct = list(cluster.generate_conns())
            except ClusterError:  # passthrough nodes in a ring stay, as in nengo-loihi
                return
            self.to_remove.update(cluster.objs - cluster.probed_objs)
            self.to_remove.update(cluster.conns_in | cluster.conns_mid | cluster.conns_out)
            self.to_add.update(direct)

        def _brings_host_spikes(self, cluster: Any) -> bool:
            """Tell whether host neurons feed a layer; a learned connection is not merged."""
            return (
                not cluster.objs.isdisjoint(self._layer_inputs)
                and any(isinstance(conn.pre_obj, Neurons) for conn in cluster.conns_in)
                and all(conn.learning_rule_type is None for conn in cluster.conns_in)
            )

    return LayerPassthroughSplit


def _refuse_wide_layers(
    conns: Iterable["nengo.Connection"],
    layers: Iterable["nengo.Ensemble"],
    layer_inputs: Collection["nengo.Node"],
) -> None:
    """Raise the error of `partition` before nengo-loihi builds on/off neurons for a minute."""
    n_axons: dict[Any, int] = {}
    for conn in conns:
        n = conn.pre.size_out if isinstance(conn.pre_obj, Neurons) else 0
        n = 2 * conn.pre.size_out if conn.pre_obj in layer_inputs else n
        if isinstance(conn.post_obj, Neurons):
            ensemble = conn.post_obj.ensemble
            n_axons[ensemble] = n_axons.get(ensemble, 0) + n
    for ensemble in layers:
        if n_axons.get(ensemble, 0) > MAX_IN_AXONS:
            raise too_many_inputs(str(ensemble), n_axons[ensemble])


def set_block_shapes(model: "Model") -> None:
    """Set the block shape of every dense layer to the one that `partition` finds for the model.

    Called when all synapses and axons are known, before blocks are split. Blocks of other objects,
    and blocks whose shape the user set, keep nengo-loihi's shape.
    """
    from nengo_loihi.config import BlockShape

    ours = set()
    for placement in placements(model.toplevel):
        ensemble = placement.ensemble
        if ensemble in model.params:
            block = model.objs[ensemble]["in"]
            if configured(model.toplevel, ensemble, "block_shape"):
                # nengo-loihi reads it from the network that contains the ensemble: the layer
                model.block_shapes[block] = model.toplevel.config[ensemble].block_shape
            if model.block_shapes.get(block) is None:
                ours.add(block)
    if not ours:
        return
    blocks = list(model.blocks)
    sizes = partition(_populations(blocks, ours, model))
    for block, size in zip(blocks, sizes, strict=True):
        if block in ours:
            model.block_shapes[block] = BlockShape((size,), (block.n_neurons,))


def _populations(
    blocks: list["LoihiBlock"], ours: set["LoihiBlock"], model: "Model"
) -> list[Population]:
    owner = {synapse: i for i, block in enumerate(blocks) for synapse in block.synapses}
    return [
        Population(
            label=str(block.label),
            n_neurons=block.n_neurons,
            n_in_axons=sum(synapse.n_axons for synapse in block.synapses),
            targets=[(owner[axon.target], axon.slots_per_axon) for axon in block.axons],
            n_blocks=None if block in ours else _n_blocks(block, model),
        )
        for block in blocks
    ]


def _n_blocks(block: "LoihiBlock", model: "Model") -> int:
    """Count the blocks that nengo-loihi itself divides a block into."""
    shape = model.block_shapes.get(block)
    if shape is not None:
        return int(shape.n_splits)
    utilization = block.utilization().values()
    return max(1, *(ceil_div(int(used), limit) for used, limit in utilization))
