"""What has a record of its tuning, for as long as it has the weights that were tuned."""

from dataclasses import replace
from typing import Any

import nengo

from nengo_dense.layers.tuned_parts import added, changed, sketch
from nengo_dense.layers.tuning_record import TuningRecord


class Tunable(nengo.Network):
    """A network that tells what its weights were tuned for.

    Examples
    --------
    >>> import nengo_dense
    >>> from nengo_dense.layers.tuning_record import TuningRecord
    >>> record = TuningRecord(0.1, 0.001, "host", input_low=[0, 0], input_high=[1, 1])
    >>> stack = nengo_dense.DenseStack([4, 3], 2, seed=0, tuned=record)
    >>> stack.tuned.presentation_time, stack.altered
    (0.1, '')
    >>> stack.layers[0].set_parameters(stack.weights[0] / 2, stack.biases[0])
    >>> stack.tuned is None
    True
    >>> stack.altered
    'This stack was tuned, and the transform of <Connection layer1.weights> is another since ...'
    """

    _tuned: TuningRecord | None = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # a surrounding configuration may have another, which is not meant for what is in here
        self.config[nengo.Connection].transform = nengo.Connection.transform.default

    @property
    def tuned(self) -> TuningRecord | None:
        """(TuningRecord or None) What the weights were tuned for; None once they are others.

        To tell, it looks at all of them each time.
        """
        return None if self._changed() else self._tuned

    @tuned.setter
    def tuned(self, record: TuningRecord | None) -> None:
        if record is not None and record.parts is None:
            record = replace(record, parts=sketch(self))
        self._tuned = record

    @property
    def altered(self) -> str:
        """(str) What is another than was tuned, in a sentence; empty if nothing is.

        Once ``tuned`` is set to None, nothing is any more.
        """
        change = self._changed()
        if not change:
            return ""
        return (
            f"This stack was tuned, and {change} since then: answers can be far off, "
            "and its record of tuning no longer holds. Take the change back, or convert the model "
            "again with it; if it is meant, set tuned=None."
        )

    def _changed(self) -> str:
        parts = None if self._tuned is None else self._tuned.parts
        if parts is None:
            return ""
        if name := changed(parts, sketch(self)):
            return f"the {name} is another"
        name = added(parts, self)
        return name and f"{name} was added"
