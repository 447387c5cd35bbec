"""A user's own measures."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.exceptions import invalid
from nengo_dense.notices import notify
from nengo_dense.plugins import show

Metric = Callable[..., float]
Kind = TypeVar("Kind", bound=Evaluation)


def check_metrics(metrics: Any, labels: np.ndarray, weights: np.ndarray | None) -> None:
    """Try measures on right answers, so that a mistake in one shows before hours of work.

    Raises
    ------
    nengo.exceptions.ValidationError
        No dict of callables, or one that raises an error or gives no number.
    """
    if metrics is None:
        return
    if not isinstance(metrics, Mapping):
        raise invalid(
            f"must be a dict of names and functions, got {type(metrics).__name__}", "metrics"
        )
    for name, metric in metrics.items():
        if not callable(metric):
            raise invalid(f"{name!r} must be a function, got {show(metric)}", "metrics")
        try:
            _call(metric, labels, labels, weights)
        except Exception as err:  # the user's own code, which may raise anything
            given = "labels, labels" if weights is None else "labels, labels, sample_weight=..."
            raise invalid(
                f"{name!r} fails where every answer is right, called as metric({given}): "
                f"{type(err).__name__}: {err}",
                "metrics",
            ) from err


def with_metrics(evaluation: Kind, metrics: Mapping[str, Metric] | None) -> Kind:
    """Add measures to an evaluation; of one that fails there is a note, and NaN."""
    found, notes = {}, list(evaluation.notes)
    for name, metric in (metrics or {}).items():
        try:
            found[str(name)] = _call(
                metric, evaluation.labels, evaluation.predictions, evaluation.sample_weight
            )
        except Exception as err:  # the user's own code; the rest of the result is worth keeping
            found[str(name)] = float("nan")
            notes.append(f"The metric {name!r} failed: {type(err).__name__}: {err}")
            notify(notes[-1], stacklevel=2)
    return replace(evaluation, own_metrics=found, notes=tuple(notes))


def _call(
    metric: Metric, labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray | None
) -> float:
    options = {} if weights is None else {"sample_weight": weights}
    return float(metric(labels, predictions, **options))
