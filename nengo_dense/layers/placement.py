"""The placement of a layer's neurons (host or chip), at any depth of nesting.

nengo-loihi reads ``on_chip`` only from the configuration of the top-level network, and
``block_shape`` only from that of the network that directly contains the ensemble. When a layer is
made, it knows neither the top-level network nor its neighbours. Therefore a layer stores its
setting in an attribute ``placement``, which `nengo_dense.layers.loihi_builder` reads at build
time.
"""

from dataclasses import dataclass

import nengo


@dataclass(frozen=True, eq=False)
class Placement:
    """A layer's setting for nengo-loihi's builder.

    Parameters
    ----------
    ensemble : nengo.Ensemble
        The layer's neurons.
    input : nengo.Node
        The passthrough node that sends to them.
    on_chip : bool
        Whether the neurons run on a core or on the host.
    """

    ensemble: nengo.Ensemble
    input: nengo.Node
    on_chip: bool


def placements(network: nengo.Network) -> list[Placement]:
    """Collect the placements of all layers in a network, including the network itself."""
    found = (getattr(net, "placement", None) for net in (network, *network.all_networks))
    return [placement for placement in found if isinstance(placement, Placement)]


def configured(network: nengo.Network, ensemble: nengo.Ensemble, param: str) -> bool:
    """Tell whether the top-level configuration has a setting for this very ensemble.

    Such a setting has priority over the layer's own. A setting for all ensembles does not.
    """
    class_params = network.config[nengo.Ensemble]
    if param not in class_params.extra_params:
        return False
    return param in network.config[ensemble]
