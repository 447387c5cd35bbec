"""The shape of one sample at each layer of a Keras model, and broadcasting over it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nengo_dense.importers.form.operation import UnfitError

#: Largest number of features that a declared shape may have; Loihi takes 4096 a layer.
MAX_FEATURES = 2**24

Sizes = tuple[int | None, ...]


class Shape:
    """The shape of a sample, as far as it is known.

    Parameters
    ----------
    sizes : tuple or None
        Without the axis of the samples. None while unknown; a size may be None.

    Raises
    ------
    ValueError
        A size is no whole number; a file may declare anything.
    """

    def __init__(self, sizes: Sizes | None = None) -> None:
        self.sizes = None if sizes is None else _whole(sizes)

    @property
    def is_flat(self) -> bool:
        """(bool) Whether a sample is a vector, as far as is known."""
        return self.sizes is None or len(self.sizes) <= 1

    @property
    def n_features(self) -> int | None:
        """(int or None) Number of features, or more than `MAX_FEATURES`; None if unknown."""
        if self.sizes is None or None in self.sizes:
            return None
        return n_features(self.sizes)

    def known(self) -> tuple[int, ...]:
        """Return the sizes, or raise a ValueError if one is unknown."""
        if self.sizes is None or None in self.sizes:
            raise ValueError(f"the input shape {self} must be known")
        return tuple(size for size in self.sizes if size is not None)

    def flatten(self) -> None:
        """Put all axes into one."""
        if self.sizes is not None:
            self.sizes = (self.n_features,)

    def reshape(self, target: Sizes) -> None:
        """Take another shape, in which one size may be -1."""
        total, target = self.n_features, _whole(target)
        if -1 in target:
            others = n_features([n for n in target if n != -1])
            target = tuple((total // others if total else None) if n == -1 else n for n in target)
        if total is not None and n_features(target) != total:
            raise ValueError(f"{total} features cannot be reshaped to {shorten(str(target))}")
        self.sizes = target

    def squeeze(self, axis: Any) -> None:
        """Take away axes of one element; axis 0 is that of the samples."""
        if self.sizes is None:
            return
        axes = axis if isinstance(axis, list | tuple) else [axis]
        places = {at - 1 if at > 0 else len(self.sizes) + at for at in axes if at is not None}
        if not places:
            places = {place for place, size in enumerate(self.sizes) if size == 1}
        if any(self.sizes[place] != 1 for place in places):
            raise ValueError(f"an axis of {self} that is squeezed has more than one element")
        self.sizes = tuple(size for at, size in enumerate(self.sizes) if at not in places)

    def expand(self, axis: int) -> None:
        """Put in an axis of one element."""
        if self.sizes is not None:
            at = axis - 1 if axis > 0 else len(self.sizes) + 1 + axis
            self.sizes = (*self.sizes[:at], 1, *self.sizes[at:])

    def along(self, values: Any, axes: list[int]) -> np.ndarray:
        """Spread one value an index of `axes` over the features of the flattened sample."""
        values = np.asarray(values, dtype=np.float64)
        if self.is_flat or values.size == 1:
            flat: np.ndarray = values.reshape(()) if values.size == 1 else values.ravel()
            return flat
        shape = self.known()
        rank = len(shape) + 1
        kept = [axis % rank for axis in axes]
        if 0 in kept:
            raise ValueError("axis 0, the samples, cannot be normalized alone")
        target = [size if axis + 1 in kept else 1 for axis, size in enumerate(shape)]
        values = np.broadcast_to(np.squeeze(values), [size for size in target if size > 1])
        return np.broadcast_to(values.reshape(target), shape).ravel()

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Spread values over the features as NumPy broadcasts them over a sample."""
        if values.size == 1:
            return values.reshape(())
        if self.is_flat or self.sizes is None:
            return values
        if values.ndim > len(self.sizes) and len(values) == 1:
            values = values[0]  # it has an axis for the samples
        try:
            return np.broadcast_to(values, self.known()).ravel()
        except ValueError:
            raise UnfitError(
                f"a constant of shape {values.shape} does not fit values of shape {self}; repeat "
                "these before it, as by keras.ops.repeat"
            ) from None

    def __str__(self) -> str:
        return shorten(str(self.sizes))


def n_features(shape: Sequence[int | None]) -> int:
    """Multiply the known sizes, as far as `MAX_FEATURES`: a file may declare any number."""
    n = 1
    for size in shape:
        n *= size or 1
        if n > MAX_FEATURES:
            break
    return n


def _whole(sizes: Sizes) -> Sizes:
    for size in sizes:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int | np.integer)):
            shown = shorten(str(tuple(sizes)))
            raise ValueError(f"the shape {shown} has sizes that are no whole numbers")
    return tuple(sizes)


def shorten(text: str, length: int = 80) -> str:
    """Cut what a file declares to a length that people read."""
    return text if len(text) <= length else f"{text[:length]}…"


def numbers(value: Any) -> np.ndarray:
    """Return numbers from a configuration, where Keras may have wrapped an array in a dict."""
    if isinstance(value, dict):
        inner = value.get("config", value)
        value = inner["value"] if isinstance(inner, dict) else inner
    return np.asarray(value, dtype=np.float64)
