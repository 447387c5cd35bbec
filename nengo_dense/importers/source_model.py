"""A trained model after reading: its layers, its classes, and the model itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np
from nengo.exceptions import NengoException

from nengo_dense.columns import as_names
from nengo_dense.exceptions import ConversionError
from nengo_dense.heads import HEADS
from nengo_dense.importers.comparison import Subject, compare, not_compared, random_inputs
from nengo_dense.importers.form.folding import fold
from nengo_dense.importers.form.normal_form import NormalForm, normal_form
from nengo_dense.importers.form.operation import Affine, Operation
from nengo_dense.importers.form.piecewise_fit import ACTIVATION_ERROR
from nengo_dense.importers.form.spec import DenseSpec, forward
from nengo_dense.importers.model_reference import Reference
from nengo_dense.samples import check_inputs


class SourceModel(Sequence[DenseSpec]):
    """A trained dense network; the sequence of its layers.

    Parameters
    ----------
    name : str
        The model's name in messages.
    operations : sequence of Operation
        What it does, as the source has it.
    classes : (n_out,) array_like, optional
        What each output stands for in the source: numbers or texts.
    features : (n_in,) sequence of str, optional
        Names of the inputs, where the source learnt them.
    reference : Reference, optional
        How to run the model itself.
    why_not : str, optional
        Why it cannot be run, where there is no reference.
    task : {None, "classification", "regression"}, optional
        What it was trained for, where the source says it.

    Attributes
    ----------
    name : str
    layers : list of DenseSpec
        From the input on; linear ones are merged into the next.
    classes : (n_out,) ndarray or None
    features : tuple of str, or None
    task : str or None
    compared : str
        Whether the layers were compared with the model itself, and what came of it.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        With every problem among the operations.

    Examples
    --------
    >>> import numpy as np
    >>> from nengo_dense.importers import read_model
    >>> model = read_model([(np.eye(2), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))])
    >>> model
    <SourceModel ...: 2 → 2 → 1, linear; not compared: ...>
    >>> model.check_neurons()                         # it has a layer of neurons
    >>> model.logits(np.array([[1.0, 2.0], [-1.0, 2.0]]))
    array([[3.],
           [2.]])
    >>> form = model.normal_form()                # in rectifiers alone
    >>> model.compare()                               # with the model itself, where it can be run
    """

    def __init__(
        self,
        name: str,
        operations: Sequence[Operation],
        *,
        classes: Any = None,
        features: Sequence[str] | None = None,
        reference: Reference | None = None,
        why_not: str = "its importer cannot run it",
        task: str | None = None,
    ) -> None:
        self.name = name
        self.task = task
        self.layers = fold(name, operations)
        self.classes = None if classes is None else np.asarray(classes)
        if self.classes is not None and self.classes.shape != (self.n_out,):
            self.classes = None  # of a step before the last, or of several labels at once
        self.features = as_names(features, self.n_in)
        self.compared = "not compared yet" if reference else f"not compared: {why_not}"
        self._operations = list(operations)
        self._reference = reference

    @property
    def n_in(self) -> int:
        """(int) Number of inputs."""
        return self.layers[0].n_in

    @property
    def n_out(self) -> int:
        """(int) Number of outputs."""
        return self.layers[-1].n_out

    @property
    def head(self) -> str:
        """(str) What is computed last, on the host."""
        return self.layers[-1].activation

    def check_neurons(self) -> None:
        """Refuse a model that has no layer of neurons, and say why it has none.

        Raises
        ------
        nengo_dense.exceptions.ConversionError
        """
        if len(self.layers) > 1:
            return
        labels = [repr(step.label) for step in self._operations if isinstance(step, Affine)]
        between = (
            f"layers {', '.join(labels[:-1])} and {labels[-1]} have no activation between them, "
            "so that they are one matrix: put a ReLU between them and train again, or use"
            if len(labels) > 1
            else "it is one matrix, for which no neurons are needed: use"
        )
        raise ConversionError(
            self.name, [f"{between} one nengo.Connection, with the matrix as its transform"]
        )

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Compute the outputs before any head, in double precision.

        Parameters
        ----------
        x : (batch, n_in) ndarray

        Returns
        -------
        logits : (batch, n_out) ndarray
        """
        last = self.layers[-1]
        linear = replace(last, activation="linear", function=None)
        values = forward([*self.layers[:-1], linear], x)[-1]
        return values if last.activation in HEADS else last.apply(values)

    def normal_form(
        self, x: np.ndarray | None = None, error: float = ACTIVATION_ERROR
    ) -> NormalForm:
        """Return the same model in rectifiers; see ``nengo_dense.importers.form.normal_form``.

        Parameters
        ----------
        x : (batch, n_in) ndarray, optional
            Inputs that activations are fitted for.
        error : float, optional
            How closely, as ``activation_error`` of `nengo_dense.convert`.

        Returns
        -------
        form : nengo_dense.importers.form.normal_form.NormalForm
        """
        return normal_form(self.name, self.layers, x, error)

    def compare(self, x: Any = None) -> None:
        """Hold the layers against the model itself; ``compared`` says what came of it.

        Parameters
        ----------
        x : (batch, n_in) array_like, optional
            Inputs as the model sees them, calibration data for example, of which 256 from the
            whole set are taken, and of a large model fewer, at least 48. Random ones of several
            sizes if not given.

        Raises
        ------
        nengo_dense.exceptions.ConversionError
            The outputs differ by more than the rounding of the model's own numbers explains.
        nengo.exceptions.ValidationError
            Inputs that cannot be used.

        Warns
        -----
        UserWarning
            The model itself failed to run.
        """
        if self._reference is None:
            return
        if x is None:
            inputs, what = random_inputs(self._operations, self.n_in), "random"
        else:
            inputs, what = check_inputs(x, self.n_in, "x"), "calibration"
        subject = Subject(self.name, self._operations, self.layers)
        try:
            self.compared = compare(subject, self._reference, inputs, what)
        except NengoException:
            raise
        except Exception as err:  # the model runs its own code, which may raise anything
            self.compared = not_compared(self.name, what, err)

    def __len__(self) -> int:
        return len(self.layers)

    @overload
    def __getitem__(self, index: int) -> DenseSpec: ...
    @overload
    def __getitem__(self, index: slice) -> list[DenseSpec]: ...
    def __getitem__(self, index: int | slice) -> DenseSpec | list[DenseSpec]:
        return self.layers[index]

    def __iter__(self) -> Iterator[DenseSpec]:
        return iter(self.layers)

    def __repr__(self) -> str:
        sizes = " → ".join(str(n) for n in [self.n_in, *(layer.n_out for layer in self)])
        return f"<SourceModel {self.name}: {sizes}, {self[-1].activation}; {self.compared}>"
