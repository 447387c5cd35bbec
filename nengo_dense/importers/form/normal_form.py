"""Layers with any activation -> layers of rectifiers, as `.graph_rectifiers` has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nengo_dense.heads import HEADS
from nengo_dense.importers.form.graph_chain import chain_of, form_of
from nengo_dense.importers.form.graph_rectifiers import rectified
from nengo_dense.importers.form.piecewise_fit import ACTIVATION_ERROR, Fit
from nengo_dense.importers.form.spec import DenseSpec


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
    """Bring layers to rectifiers; one more layer reads those of a last one that is no head.

    Parameters
    ----------
    name : str
        The model's, for messages.
    layers : sequence of DenseSpec
    x, error
        As for `.graph_rectifiers.rectified`.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        A layer would have more rectifiers than a core of the chip takes inputs from.
    """
    *hidden, last = layers
    if last.activation not in HEADS:
        hidden.append(last)
        last = DenseSpec(np.eye(last.n_out), label=f"{last.label or 'output'} values")
    if all(spec.activation == "relu" for spec in hidden):
        return NormalForm([*hidden, last])
    form, fits = rectified(name, form_of([*hidden, last]), x, error)
    result = chain_of(form)
    assert result is not None  # as it was one
    return NormalForm(result, fits)
