"""Scikit-learn's transformers that are affine maps, read by the attributes that it documents."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nengo_dense.importers.form.operation import Affine, Operation, Scaling


class AffineMap(NamedTuple):
    """``matrix @ x + offset``.

    Attributes
    ----------
    matrix : (n_out, n_in) or (n_in,) ndarray
        With one axis the diagonal of a matrix.
    offset : (n_out,) ndarray
    """

    matrix: np.ndarray
    offset: np.ndarray

    def after(self, first: "AffineMap") -> "AffineMap":
        """Return the map that does what `first` does, and then this."""
        if self.matrix.ndim == 1:
            rows = self.matrix if first.matrix.ndim == 1 else self.matrix[:, np.newaxis]
            return AffineMap(rows * first.matrix, self.matrix * first.offset + self.offset)
        matrix = (
            self.matrix * first.matrix if first.matrix.ndim == 1 else self.matrix @ first.matrix
        )
        return AffineMap(matrix, self.matrix @ first.offset + self.offset)

    def inverse(self) -> "AffineMap":
        """Return the way back, of a diagonal matrix."""
        return AffineMap(1 / self.matrix, -self.offset / self.matrix)

    def times(self, factor: float) -> "AffineMap":
        """Return the map to so many times what this gives."""
        return AffineMap(factor * self.matrix, factor * self.offset)

    def dense(self) -> np.ndarray:
        """Return the matrix with all its zeros."""
        return np.diag(self.matrix) if self.matrix.ndim == 1 else self.matrix

    def operations(self, label: str) -> list[Operation]:
        """Return the map as operations of a model."""
        if self.matrix.ndim == 1:
            return [Scaling(self.matrix, self.offset, label)]
        return [Affine(self.matrix, self.offset, label)]


def affine_map(model: Any) -> AffineMap:
    """Return what a transformer does.

    Parameters
    ----------
    model : object
        Trained.

    Raises
    ------
    ValueError
        It is no affine map; the text says why.
    """
    kinds = [cls.__name__ for cls in type(model).__mro__ if cls.__module__.startswith("sklearn.")]
    kind = next((kind for kind in kinds if kind in MAPS), None)
    if kind is None:
        raise ValueError(f"{type(model).__name__} is not supported")
    return MAPS[kind](model)


def is_transformer(model: Any) -> bool:
    """Tell whether a class of `MAPS` is among a transformer's."""
    return any(cls.__name__ in MAPS for cls in type(model).__mro__)


def _diagonal(n: int, matrix: ArrayLike, offset: ArrayLike) -> AffineMap:
    return AffineMap(
        np.array(np.broadcast_to(np.asarray(matrix, float), n)),
        np.array(np.broadcast_to(np.asarray(offset, float), n)),
    )


def _identity(n: int) -> AffineMap:
    return _diagonal(n, 1.0, 0.0)


def _centred(model: Any, centre: Any, scale: Any) -> AffineMap:
    """``(x - centre) / scale``, either of them None if it is not used."""
    centre = 0.0 if centre is None else np.asarray(centre)
    scale = 1.0 if scale is None else np.asarray(scale)
    return _diagonal(model.n_features_in_, 1 / np.asarray(scale), -centre / scale)


def _standard_scaler(model: Any) -> AffineMap:
    centre = model.mean_ if model.with_mean else None  # it is learned in any case
    return _centred(model, centre, model.scale_ if model.with_std else None)


def _robust_scaler(model: Any) -> AffineMap:
    centre = model.center_ if model.with_centering else None
    return _centred(model, centre, model.scale_ if model.with_scaling else None)


def _max_abs_scaler(model: Any) -> AffineMap:
    _refuse_if(getattr(model, "clip", False), "with clip=True it is not linear; set clip=False")
    return _centred(model, None, model.scale_)


def _min_max_scaler(model: Any) -> AffineMap:
    _refuse_if(model.clip, "with clip=True it is not linear; set clip=False")
    return _diagonal(model.n_features_in_, model.scale_, model.min_)


def _components(model: Any) -> AffineMap:
    """Components of the data less their mean, divided by their deviations if whitened."""
    matrix = model.components_
    matrix = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=float)
    if type(model).__name__.endswith("PCA") and model.whiten:
        matrix = matrix / np.sqrt(model.explained_variance_)[:, np.newaxis]
    mean = getattr(model, "mean_", None)
    offset = np.zeros(len(matrix)) if mean is None else -matrix @ np.asarray(mean)
    return AffineMap(matrix, offset)


def _discriminant(model: Any) -> AffineMap:
    _refuse_if(model.solver == "lsqr", "solver='lsqr' has no transform")
    matrix = model.scalings_[:, : model._max_components].T
    offset = -matrix @ model.xbar_ if model.solver == "svd" else np.zeros(len(matrix))
    return AffineMap(matrix, offset)


