"""Where the neurons of a layer run, however deep the layer is nested.

nengo-loihi reads ``on_chip`` from the configuration of the top-level network alone, and
``block_shape`` from that of the network right around an ensemble alone; a layer knows neither the
top-level nor its neighbours when it is made. So a layer carries its wish as an attribute
``placement``, and `nengo_dense.layers.loihi_builder` looks for it when the top-level is built.
"""

from dataclasses import dataclass

import nengo


@dataclass(frozen=True, eq=False)
class Placement:
    """What a layer asks of nengo-loihi's builder.

    Parameters
    ----------
    ensemble : nengo.Ensemble
        The layer's neurons.
    input : nengo.Node
        The passthrough node in front of them.
    on_chip : bool
        Whether the neurons run on a core or on the host.
    """

    ensemble: nengo.Ensemble
    input: nengo.Node
    on_chip: bool


def placements(network: nengo.Network) -> list[Placement]:
    """Collect the wishes of every layer in a network, itself included."""
    found = (getattr(net, "placement", None) for net in (network, *network.all_networks))
    return [placement for placement in found if isinstance(placement, Placement)]


def configured(network: nengo.Network, ensemble: nengo.Ensemble, param: str) -> bool:
    """Tell whether the top-level configuration names this very ensemble.

    Such a setting is more specific than the layer's own and is left to win; a setting for all
    ensembles is not.
    """
    class_params = network.config[nengo.Ensemble]
    if param not in class_params.extra_params:
        return False
    return param in network.config[ensemble]
