"""The part of a result that is common to all that run samples: activity, cost, and its words."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense import picture_file
from nengo_dense.evaluation import inference_cost, raster
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.cost import describe
from nengo_dense.evaluation.inference_cost import InferenceCost
from nengo_dense.evaluation.replay import Replay
from nengo_dense.evaluation.stream import Stream
from nengo_dense.evaluation.work import Work
from nengo_dense.exceptions import invalid
from nengo_dense.layers.tuning_record import TuningRecord
from nengo_dense.loihi.energy import Energy
from nengo_dense.report_page import Report, legend, wide
from nengo_dense.report_table import ReportTable
from nengo_dense.sequence import Times

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: Column of the table of layers -> what it says.
COLUMNS = {
    "layer": "the encoder, if there is one, and the layers of neurons",
    "on": "chip, or host: computed outside it",
    "neurons": "how many neurons it has",
    "mean Hz": "spikes a second of one neuron, the mean of all neurons and samples",
    "max Hz": "of the fastest neuron, the mean of all samples",
    "silent": "share of neurons that never fired for any sample",
    "spikes": "spikes of the whole layer while a sample is shown",
}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RunReport(Report):
    """What samples did in a stack or a graph, and what it took.

    Attributes
    ----------
    layers : list of LayerActivity
        The encoders, if there are any, and the layers of neurons.
    energy : Energy
        Of one inference on the chip.
    dt : float
        Step in seconds.
    target : str
        What it ran on.
    notes : tuple of str
        In which ways this was not what the stack was tuned for.
    replay : Replay or None
        Shows single samples again, for `raster`; None where they are not kept.
    name : str
        Label of the stack.
    stream : Stream or None
        How samples followed one another, if each was not shown from a fresh start.
    sequences : Times or None
        Of samples that changed while they were shown.
    work : Work or None
        What an inference takes elsewhere than on the chip.
    tuned : TuningRecord or None
        What the stack was tuned for, and how far from its source that left it.

    Examples
    --------
    `nengo_dense.evaluate` returns one of its kinds:

    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", seed=0)
    >>> x = [[0.1, 0.9, 0.4, 0.2], [0.7, 0.1, 0.3, 0.8]]
    >>> result = nengo_dense.evaluate(stack, x, [1, 2], progress_bar=False)
    >>> print(result.summary())
    accuracy ...
    >>> result.to_dict()["report"], result.to_json()[:1]
    ('evaluation', '{')
    >>> figure = result.plot()                        # ``result.plot("result.png")`` saves it
    >>> figure = result.raster(0)                     # the spikes of the first sample
    >>> "<title>nengo_dense evaluation" in result.to_html()
    True
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> result.save_html(folder / "result.html")
    >>> result.save_json(folder / "result.json")
    """

    kind: ClassVar[str] = "evaluation"

    layers: list[LayerActivity]
    energy: Energy
    dt: float
    target: str
    notes: tuple[str, ...] = ()
    replay: Replay | None = None
    name: str = ""
    stream: Stream | None = None
    sequences: Times | None = None
    work: Work | None = None
    tuned: TuningRecord | None = None

    @property
    @abstractmethod
    def n(self) -> int:
        """(int) Samples."""

    @property
    @abstractmethod
    def n_steps(self) -> int:
        """(int) Steps that each sample was shown."""

    @abstractmethod
    def _headline(self) -> str:
        """Say the result in a line."""

    @abstractmethod
    def _before(self) -> list[str]:
        """Return the lines before the table of layers."""

    @abstractmethod
    def _verdict(self, i: int) -> str:
        """Say what was answered for a sample, and what is right."""

    @abstractmethod
    def _output_names(self) -> Sequence[Any]:
        """Name the values of all outputs."""

    @property
    def rates(self) -> dict[str, np.ndarray]:
        """(dict) Layer label -> mean rate of each of its neurons in hertz."""
        return {layer.label: layer.rates for layer in self.layers}

    @property
    def presentation_time(self) -> float:
        """(float) How long each sample was shown, in seconds."""
        return self.n_steps * self.dt

    @property
    def latency(self) -> float:
        """(float) Seconds until an answer, if a step of the chip takes ``dt``.

        For a frame, or a sample of a stream, from its start until its spikes have come through.
        Answers that come early are in
        `~nengo_dense.evaluation.Classification.at_margin`.
        """
        return (self.n_steps + (self.delay or 0)) * self.dt

    @property
    def delay(self) -> int | None:
        """(int or None) Steps from the end of a frame, or a stream's sample, to its answer.

        None where each is shown from a fresh start.
        """
        if self.stream is not None:
            return self.stream.delay
        return None if self.sequences is None else self.sequences.delay

    @property
    def times(self) -> np.ndarray:
        """((n_steps,) ndarray) Seconds from a sample's or frame's start to each step's answer."""
        return (np.arange(1, self.n_steps + 1) + (self.delay or 0)) * self.dt

    @property
    def cost(self) -> InferenceCost | None:
        """(InferenceCost or None) Latency and energy of an inference, by device."""
        if self.work is None:
            return None
        steps = None if self.delay is None else self.n_steps + self.delay
        return InferenceCost(self.energy, self.work, self.work.steps * self.dt, steps)

    @property
    def gap(self) -> float:
        """(float) Seconds without input after each sample of a stream."""
        return self.stream.gap * self.dt if self.stream else 0.0

    def __getstate__(self) -> dict[str, Any]:
        # a file of a result is not to hold the test set
        return {**self.__dict__, "replay": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._headline()}>"

    def __str__(self) -> str:
        return self.summary()

    def _run_content(self) -> dict[str, Any]:
        """Return what `to_dict` has of the run."""
        return {
            "name": self.name,
            "n": self.n,
            "n_steps": self.n_steps,
            "dt": self.dt,
            "target": self.target,
            "latency": self.latency,
            "reset": self.stream is None,
            "gap": self.gap,
            **({"sequences": self.sequences._asdict()} if self.sequences else {}),
            "energy": {
                "synaptic_operations": self.energy.synaptic_operations,
                "neuron_updates": self.energy.neuron_updates,
                "joules": self.energy.joules,
            },
            **({"cost": self.cost.numbers()} if self.cost else {}),
            "layers": [layer.numbers() for layer in self.layers],
            **({"tuned": self.tuned.numbers()} if self.tuned else {}),
            "notes": list(self.notes),
        }

    def summary(self) -> str:
        """Say the whole in a few lines of text.

        Returns
        -------
        text : str
        """
        notes = [f"note: {note}" for note in self.notes]
        lines = [*self._before(), self._layer_table().text(), *self._after(), *notes]
        return "\n".join(lines)

    def _after(self) -> list[str]:
        """Return the lines after the table of layers, without the notes."""
        tuned = [f"the stack was {self.tuned}"] if self.tuned else []
        return [describe(self.energy), *(self.cost.lines() if self.cost else []), *tuned]

    def _cost_html(self) -> str:
        if self.cost is None:
            return ""
        shown = f"{wide(self.cost.table().html())}{legend(inference_cost.COLUMNS)}"
        return f"<h2>Cost of an inference, estimated</h2>{shown}"

    def _where(self) -> str:
        """Say of what and how this was measured, for the headline."""
        words = f"on {self.n} samples, {1000 * self.presentation_time:g} ms each"
        if self.sequences is not None:
            words = self._of_sequences(self.sequences)
        elif self.stream is not None:
            words += f" and {1000 * self.gap:g} ms between, without a reset"
        return f"{words}, target {self.target!r}"

    def _of_sequences(self, times: Times) -> str:
        milliseconds = 1000 * self.presentation_time
        if times.delay is not None:
            return f"on {self.n} frames of {times.n} sequences, {milliseconds:g} ms each"
        each = milliseconds / times.n_frames
        words = f"on {times.n} sequences of {times.n_frames} frames, {each:g} ms each"
        if times.mean_length < times.n_frames:
            words = words.replace("of", "of up to", 1)
        return words

    def _layer_table(self) -> ReportTable:
        rows = [
            [
                layer.label,
                "chip" if layer.on_chip else "host",
                f"{len(layer.rates)}",
                f"{layer.rates.mean():.1f}",
                f"{layer.rates.max():.1f}",
                f"{np.mean(layer.rates == 0):.1%}",
                f"{layer.spikes:.1f}",
            ]
            for layer in self.layers
        ]
        return ReportTable(list(COLUMNS), rows, n_words=2)

    def raster(self, i: int, path: str | None = None) -> "Figure":
        """Draw the spikes of one sample and the outputs that come of them; needs matplotlib.

        The sample is shown once more, from a fresh start.

        Parameters
        ----------
        i : int
            Number of the sample, from 0.
        path : str, optional
            Where to save the picture.

        Returns
        -------
        figure : matplotlib.figure.Figure

        Raises
        ------
        nengo.exceptions.ValidationError
            No such sample, or samples that are not kept.
        """
        if self.replay is None:
            raise invalid(
                "has no samples to show again: they were given in batches, which are not kept, or "
                "are frames of sequences, or it comes from a pickle, which holds no samples",
                "evaluation",
            )
        shown = self.replay.show(i)
        alone = ", shown from a fresh start" if self.stream else ""
        title = f"sample {i}{alone}: {self._verdict(i)}"
        figure = raster.raster_figure(shown, self._output_names(), title, self.dt)
        if path is not None:
            picture_file.write(figure, path)
        return figure
