"""Values turned into spikes on the host, for stacks whose every dense layer is on the chip."""

from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.arguments import count, finite_array
from nengo_dense.layers.dense import DenseLayer

#: What an encoder is made from, besides its size.
ARGUMENTS = ("scale", "signed", "offset", "resting", "max_rate")


class SpikeEncoder(nengo.Network):
    """Encodes each value in the spikes of an on and an off neuron, or of one neuron.

    An on neuron fires for values above ``offset``, an off neuron for those below, at
    ``max_rate * |x - offset| / scale`` hertz; both reach the next layer as spikes, over one axon
    each. At most one spike a step goes to the chip, so differences above
    ``scale * 1000 / max_rate`` (at a step of 1 ms) are clipped there.

    What the next layer gets is ``x - offset``: a value that is always near 1000 would cost its
    neuron nearly all its spikes to say so. The next layer's bias takes the offset's place.

    Parameters
    ----------
    size_in : int
        Number of values.
    scale : float or (size_in,) array_like, optional
        Magnitude that is encoded as ``max_rate``.
    signed : bool or (size_in,) array_like of bool, optional
        Whether a value has an off neuron too. One neuron is enough where values are never below
        the offset.
    offset : float or (size_in,) array_like, optional
        Value for which neither neuron fires.
    resting : float, optional
        What both neurons fire at the offset, as a share of ``max_rate``. From there the one fires
        faster and the other slower, as nengo-loihi's own neurons do between a node and the chip.
        Only where all values have two neurons, as the difference of both is the value.
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
        Turns the neurons' output back into the values, less the offset.

    Raises
    ------
    nengo.exceptions.ValidationError
        A wrong shape, a scale that is not above 0, neurons that rest at a rate without partners.
    """

    def __init__(
        self,
        size_in: int,
        *,
        scale: Any = 1.0,
        signed: Any = True,
        offset: Any = 0.0,
        resting: float = 0.0,
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
        self.offset = finite_array(offset, (size_in,), "offset", self, fill=True)
        self.resting = float(finite_array(resting, (), "resting", self))
        if self.resting < 0 or (self.resting > 0 and not self.signed.all()):
            raise ValidationError(
                "must be 0, or above 0 where every value is signed: only the difference of two "
                f"neurons says a value then; got {self.resting:g}",
                attr="resting",
                obj=self,
            )
        identity = np.eye(size_in)
        signs = np.vstack([identity, -identity[self.signed]])
        # between two neurons that rest at a rate, a value makes twice the difference
        self.decoders = signs.T * self.scale[:, np.newaxis] / (2 if self.resting else 1)
        with self:
            self.layer = DenseLayer(
                len(signs),
                size_in,
                weights=signs / self.scale,
                bias=self.resting - signs @ (self.offset / self.scale),
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
        return {name: getattr(self, name) for name in ARGUMENTS[:-1]} | {
            "max_rate": self.layer.max_rate
        }
