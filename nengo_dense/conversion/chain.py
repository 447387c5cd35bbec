"""A stack as a chain of matrices: its spikes on the chip's integers, many samples at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.conversion.chip_program import ChipLayer, chip_program
from nengo_dense.layers.dense import DenseLayer
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.kernel.choice import make_kernel
from nengo_dense.loihi.kernel.state import ChipState, Drive, Recording


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


class Chain:
    """The parameters of a stack, and what the chip's integers make of them.

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
    """

    def __init__(self, stack: DenseStack, dt: float) -> None:
        if stack.encoding not in ("host", "spikes"):
            raise ValidationError(
                f"must be 'host' or 'spikes' for tuning, got {stack.encoding!r}: what nengo-loihi "
                "puts between a node and the chip is not emulated here. Convert with tune=False.",
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
            self.encoder: DenseLayer = stack.encoder.layer
            self.signs = np.sign(stack.encoder.decoders)
            first = self.encoder.max_rate * dt / np.abs(stack.encoder.decoders).max(axis=1)
        self._in_scales = [first, *(np.array(s) for s in layer_scales)]
        self._out_scales = [*layer_scales, 1.0]
        self.taus = _time_constants(stack)
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
        return weights @ self.signs if index == 0 and self.signs is not None else weights

    def drive(self, x: np.ndarray) -> np.ndarray:
        """Return the input of the host's neurons, (batch, n_neurons), in spikes a step."""
        if self.signs is not None:
            # in Nengo's order of operations: many inputs are simple fractions, for which the
            # last bit decides in which step a neuron fires
            ensemble = self.encoder.ensemble
            return (x @ self.encoder.weights.T * ensemble.gain + ensemble.bias) * self.dt
        return x @ self.weights[0].T + self.biases[0]

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
        drive = self.drive(x)
        spikes = host_spikes(drive, max(window.stop for window in windows))
        fired = self._run_chip(spikes)
        populations = [spikes, *np.split(fired, self._chip_bounds, axis=2)]
        means = [_window_means(population, windows) for population in populations]
        return [Activity(drive, [mean[:, i] for mean in means]) for i in range(len(windows))]

    @property
    def _chip_bounds(self) -> np.ndarray:
        return np.cumsum([len(b) for b in self.biases[self.first_on_chip : -2]])

    def _run_chip(self, spikes: np.ndarray) -> np.ndarray:
        """Return the spikes of all neurons on the chip, (batch, n_steps, n_neurons)."""
        program = chip_program(self._chip_layers(), self.dt)
        lanes, n_steps, _ = spikes.shape
        fired = Recording(
            "spiked",
            np.arange(program.n_compartments),
            np.zeros((lanes, n_steps, program.n_compartments), dtype=np.uint8),
        )
        state = ChipState.zeros(program, lanes)
        make_kernel("auto", program).advance(state, Drive(spikes), [fired])
        return fired.values

    def _chip_layers(self) -> list[ChipLayer]:
        """Put the parameters in nengo-loihi's units: those of the built network."""
        parts = []
        for i in range(self.first_on_chip, len(self.layers)):
            layer, scale = self.layers[i], self._out_scales[i]
            gain = layer.ensemble.gain
            resting = layer.ensemble.bias - gain * layer.bias
            parts.append(
                ChipLayer(
                    weights=self.effective_weights(i) * (gain[:, None] / scale),
                    bias=resting + gain * (self.biases[i] / scale),
                    neuron_type=layer.ensemble.neuron_type,
                    tau=self.taus[i],
                )
            )
        return parts


def _time_constants(stack: DenseStack) -> list[float]:
    """Return the time constant in front of each layer, 0 for none."""
    synapses = stack.synapses[:-1] if stack.encoder is not None else [None, *stack.synapses[:-1]]
    taus = []
    for synapse in synapses:
        lowpass = nengo.Lowpass(synapse) if isinstance(synapse, int | float) else synapse
        if not (lowpass is None or isinstance(lowpass, nengo.Lowpass)):
            raise ValidationError(
                f"must be Lowpass or None between layers on the chip, got {lowpass}",
                attr="synapse",
                obj=stack,
            )
        taus.append(0.0 if lowpass is None else lowpass.tau)
    return taus


def host_spikes(drive: np.ndarray, n_steps: int) -> np.ndarray:
    """Let rectified linear neurons on the host fire, as Nengo does, from rest.

    Several spikes of one neuron in a step reach the chip as one.

    Parameters
    ----------
    drive : (batch, n_neurons) ndarray
        Constant input in spikes a step.
    n_steps : int

    Returns
    -------
    spikes : (batch, n_steps, n_neurons) uint8 ndarray
    """
    drive = np.maximum(drive, 0)
    voltage = np.zeros_like(drive)
    spikes = np.empty((len(drive), n_steps, drive.shape[1]), dtype=np.uint8)
    for step in range(n_steps):
        voltage += drive
        whole = np.floor(voltage)
        voltage -= whole
        spikes[:, step] = whole > 0
    return spikes


def _window_means(spikes: np.ndarray, windows: Sequence[Window]) -> np.ndarray:
    """Average spikes, (batch, n_steps, n_neurons), over windows of the readout."""
    means = [
        spikes[:, max(start - 1, 0) : stop - 1].sum(axis=1, dtype=np.int32) / (stop - start)
        for start, stop, *_ in windows
    ]
    return np.stack(means, axis=1).astype(np.float32)
