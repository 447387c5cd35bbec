"""Arrays of a data set that belong together: one for each of several inputs or outputs."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from nengo_dense.exceptions import FileFormatError


class Names(NamedTuple):
    """Inputs and outputs of a model that have names.

    Attributes
    ----------
    inputs : mapping of str to int
        Number of values of each.
    outputs : tuple of str
    """

    inputs: Mapping[str, int] = {}
    outputs: tuple[str, ...] = ()


NO_NAMES = Names()


def find_apart(
    arrays: Mapping[str, np.ndarray], base: str, names: Iterable[str]
) -> dict[str, str]:
    """Find the array ``BASE.NAME`` for each name; upper and lower case are one.

    Parameters
    ----------
    arrays : mapping
    base : str
        With an empty one arrays have the names alone.
    names : iterable of str

    Returns
    -------
    found : dict of {str: str}
        Name -> its array's, or nothing if there are none.

    Raises
    ------
    nengo_dense.exceptions.FileFormatError
        There are arrays for some of the names, all with this base, and none for others.
    """
    wanted = {name: f"{base}.{name}" if base else name for name in names}
    spelled = {key.lower(): key for key in arrays}
    found = {k: spelled[full.lower()] for k, full in wanted.items() if full.lower() in spelled}
    missing = [full for name, full in wanted.items() if name not in found]
    if not missing:
        return found
    if found and base:
        raise FileFormatError(
            f"the data set has {', '.join(found.values())}, but no {', '.join(missing)}; there "
            "must be an array for each"
        )
    return {}
