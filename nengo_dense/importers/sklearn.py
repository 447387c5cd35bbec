"""Scikit-learn's multi-layer perceptrons, alone or at the end of a Pipeline with scalers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    attempt,
)
from nengo_dense.importers.sklearn_reference import reference
from nengo_dense.importers.source_model import SourceModel

Operations = list[Operation]


class SklearnImporter:
    """Reads trained estimators by the attributes that scikit-learn documents."""

    reads = "scikit-learn MLPClassifier and MLPRegressor, also in a Pipeline with scalers"

    def recognizes(self, model: Any) -> bool:
        """Tell whether a class of scikit-learn is among those of the model."""
        return any(module.partition(".")[0] == "sklearn" for module in modules_of(model))

    def read(self, model: Any) -> SourceModel:
        """Read the estimator's layers."""
        return SourceModel(
            f"Scikit-learn {type(model).__name__}",
            _estimator(model, type(model).__name__),
            classes=getattr(model, "classes_", None),
            reference=reference(model),
        )


def _estimator(model: Any, label: str) -> Operations:
    """Return the operations of an estimator, a transformer, or a Pipeline of them."""
    if model is None or model == "passthrough":
        return []
    kinds = [cls.__name__ for cls in type(model).__mro__ if cls.__module__.startswith("sklearn.")]
    for kind in kinds:
        if kind in READERS:
            return attempt(label, _fitted, READERS[kind], model, label)
    if hasattr(model, "best_estimator_"):
        return [Problem(f"{label!r} is a search; give its best_estimator_")]
    return [Problem(f"{label!r}: {type(model).__name__} is not supported; {_way_out(model)}")]


def _way_out(model: Any) -> str:
    if hasattr(model, "transform"):
        return "apply it to the data before they enter, and give the part of the pipeline after it"
    return "only multi-layer perceptrons are converted, also in a Pipeline with scalers"


def _fitted(reader: Callable[[Any, str], Operations], model: Any, label: str) -> Operations:
    learned = [name for name in vars(model) if name.endswith("_") and not name.startswith("_")]
    if not learned and not hasattr(model, "steps"):
        return [
            Problem(f"{label!r}, a {type(model).__name__}, is not trained; call its fit first")
        ]
    return reader(model, label)


def _pipeline(model: Any, label: str) -> Operations:
    return [step for name, part in model.steps for step in _estimator(part, name)]


def _perceptron(model: Any, label: str) -> Operations:
    operations: Operations = []
    for index, (kernel, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        is_last = index == len(model.coefs_) - 1
        name = f"{label}_{index}"
        operations.append(Affine(kernel.T, bias, name))
        operations += activation(model.out_activation_ if is_last else model.activation, name)
    return operations


def _standard_scaler(model: Any, label: str) -> Operations:
    centre = model.mean_ if model.with_mean else 0.0  # it is learned in any case
    return _centred(centre, model.scale_ if model.with_std else 1.0, label)


def _robust_scaler(model: Any, label: str) -> Operations:
    centre = model.center_ if model.with_centering else 0.0
    return _centred(centre, model.scale_ if model.with_scaling else 1.0, label)


def _max_abs_scaler(model: Any, label: str) -> Operations:
    return _clip_problem(model, label) or _centred(0.0, model.scale_, label)


def _min_max_scaler(model: Any, label: str) -> Operations:
    return _clip_problem(model, label) or [Scaling(model.scale_, model.min_, label)]


def _centred(centre: Any, scale: Any, label: str) -> Operations:
    """``(x - centre) / scale``."""
    return [Scaling(1 / np.asarray(scale), -np.asarray(centre) / scale, label)]


def _clip_problem(model: Any, label: str) -> Operations:
    if not getattr(model, "clip", False):
        return []
    return [
        Problem(
            f"{label!r}, a {type(model).__name__} with clip=True, is not linear; set clip=False "
            "and clip the data before"
        )
    ]


READERS = {
    "BaseMultilayerPerceptron": _perceptron,
    "MaxAbsScaler": _max_abs_scaler,
    "MinMaxScaler": _min_max_scaler,
    "Pipeline": _pipeline,
    "RobustScaler": _robust_scaler,
    "StandardScaler": _standard_scaler,
}
