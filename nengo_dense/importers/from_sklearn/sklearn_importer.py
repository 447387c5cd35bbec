"""Scikit-learn's multi-layer perceptrons and linear models, alone or behind transformers."""

from collections.abc import Callable
from typing import Any

from nengo_dense.importers.form.operation import (
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    attempt,
)
from nengo_dense.importers.from_sklearn.sklearn_reference import reference
from nengo_dense.importers.from_sklearn.sklearn_transformer import affine_map, is_transformer
from nengo_dense.importers.importer import modules_of
from nengo_dense.importers.reading.arithmetic_call import clip
from nengo_dense.importers.source_model import SourceModel
from nengo_dense.plugins import show

Operations = list[Operation]


#: Where estimators that are made of others keep these -> one of these.
PARTS = {
    "estimators_": "estimators_[0]",
    "calibrated_classifiers_": "calibrated_classifiers_[0].estimator",
    "estimator_": "estimator_",
}
#: Transformers that learn nothing.
UNTRAINED = ("FunctionTransformer", "FeatureUnion")


class SklearnImporter:
    """Reads trained estimators by the attributes that scikit-learn documents."""

    reads = (
        "scikit-learn MLPClassifier and MLPRegressor, also in a Pipeline with scalers, PCA and "
        "other affine transformers"
    )

    def recognizes(self, model: Any) -> bool:
        """Tell whether a class of scikit-learn is among those of the model."""
        return any(module.partition(".")[0] == "sklearn" for module in modules_of(model))

    def read(self, model: Any) -> SourceModel:
        """Read the estimator's layers."""
        from sklearn.base import is_regressor  # it is loaded, as the model is its

        model = found(model)
        return SourceModel(
            f"Scikit-learn {type(model).__name__}",
            _estimator(model, type(model).__name__),
            classes=getattr(model, "classes_", None),
            features=getattr(model, "feature_names_in_", None),
            reference=reference(model),
            task="regression" if is_regressor(model) else None,
        )


def found(model: Any) -> Any:
    """Return what a search found best (GridSearchCV and its like), or what is frozen, if any."""
    if type(model).__name__ == "FrozenEstimator":
        return found(model.estimator)
    return found(model.best_estimator_) if hasattr(model, "best_estimator_") else model


def _estimator(model: Any, label: str, is_end: bool = True) -> Operations:
    """Return the operations of an estimator, a transformer, or a Pipeline of them.

    Parameters
    ----------
    model : object
    label : str
    is_end : bool, optional
        Whether it gives the result, not what another takes.
    """
    if model is None or (isinstance(model, str) and model == "passthrough"):
        return []
    model = found(model)
    kinds = [cls.__name__ for cls in type(model).__mro__ if cls.__module__.startswith("sklearn.")]
    for kind in kinds:
        if kind in READERS:
            return attempt(label, _fitted, READERS[kind], model, label)
    if is_transformer(model):
        if is_end and hasattr(model, "predict"):
            kind = type(model).__name__
            return [
                Problem(f"{label!r}: {kind} is read as a transformer alone; {_way_out(model)}")
            ]
        return attempt(label, _fitted, _transformer, model, label)
    return [Problem(f"{label!r}: {type(model).__name__} is not supported; {_way_out(model)}")]


def _way_out(model: Any) -> str:
    if hasattr(model, "transform") and not hasattr(model, "predict"):
        return (
            "apply it to the data before they enter, and give the part of the pipeline after it; "
            "from step n on: convert(pipeline[n:], calibration=pipeline[:n].transform(x))"
        )
    if hasattr(model, "module_"):
        return "it trains a PyTorch module; give that, its module_"
    if hasattr(model, "coef_") and hasattr(model, "intercept_"):
        return (
            "it is one matrix, for which no neurons are needed: use one nengo.Connection, with "
            "its coef_ as transform, and add its intercept_"
        )
    if hasattr(model, "refit") and not hasattr(model, "estimator_"):
        return "it has no best_estimator_; call its fit first, with refit=True"
    for name, part in PARTS.items():
        if hasattr(model, name) and not hasattr(model, "feature_importances_"):  # of trees
            return (
                f"convert what it made each by itself, such as its {part}, and do the rest there"
            )
    return (
        "only multi-layer perceptrons are converted, also in a Pipeline with scalers and other "
        "affine transformers"
    )


def _fitted(reader: Callable[[Any, str], Operations], model: Any, label: str) -> Operations:
    learned = [name for name in vars(model) if name.endswith("_") and not name.startswith("_")]
    if not learned and not hasattr(model, "steps") and type(model).__name__ not in UNTRAINED:
        return [
            Problem(f"{label!r}, a {type(model).__name__}, is not trained; call its fit first")
        ]
    return reader(model, label)


def _pipeline(model: Any, label: str) -> Operations:
    ends = [False] * (len(model.steps) - 1) + [True]
    return [
        step
        for (name, part), is_end in zip(model.steps, ends, strict=True)
        for step in _estimator(part, name, is_end)
    ]


def _perceptron(model: Any, label: str) -> Operations:
    operations: Operations = []
    for index, (kernel, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        is_last = index == len(model.coefs_) - 1
        name = f"{label}_{index}"
        operations.append(Affine(kernel.T, bias, name))
        operations += activation(model.out_activation_ if is_last else model.activation, name)
    return operations


def _target_regressor(model: Any, label: str) -> Operations:
    """Read a regressor whose targets were scaled: its outputs are scaled back."""
    operations = _estimator(model.regressor_, label)
    transformer = model.transformer_
    if type(transformer).__name__ == "FunctionTransformer":
        functions = transformer.func, transformer.inverse_func
        if functions == (None, None):
            return operations
        return [*operations, _no_target(label, transformer, f"it calls {show(functions[1])}")]
    try:
        back = affine_map(transformer)
        if back.matrix.ndim != 1:
            raise ValueError("only scalers of targets are taken back")
    except ValueError as err:
        return [*operations, _no_target(label, transformer, str(err))]
    return [*operations, *back.inverse().operations(f"{label} target")]


def _transformer(model: Any, label: str) -> Operations:
    try:
        found = affine_map(model)
    except ValueError as err:
        return [_no_map(label, model, str(err))]
    return found.operations(label) if len(found.offset) else []


def _no_map(label: str, model: Any, reason: str) -> Problem:
    return Problem(f"{label!r}, a {type(model).__name__}: {reason}; {_way_out(model)}")


def _no_target(label: str, model: Any, reason: str) -> Problem:
    return Problem(
        f"{label + ' target'!r}, a {type(model).__name__}: {reason}; give the regressor_ alone, "
        "and take its outputs back with transformer_.inverse_transform"
    )


def _min_max_scaler(model: Any, label: str) -> Operations:
    low, high = model.feature_range
    limits = clip(low, high, label) if model.clip else []
    return [Scaling(model.scale_, model.min_, label), *limits]


def _max_abs_scaler(model: Any, label: str) -> Operations:
    limits = clip(-1.0, 1.0, label) if getattr(model, "clip", False) else []
    return [Scaling(1 / model.scale_, 0.0, label), *limits]


READERS = {
    "BaseMultilayerPerceptron": _perceptron,
    "MaxAbsScaler": _max_abs_scaler,
    "MinMaxScaler": _min_max_scaler,
    "Pipeline": _pipeline,
    "TransformedTargetRegressor": _target_regressor,
}
