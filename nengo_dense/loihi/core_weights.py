"""Replacement of weights in a network that is already divided among cores."""

from typing import Any

import nengo
import numpy as np
from nengo.exceptions import BuildError, ValidationError

from nengo_dense.loihi.layout import neurons_of, senders_of


class CoreWeights:
    """The weights of one dense connection between neurons, on all cores that hold a part of it.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Built, in floating point.
    pre, post : nengo.Ensemble
        The neurons of ``pre``, on the host or on the chip, send spikes to those of ``post``, on
        the chip: through one connection, or through a chain of connections and passthrough nodes
        that nengo-loihi merges into one.

    Raises
    ------
    BuildError
        There is no such connection, more than one, or one that is not dense.
    """

    def __init__(self, model: Any, pre: nengo.Ensemble, post: nengo.Ensemble) -> None:
        self._what = f"the connection from {pre} to {post}"
        self.shape = (post.n_neurons, pre.n_neurons)
        self._dt = model.dt
        self._amplitude = getattr(pre.neuron_type, "amplitude", None)
        self._gain = model.params[post].gain
        targets = {
            id(axon.target) for sender, _ in senders_of(model, pre) for axon in sender.axons
        }
        self._parts: list[tuple[Any, np.ndarray, np.ndarray]] = []
        for block in model.objs[post]["in"]:
            synapses = [synapse for synapse in block.synapses if id(synapse) in targets]
            neurons = neurons_of(model, block)
            matrix = np.zeros((self.shape[1], block.n_neurons), dtype=np.float32)
            self._parts.append((self._only(synapses, block), neurons, matrix))

    def _only(self, synapses: list[Any], block: Any) -> Any:
        if len(synapses) != 1:
            raise BuildError(
                f"{self._what} has {len(synapses)} synapses on {block}; its weights can only be "
                "replaced if it has exactly one"
            )
        (synapse,) = synapses
        rows = np.arange(block.n_neurons, dtype=np.int32)
        dense = synapse.n_axons == self.shape[1] and all(
            np.array_equal(index, rows[np.newaxis]) for index in synapse.indices
        )
        if not dense:
            raise BuildError(f"{self._what} is not dense, so a matrix cannot replace its weights")
        if synapse.axon_to_weight_map is not None:
            # splitting a block lets axons with equal weights share them; new weights may differ
            synapse.axon_to_weight_map = np.arange(synapse.n_axons)
            synapse.indices = [rows[np.newaxis]] * synapse.n_axons
        return synapse

    def set(self, transform: np.ndarray) -> None:
        """Write weights into every core.

        The operations are nengo-loihi's (``build_full_chip_connection``), in the same order, so
        the numbers equal those of a network that is built with this transform.

        Parameters
        ----------
        transform : (post.n_neurons, pre.n_neurons) array
            Transform of a `nengo.Connection` from neurons to neurons.

        Raises
        ------
        nengo.exceptions.ValidationError
            The transform has another shape.
        """
        transform = np.asarray(transform)
        if transform.shape != self.shape:
            raise ValidationError(
                f"must be of shape {self.shape} for {self._what}, got {transform.shape}",
                attr="transform",
            )
        weights = transform * (1.0 / self._dt)
        if self._amplitude is not None:
            weights = weights * self._amplitude
        rows = weights.astype(nengo.rc.float_dtype).T * self._gain
        for synapse, neurons, matrix in self._parts:
            matrix[...] = rows[:, neurons]
            if synapse.weights[0].base is not matrix:
                synapse.weights = list(matrix[:, np.newaxis])

    def matrix(self, synapse: Any) -> np.ndarray | None:
        """Return the (n_axons, n_neurons) weights of a synapse, which change when they are set.

        None if they were never set, or the synapse belongs to others.
        """
        for mine, _, matrix in self._parts:
            if mine is synapse and mine.weights[0].base is matrix:
                return np.asarray(matrix)
        return None
