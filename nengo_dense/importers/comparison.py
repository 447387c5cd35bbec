"""The comparison of the layers that were read with the model itself."""

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.importers.form.operation import Affine, Operation, Scaling
from nengo_dense.importers.form.spec import DenseSpec, forward
from nengo_dense.importers.model_reference import (
    MAX_SAMPLES,
    MIN_SAMPLES,
    MOST_PRODUCTS,
    Reference,
)
from nengo_dense.importers.rounding import MARGIN, Step, run

#: Sizes of the random inputs, in spreads of the data where the model tells them. Small ones keep
#: a softmax from saturating, large ones reach neurons whose threshold lies far out.
SCALES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class Subject:
    """A model that was read.

    Parameters
    ----------
    name : str
        For messages.
    operations : sequence of Operation
        As the source has them.
    layers : sequence of DenseSpec
        What became of them.
    """

    name: str
    operations: Sequence[Operation]
    layers: Sequence[DenseSpec]


def random_inputs(operations: Sequence[Operation], n_in: int, seed: int = 0) -> np.ndarray:
    """Draw inputs of several sizes, of both signs and of one.

    Where the model begins by scaling its inputs, they are drawn around what it makes zero of, in
    units of what it makes one of.

    Returns
    -------
    x : (252, n_in) ndarray
    """
    rng = np.random.RandomState(seed)
    centre, spread = np.zeros(n_in), np.ones(n_in)
    first = operations[0] if operations else None
    if isinstance(first, Scaling):
        scale = np.broadcast_to(np.asarray(first.scale, dtype=np.float64), n_in)
        offset = np.broadcast_to(np.asarray(first.offset, dtype=np.float64), n_in)
        used = scale != 0
        spread[used] = np.abs(1 / scale[used])
        centre[used] = -offset[used] / scale[used]
    n = MAX_SAMPLES // len(SCALES) // 2
    noise = [rng.standard_normal((n, n_in)) * size for size in SCALES]
    positive = [rng.uniform(size=(n, n_in)) * size for size in SCALES]
    return centre + spread * np.concatenate(noise + positive)


def spread_out(x: np.ndarray, n: int) -> np.ndarray:
    """Take up to `n` samples from the whole set."""
    taken: np.ndarray = x[np.linspace(0, len(x) - 1, min(len(x), n)).astype(int)]
    return taken


