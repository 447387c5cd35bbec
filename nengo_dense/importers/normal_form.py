r"""Layers with any activation -> rectifiers and affine maps between them.

.. math:: f(z) = c + \\sum_i a_i \\max(0, s_i (z - k_i))

in the place of each activation: a layer of :math:`n` units becomes one of :math:`K n` rectifiers,
with weights :math:`s_i W`, and the layer after it gets the weights :math:`a_i V` and the bias
:math:`b + V c`. For straight pieces this is exact; a smooth function is fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from nengo_dense.exceptions import ConversionError
from nengo_dense.heads import HEADS
from nengo_dense.importers.activation import Function
from nengo_dense.importers.piecewise import Rectifier
from nengo_dense.importers.piecewise_fit import Fit, fit
from nengo_dense.importers.spec import DenseSpec, forward

#: Root mean square of a fitted function's error, as a share of its values' standard deviation.
#: On letters held back from training (7 seeds, 100 steps), a GELU net answers 2.3 % otherwise than
#: its source so, and 3.1 % at 0.05, with three rectifiers and not four a unit of its first layer.
ACTIVATION_ERROR = 0.04
#: Input axons of a core of the chip, the most rectifiers that a layer may become.
MOST_RECTIFIERS = 4096
#: Difference between a model and its exact rectifiers, as a share of the largest output, that
#: rounding may explain.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class NormalForm:
    """A model in rectifiers.

    Attributes
    ----------
    layers : list of DenseSpec
        All but the last one rectifiers; the last one with a head.
    fits : dict
        Label of a layer -> what was fitted in the place of its activation.
    """

    layers: list[DenseSpec]
    fits: dict[str, Fit] = field(default_factory=dict)

    @property
    def errors(self) -> dict[str, float]:
        """(dict) Label of a layer -> root mean square error of its fitted activation."""
        return {label: found.error for label, found in self.fits.items()}


def normal_form(
    name: str,
    layers: Sequence[DenseSpec],
    x: np.ndarray | None = None,
    error: float = ACTIVATION_ERROR,
) -> NormalForm:
    """Bring layers to rectifiers.

    Parameters
    ----------
    name : str
        The model's, for messages.
    layers : sequence of DenseSpec
    x : (batch, n_in) ndarray, optional
        Inputs that show which weighted inputs occur; without them smooth functions are fitted
        over a fixed range.
    error : float, optional
        What fits must come down to: root mean square over the weighted inputs, as a share of the
        values' standard deviation.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        A layer would have more rectifiers than a core of the chip takes inputs from.
    """
    activations = None if x is None else [np.asarray(x, dtype=np.float64), *forward(layers, x)]
    result: list[DenseSpec] = []
    fits: dict[str, Fit] = {}
    problems: list[str] = []
    before: Sum | None = None  # what stands for the values of the layer before
    for index, spec in enumerate(layers):
        is_last = index == len(layers) - 1
        plain = spec if before is None else before.read_by(spec)
        if spec.activation == "relu" or (is_last and spec.activation in HEADS):
            result.append(plain)
            before = None
            continue
        label = spec.label or f"layer {index + 1}"
        function = spec.function
        assert function is not None  # as of every layer
        form = function.exact
        if form is None:
            inputs = None if activations is None else activations[index]
            z = None if inputs is None else inputs @ spec.weights.T + spec.bias
            fits[label] = fit(function, z, error)
            form = fits[label].form
        before = Sum(*form.rectifiers())
        problems += too_many(label, function, len(before.terms) * spec.n_out)
        result.append(before.units(plain))
    if problems:
        raise ConversionError(name, problems)
    if before is not None:
        n = layers[-1].n_out
        readout = DenseSpec(np.eye(n), label=f"{layers[-1].label or 'output'} values")
        result.append(before.read_by(readout))
    changed = any(given is not made for given, made in zip(layers, result, strict=False))
    if changed and not fits:
        _check_same(name, layers, result)
    return NormalForm(result, fits)


def _check_same(name: str, layers: Sequence[DenseSpec], result: Sequence[DenseSpec]) -> None:
    """Raise a ConversionError if exact rectifiers compute something else than the layers."""
    rng = np.random.RandomState(0)
    x = np.concatenate([size * rng.randn(32, layers[0].n_in) for size in (0.1, 1.0, 10.0)])
    wanted, got = forward(layers, x)[-1], forward(result, x)[-1]
    apart = float(np.abs(got - wanted).max())
    if not apart <= ROUNDING * max(1.0, float(np.abs(wanted).max())):
        raise ConversionError(
            name,
            [
                f"its rectifiers would differ from its layers by up to {apart:.3g}, which is a "
                "fault of nengo_dense; please report the model's activations"
            ],
        )


class Sum(NamedTuple):
    """Rectifiers that add up to the values of a layer.

    Attributes
    ----------
    constant : (n,) or (1,) ndarray
    terms : list of Rectifier
    """

    constant: np.ndarray
    terms: list[Rectifier]

    def units(self, spec: DenseSpec) -> DenseSpec:
        """Return the rectifiers as a layer, all units' first terms first."""
        weights = np.concatenate([term.sign * spec.weights for term in self.terms])
        bias = np.concatenate([term.sign * (spec.bias - term.knot) for term in self.terms])
        return DenseSpec(weights, bias, "relu", spec.label)

    def read_by(self, spec: DenseSpec) -> DenseSpec:
        """Return a layer that reads the rectifiers in the place of the values."""
        n = spec.n_in
        weights = [spec.weights * np.broadcast_to(term.height, n) for term in self.terms]
        constant = np.broadcast_to(self.constant, n)
        return replace(
            spec, weights=np.concatenate(weights, axis=1), bias=spec.bias + spec.weights @ constant
        )


def too_many(label: str, function: Function, n: int) -> list[str]:
    """Say that a layer would have more rectifiers than a core takes inputs from, if so."""
    if n <= MOST_RECTIFIERS:
        return []
    remedy = (
        "allow a larger activation_error, or train with fewer units"
        if function.exact is None
        else "train with fewer units, or with 'relu'"
    )
    return [
        f"layer {label!r}: {function.name} would take {n} rectifiers, more than the "
        f"{MOST_RECTIFIERS} inputs of a core; {remedy}"
    ]
