"""What is known of a Keras model while its layers are read, and the weights of the next one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from nengo_dense.importers.form.operation import Affine, UnfitError
from nengo_dense.importers.from_keras.keras_graph import KerasLayer
from nengo_dense.importers.from_keras.keras_shape import Shape, n_features
from nengo_dense.importers.from_keras.keras_weights import WeightSource, with_lora
from nengo_dense.importers.reading.feature_layout import along_last


@dataclass
class State:
    """What is known while the layers of a model are read in order.

    Parameters
    ----------
    weights : callable
        Returns a layer's weight arrays, in Keras's order.
    shape : Shape
        Of one sample at this point.
    is_keras_2 : bool
        Whether an earlier Keras than 3 made the model.
    at_input : bool
        Whether what the next layer takes are inputs.

    Attributes
    ----------
    rounded_inputs : list of str
        Labels of the quantizers of inputs, which are left out.
    unlimited_inputs : list of str
        Labels of those of them whose limits are left out, too.
    """

    weights: WeightSource
    shape: Shape = field(default_factory=Shape)
    is_keras_2: bool = False
    at_input: bool = False
    rounded_inputs: list[str] = field(default_factory=list)
    unlimited_inputs: list[str] = field(default_factory=list)

    @contextmanager
    def given(self, weights: WeightSource) -> Iterator[None]:
        """Read with other weights for a time."""
        before, self.weights = self.weights, weights
        try:
            yield
        finally:
            self.weights = before

    def along_last(self, dense: Affine) -> Affine:
        """Return a layer of the last axis as one of all features; an UnfitError if too large.

        The shape becomes that of what it gives.
        """
        n_out, n_in = np.shape(dense.weights)
        sizes = self.shape.sizes or (n_in,)
        others = Shape(sizes[:-1]).known()
        self.shape.sizes = (*others, n_out)
        return along_last(dense, n_features(others) * n_in)

    def arrays(self, layer: KerasLayer, names: list[str]) -> dict[str, np.ndarray]:
        """Return the weights of a layer by name; a ValueError if there are more or fewer."""
        arrays = with_lora(layer, self.weights(layer))
        if len(arrays) != len(names):
            if not arrays:
                raise UnfitError(
                    "it has no weights; if the model is not built, call it once or give an Input"
                )
            raise ValueError(
                f"it has {len(arrays)} weight arrays, not {len(names)} ({', '.join(names)})"
            )
        return dict(zip(names, (np.asarray(a, dtype=np.float64) for a in arrays), strict=True))
