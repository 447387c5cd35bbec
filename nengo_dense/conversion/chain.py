"""A stack as a chain of matrices: its spikes on the chip's integers, many samples at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.conversion.built_stack import BuiltStack, sum_columns, times_columns
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.kernel.choice import make_fire_from_rest
from nengo_dense.loihi.kernel.numpy_slope import Neurons, Trace
from nengo_dense.loihi.program import Program


class Window(NamedTuple):
    """Steps of the readout that are averaged, and how much the answer then matters.

    Attributes
    ----------
    start, stop : int
        Steps. The readout sees the chip's spikes one step after they were fired, so step 0 sees
        none.
    weight : float
        Weights of all windows add up to 1.
    early : bool
        Whether more of the presentation follows.
    """

    start: int
    stop: int
    weight: float
    early: bool = False

    @property
    def seen(self) -> slice:
        """(slice) Steps in which the spikes were fired that the readout sees."""
        return slice(max(self.start - 1, 0), self.stop - 1)


@dataclass(frozen=True)
class Activity:
    """Mean activity of every population in one window of time.

    Attributes
    ----------
    drive : (batch, n_neurons) ndarray
        Input of the host's neurons, in spikes a step; above 1 they send one all the same.
    rates : list of (batch, n_neurons) float32 ndarray
        Spikes a step, from the population on the host to the last one on the chip.
    """

    drive: np.ndarray
    rates: list[np.ndarray]


@dataclass(frozen=True)
class Course:
    """All that happened to some samples, as slopes need it.

    Attributes
    ----------
    drive : (batch, n_neurons) ndarray
        Input of the host's neurons, in spikes a step.
    spikes : list of (batch, n_steps, n_neurons) uint8 ndarray
        Of every population, from that on the host to the last one on the chip.
    traces : list of Trace
        Of each layer on the chip.
    neurons : list of Neurons
        Their parameters.
    """

    drive: np.ndarray
    spikes: list[np.ndarray]
    traces: list[Trace]
    neurons: list[Neurons]


class Chain:
    """The parameters of a stack, and what the chip's integers make of them, core by core.

    All parameters are in spikes a step: a rectified linear neuron fires
    ``weights @ rates + bias`` spikes a step if its inputs fire ``rates``, the logits are
    ``weights @ rates + bias`` of the last layer's. All scales are then of the order of 1, whatever
    the units of the source model.

    Parameters
    ----------
    stack : DenseStack
        With ``encoding="host"`` or ``"spikes"``.
    dt : float
        Step in seconds.

    Attributes
    ----------
    weights : list of (n_out, n_in) ndarray
        Of each layer, the readout last.
    biases : list of (n_out,) ndarray
    signs : (size_in, n_neurons) ndarray or None
        Which encoding neuron stands for which input, and its sign; None if the first layer itself
        is on the host.

    Raises
    ------
    nengo.exceptions.ValidationError
        An encoding, neurons or synapses that cannot be tuned.
    nengo.exceptions.BuildError
        Layers that no cores can hold; from `run`, numbers that they cannot store.
    """

    def __init__(self, stack: DenseStack, dt: float) -> None:
        if stack.encoding not in ("host", "spikes"):
            raise ValidationError(
                f"must be 'host' or 'spikes' for tuning, got {stack.encoding!r}: what nengo-loihi "
                "puts between a node and the chip is no part of the stack",
                attr="encoding",
                obj=stack,
            )
        if stack.encoding == "host" and len(stack.layers) == 1:
            raise ValidationError(
                "must be encoding='spikes' for a single layer of neurons: 'host' would leave "
                "nothing for the chip",
                attr="encoding",
                obj=stack,
            )
        self.dt = dt
        self.layers = list(stack.layers)
        layer_scales = [layer.max_rate * dt for layer in stack.layers]
        self.signs: np.ndarray | None = None
        if stack.encoder is None:
            first = np.ones(stack.size_in)
        else:
            self.signs = np.sign(stack.encoder.decoders)
            decoders = np.abs(stack.encoder.decoders).max(axis=1)
            first = stack.encoder.layer.max_rate * dt / decoders
        self._in_scales = [first, *(np.array(s) for s in layer_scales)]
        self._out_scales = [*layer_scales, 1.0]
        self._built = BuiltStack(stack, dt)
        self.weights = [
            w * (out / scale)
            for w, out, scale in zip(stack.weights, self._out_scales, self._in_scales, strict=True)
        ]
        self.biases = [b * out for b, out in zip(stack.biases, self._out_scales, strict=True)]

    @property
    def depth(self) -> int:
        """Steps after which an input can first show in the logits."""
        return len(self.layers) + (self.signs is not None)

    @property
    def n_neurons(self) -> int:
        """Neurons of all populations, on the host and on the chip."""
        encoding = 0 if self.signs is None else self.signs.shape[1]
        return encoding + sum(layer.n_neurons for layer in self.layers)

    @property
    def first_on_chip(self) -> int:
        """Number of the first layer that is on the chip."""
        return 0 if self.signs is not None else 1

    def in_stack_units(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return weights and biases as `DenseStack.set_parameters` takes them."""
        weights = [
            w * (scale / out)
            for w, out, scale in zip(self.weights, self._out_scales, self._in_scales, strict=True)
        ]
        biases = [b / out for b, out in zip(self.biases, self._out_scales, strict=True)]
        return weights, biases

    def effective_weights(self, index: int) -> np.ndarray:
        """Return the weights from the neurons (not the inputs) below a layer."""
        weights = self.weights[index]
        return weights if index or self.signs is None else times_columns(weights, self.signs)

    def by_input(self, index: int, slopes: np.ndarray) -> np.ndarray:
        """Turn slopes of `effective_weights` into those of `weights`."""
        return slopes if index or self.signs is None else sum_columns(slopes, self.signs)

    def per_threshold(self, index: int, neurons: Neurons) -> tuple[float, float]:
        """Return what weights and biases of 1 add to the voltage in one step, in thresholds.

        A spike's weight adds up, over all steps of its synapse, to what the same bias adds in
        one. Rectified linear neurons integrate their input, others take their leak's part of it.
        """
        layer, leak = self.layers[index], 1 - float(neurons.keep_v[0])
        bias = layer.unit_gain / (layer.max_rate * self.dt) * (leak or self.dt)
        return bias * (1 - float(neurons.keep_u[0])), bias

    def logits(self, activity: Activity) -> np.ndarray:
        """Return the mean logits, (batch, n_out)."""
        return activity.rates[-1] @ self.weights[-1].T + self.biases[-1]

    def run(self, x: np.ndarray, windows: Sequence[Window]) -> list[Activity]:
        """Show each sample to a chip just switched on, and average over windows of time.

        Parameters
        ----------
        x : (batch, size_in) ndarray
        windows : sequence of Window

        Returns
        -------
        activities : list of Activity
            One for each window.
        """
        drive, populations = self.spikes(x, max(window.stop for window in windows))
        means = [_window_means(population, windows) for population in populations]
        return [Activity(drive, [mean[:, i] for mean in means]) for i in range(len(windows))]

    def spikes(self, x: np.ndarray, n_steps: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """Show each sample to a chip just switched on.

        Parameters
        ----------
        x : (batch, size_in) ndarray
        n_steps : int

        Returns
        -------
        drive : (batch, n_neurons) ndarray
            Input of the host's neurons, in spikes a step.
        spikes : list of (batch, n_steps, n_neurons) uint8 ndarray
            Of every population, from that on the host to the last one on the chip.
        """
        self._built.set_parameters(*self.in_stack_units())
        drive = self._built.drive(x)
        sent = make_fire_from_rest()(drive, n_steps)
        return drive, [sent, *self._built.run(sent)]

    def trace(self, x: np.ndarray, n_steps: int) -> Course:
        """Show each sample to a chip just switched on, and keep what slopes depend on."""
        self._built.set_parameters(*self.in_stack_units())
        drive = self._built.drive(x)
        sent = make_fire_from_rest()(drive, n_steps)
        traces, neurons = self._built.trace(sent)
        return Course(drive, [sent, *(trace.spiked for trace in traces)], traces, neurons)

    def program(self) -> Program:
        """Return the integers of the present parameters, as the chip has them."""
        self._built.set_parameters(*self.in_stack_units())
        return self._built.program()


def _window_means(spikes: np.ndarray, windows: Sequence[Window]) -> np.ndarray:
    """Average spikes, (batch, n_steps, n_neurons), over windows of the readout."""
    means = [
        spikes[:, window.seen].sum(axis=1, dtype=np.int32) / (window.stop - window.start)
        for window in windows
    ]
    return np.stack(means, axis=1).astype(np.float32)
