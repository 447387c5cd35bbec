"""The floating point model of a network: built once, and the source of all integer models."""

from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengo_dense.loihi.core_weights import CoreWeights
from nengo_dense.loihi.integer_model import IntegerModel, make_integers
from nengo_dense.loihi.layout import Layer, layers_of, neurons_of
from nengo_dense.loihi.model_copy import flatten
from nengo_dense.plugins import describe, message


@dataclass(frozen=True)
class Trouble:
    """An error that nengo-loihi raised, and the object that it was building.

    Attributes
    ----------
    target : nengo.base.NengoObject, nengo.Network or str
        The object, or its name.
    error : BaseException
        The error; ``SystemExit`` if a function of the network calls ``sys.exit()``.
    """

    target: Any
    error: BaseException

    @property
    def text(self) -> str:
        """(str) The message; the type too if there is no message, or if it is not an Exception."""
        if not isinstance(self.error, Exception):
            return describe(self.error)
        said, kind = message(self.error), type(self.error).__name__
        if isinstance(self.error, KeyError) and said:
            return f"{kind}: {said}"
        return said or f"{kind} without a message"


@dataclass(eq=False)
class FloatModel:
    """A network after nengo-loihi built it and divided it among cores, before discretization.

    `nengo_dense.loihi.build` makes it.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
        Without troubles, it can run as it is (``target="simreal"``).
    troubles : list of Trouble
        Empty unless the build collected errors.
    """

    model: Any
    troubles: list[Trouble] = field(default_factory=list)
    _weights: dict[Any, CoreWeights] = field(default_factory=dict, repr=False)

    @property
    def layers(self) -> list[Layer]:
        """(list of Layer) The blocks, one per core, grouped by ensemble or connection."""
        return layers_of(self.model)

    @property
    def n_set(self) -> int:
        """(int) Number of connections whose weights were ever set."""
        return len(self._weights)

    def integers(self, *, collect: bool = False) -> IntegerModel:
        """Turn a copy of the model into integers; this model does not change.

        Parameters
        ----------
        collect : bool, optional
            Whether to collect errors and warnings per block, and go on. Otherwise the first
            error is raised and warnings are shown.

        Raises
        ------
        BuildError
            The chip cannot store a number, and ``collect`` is False.
        """
        return make_integers(self.model, collect=collect)

    def set_bias(self, ensemble: nengo.Ensemble, bias: np.ndarray) -> None:
        """Replace the bias currents of an ensemble on the chip; its division among cores stays.

        Parameters
        ----------
        ensemble : nengo.Ensemble
        bias : (n_neurons,) array
            Bias currents as in `nengo.Ensemble`. The ensemble itself does not change.
        """
        bias = np.broadcast_to(bias, (ensemble.n_neurons,)).astype(nengo.rc.float_dtype)
        for block in self.model.objs[ensemble]["in"]:
            block.compartment.bias[:] = bias[neurons_of(self.model, block)]

    def set_weights(
        self, pre: nengo.Ensemble, post: nengo.Ensemble, transform: np.ndarray
    ) -> None:
        """Replace the weights from neurons to neurons; their division among cores stays.

        Parameters
        ----------
        pre, post : nengo.Ensemble
            See `CoreWeights`.
        transform : (post.n_neurons, pre.n_neurons) array
            Transform of a `nengo.Connection` from neurons to neurons; with passthrough nodes
            between them, the product of all transforms. The connections do not change.

        Raises
        ------
        BuildError
            There is no such connection, more than one, or one that is not dense.
        """
        weights = self._weights.get((pre, post)) or CoreWeights(self.model, pre, post)
        weights.set(transform)
        self._weights[pre, post] = weights

    def flat_weights(self, synapse: Any) -> np.ndarray:
        """Return all weights of a synapse in one dimension.

        Once they have been set they change in this array, too, when they are set again.
        """
        found = (weights.matrix(synapse) for weights in self._weights.values())
        matrix = next((matrix for matrix in found if matrix is not None), None)
        return flatten(synapse.weights) if matrix is None else matrix.reshape(-1)
