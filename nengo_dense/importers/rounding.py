r"""The operations computed one by one, with the rounding that a framework adds on the way.

A sum of :math:`n` products in floating point is off by about :math:`\sqrt{n} u \sum |w x|`,
with :math:`u` half the distance from 1 to the next number: errors are as often up as down [1]_.
Errors of the layer before go through the weights, and add up as independent ones do. Operations
are taken as the source has them, before anything is merged: where a bias of a million meets the
mean of a batch normalization, the source's rounding is that of a million.

References
----------
.. [1] N. J. Higham and T. Mary, "A new approach to probabilistic rounding error analysis", SIAM
   Journal on Scientific Computing 41(5), 2019, theorem 3.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from nengo_dense.heads import HEADS, log_sum_exp
from nengo_dense.importers.form.activation import Function
from nengo_dense.importers.form.operation import Activation, Affine, Operation, Problem, Scaling
from nengo_dense.importers.precision import PRECISIONS, Precision

#: Errors up to so many times the estimate are called rounding. By the theorem one sum in 30
#: million is further off, with errors as bad as they can be; the largest that random networks of
#: up to 30 layers showed, in float64 to bfloat16, was 1.1 times the estimate before a softmax.
MARGIN = 6.0

#: Where smooth activations have reached their limit in any precision but float64.
STEEP = 10.0


@dataclass(frozen=True, eq=False)
class Step:
    """What flows in a model after one of its operations.

    Parameters
    ----------
    label : str
        The operation's layer.
    kind : str
        Of an activation, as there; else empty.
    values : (batch, n) ndarray
    error : (batch, n) ndarray
        Root mean square of the rounding error to expect.
    largest : (batch,) ndarray
        Largest magnitude that occurs in the operation, partial sums included.
    """

    label: str
    kind: str
    values: np.ndarray
    error: np.ndarray
    largest: np.ndarray


def run(operations: Sequence[Operation], x: np.ndarray, precision: Precision) -> list[Step]:
    """Compute in double precision what the operations do.

    Parameters
    ----------
    operations : sequence of Operation
        Without problems.
    x : (batch, n_in) ndarray
    precision : Precision
        The source's.
    """
    values = np.asarray(x, dtype=np.float64)
    error = precision.epsilon * np.abs(values)
    steps = []
    for operation in operations:
        if isinstance(operation, Problem):
            continue
        values, error, sizes = step(operation, values, error, precision)
        kind = operation.kind if isinstance(operation, Activation) else ""
        steps.append(Step(operation.label, kind, values, error, sizes.max(axis=1)))
    return steps


Result = tuple[np.ndarray, np.ndarray, np.ndarray]


def step(
    operation: Affine | Scaling | Activation,
    values: np.ndarray,
    error: np.ndarray,
    precision: Precision,
) -> Result:
    """Compute one operation: its values, the errors to expect, and the largest partial sums."""
    epsilon = precision.epsilon
    with np.errstate(over="ignore", invalid="ignore"):  # see `Step.largest`
        if isinstance(operation, Affine):
            weights = np.asarray(operation.weights, dtype=np.float64)
            values, error, sizes = affine_step(weights, operation.bias, values, error, epsilon)
        elif isinstance(operation, Scaling):
            values, error, sizes = _scaling(operation, values, error, epsilon)
        else:
            before = np.abs(values)
            values, error = _activation(operation, values, error, epsilon)
            sizes = np.maximum(before, np.abs(values))  # an exponential makes much of little
    return values, error + precision.smallest, sizes


def affine_step(
    weights: np.ndarray,
    bias: ArrayLike | None,
    x: np.ndarray,
    error: np.ndarray,
    epsilon: float,
) -> Result:
    """Compute a layer's weighted inputs, the errors to expect, and the largest partial sums."""
    bias = np.zeros(len(weights)) if bias is None else np.asarray(bias)
    squares = np.abs(weights)  # one array for both: of wide layers memory takes the time
    sizes = np.abs(x) @ squares.T + np.abs(bias)
    np.square(squares, out=squares)
    values = x @ weights.T + bias
    # inputs and weights may be rounded for the products, and their sum is when it is stored
    rounding = (epsilon / 2) ** 2
    variance = (error**2 + 2 * rounding * x**2) @ squares.T + rounding * values**2
    # between these it is added up in float32 at least, as all frameworks do with shorter types
    added = min(epsilon, PRECISIONS["float32"].epsilon) / 2 * sizes
    variance += (weights.shape[1] + 1) * added**2
    return values, np.sqrt(variance), sizes


