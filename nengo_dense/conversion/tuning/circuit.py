"""A stack or a graph as matrices: its spikes on the chip's integers, many samples at once."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.conversion.tuning.answer import Answer, Samples
from nengo_dense.conversion.tuning.built_network import BuiltNetwork, sum_columns, times_columns
from nengo_dense.layers.delay import delay_of
from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.part import Parts, Read
from nengo_dense.layers.readout import frame_shares
from nengo_dense.loihi.kernel.choice import make_count, make_fire_from_start
from nengo_dense.loihi.kernel.numpy_slope import Neurons, Trace
from nengo_dense.loihi.program import Program


@dataclass(frozen=True)
class Course:
    """All that happened to some samples, as answers and slopes need it.

    Populations are the host's, encoders first, and then the layers on the chip.

    Attributes
    ----------
    x : (batch, n_frames, size_in) ndarray
        The inputs, standardised.
    drive : (batch, n_frames, n_neurons) ndarray
        Input of all neurons on the host, in spikes a step; above 1 the chip gets one all the same.
    frame_steps : int
        Steps that a frame lasts.
    fired : (batch, n_steps, n_neurons) uint8 ndarray
        How often each neuron on the host fired.
    spikes : list of (batch, n_steps, n_neurons) uint8 ndarray
        Of every population, as others on the chip get them.
    traces : list of Trace
        Of each layer on the chip; empty if slopes do not go through its steps.
    neurons : list of Neurons
        Their parameters.
    """

    x: np.ndarray
    drive: np.ndarray
    frame_steps: int
    fired: np.ndarray
    spikes: list[np.ndarray]
    traces: list[Trace]
    neurons: list[Neurons]

    @property
    def frames(self) -> list[slice]:
        """(list of slice) Steps of each frame that is shown; the last one stays."""
        n_frames, n_steps = self.x.shape[1], self.fired.shape[1]
        starts = range(0, n_steps, self.frame_steps)[:n_frames]
        return [slice(a, b) for a, b in itertools.pairwise([*starts, n_steps])]

    def by_frame(self, values: np.ndarray) -> np.ndarray:
        """Add up what there is of each step: (batch, n_frames, n) of (batch, n_steps, n)."""
        n_frames = self.x.shape[1]
        if n_frames == 1:
            # in less time than with values.sum
            return np.asarray(np.einsum("lsn->ln", values)[:, np.newaxis])
        totals = np.zeros((len(values), n_frames, values.shape[2]), dtype=values.dtype)
        starts = [frame.start for frame in self.frames]
        totals[:, : len(starts)] = np.add.reduceat(values, starts, axis=1)
        return totals

    @cached_property
    def rates(self) -> list[np.ndarray]:
        """(list of (batch, n_frames, n_neurons) float32 ndarray) Spikes a step in each frame.

        Of every population, as `spikes`.
        """
        return [self._rates_of(spikes) for spikes in self.spikes]

    def _rates_of(self, spikes: np.ndarray) -> np.ndarray:
        frames = self.frames
        rates = np.zeros((len(spikes), self.x.shape[1], spikes.shape[2]), dtype=np.float32)
        for k, counts in enumerate(make_count()(spikes, frames)):
            rates[:, k] = counts / np.float32(frames[k].stop - frames[k].start)
        return rates


class Circuit:
    """The parameters of a stack or a graph, and what the chip's integers make of them.

    All parameters are in spikes a step: a rectified linear neuron fires
    ``weights @ rates + bias`` spikes a step if its sources fire ``rates``, the logits are
    ``weights @ rates + bias`` of what the output reads. All scales are then of the order of 1,
    whatever the units of the source model. An input that is read itself, not as spikes, is
    standardised.

    Parameters
    ----------
    network : DenseStack or DenseGraph
        With ``encoding="host"`` or ``"spikes"``.
    dt : float
        Step in seconds.
    x : (batch, size_in) ndarray, optional
        Inputs to standardise by; without them an input counts as it is.

    Attributes
    ----------
    weights : list of (n_out, n_in) ndarray
        Of each layer, then of each output; what it reads side by side.
    biases : list of (n_out,) ndarray
    parts : Parts
        Who reads whom.
    place : dict of str to int
        Number of each population, by the name of the layer, or of the input that is encoded.
    delay : int
        Steps after which an input has come through to what the outputs read.

    Raises
    ------
    nengo.exceptions.ValidationError
        An encoding, neurons or synapses that cannot be tuned.
    nengo.exceptions.BuildError
        Layers that no cores can hold; from `spikes`, numbers that they cannot store.
    """

    def __init__(self, network: AnyDense, dt: float, x: np.ndarray | None = None) -> None:
        _check_encoding(network)
        self.dt, self.mean = dt, np.zeros(network.size_in)
        self.deviation = np.ones(network.size_in)
        if x is not None:
            deviation = x.std(axis=0)
            self.mean, self.deviation = x.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
        self._built = BuiltNetwork(network, dt)
        self.parts = parts = Parts.of(network)
        # what is read here has been through no synapse
        self.delay = delay_of(network, "sim", dt, readout=False)
        hosts = [(host.name, host.layer.n_neurons) for host in self._built.hosts]
        chip = [part.name for part in parts.layers if part.layer.on_chip]
        self.place = {name: i for i, name in enumerate([*(name for name, _ in hosts), *chip])}
        self._host_ends = np.cumsum([n for _, n in hosts])
        self._signs = {n: np.sign(encoder.decoders) for n, encoder in parts.encoders.items()}
        self._scale()
        self.weights = [w * f for w, f in zip(parts.weights, self._factors, strict=True)]
        self.biases = [
            (b + w @ shift) * scale
            for b, w, shift, scale in zip(
                parts.biases, parts.weights, self._shifts, self._out_scales, strict=True
            )
        ]

    def _scale(self) -> None:
        """Find what turns the network's numbers into spikes a step."""
        layers = {part.name: part.layer.max_rate * self.dt for part in self.parts.layers}
        self._out_scales = [*layers.values(), *(1.0 for _ in self.parts.outputs)]
        self._factors: list[np.ndarray] = []
        self._shifts: list[np.ndarray] = []
        known = zip(self.parts.all, self.parts.weights, self._out_scales, strict=True)
        for part, weights, out in known:
            factor, shift = np.empty(weights.shape[1]), np.zeros(weights.shape[1])
            for name, columns in part.reads:
                if name in layers:
                    factor[columns] = out / layers[name]
                elif self.parts.is_encoded(part, name):
                    encoder = self.parts.encoders[name]
                    decoders = np.abs(encoder.decoders).max(axis=1)
                    factor[columns] = out / (encoder.layer.max_rate * self.dt / decoders)
                else:
                    values = self.parts.inputs[name]
                    factor[columns] = out * self.deviation[values]
                    shift[columns] = self.mean[values]
            self._factors.append(factor)
            self._shifts.append(shift)

    @property
    def depth(self) -> int:
        """Steps after which an input can first show in the logits by every way."""
        return self.parts.depth

    @property
    def n_neurons(self) -> int:
        """Neurons of all populations, on the host and on the chip."""
        encoding = sum(signs.shape[1] for signs in self._signs.values())
        return encoding + sum(part.layer.n_neurons for part in self.parts.layers)

    @property
    def unread_steps(self) -> int:
        """Last steps of a presentation whose spikes no output sees: those of the chip alone."""
        read = {read.source for part in self.parts.outputs for read in part.reads}
        layers = read - set(self.parts.inputs)
        return int(all(self.place[name] >= self.n_hosts for name in layers))

    @property
    def n_hosts(self) -> int:
        """Number of populations on the host."""
        return len(self._host_ends)

    def host_columns(self, population: int) -> slice:
        """Return the neurons of a population among all of the host."""
        end = int(self._host_ends[population])
        start = int(self._host_ends[population - 1]) if population else 0
        return slice(start, end)

    def in_network_units(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return weights and biases as `nengo_dense.layers.part.Parts` has them."""
        weights = [w / factor for w, factor in zip(self.weights, self._factors, strict=True)]
        biases = [
            b / scale - w @ shift
            for b, w, shift, scale in zip(
                self.biases, weights, self._shifts, self._out_scales, strict=True
            )
        ]
        return weights, biases

    def effective_weights(self, index: int, read: Read) -> np.ndarray:
        """Return a layer's weights from the neurons (not the input) that it reads."""
        weights = self.weights[index][:, read.columns]
        signs = self._signs.get(read.source)
        return weights if signs is None else times_columns(weights, signs)

    def by_input(self, read: Read, slopes: np.ndarray) -> np.ndarray:
        """Turn slopes of `effective_weights` into those of `weights`."""
        signs = self._signs.get(read.source)
        return slopes if signs is None else sum_columns(slopes, signs)

    def per_threshold(self, index: int, neurons: Neurons) -> tuple[float, float]:
        """Return what weights and biases of 1 add to the voltage in one step, in thresholds.

        A spike's weight adds up, over all steps of its synapse, to what the same bias adds in
        one. Rectified linear neurons integrate their input, others take their leak's part of it.
        """
        layer, leak = self.parts.layers[index].layer, 1 - float(neurons.keep_v[0])
        bias = layer.unit_gain / (layer.max_rate * self.dt) * (leak or self.dt)
        return bias * (1 - float(neurons.keep_u[0])), bias

    def standard(self, x: np.ndarray) -> np.ndarray:
        """Return inputs in the units of the weights that read them, (..., size_in)."""
        standard: np.ndarray = x - self.mean
        standard /= self.deviation
        return standard

    def read(self, course: Course, answers: Sequence[Answer]) -> list[list[np.ndarray]]:
        """Average what each output reads over the window of each answer.

        Returns
        -------
        read : list of list of (n_rows, n_in) ndarray
            For each answer, and each output.
        """
        sources = {read.source for part in self.parts.outputs for read in part.reads}
        means = {source: self._means(course, source, answers) for source in sources}
        return [
            [
                np.concatenate([means[read.source][i] for read in part.reads], axis=1)
                for part in self.parts.outputs
            ]
            for i in range(len(answers))
        ]

    def _means(self, course: Course, source: str, answers: Sequence[Answer]) -> list[np.ndarray]:
        if source in self.parts.inputs:
            return [self._mean_input(course, source, answer) for answer in answers]
        place = self.place[source]
        if place < self.n_hosts:
            spikes = course.fired[:, :, self.host_columns(place)]
            steps = [answer.window.whole for answer in answers]
        else:
            spikes, steps = course.spikes[place], [answer.window.seen for answer in answers]
        counts = make_count()(spikes, steps)
        return [
            count[answer.rows] / answer.window.n_steps
            for count, answer in zip(counts, answers, strict=True)
        ]

    def _mean_input(self, course: Course, source: str, answer: Answer) -> np.ndarray:
        values = course.x[answer.rows][..., self.parts.inputs[source]]
        if values.shape[1] == 1:
            return np.asarray(values[:, 0])
        window = answer.window
        shares = frame_shares(window.start, window.stop, course.frame_steps)
        last = min(len(shares), values.shape[1]) - 1
        shares = np.append(shares[:last], shares[last:].sum())  # the last frame stays
        return np.tensordot(values[:, : last + 1], shares, (1, 0))

    def logits(self, read: Sequence[np.ndarray]) -> np.ndarray:
        """Return the mean logits of all outputs, (batch, n_out), of what they read."""
        n = len(self.parts.layers)
        ends = zip(read, self.weights[n:], self.biases[n:], strict=True)
        return np.concatenate([values @ w.T + b for values, w, b in ends], axis=1)

    def show(
        self, samples: Samples, n_steps: int, *, exact: bool = True, traces: bool = False
    ) -> Course:
        """Show each sample to a chip just switched on.

        Parameters
        ----------
        samples : Samples
        n_steps : int
        exact : bool, optional
            Whether the host's sums are Nengo's to the last bit. What is learned from does not hang
            on it.
        traces : bool, optional
            Whether to keep what slopes through the chip's steps depend on.
        """
        self._built.set_parameters(*self.in_network_units())
        frame_steps, shape = samples.frame_steps or n_steps, samples.x.shape
        drive = self._built.drive(samples.x.reshape(-1, shape[2]), exact=exact)
        drive = drive.reshape(*shape[:2], -1)
        fired = make_fire_from_start()(drive, self._built.start, n_steps, frame_steps)
        # in less time than with np.minimum(fired, 1)
        sent = fired if fired.max(initial=0) <= 1 else (fired > 0).view(np.uint8)
        of_chip, neurons = self._built.trace(sent) if traces else ([], [])
        chip = [trace.spiked for trace in of_chip] if traces else self._built.run(sent)
        spikes = [*(sent[:, :, self.host_columns(i)] for i in range(self.n_hosts)), *chip]
        x = self.standard(samples.x)
        return Course(x, drive, frame_steps, fired, spikes, of_chip, neurons)

    def program(self) -> Program:
        """Return the integers of the present parameters, as the chip has them."""
        self._built.set_parameters(*self.in_network_units())
        return self._built.program()


def _check_encoding(network: AnyDense) -> None:
    if network.encoding not in ("host", "spikes"):
        raise ValidationError(
            f"must be 'host' or 'spikes' for tuning, got {network.encoding!r}: what nengo-loihi "
            "puts between a node and the chip is no part of the stack",
            attr="encoding",
            obj=network,
        )
    if not any(layer.on_chip for layer in network.layers):
        raise ValidationError(
            "must be encoding='spikes': 'host' would leave no layer for the chip, as all of them "
            "read inputs alone",
            attr="encoding",
            obj=network,
        )
