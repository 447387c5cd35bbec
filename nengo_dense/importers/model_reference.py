"""The outputs of a source model, to compare the layers that were read with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nengo_dense.importers.precision import PRECISIONS, Precision

#: Samples that are compared: a small part of the time that a conversion takes.
MAX_SAMPLES = 256
#: Most products of weights and samples, and the samples that there are of any model. What is read
#: wrongly of a large one shows in few samples, as each goes through many units.
MOST_PRODUCTS, MIN_SAMPLES = 2**26, 48


@dataclass(frozen=True)
class Reference:
    """How to run a source model as it is used after training.

    None of the functions may leave a trace in the model: no mode changed, no gradient, no random
    number drawn.

    Parameters
    ----------
    outputs : callable
        Takes (batch, n_in) inputs and returns the model's own outputs, (batch, ...), which may
        have one column for two classes.
    input_type : str, optional
        NumPy's name of the type that the model takes. Inputs are rounded to it before either side
        computes, so that both see the same numbers.
    precision : Precision, optional
        The coarsest that the model computes in.
    layers : callable, optional
        Takes inputs and returns (name, (batch, ...) outputs) of the model's layers, in the order
        of computation; a name is the `label` of the layer's operations. Asked only after a
        difference, to say where it begins.
    remarks : mapping, optional
        Name of a layer, ``""`` for the model -> what may make it differ from its weights, and
        what to do. Said only where a difference is found, of the layer where it begins.
    max_samples : int, optional
        How many samples the model takes without a wait.
    given : callable, optional
        Takes inputs and returns what the model makes of them before all else, where that is left
        out of what is read: rounded to the levels of a quantizer.
    """

    outputs: Callable[[np.ndarray], np.ndarray]
    input_type: str = "float32"
    precision: Precision = PRECISIONS["float32"]
    layers: Callable[[np.ndarray], Sequence[tuple[str, np.ndarray]]] | None = None
    remarks: Mapping[str, str] = field(default_factory=dict)
    max_samples: int = MAX_SAMPLES
    given: Callable[[np.ndarray], np.ndarray] | None = None

    def rounded(self, x: np.ndarray) -> np.ndarray:
        """Return the inputs as the model gets them."""
        kind = np.dtype(self.input_type)
        if kind.kind in "iu":
            limits = np.iinfo(kind)
            x = np.clip(np.round(x), limits.min, limits.max)
        with np.errstate(over="ignore"):  # what overflows is left out of the comparison
            rounded = x.astype(kind)
        return rounded if self.given is None else self.given(rounded)