def chosen(x: np.ndarray, operations: Iterable[Operation], reference: Reference) -> np.ndarray:
    """Return the samples that are compared, as the model gets them: fewer of a large model."""
    matrices = [step.weights for step in operations if isinstance(step, Affine)]
    n_weights = sum(np.size(matrix) for matrix in matrices)
    enough = max(MIN_SAMPLES, MOST_PRODUCTS // max(n_weights, 1))
    return reference.rounded(spread_out(x, min(reference.max_samples, enough)))


def compare(subject: Subject, reference: Reference, x: np.ndarray, what: str) -> str:
    """Compute the same inputs here and in the model itself.

    Parameters
    ----------
    subject : Subject
    reference : Reference
    x : (batch, n_in) ndarray
    what : str
        What the inputs are ("calibration"), for the message.

    Returns
    -------
    text : str
        What was compared, and how closely it agrees.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        They differ by more than rounding explains.
    """
    given = chosen(x, subject.operations, reference)
    steps = run(subject.operations, given, reference.precision)
    largest = reference.precision.largest
    fits = within_range(steps, largest) & np.isfinite(given).all(axis=1)
    if not fits.any():
        return outcome(fits, what, largest)
    given = given[fits]
    ours = _like(forward(subject.layers, given)[-1], steps[-1].values.shape[1])
    last = replace(steps[-1], values=ours, error=steps[-1].error[fits])
    theirs = _as_values(reference.outputs(given), last, subject.name)
    difference = Difference.between(last, theirs)
    if difference.is_rounding:
        return outcome(fits, what, largest, difference.size)
    label = _where(subject, reference, given)
    text = f"on {len(given)} {what} inputs"
    raise ConversionError(
        subject.name,
        [
            f"read as dense layers it gives other outputs than the model itself: {text} "
            f"{difference}; {_place(label)}",
            *_remarks(reference, label),
        ],
    )


def outcome(fits: np.ndarray, what: str, largest: float, size: float = 0.0) -> str:
    """Say what was compared, and how closely it agrees.

    Parameters
    ----------
    fits : (batch,) ndarray
        Of all inputs, whether the model can compute them without overflow.
    what : str
        Adjective for the inputs.
    largest : float
        Largest number that the model has.
    size : float, optional
        Largest difference.
    """
    n, n_left_out = len(fits), int(np.count_nonzero(~fits))
    if n == n_left_out:
        beyond = f"its values leave the range of its numbers, {largest:.3g}"
        return f"not compared: on all {n} {what} inputs {beyond}"
    left_out = f"; {n_left_out} beyond the range of its numbers left out" if n_left_out else ""
    agrees = f"the largest difference is {size:.2g}{left_out}"
    return f"compared on {n - n_left_out} {what} inputs: {agrees}"


def not_compared(name: str, what: str, err: Exception) -> str:
    """Warn that a model failed to run its own code.

    Parameters
    ----------
    name : str
        The model's.
    what : str
        Adjective for the inputs that it was given.
    err : Exception

    Returns
    -------
    outcome : str
        What came of the comparison.
    """
    reason = f"it failed to run on {what} inputs: {type(err).__name__}: {err}"
    warnings.warn(f"{name} could not be compared with what was read of it: {reason}", stacklevel=3)
    return f"not compared: {reason}"


def within_range(steps: Iterable[Step], largest: float) -> np.ndarray:
    """Tell for each sample whether the model can compute it without overflow."""
    fits = [np.nan_to_num(step.largest, nan=np.inf) < largest for step in steps]
    fitting: np.ndarray = np.all(fits, axis=0)
    return fitting


@dataclass(frozen=True)
class Difference:
    """The place where two arrays differ most, for their rounding.

    Parameters
    ----------
    size, allowed : float
        Largest absolute difference, and what rounding explains of it there.
    ours, theirs : float
        The two values.
    scale : float
        Largest magnitude of the other side's values.
    is_rounding : bool
        Whether rounding explains all of it.
    """

    size: float
    allowed: float
    ours: float
    theirs: float
    scale: float
    is_rounding: bool

    @classmethod
    def between(cls, step: Step, theirs: np.ndarray) -> "Difference":
        """Compare values with those of the model, which must have their shape."""
        allowed = MARGIN * step.error
        sizes = np.abs(step.values - theirs)
        wrong = ~(sizes <= allowed)  # so that NaN is wrong
        among = np.where(wrong, np.nan_to_num(sizes, nan=np.inf), -1.0) if wrong.any() else sizes
        at = np.unravel_index(among.argmax(), sizes.shape)
        return cls(
            float(sizes[at]),
            float(allowed[at]),
            float(step.values[at]),
            float(theirs[at]),
            float(np.abs(theirs).max()),
            not wrong.any(),
        )

    def __str__(self) -> str:
        share = f", {self.size / self.scale:.2g} of its largest output" if self.scale else ""
        return (
            f"they differ by up to {self.size:.3g} (here {self.ours:.5g}, the model "
            f"{self.theirs:.5g}){share}, where rounding explains {self.allowed:.2g}"
        )


def _where(subject: Subject, reference: Reference, x: np.ndarray) -> str | None:
    try:
        return first_difference(subject.operations, reference, x)
    except Exception:  # the model's own code; that it differs matters more than where
        return None


def first_difference(
    operations: Sequence[Operation], reference: Reference, x: np.ndarray
) -> str | None:
    """Name the first layer whose outputs differ; ``""`` if all agree, None if nobody can tell."""
    if reference.layers is None:
        return None
    steps = run(operations, x, reference.precision)
    layers = reference.layers(x)
    uses = Counter(name for name, _ in layers)
    seen: Counter[str] = Counter()
    for name, outputs in layers:
        ours = _outputs_of(steps, name)
        number = seen[name]
        seen[name] += 1
        if len(ours) != uses[name] or np.size(outputs) != ours[number].values.size:
            continue  # a part of the model that is no layer here
        theirs = _as_values(outputs, ours[number], name)
        if not Difference.between(ours[number], theirs).is_rounding:
            return name
    return "" if layers else None


def _outputs_of(steps: Sequence[Step], name: str) -> list[Step]:
    """Return what a layer, or a model within the model, gives at each of its uses."""
    found: list[Step] = []
    inside = False
    for step in steps:
        if step.label != name and not step.label.startswith(f"{name}/"):
            inside = False
            continue
        if inside:
            found.pop()  # a layer gives what its last operation gives
        found.append(step)
        inside = True
    return found


def _as_values(outputs: np.ndarray, step: Step, name: str) -> np.ndarray:
    """Bring the model's outputs into the shape of ours."""
    theirs = np.asarray(outputs, dtype=np.float64)
    n, n_out = step.values.shape
    if theirs.size != n * n_out or len(theirs) != n:
        raise ConversionError(
            name,
            [
                f"read as dense layers it gives outputs of shape {(n, n_out)}, the model itself "
                f"{np.shape(outputs)}; give the model as dense layers alone"
            ],
        )
    return theirs.reshape(n, n_out)


def _like(ours: np.ndarray, n_out: int) -> np.ndarray:
    """Return one column where the source has one for two classes (see `folding`)."""
    return ours[:, 1:] if ours.shape[1] == 2 and n_out == 1 else ours


def _place(label: str | None) -> str:
    if label is None:
        return "at which layer, it cannot say"
    if not label:
        return "each layer alone agrees, so that something else in the model changes the values"
    return f"the first layer that differs is {label!r}"


def _remarks(reference: Reference, label: str | None) -> list[str]:
    """Say what is known of the layer that differs, or of all if that is not known."""
    remarks = reference.remarks
    if not label:
        return list(remarks.values())
    return [remarks[key] for key in (label, "") if key in remarks][:1]
