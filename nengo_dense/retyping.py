"""Give nengo-loihi's discretization new arrays of integers, where it changes dtypes in place.

``array_to_int`` in nengo-loihi 1.1 (``builder/discretize.py``) assigns to ``array.dtype``. NumPy
2.5 deprecates this, and will refuse it. Here the owner of the array, a compartment or a synapse,
gets an array of integers in its place.
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np


class Retyping:
    """Stands in for functions of ``nengo_loihi.builder.discretize``; the numbers are the same.

    Parameters
    ----------
    module : module
        It gets this object's functions. One that has them already stays as it is.
    """

    NAMES = "array_to_int", "discretize_compartment", "discretize_synapse"

    def __init__(self, module: ModuleType) -> None:
        self.original = {name: getattr(module, name) for name in self.NAMES}
        #: In each thread, id of an array -> functions that put another into its places
        self.local = threading.local()

    @classmethod
    def into(cls, module: ModuleType) -> None:
        """Replace the functions of a module, once."""
        if isinstance(getattr(module.array_to_int, "__self__", None), cls):
            return
        stand_in = cls(module)
        for name in cls.NAMES:
            setattr(module, name, getattr(stand_in, name))

    def array_to_int(self, array: np.ndarray, value: Any) -> None:
        """Put rounded values into the place of an array of a compartment or synapse."""
        places = getattr(self.local, "places", {}).get(id(array))
        if places is None:  # somebody else's array
            self.original["array_to_int"](array, value)
            return
        assert array.dtype == np.float32, "nengo-loihi builds in float32"
        new = np.empty(array.shape, dtype=np.int32)
        new[:] = np.round(value).astype(np.int32)
        for put in places:
            put(new)

    def discretize_compartment(self, comp: Any, w_max: Any) -> Any:
        """Discretize a compartment, whose arrays are its attributes."""
        arrays = {k: v for k, v in vars(comp).items() if isinstance(v, np.ndarray)}
        self._know((array, partial(setattr, comp, name)) for name, array in arrays.items())
        return self._call("discretize_compartment", comp, w_max)

    def discretize_synapse(self, synapse: Any, *args: Any, **kwargs: Any) -> Any:
        """Discretize a synapse, whose weights are a list of arrays."""
        if not isinstance(synapse.weights, list):
            synapse.weights = list(synapse.weights)
        put = synapse.weights.__setitem__
        self._know((array, partial(put, i)) for i, array in enumerate(synapse.weights))
        return self._call("discretize_synapse", synapse, *args, **kwargs)

    def _know(self, arrays: Iterable[tuple[np.ndarray, Callable[[np.ndarray], None]]]) -> None:
        places: dict[int, list[Callable[[np.ndarray], None]]] = {}
        self.local.places = places
        for array, put in arrays:
            places.setdefault(id(array), []).append(put)

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.original[name](*args, **kwargs)
        finally:
            self.local.places = {}