def _selector(model: Any) -> AffineMap:
    support = model.get_support()
    return AffineMap(np.eye(len(support))[support], np.zeros(int(support.sum())))


def _imputer(model: Any) -> AffineMap:
    """Only what is missing changes, and nothing that enters here is; empty columns are dropped."""
    _refuse_if(model.add_indicator, "add_indicator=True adds features; set it False")
    missing = model.missing_values
    is_nan = isinstance(missing, float) and np.isnan(missing)
    _refuse_if(not is_nan, f"it replaces every value {missing!r}; impute the data before")
    kept = np.ones(model.n_features_in_, dtype=bool)
    if model.strategy != "constant" and not getattr(model, "keep_empty_features", False):
        kept = np.isfinite(np.asarray(model.statistics_, dtype=float))
    if kept.all():
        return _identity(len(kept))
    return AffineMap(np.eye(len(kept))[kept], np.zeros(int(kept.sum())))


def _function(model: Any) -> AffineMap:
    _refuse_if(model.func is not None, f"it calls {model.func!r}, whose code is not read")
    return _identity(int(getattr(model, "n_features_in_", 0)))


def _columns(model: Any) -> AffineMap:
    """Stack what the parts make of their columns."""
    n = model.n_features_in_
    parts = [_of_part(name, part, columns, model) for name, part, columns in model.transformers_]
    found = [part for part in parts if part is not None]
    _refuse_if(not found, "it drops all columns")
    matrix = np.zeros((sum(len(part.matrix) for part, _ in found), n))
    row = 0
    for part, places in found:
        rows = matrix[row : row + len(part.matrix)]
        np.add.at(rows.T, places, part.dense().T)  # a column may be taken several times
        row += len(part.matrix)
    return AffineMap(matrix, np.concatenate([part.offset for part, _ in found]))


def _of_part(
    name: str, part: Any, columns: Any, model: Any
) -> tuple[AffineMap, np.ndarray] | None:
    places = _places(columns, model)
    if (isinstance(part, str) and part == "drop") or not len(places):
        return None
    weight = (model.transformer_weights or {}).get(name, 1.0)
    if isinstance(part, str) or (type(part).__name__ == "FunctionTransformer" and not part.func):
        return _identity(len(places)).times(weight), places
    try:
        return affine_map(part).times(weight), places
    except ValueError as err:
        raise ValueError(f"in it {name!r}: {err}") from err


def _places(columns: Any, model: Any) -> np.ndarray:
    """Return the indices of columns that are given as in a ColumnTransformer."""
    n = model.n_features_in_
    if isinstance(columns, slice) and not isinstance(columns.start or columns.stop, str):
        return np.arange(n)[columns]
    names = list(getattr(model, "feature_names_in_", []))
    if isinstance(columns, slice):
        stop = None if columns.stop is None else names.index(columns.stop) + 1
        return np.arange(n)[None if columns.start is None else names.index(columns.start) : stop]
    columns = np.atleast_1d(np.asarray(columns))
    if columns.dtype == bool:
        return np.flatnonzero(columns)
    if columns.dtype.kind in "UO":
        return np.array([c if isinstance(c, int) else names.index(c) for c in columns], dtype=int)
    return columns.astype(int) % n if len(columns) else np.zeros(0, dtype=int)


def _union(model: Any) -> AffineMap:
    weights = model.transformer_weights or {}
    parts = [(name, part) for name, part in model.transformer_list if part != "drop"]
    maps = [affine_map(part).times(weights.get(name, 1.0)) for name, part in parts]
    return AffineMap(
        np.concatenate([part.dense() for part in maps]),
        np.concatenate([part.offset for part in maps]),
    )


def _pipeline(model: Any) -> AffineMap:
    parts = [part for _, part in model.steps if part is not None and not isinstance(part, str)]
    found = [affine_map(part) for part in parts]
    _refuse_if(not found, "a pipeline of nothing")
    result = found[0]
    for part in found[1:]:
        result = part.after(result) if len(part.offset) else result
    return result


def _refuse_if(condition: Any, text: str) -> None:
    if condition:
        raise ValueError(text)


#: Class -> what returns its map.
MAPS: dict[str, Callable[[Any], AffineMap]] = {
    **dict.fromkeys(
        (
            *("PCA", "IncrementalPCA", "TruncatedSVD", "FastICA"),
            *("NeighborhoodComponentsAnalysis", "BaseRandomProjection"),
        ),
        _components,
    ),
    "ColumnTransformer": _columns,
    "FeatureUnion": _union,
    "FunctionTransformer": _function,
    "LinearDiscriminantAnalysis": _discriminant,
    "MaxAbsScaler": _max_abs_scaler,
    "MinMaxScaler": _min_max_scaler,
    "Pipeline": _pipeline,
    "RobustScaler": _robust_scaler,
    "SelectorMixin": _selector,
    "SimpleImputer": _imputer,
    "StandardScaler": _standard_scaler,
}
