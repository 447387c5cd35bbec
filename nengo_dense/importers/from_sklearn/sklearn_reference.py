"""The outputs of scikit-learn estimators."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from nengo_dense.importers.model_reference import Reference
from nengo_dense.importers.precision import coarsest
from nengo_dense.notices import notify

#: What gives an estimator's outputs, the most telling first: a decision has no probabilities.
METHODS = ("predict_proba", "decision_function", "predict", "transform")


def reference(model: Any) -> Reference:
    """Return how to run an estimator."""

    def outputs(x: np.ndarray) -> np.ndarray:
        with _without_words_on_names():
            given = _named(model, x)
            values = np.asarray(_method(model)(given))
            _say_if_decided_otherwise(model, given, values)
        return _in_one_column(model, values)

    def layers(x: np.ndarray) -> list[tuple[str, np.ndarray]]:
        with _without_words_on_names():
            return list(_steps(model, _named(model, x)))

    names = {str(array.dtype) for array in getattr(_last(model), "coefs_", [])}
    return Reference(outputs, "float64", coarsest(names, "float64"), layers)


def _last(model: Any) -> Any:
    """Return what gives the outputs of a Pipeline, or of anything else."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return model


def _method(model: Any) -> Callable[[Any], Any]:
    method: Callable[[Any], Any] = getattr(model, next(m for m in METHODS if hasattr(model, m)))
    return method


def _say_if_decided_otherwise(model: Any, x: Any, values: np.ndarray) -> None:
    """Tell of a classifier of one's own whose answers do not follow from its probabilities."""
    classes = getattr(model, "classes_", None)
    if classes is None or not hasattr(model, "predict_proba"):
        return
    answers = np.asarray(model.predict(x))
    if answers.ndim > 1:
        usual, what = values > 0.5, "the labels that are likelier than not"
    else:
        usual, what = np.asarray(classes)[values.argmax(axis=1)], "the likeliest classes"
    differ = answers != usual
    if share := float(differ.reshape(len(answers), -1).any(axis=1).mean()):
        notify(
            f"What predict() of this {type(_last(model)).__name__} answers is not {what} for "
            f"{share:.1%} of the samples that were compared. The converted network has its "
            "probabilities, and answers by these: decide there as your predict() does.",
            stacklevel=1,
        )


def _in_one_column(model: Any, columns: np.ndarray) -> np.ndarray:
    """Leave out the first of two probabilities where the estimator itself computes one."""
    computes_one = getattr(_last(model), "n_outputs_", None) == 1
    if computes_one and columns.ndim == 2 and columns.shape[1] == 2:
        columns = columns[:, 1:]
    return columns


def _named(model: Any, x: np.ndarray) -> Any:
    """Give the features the names that the estimator learnt, where it learnt any."""
    pandas = sys.modules.get("pandas")
    names = getattr(model, "feature_names_in_", None)
    return x if names is None or pandas is None else pandas.DataFrame(x, columns=names)


@contextmanager
def _without_words_on_names() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*feature names")
        yield


def _steps(model: Any, x: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what each step before the last of a Pipeline gives."""
    for name, step in getattr(model, "steps", [])[:-1]:
        if step is not None and step != "passthrough":
            x = step.transform(x)
            yield name, np.asarray(x)
