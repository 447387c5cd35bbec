"""Values turned into spikes on the host, for stacks whose every dense layer is on the chip."""

from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.arguments import count, finite_array
from nengo_dense.layers.dense import DenseLayer


class SpikeEncoder(nengo.Network):
    """Encodes each value in the spikes of an on and an off neuron, or of one neuron.

    An on neuron fires for positive values, an off neuron for negative ones, at
    ``max_rate * |x| / scale`` hertz; both reach the next layer as spikes, over one axon each. At
    most one spike a step goes to the chip, so values above ``scale * 1000 / max_rate`` (at a step
    of 1 ms) are clipped there.

    Parameters
    ----------
    size_in : int
        Number of values.
    scale : float or (size_in,) array_like, optional
        Magnitude that is encoded as ``max_rate``.
    signed : bool or (size_in,) array_like of bool, optional
        Whether a value has an off neuron too. One neuron is enough where values are never
        negative.
    max_rate : float, optional
        In hertz.
    label, seed, add_to_container : optional
        As in `nengo.Network`.

    Attributes
    ----------
    input : nengo.Node
        The values, passthrough.
    layer : DenseLayer
        The encoding neurons, on the host: first the on neurons, then the off neurons.
    output : nengo.ensemble.Neurons
        Connect from it with ``transform=encoder.decoders``.
    decoders : (size_in, n_neurons) ndarray
        Turns the neurons' output back into the values.
    """

    def __init__(
        self,
        size_in: int,
        *,
        scale: Any = 1.0,
        signed: Any = True,
        max_rate: float = 250.0,
        label: str | None = None,
        seed: int | None = None,
        add_to_container: bool | None = None,
    ) -> None:
        super().__init__(label=label, seed=seed, add_to_container=False)
        size_in = count(size_in, "size_in", self)
        self.scale = finite_array(scale, (size_in,), "scale", self, fill=True)
        if not (self.scale > 0).all():
            raise ValidationError(
                f"must be above 0 for every value, got {self.scale.min():g}; for a value that is "
                "always 0 any positive scale will do",
                attr="scale",
                obj=self,
            )
        self.signed = finite_array(signed, (size_in,), "signed", self, fill=True) != 0
        identity = np.eye(size_in)
        signs = np.vstack([identity, -identity[self.signed]])
        self.decoders = signs.T * self.scale[:, np.newaxis]
        with self:
            self.layer = DenseLayer(
                len(signs),
                size_in,
                weights=signs / self.scale,
                neuron_type=SpikingRectifiedLinear(),
                max_rate=max_rate,
                on_chip=False,
                label=label or "encoder",
            )
        self.input = self.layer.input
        self.output = self.layer.output
        if add_to_container if add_to_container is not None else nengo.Network.context:
            nengo.Network.add(self)

    def arguments(self) -> dict[str, Any]:
        """Return what would make this encoder's neurons again."""
        return {"scale": self.scale, "signed": self.signed, "max_rate": self.layer.max_rate}
