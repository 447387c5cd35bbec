"""What a conversion is asked for, checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from nengo_dense.columns import Names, Sizes, check_columns, column_names, named_twice
from nengo_dense.exceptions import invalid
from nengo_dense.notices import notify


class Request(NamedTuple):
    """Arguments of `nengo_dense.convert` that choose encoding, rates and activations.

    Attributes
    ----------
    encoding : str
    rate : float or None
        In hertz; the conversion's own choice if None.
    percentile : float or None
        Of activations; the conversion's own choice if None.
    error : float
        Of fitted activations.
    tune : bool
    encoded : float, optional
        Percentile of the inputs that encoders fire fastest for.
    """

    encoding: str
    rate: float | None
    percentile: float | None
    error: float
    tune: bool
    encoded: float = 100.0


class Data(NamedTuple):
    """What a model is calibrated with, as it was given.

    Attributes
    ----------
    inputs, labels, mask : array_like or None
        As `nengo_dense.convert` takes them; those of several inputs side by side.
    by_frame : bool
        Whether each frame of a sequence has an answer.
    n_steps : int
        Steps of a presentation.
    dt : float
        Step in seconds.
    attr : str
        What ``inputs`` were given as, for messages.
    columns : tuple of (str or None), or None
        Names of the inputs' columns, see `with_columns`.
    """

    inputs: Any
    labels: Any
    mask: Any
    by_frame: bool
    n_steps: int
    dt: float
    attr: str = "calibration"
    columns: Names | None = None

    def with_columns(
        self,
        known: Names | None,
        sizes: Sizes,
        where: str = "in the training of the model",
    ) -> "Data":
        """Return the data with the names that are known, or else those of their columns.

        Parameters
        ----------
        known : tuple of (str or None), or None
            Names that the source model learnt.
        sizes : int or mapping of str to int
            Number of features, or that of each input.
        where : str, optional
            Where the known names are from.

        Raises
        ------
        nengo.exceptions.ValidationError
            The data have other columns than are known, or another order.

        Warns
        -----
        UserWarning
            Columns have the same name.
        """
        check_columns(self.inputs, known, self.attr, where, sizes)
        columns = known or column_names(self.inputs, self.attr, sizes)
        if isinstance(sizes, Mapping) and not isinstance(self.inputs, Mapping):
            sizes = sum(sizes.values())  # side by side
        for said in named_twice(columns, self.attr, sizes):
            notify(said, stacklevel=3)
        return self._replace(columns=columns)

    def check_no_sequences(self, wanted: str) -> None:
        """Raise a ValidationError for what goes with sequences alone."""
        for attr, given in (("mask", self.mask is not None), ("per_frame", self.by_frame)):
            if given:
                raise invalid(f"goes with {wanted} sequences, (n, n_frames, size_in)", attr)
