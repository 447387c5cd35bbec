"""Spike encoding of values on the host, for stacks with every dense layer on the chip."""

from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.neurons import SpikingRectifiedLinear

from nengo_dense.arguments import count, finite_array, is_added, quantities
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.plugins import show

#: Arguments of an encoder, besides its size.
ARGUMENTS = ("scale", "signed", "offset", "resting", "start", "max_rate")


class SpikeEncoder(nengo.Network):
    """Encodes each value in the spikes of an on neuron and an off neuron, or of one neuron.

    An on neuron fires for values above ``offset``, an off neuron for values below, at
    ``max_rate * |x - offset| / scale`` hertz. Their spikes go to the next layer, over one axon
    each. A neuron sends the chip at most one spike per step, so differences above
    ``scale * 1000 / max_rate`` (at a step of 1 ms) are clipped there.

    The next layer gets ``x - offset``, and its bias contains the offset's contribution. Otherwise
    a value that is always near 1000 would use most of its neuron's spikes to represent the
    constant part.

    Parameters
    ----------
    size_in : int
        Number of values.
    scale : float or (size_in,) array_like, optional
        Magnitude that is encoded as ``max_rate``.
    signed : bool or (size_in,) array_like of bool, optional
        Whether a value also has an off neuron. Values that are never below the offset need only an
        on neuron.
    offset : float or (size_in,) array_like, optional
        Value for which neither neuron fires.
    resting : float, optional
        Firing rate of both neurons at the offset, as a share of ``max_rate``. Away from the offset
        one neuron fires faster and the other slower, like nengo-loihi's own neurons between a node
        and the chip. This needs two neurons for every value, because the value is the difference
        of their rates.
    start : float, optional
        Voltage that the neurons start at, from 0 to below 1, which is a spike. From 0, a neuron's
        spikes in a presentation are what it encodes rounded down, and from 0.5 to the nearest
        number.
    max_rate : float, optional
        Firing rate in hertz at a distance of ``scale`` from the offset.
    label, seed, add_to_container : optional
        As in `nengo.Network`.

    Attributes
    ----------
    input : nengo.Node
        Passthrough node of the values.
    layer : DenseLayer
        The encoding neurons, on the host: first the on neurons, then the off neurons.
    output : nengo.ensemble.Neurons
        Connect from it with ``transform=encoder.decoders``.
    decoders : (size_in, n_neurons) ndarray
        Matrix that decodes the neurons' output to the values minus the offset.

    Raises
    ------
    nengo.exceptions.ValidationError
        A shape is wrong, a scale is not above 0, ``resting`` is above 0 and a value has only
        one neuron, or ``start`` is out of its range.

    Examples
    --------
    >>> encoder = SpikeEncoder(2, scale=[1, 10], signed=[True, False])
    >>> encoder.layer.ensemble.n_neurons              # on, off; and on alone
    3
    >>> encoder.decoders
    array([[ 1.,  0., -1.],
           [ 0., 10., -0.]])
    >>> equal = SpikeEncoder(2, **encoder.arguments())
    """

    def __init__(
        self,
        size_in: int,
        *,
        scale: Any = 1.0,
        signed: Any = True,
        offset: Any = 0.0,
        resting: float = 0.0,
        start: float = 0.0,
        max_rate: float = 250.0,
        label: str | None = None,
        seed: int | None = None,
        add_to_container: bool | None = None,
    ) -> None:
        super().__init__(label=label, seed=seed, add_to_container=False)
        size_in = count(size_in, "size_in", self)
        self.scale = quantities(scale, (size_in,), "scale", self, fill=True)
        if not (self.scale > 0).all():
            raise ValidationError(
                f"must be above 0 for every value, got {self.scale.min():g}; for a value that is "
                "always 0 use any positive scale",
                attr="scale",
                obj=self,
            )
        self.signed = finite_array(signed, (size_in,), "signed", self, fill=True) != 0
        self.offset = quantities(offset, (size_in,), "offset", self, fill=True)
        self.resting = float(quantities(resting, (), "resting", self))
        if self.resting < 0 or (self.resting > 0 and not self.signed.all()):
            raise ValidationError(
                "must be 0 unless every value is signed, because the value is then the difference "
                f"of two neurons; got {self.resting:g}",
                attr="resting",
                obj=self,
            )
        identity = np.eye(size_in)
        signs = np.vstack([identity, -identity[self.signed]])
        # if both neurons fire at rest, a value changes both rates, so their difference is doubled
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
                start=start,
                label=label or "encoder",
            )
        self.input = self.layer.input
        self.output = self.layer.output
        if is_added(add_to_container, self):
            nengo.Network.add(self)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that make an equal encoder.

        Returns
        -------
        arguments : dict
            By the names of the constructor's parameters.
        """
        return {
            name: getattr(self if hasattr(self, name) else self.layer, name) for name in ARGUMENTS
        }


def check_settings(value: Any, attr: str, obj: object) -> dict[str, Any]:
    """Return some of an encoder's `ARGUMENTS`, or raise a ValidationError.

    Parameters
    ----------
    value : mapping of str to object
    attr : str
        Name of the argument that they were given in.
    obj : object
        Owner of that argument, for the message.
    """
    if not isinstance(value, Mapping):
        raise ValidationError(
            f"must be a dict with some of {', '.join(ARGUMENTS)}, got {show(value)}", attr, obj
        )
    for word in value:
        if word not in ARGUMENTS:
            raise ValidationError(
                f"has no argument {show(word)}; it takes {', '.join(ARGUMENTS)}", attr, obj
            )
    return dict(value)
