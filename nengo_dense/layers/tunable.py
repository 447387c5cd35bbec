"""What has a record of its tuning, for as long as it has the weights that were tuned."""

from typing import Any

import nengo
import numpy as np

from nengo_dense.layers.tuning_record import TuningRecord

#: What tuning chooses, or goes by. NengoDL's ``freeze_params`` replaces some of it.
PARAMETERS = (
    (nengo.Connection, ("transform", "synapse")),
    (nengo.Ensemble, ("gain", "bias", "neuron_type")),
)
#: Largest relative difference of weights that are still the same.
ROUNDING = 1e-6


class Tunable(nengo.Network):
    """A network that tells what its weights were tuned for.

    Examples
    --------
    >>> import nengo_dense
    >>> from nengo_dense.layers.tuning_record import TuningRecord
    >>> record = TuningRecord(0.1, 0.001, "host", input_low=[0, 0], input_high=[1, 1])
    >>> stack = nengo_dense.DenseStack([4, 3], 2, seed=0, tuned=record)
    >>> stack.tuned is record
    True
    >>> stack.layers[0].set_parameters(stack.weights[0] / 2, stack.biases[0])
    >>> stack.tuned is None
    True
    """

    _tuned: TuningRecord | None = None
    _as_tuned: tuple[tuple[Any, str, Any], ...] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # a surrounding configuration may have another, which is not meant for what is in here
        self.config[nengo.Connection].transform = nengo.Connection.transform.default

    @property
    def tuned(self) -> TuningRecord | None:
        """(TuningRecord or None) What the weights were tuned for; None once they are others."""
        kept = all(_same(getattr(obj, name), value) for obj, name, value in self._as_tuned)
        return self._tuned if kept else None

    @tuned.setter
    def tuned(self, record: TuningRecord | None) -> None:
        self._tuned, self._as_tuned = record, ()
        if record is not None:
            self._as_tuned = tuple(
                (obj, name, _kept(getattr(obj, name)))
                for kind, names in PARAMETERS
                for obj in self.all_objects
                if isinstance(obj, kind)
                for name in names
            )


def _kept(value: Any) -> Any:
    """Return what does not change with a value: transforms do not, and arrays may."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(present: Any, then: Any) -> bool:
    """Compare arrays, transforms or settings; copies of a network have others of the same values.

    ``freeze_params`` rounds to single precision, and makes a number of a matrix of one.
    """
    if present is then:
        return True
    values, before = (getattr(value, "init", value) for value in (present, then))
    if not isinstance(before, np.ndarray):
        return bool(present == then)
    if not isinstance(values, np.ndarray) or values.size != before.size:
        return False  # such as a sparse matrix, a distribution, or none
    return np.allclose(values.ravel(), before.ravel(), rtol=ROUNDING, atol=0)