def _scaling(operation: Scaling, x: np.ndarray, error: np.ndarray, epsilon: float) -> Result:
    scale = np.asarray(operation.scale, dtype=np.float64)
    offset = np.asarray(operation.offset, dtype=np.float64)
    sizes = np.abs(scale * x) + np.abs(offset)
    # a batch normalization is a square root, a quotient, a difference, a product and a sum
    error = np.hypot(scale * error, 2 * epsilon * sizes)
    # of the source, to equally likely values around ours
    return scale * x + offset, np.hypot(error, np.asarray(operation.rounding) / 3**0.5), sizes


def _activation(
    operation: Activation, x: np.ndarray, error: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    if operation.function is not None:
        return function_step(operation.function, x, error, epsilon)
    return head_step(operation.kind, x, error, epsilon)


def head_step(
    head: str, x: np.ndarray, error: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute a head of logits, and the errors to expect."""
    if head == "linear":
        return x, error
    if head == "log_softmax":
        values = HEADS["log_softmax"](x)
        return values, error + error.max(axis=1, keepdims=True) + 2 * epsilon * np.abs(values)
    if head != "softmax":
        return function_step(Function(head, HEADS[head]), x, error, epsilon)
    # Logits that are off by d change a probability, and that of all others, by a factor of at most
    # exp(2 d).
    factor = 2 * MARGIN * error.max(axis=1, keepdims=True)
    probability = HEADS["softmax"](x)
    total = log_sum_exp(x)
    own = x - total[:, np.newaxis]
    change = np.minimum(_grown(own, factor), _grown(_of_others(x, own, total), factor))
    return probability, change / MARGIN + epsilon


def function_step(
    function: Function, x: np.ndarray, error: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute a function of each value; where it is straight only its inputs' errors count."""
    if np.any(function.rounding):  # of the source, to equally likely values around ours
        values, change = function_step(replace(function, rounding=0.0), x, error, epsilon)
        return values, np.hypot(change, np.broadcast_to(function.rounding, change.shape) / 3**0.5)
    values = function(x)
    above, below = function(x + MARGIN * error), function(x - MARGIN * error)
    change = np.maximum(np.abs(above - values), np.abs(below - values)) / MARGIN
    if function.name == "relu":
        return values, change
    # a product with a function that ends at 0 or 1 is off by its rounding times the other factor,
    # and a difference of two large numbers by theirs
    reach = np.inf if function.name == "squareplus" else STEEP
    return values, change + 2 * epsilon * (np.abs(values) + np.minimum(np.abs(x), reach))


def _grown(logarithms: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return by how much ``exp(logarithms)``, a probability, may grow."""
    small = np.exp(logarithms) * np.expm1(np.minimum(factor, 1.0))
    grown: np.ndarray = np.where(factor < 1.0, small, np.exp(np.minimum(logarithms + factor, 0.0)))
    return grown


def _of_others(x: np.ndarray, own: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return for each class the logarithm of the probability that it is another."""
    if x.shape[1] == 1:
        return np.full_like(x, -np.inf)
    at = (np.arange(len(x)), x.argmax(axis=1))
    # for the likeliest class one minus its probability would be lost in rounding
    rest = x.copy()
    rest[at] = -np.inf
    logarithms: np.ndarray = np.log1p(-np.minimum(np.exp(own), 0.5))
    logarithms[at] = log_sum_exp(rest) - total
    return logarithms
