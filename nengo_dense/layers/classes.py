"""The classes of a classifier's outputs: one name per output, numbers or text."""

from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.array_like import to_array
from nengo_dense.samples import decoded


def check_classes(classes: Any, n_out: int, obj: object) -> np.ndarray | None:
    """Return class names as a read-only array of numbers or text, or None for None.

    Parameters
    ----------
    classes : (n_out,) array_like or None
    n_out : int
    obj : object
        For messages.

    Raises
    ------
    nengo.exceptions.ValidationError
        The number of names is wrong, a name is given twice, or names are neither numbers nor text.
    """
    if classes is None:
        return None
    names = to_array(classes, "classes", obj)
    if names.shape != (n_out,):
        raise ValidationError(
            f"must have shape ({n_out},), one name for each output, got {names.shape}",
            attr="classes",
            obj=obj,
        )
    names = np.array(names)
    if names.dtype == object and all(isinstance(name, str) for name in names.ravel()):
        names = names.astype(str)  # as pandas and scikit-learn keep text
    if names.dtype.kind == "S":
        names = decoded(names)
    if names.dtype.kind not in "biufU":
        raise ValidationError(
            f"must be numbers or text, got {names.dtype}; name each class by its text, as "
            "[str(name) for name in classes] does",
            attr="classes",
            obj=obj,
        )
    if len(np.unique(names)) < n_out:
        raise ValidationError(
            f"must be {n_out} different names, got {names.tolist()}", attr="classes", obj=obj
        )
    names.setflags(write=False)
    return names
