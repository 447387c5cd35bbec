"""The accuracy of a stack's values."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from nengo_dense.evaluation import plot, score
from nengo_dense.evaluation.evaluation import Evaluation


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Regression(Evaluation):
    """Errors of a stack's values on a data set, and what it took.

    Measures of several outputs are the mean of each output's, as in scikit-learn.

    Attributes
    ----------
    truth : (n, n_out) ndarray
        The right values.
    outputs : (n, n_out) ndarray
        Those answered after the whole presentation.
    squared_error_over_time : (n_steps, n_out) ndarray
        Mean squared error if the values were taken after each step.
    flat : bool
        Whether values were given as (n,).
    source : (n, n_out) ndarray or None
        What the source model answers.

    Examples
    --------
    >>> import nengo_dense
    >>> stack = nengo_dense.DenseStack([8, 1], 4, readout="linear", encoding="spikes", seed=0)
    >>> x, y = [[0.1, 0.9, 0.4, 0.2], [0.7, 0.1, 0.3, 0.8]], [0.5, 0.2]
    >>> result = nengo_dense.evaluate(stack, x, y, progress_bar=False)
    >>> sorted(result.metrics), result.predictions.shape
    (['mae', 'r2', 'rmse'], (2,))
    """

    task: ClassVar[str] = "regression"
    score_name: ClassVar[str] = "r2"

    outputs: np.ndarray
    squared_error_over_time: np.ndarray
    flat: bool = False

    @property
    def n_steps(self) -> int:
        """(int) Steps that each sample was shown."""
        return len(self.squared_error_over_time)

    @property
    def labels(self) -> np.ndarray:
        """((n, n_out) or (n,) array) The right values, in the shape in which they were given."""
        return self.truth[:, 0] if self.flat else self.truth

    @property
    def predictions(self) -> np.ndarray:
        """((n, n_out) or (n,) array) The values after the whole presentation, as ``labels``."""
        return self.outputs[:, 0] if self.flat else self.outputs

    @cached_property
    def _sums(self) -> np.ndarray:
        level = np.average(self.truth, axis=0, weights=self.weights)

        def sums_of(rows: np.ndarray) -> np.ndarray:
            return score.regression_sums(
                self.truth[rows] - level, self.outputs[rows] - level, self.weights[rows]
            )

        return score.block_sums(np.flatnonzero(self.weights), sums_of)

    @property
    def r2(self) -> float:
        """(float) Coefficient of determination: 1 at best, 0 for the mean of all values."""
        return float(score.r2(self._sums.sum(axis=0)))

    @property
    def rmse(self) -> float:
        """(float) Root mean square error, in the unit of the values."""
        return float(score.rmse(self._sums.sum(axis=0)))

    @property
    def mae(self) -> float:
        """(float) Mean absolute error, in the unit of the values."""
        return float(score.mae(self._sums.sum(axis=0)))

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """(dict) Bootstrap interval at 95 % of ``r2``, ``rmse`` and ``mae``."""
        measures = {"r2": score.r2, "rmse": score.rmse, "mae": score.mae}
        return {name: score.bootstrap_interval(self._sums, m) for name, m in measures.items()}

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """(float, float) Bootstrap interval of ``r2`` at 95 %."""
        return self.intervals["r2"]

    @property
    def error_over_time(self) -> np.ndarray:
        """((n_steps,) array) Root mean square error if values were taken after each step."""
        return np.sqrt(self.squared_error_over_time).mean(axis=1)

    @property
    def agreement(self) -> float | None:
        """(float or None) R2 with the source model's values in place of the right ones."""
        if self.source is None:
            return None
        level = np.average(self.source, axis=0, weights=self.weights)
        sums = score.regression_sums(self.source - level, self.outputs - level, self.weights)
        return float(score.r2(sums.sum(axis=0)))

    def _measures(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in ("r2", "rmse", "mae")}

    def _results(self) -> list[str]:
        return [
            f"{label} {getattr(self, name):.4g} (95 % interval {low:.4g} to {high:.4g})"
            for label, name in (("R2", "r2"), ("RMSE", "rmse"), ("MAE", "mae"))
            for low, high in [self.intervals[name]]
        ]

    def _result(self) -> str:
        return ", ".join(self._results())

    def _before(self) -> list[str]:
        first, *others = self._results()
        return [f"{first} {self._where()}", *others, *self._further()]

    def _panels(self) -> Sequence[plot.Panel]:
        over_time = {"root mean square": self.error_over_time}
        return [
            plot.Values(self.truth, self.outputs),
            plot.OverTime("Error over time", "error", over_time, self.times),
        ]

    def _details(self) -> dict[str, Any]:
        return {
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
            "error_over_time": self.error_over_time,
        }

    def _verdict(self, i: int) -> str:
        shown = slice(0, plot.MOST_OUTPUTS)
        answer, right = (
            ", ".join(f"{value:.4g}" for value in values[i, shown])
            for values in (self.outputs, self.truth)
        )
        return f"answer {answer}; right is {right}"

    def _output_names(self) -> Sequence[Any]:
        return range(self.outputs.shape[1])
