"""nengo-loihi's own neurons between a node and the chip, as part of a stack."""

from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.limits import NODE_TAU


def with_encoder(network: AnyDense, dt: float) -> AnyDense:
    """Return a network with the same weights that fires as the one given, and can be tuned.

    The neurons that nengo-loihi puts between a node and the chip are part of no network before
    it is built. A `SpikeEncoder` of the same neurons takes their place.

    Parameters
    ----------
    network : DenseStack or DenseGraph
        Returned as it is, unless it has ``encoding="chip"``.
    dt : float
        Step in seconds.
    """
    if not isinstance(network, DenseStack) or network.encoding != "chip":
        return network
    return DenseStack(
        **network.arguments()
        | {
            "encoding": "spikes",
            "encoder": {"resting": 1.0, "max_rate": 0.5 / dt},
            "synapse": [NODE_TAU, *network.synapses],
            "add_to_container": False,
        }
    )
