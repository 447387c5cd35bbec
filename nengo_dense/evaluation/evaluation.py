"""The part of an evaluation that is common to all tasks."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense import picture_file
from nengo_dense.evaluation import plot, raster
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.cost import describe
from nengo_dense.evaluation.replay import Replay
from nengo_dense.evaluation.stream import Stream
from nengo_dense.exceptions import invalid
from nengo_dense.loihi.energy import Energy
from nengo_dense.report_page import Report, legend, pictures, wide
from nengo_dense.report_table import ReportTable, paragraphs

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
class Evaluation(Report):
    """How well a stack does on a data set, and what it took.

    There is a kind for each task: `~nengo_dense.evaluation.Classification`,
    `~nengo_dense.evaluation.Regression` and `~nengo_dense.evaluation.MultiLabel`.

    Attributes
    ----------
    truth : (n, ...) ndarray
        What is right, as the task has it inside.
    layers : list of LayerActivity
        The encoder, if there is one, and the layers of neurons.
    energy : Energy
        Of one inference on the chip.
    dt : float
        Step in seconds.
    target : str
        What it ran on.
    notes : tuple of str
        In which ways this was not what the stack was tuned for.
    sample_weight : (n,) ndarray or None
    source : (n, ...) ndarray or None
        What the source model answers, as ``truth`` has it.
    own_metrics : dict of {str: float}
        By the user's own names.
    replay : Replay or None
        Shows single samples again, for `raster`; None where they are not kept.
    name : str
        Label of the stack.
    stream : Stream or None
        How samples followed one another, if each was not shown from a fresh start.
    """

    #: The task, as ``evaluate`` takes it; the measure that counts, and its name in tables.
    task: ClassVar[str]
    score_name: ClassVar[str]
    score_label: ClassVar[str]
    kind: ClassVar[str] = "evaluation"

    truth: np.ndarray
    layers: list[LayerActivity]
    energy: Energy
    dt: float
    target: str
    notes: tuple[str, ...] = ()
    sample_weight: np.ndarray | None = None
    source: np.ndarray | None = None
    own_metrics: Mapping[str, float] = field(default_factory=dict)
    replay: Replay | None = None
    name: str = ""
    stream: Stream | None = None

    @property
    @abstractmethod
    def n_steps(self) -> int:
        """(int) Steps that each sample was shown."""

    @property
    @abstractmethod
    def labels(self) -> np.ndarray:
        """((n, ...) array) What is right, as it was given."""

    @property
    @abstractmethod
    def predictions(self) -> np.ndarray:
        """((n, ...) array) What was answered after the whole presentation, as ``labels``."""

    @property
    @abstractmethod
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Interval of the measure that counts, at 95 %."""

    @property
    @abstractmethod
    def agreement(self) -> float | None:
        """(float or None) How far the answers are the source model's, where these are known."""

    @abstractmethod
    def _measures(self) -> dict[str, float]:
        """Return the task's own measures."""

    @abstractmethod
    def _headline(self) -> str:
        """Say the result in a line."""

    @abstractmethod
    def _panels(self) -> Sequence[plot.Panel]:
        """Return what is drawn beside the rates."""

    @property
    def n(self) -> int:
        """(int) Samples."""
        return len(self.truth)

    @property
    def weights(self) -> np.ndarray:
        """((n,) array) What each sample counts, 1 where nothing else was said."""
        return np.ones(self.n) if self.sample_weight is None else self.sample_weight

    @property
    def metrics(self) -> dict[str, float]:
        """(dict) All measures by name, the user's own too."""
        return {**self._measures(), **self.own_metrics}

    @property
    def score(self) -> float:
        """(float) The measure that counts."""
        return self._measures()[self.score_name]

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

        Answers that come early are in `~nengo_dense.evaluation.Classification.at_margin`.
        """
        return self.presentation_time

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

    def _content(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "task": self.task,
            "n": self.n,
            "n_steps": self.n_steps,
            "dt": self.dt,
            "target": self.target,
            "latency": self.latency,
            "reset": self.stream is None,
            "gap": self.gap,
            "metrics": self.metrics,
            "score": self.score_name,
            "confidence_interval": list(self.confidence_interval),
            "agreement": self.agreement,
            "energy": {
                "synaptic_operations": self.energy.synaptic_operations,
                "neuron_updates": self.energy.neuron_updates,
                "joules": self.energy.joules,
            },
            "layers": [
                {
                    "label": layer.label,
                    "on_chip": layer.on_chip,
                    "neurons": len(layer.rates),
                    "mean_rate": float(layer.rates.mean()),
                    "max_rate": float(layer.rates.max()),
                    "share_silent": float(np.mean(layer.rates == 0)),
                    "spikes": layer.spikes,
                }
                for layer in self.layers
            ],
            "notes": list(self.notes),
            **self._details(),
        }

    @abstractmethod
    def _details(self) -> dict[str, Any]:
        """Return what `to_dict` has for this task alone."""

    def _fragment(self, with_pictures: bool) -> str:
        before, after = self._text()
        parts = [paragraphs(*before), wide(self._layer_table().html()), legend(COLUMNS)]
        parts.append(paragraphs(*after, *self.notes))
        if with_pictures:
            panels = [plot.Rates(self.layers), *self._panels()]
            parts.append(pictures([("", plot.side_by_side([panel])) for panel in panels]))
        return "".join(parts)

    def summary(self) -> str:
        """Say the whole in a few lines of text."""
        before, after = self._text()
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([*before, self._layer_table().text(), *after, *notes])

    def _text(self) -> tuple[list[str], list[str]]:
        """Return the lines before and after the table of layers, without the notes."""
        before = [self._headline()]
        if self.agreement is not None:
            before.append(f"agreement with the source model {self.agreement:.2%}")
        if self.own_metrics:
            words = (f"{name} {value:.4g}" for name, value in self.own_metrics.items())
            before.append(", ".join(words))
        return before, [describe(self.energy)]

    def _where(self) -> str:
        """Say of what and how this was measured, for the headline."""
        words = f"on {self.n} samples, {1000 * self.presentation_time:g} ms each"
        if self.stream is not None:
            words += f" and {1000 * self.gap:g} ms between, without a reset"
        return f"{words}, target {self.target!r}"

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

    def _figure(self) -> "Figure":
        """Draw rates, and what the task has to show, over time too."""
        return plot.side_by_side([plot.Rates(self.layers), *self._panels()])

    def raster(self, i: int, path: str | None = None) -> "Figure":
        """Draw the spikes of one sample and the outputs that come of them; needs matplotlib.

        The sample is shown once more, from a fresh start.

        Parameters
        ----------
        i : int
            Number of the sample, from 0.
        path : str, optional
            Where to save the picture.

        Raises
        ------
        nengo.exceptions.ValidationError
            No such sample, or samples that are not kept.
        """
        if self.replay is None:
            raise invalid(
                "has no samples to show again: they were given in batches, which are not kept, or "
                "it comes from a pickle, which holds no samples",
                "evaluation",
            )
        shown = self.replay.show(i)
        alone = ", shown from a fresh start" if self.stream else ""
        title = f"sample {i}{alone}: {self._verdict(i)}"
        figure = raster.raster_figure(shown, self._output_names(), title, self.dt)
        if path is not None:
            picture_file.write(figure, path)
        return figure

    @abstractmethod
    def _verdict(self, i: int) -> str:
        """Say what was answered for a sample, and what is right."""

    @abstractmethod
    def _output_names(self) -> Sequence[Any]:
        """Name the outputs."""
