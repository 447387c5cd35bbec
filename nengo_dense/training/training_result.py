"""The result of a training, besides weights."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengo_dense import compat
from nengo_dense.report_page import Report, pictures, wide
from nengo_dense.report_table import ReportTable, paragraphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Keras's names of what NengoDL logs for the probe of logits, and ours.
NAMES = {"logits_loss": "cross_entropy", "logits_accuracy": "accuracy"}


@dataclass(frozen=True, repr=False)
class TrainingResult(Report):
    """History of a training.

    Attributes
    ----------
    history : dict of list of float
        A value for each epoch: ``loss``, ``cross_entropy`` and ``accuracy`` in training (with
        dropout, so usually the worse); ``val_loss`` (cross-entropy) and ``val_accuracy`` where
        there was a validation set; ``rates1_loss`` and so on where rates were regularised.
    samples_per_second : float or None
        Samples trained on, per second, validation and compilation included, where it was measured.
    step : str
        What there is a value for: an epoch, or, in training through time, each time that the
        samples held back judged. Then there are ``val_loss`` and ``val_accuracy``, or for values
        ``val_error`` in standard deviations; the first are those before training.

    Examples
    --------
    >>> history = {"loss": [0.9, 0.4, 0.3], "val_loss": [0.8, 0.5, 0.6]}
    >>> result = TrainingResult.of_keras(history, n_samples=100, seconds=2.0)
    >>> result.best_epoch, result.samples_per_second
    (1, 150.0)
    >>> print(result)
    epoch 2 of 3: loss 0.4, val_loss 0.5
    """

    kind: ClassVar[str] = "training"
    name: ClassVar[str] = ""  # type: ignore[misc]

    history: dict[str, list[float]]
    samples_per_second: float | None = None
    step: str = "epoch"

    @classmethod
    def of_keras(
        cls, history: dict[str, list[Any]], n_samples: int, seconds: float
    ) -> "TrainingResult":
        """Make one of Keras's history, of epochs of ``n_samples`` that took ``seconds``.

        Parameters
        ----------
        history : dict of list of float
            By Keras's names, a value for each epoch.
        n_samples : int
            In each epoch.
        seconds : float
            That the whole training took.

        Returns
        -------
        result : TrainingResult
        """
        named = {NAMES.get(k, k): [float(v) for v in values] for k, values in history.items()}
        return cls(named, n_samples * len(named["loss"]) / seconds)

    @property
    def n_epochs(self) -> int:
        """(int) Epochs that were run."""
        return len(next(iter(self.history.values())))

    @property
    def best_epoch(self) -> int:
        """(int) Epoch, from 0, whose weights the stack has."""
        if "val_loss" in self.history:
            return int(np.argmin(self.history["val_loss"]))
        return self.n_epochs - 1

    def __repr__(self) -> str:
        return f"<TrainingResult: {self}>"

    def __str__(self) -> str:
        at = self.best_epoch
        parts = [f"{name} {values[at]:.4g}" for name, values in self.history.items()]
        return f"{self.step} {at + 1} of {self.n_epochs}: " + ", ".join(parts)

    def _content(self) -> dict[str, Any]:
        return {
            "n_epochs": self.n_epochs,
            "best_epoch": self.best_epoch,
            "samples_per_second": self.samples_per_second,
            "history": self.history,
        }

    def _fragment(self, with_pictures: bool) -> str:
        at = self.best_epoch
        rows = [
            [name, *(f"{values[epoch]:.4g}" for epoch in (0, at, -1))]
            for name, values in self.history.items()
        ]
        table = ReportTable(["", f"first {self.step}", "kept", f"last {self.step}"], rows)
        parts = [
            paragraphs(f"{self.step} {at + 1} of {self.n_epochs} was kept"),
            wide(table.html()),
        ]
        if with_pictures:
            parts.append(pictures([("", self.plot())]))
        return "".join(parts)

    def _figure(self) -> "Figure":
        """Draw loss and accuracy over epochs, and mark the epoch that was kept."""
        figure = compat.new_figure(10, 4)
        loss, accuracy = figure.subplots(1, 2)
        epochs = np.arange(1, self.n_epochs + 1)
        of_values = "val_error" in self.history
        for axes, names, label in (
            (loss, ("cross_entropy", "val_loss"), "loss" if of_values else "cross-entropy"),
            (accuracy, ("accuracy", "val_accuracy", "val_error"), "accuracy"),
        ):
            for name in names:
                if name in self.history:
                    kind = "validation" if name.startswith("val") else "training"
                    axes.plot(epochs, self.history[name], label=kind)
            axes.axvline(self.best_epoch + 1, color="0.7", ls=":", label="kept")
            if of_values and axes is accuracy:
                label = "error in standard deviations"
            axes.set(xlabel=self.step, ylabel=label)
            axes.legend(frameon=False)
        return figure
