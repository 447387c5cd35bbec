"""How late an input shows in the outputs."""

from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.part import OutputPart, Part, Parts
from nengo_dense.layers.stack import DenseStack


def delay_of(network: AnyDense, target: str) -> int:
    """Return after how many steps an input can first show in the logits by every way.

    So much later than the frame itself is its answer read.

    On the chip a spike needs a step for each population, for the neurons that nengo-loihi puts
    between a node and the chip, and for a synapse at the readout. In Nengo it needs one for each
    synapse, and none where there is no synapse.

    Parameters
    ----------
    network : DenseStack or DenseGraph
    target : {"sim", "simreal", "nengo"}

    Examples
    --------
    >>> stack = DenseStack([8, 6, 3], 4, synapse=[0.002, None])
    >>> delay_of(stack, "sim"), delay_of(stack, "nengo")
    (2, 1)
    """
    parts = Parts.of(network)
    if isinstance(network, DenseStack):
        *between, readout = network.synapses
    else:
        between, readout = [network.synapse] * len(parts.layers), None
    if target != "nengo":
        return parts.depth + (network.encoding == "chip") + (readout is not None)
    unread = [None] * (len(parts.layers) - len(between))  # a first layer that reads no spikes
    synapses = dict(zip((part.name for part in parts.layers), [*unread, *between], strict=True))

    def synapses_on_the_way(part: Part, source: str) -> int:
        if isinstance(part, OutputPart):
            return int(readout is not None)
        reads_spikes = source not in parts.inputs or parts.is_encoded(part, source)
        return int(reads_spikes and synapses[part.name] is not None)

    return parts.longest_way(synapses_on_the_way)
