"""Conversion of array-like objects to NumPy arrays, without loss of information."""

import sys
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from numbers import Number, Real
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.budget import SAMPLES
from nengo_dense.exceptions import invalid

#: Most memory in bytes for a sparse matrix as a dense array.
MOST_BYTES = SAMPLES.most
#: Types of items in a list that need no further check.
PLAIN = {bool, bytes, float, int, str}
#: Python's types that count as real numbers.
REAL = (Real, Decimal, np.bool_)
#: Names of the contents of other kinds of arrays, for messages.
KINDS = {
    "U": "texts",
    "S": "bytes",
    "M": "dates",
    "m": "durations",
    "c": "complex values",
    "V": "records",
}


def to_array(value: Any, attr: str, obj: object = None) -> np.ndarray:
    """Return a value as an array, with its own shape and type.

    Accepts NumPy's arrays, lists, data frames and series, tensors of PyTorch (also on a graphics
    card, or with a gradient, which is dropped) and of TensorFlow, SciPy's sparse matrices, and
    lists of all of these. A masked array is accepted if no value is masked, and an array of
    objects if they are rows of one shape.

    Parameters
    ----------
    value : array_like
    attr : str
        Name of the argument, for messages.
    obj : object, optional
        Owner of the argument, for messages.

    Raises
    ------
    nengo.exceptions.ValidationError
        Values are masked, a sparse matrix is too large as a dense array, parts have different
        shapes, or it is not an array.
    """
    value = rows_of(value)
    try:
        array = np.asarray(_plain(value, attr, obj))
    except ValidationError:
        raise
    except Exception as err:  # an object's own conversion to an array may raise any error
        if "inhomogeneous" in str(err):
            way_out = "; give inputs alone, without labels" * isinstance(value, tuple)
            if not isinstance(value, list | tuple):  # a data set of PyTorch's
                way_out = (
                    "; if these are inputs and labels, give inputs alone, as [inputs for inputs, "
                    f"labels in {attr}] does"
                )
            raise invalid(
                f"must be one array, got a {type(value).__name__} of parts of different shapes"
                f"{way_out}",
                attr,
                obj,
            ) from err
        raise invalid(
            f"must be an array, got {type(value).__name__}, which cannot become one ({err})",
            attr,
            obj,
        ) from err
    if array.ndim == 0 and array.dtype == object and not isinstance(value, Number):
        raise invalid(
            f"must be a number or an array, got {type(value).__name__}{_way_out(value, attr)}",
            attr,
            obj,
        )
    return array


def rows_of(value: Any) -> Any:
    """Return the rows of an array of objects as a list, and everything else as it is.

    NumPy has such an array for rows of different lengths, and pandas for any lists.
    """
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    rows = list(value) if kind == "O" and getattr(value, "ndim", None) == 1 else []
    are_rows = rows and all(isinstance(row, list | tuple | np.ndarray) for row in rows)
    return rows if are_rows else value


def _way_out(value: Any, attr: str) -> str:
    """Say how something becomes an array that does not by itself."""
    if isinstance(value, np.ndarray):  # as numpy.load gives what was no array
        return f" that holds a {type(value.item()).__name__}; {attr}.item() gives it"
    if isinstance(value, Mapping):
        return "; take the array out of it"
    if hasattr(value, "collect"):  # of polars, Dask or Spark
        return "; give its collect()"
    if hasattr(value, "row_splits"):  # TensorFlow's ragged tensor
        return (
            f"; give [part.numpy() for part in {attr}] for sequences that end apart, or "
            f"{attr}.to_tensor() with a mask"
        )
    if hasattr(value, "dense_shape"):  # TensorFlow's sparse tensor
        return f"; give tf.sparse.to_dense({attr})"
    if isinstance(value, Iterable) and not isinstance(value, Set):
        return (
            "; put what it yields into one array, as numpy.concatenate(list(...)) does, or of "
            "pairs numpy.concatenate([inputs for inputs, labels in ...])"
        )
    return ""


def check_real(array: np.ndarray, attr: str, obj: object = None) -> None:
    """Raise a ValidationError for values that are not real numbers: text, dates, complex, records.

    Parameters
    ----------
    array : ndarray
    attr : str
    obj : object, optional
        For messages.
    """
    if array.dtype == object:
        strange = [item for item in array.ravel() if not isinstance(item, REAL)][:1]
        if not strange:
            return
        kind = np.asarray(strange[0]).dtype
    # can_cast accepts small floats that other packages add to NumPy, such as bfloat16
    elif array.dtype.kind in "biuf" or np.can_cast(array.dtype, np.float64):
        return
    else:
        kind, strange = array.dtype, array.ravel()[:1].tolist()
    such_as = "".join(f" such as {item!r}" for item in strange)
    way_out = "; fill in what is missing first" * any(map(is_missing, strange))
    if array.dtype.names:
        way_out = f"; take a field, {attr}[{array.dtype.names[0]!r}]"
    raise invalid(
        f"must be numbers, got {KINDS.get(kind.kind, 'objects')}{such_as}{way_out}", attr, obj
    )


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for none: None, NaN, or what pandas has for it."""
    is_nan = isinstance(value, float) and value != value
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def _plain(value: Any, attr: str, obj: object) -> Any:
    """Return an object that NumPy converts to the intended array."""
    if isinstance(value, list | tuple):
        return [item if type(item) in PLAIN else _plain(item, attr, obj) for item in value]
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise invalid(
            f"{np.ma.count_masked(value)} of {value.size} values are masked, and single values "
            "cannot be left out: drop these samples, or fill the values as in training, with "
            ".filled(value)",
            attr,
            obj,
        )
    # if such an object exists, its package has been imported
    sparse, torch = sys.modules.get("scipy.sparse"), sys.modules.get("torch")
    if sparse is not None and sparse.issparse(value):
        n_bytes = 8 * int(np.prod(value.shape, dtype=object))
        if n_bytes > MOST_BYTES:
            raise invalid(
                f"a sparse matrix of shape {value.shape} takes {n_bytes / 2**30:.1f} GiB with its "
                f"zeros, more than {MOST_BYTES / 2**30:g}; give fewer rows at once",
                attr,
                obj,
            )
        return value.toarray()
    if torch is not None and isinstance(value, torch.Tensor):
        refuse_nested(value, attr, obj)
        return _of_torch(value, torch)
    return value


def refuse_nested(value: Any, attr: str, obj: object = None) -> None:
    """Raise a ValidationError for a nested tensor of PyTorch's, which has no shape."""
    if getattr(value, "is_nested", False) is True:
        raise invalid(
            "is a nested tensor, whose parts end apart; give list(x.unbind()) for sequences, or "
            "x.to_padded_tensor(0.0) with a mask",
            attr,
            obj,
        )


def _of_torch(tensor: Any, torch: Any) -> Any:
    """Return a tensor that NumPy can read: on the CPU, without gradient, of a known type."""
    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_floating_point():
        tensor = tensor.double()  # NumPy has no bfloat16
    return tensor.cpu().resolve_conj().resolve_neg().numpy()
