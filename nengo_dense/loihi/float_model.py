"""A network in floating point, built once; everything in integers is made from it."""

from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengo_dense.loihi.core_weights import CoreWeights
from nengo_dense.loihi.integer_model import IntegerModel, make_integers
from nengo_dense.loihi.layout import Layer, layers_of, neurons_of
from nengo_dense.plugins import describe, message


@dataclass(frozen=True)
class Trouble:
    """What nengo-loihi raised, and where.

    Attributes
    ----------
    target : nengo.base.NengoObject, nengo.Network or str
        What it was building, or the name of that.
    error : BaseException
        Also the one of ``sys.exit()`` in a function of the network.
    """

    target: Any
    error: BaseException

    @property
    def text(self) -> str:
        """(str) The message, with the type where there is none, or where it is no error."""
        if not isinstance(self.error, Exception):
            return describe(self.error)
        return message(self.error) or f"{type(self.error).__name__} without a message"


@dataclass(eq=False)
class FloatModel:
    """A network as nengo-loihi builds and divides it, before its numbers become integers.

    Made by `nengo_dense.loihi.build`.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
        It can be run as it is (``target="simreal"``) if there are no troubles.
    troubles : list of Trouble
        Empty unless troubles were to be collected.
    """

    model: Any
    troubles: list[Trouble] = field(default_factory=list)
    _weights: dict[Any, CoreWeights] = field(default_factory=dict, repr=False)

    @property
    def layers(self) -> list[Layer]:
        """(list of Layer) The blocks, one a core, by the ensemble or connection they belong to."""
        return layers_of(self.model)

    def integers(self, *, collect: bool = False) -> IntegerModel:
        """Turn a copy of the model into integers; this one stays as it is.

        Parameters
        ----------
        collect : bool, optional
            Whether to keep errors and warnings, each with its block, and go on. Otherwise the
            first error is raised and warnings are shown.

        Raises
        ------
        BuildError
            Numbers that the chip cannot store, unless errors are collected.
        """
        return make_integers(self.model, collect=collect)

    def set_bias(self, ensemble: nengo.Ensemble, bias: np.ndarray) -> None:
        """Exchange the bias currents of an ensemble on the chip, on the cores that it has.

        Parameters
        ----------
        ensemble : nengo.Ensemble
        bias : (n_neurons,) array
            As of `nengo.Ensemble`. The ensemble itself is not changed.
        """
        bias = np.broadcast_to(bias, (ensemble.n_neurons,)).astype(nengo.rc.float_dtype)
        for block in self.model.objs[ensemble]["in"]:
            block.compartment.bias[:] = bias[neurons_of(self.model, block)]

    def set_weights(
        self, pre: nengo.Ensemble, post: nengo.Ensemble, transform: np.ndarray
    ) -> None:
        """Exchange the weights from neurons to neurons, on the cores that these have.

        Parameters
        ----------
        pre, post : nengo.Ensemble
            See `CoreWeights`.
        transform : (post.n_neurons, pre.n_neurons) array
            As of a `nengo.Connection` from neurons to neurons; with passthrough nodes between
            them, the product of all transforms. No connection is changed itself.

        Raises
        ------
        BuildError
            There is no such connection, more than one, or one that is not dense.
        """
        if (pre, post) not in self._weights:
            self._weights[pre, post] = CoreWeights(self.model, pre, post)
        self._weights[pre, post].set(transform)
