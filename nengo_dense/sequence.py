"""Sequences: samples that change while they are shown, frame by frame."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np

from nengo_dense.arguments import as_floats
from nengo_dense.array_like import check_real, refuse_nested, rows_of, to_array
from nengo_dense.batches import GLANCE, Batches
from nengo_dense.exceptions import invalid
from nengo_dense.output_names import with_columns_of
from nengo_dense.samples import join_inputs


class Sequences(Batches):
    """Sequences of frames, all of which last as long.

    Parameters
    ----------
    values : (n, n_frames, n_in) ndarray
        Whatever follows the end of a sequence is not looked at.
    lengths : (n,) ndarray of int
        Frames of each sequence, from 1 on.
    attr : str, optional
        What they were given as, for messages.

    Attributes
    ----------
    n : int
        Sequences.
    lengths : (n,) ndarray of int
    n_frames : int
        Frames of the longest.
    """

    n: int

    def __init__(self, values: np.ndarray, lengths: np.ndarray, attr: str = "x") -> None:
        self._values, self._attr = values, attr
        self.lengths = lengths
        self.n, self.n_frames = len(values), int(lengths.max())

    @classmethod
    def read(cls, x: Any, n_in: int, mask: Any = None, attr: str = "x") -> "Sequences | None":
        """Return sequences, or None for samples that stay the same.

        Parameters
        ----------
        x : (n, n_frames, n_in) array_like, or list of (n_frames, n_in) array_like
            Frames with more dimensions are flattened.
        n_in : int
        mask : (n, n_frames) array_like, optional
            1 for the frames of each sequence, and then 0.
        attr : str, optional
            Name of ``x``, for messages.

        Raises
        ------
        nengo.exceptions.ValidationError
            Frames that do not fit, a mask with holes, values that are not finite real numbers.
        """
        refuse_nested(x, attr)
        x = rows_of(x)
        if parts := _ragged(x, n_in, attr):
            if mask is not None:
                raise invalid("goes with one array; a list of sequences says their ends", "mask")
            values = np.zeros((len(parts), max(map(len, parts)), n_in))
            for row, part in zip(values, parts, strict=True):
                row[: len(part)] = part
            return cls._checked(values, np.array([len(part) for part in parts]), attr)
        shape = _shape(x) if isinstance(x, list | tuple) or hasattr(x, "shape") else ()
        changing = len(shape) > 2 and np.prod(shape[2:]) == n_in != np.prod(shape[1:])
        if not changing and mask is None:
            return None
        if not changing and (len(shape) < 3 or np.prod(shape[2:]) != n_in):
            raise invalid(
                f"goes with sequences, (n, n_frames, {n_in}), and {attr} has the shape {shape}",
                "mask",
            )
        values = _numbers(x, attr).reshape(*shape[:2], n_in)
        if 0 in values.shape:
            raise invalid(f"must have at least one sequence and one frame, got {shape}", attr)
        return cls._checked(values, _lengths(mask, values.shape[:2]), attr)

    @classmethod
    def _checked(cls, values: np.ndarray, lengths: np.ndarray, attr: str) -> "Sequences":
        sequences = cls(values, lengths, attr)
        for _ in sequences.of(max(1, GLANCE // sequences.n_frames)):
            continue  # which looks at every value
        return sequences

    @property
    def n_rows(self) -> int:
        """(int) Frames of all sequences."""
        return int(self.lengths.sum())

    @property
    def is_ragged(self) -> bool:
        """(bool) Whether some end before others."""
        return bool(self.lengths.min() < self.n_frames)

    @property
    def mean_length(self) -> float:
        """(float) Frames of a sequence, the mean."""
        return float(self.lengths.mean())

    def of(self, size: int) -> Iterator[np.ndarray]:
        """Yield all sequences, (size, n_frames, n_in)."""
        for first in range(0, self.n, size):
            yield self.take(np.arange(first, min(first + size, self.n)))

    def groups(self, size: int, frame_steps: int) -> list[np.ndarray]:
        """Return the numbers of sequences to show side by side, longest first.

        No two ends are one step apart, as a run of one step rounds otherwise (see
        ``Machine.pieces``).
        """
        order = np.argsort(-self.lengths, kind="stable")
        kinds = [order]
        if frame_steps == 1 and len(set(self.lengths.tolist())) > 1:
            ends = self.lengths[order]
            apart = (ends == 1, (ends > 1) & (ends % 2 == 0), (ends > 1) & (ends % 2 == 1))
            kinds = [order[kind] for kind in apart if kind.any()]
        return [kind[i : i + size] for kind in kinds for i in range(0, len(kind), size)]

    def glance(self) -> np.ndarray:
        """Return some frames, (at most `GLANCE`, n_in), from the whole set."""
        step = max(1, -(-self.n * self.n_frames // GLANCE))
        some = range(0, self.n, step)
        return np.concatenate([self.take([i])[0, : self.lengths[i]] for i in some])[:GLANCE]

    def take(self, rows: Any) -> np.ndarray:
        """Return sequences of the given numbers, (len(rows), n_frames, n_in), zeros at the end."""
        values = np.array(self._values[rows, : self.n_frames], dtype=np.float64)
        values[np.arange(self.n_frames) >= self.lengths[rows][:, np.newaxis]] = 0
        finite = np.isfinite(values).all(axis=(1, 2))
        if not finite.all():
            raise invalid(
                f"has NaN or infinite values in sequence {rows[int(finite.argmin())]}, and every "
                "value must be finite. Sequences that end earlier than others are given as a "
                "list of arrays, or with mask=",
                self._attr,
            )
        return values

    def as_list(self) -> list[np.ndarray]:
        """Return each sequence, (n_frames, n_in), without what follows its end."""
        return [self.take([i])[0, : self.lengths[i]] for i in range(self.n)]

    def frames(self) -> np.ndarray:
        """Return the frames of all sequences after one another, (n_rows, n_in)."""
        return np.concatenate(self.as_list())

    def frame_steps(self, n_steps: int, dt: float) -> int:
        """Return the steps of a frame.

        Parameters
        ----------
        n_steps : int
            Of the longest sequence.
        dt : float
            Step in seconds, for the message.

        Raises
        ------
        nengo.exceptions.ValidationError
            Frames that would not last a whole number of steps.
        """
        steps, rest = divmod(n_steps, self.n_frames)
        if rest:
            times = sorted({max(1, n) * self.n_frames * dt for n in (steps, steps + 1)})
            ways = " or ".join(f"{time:g}" for time in times)
            raise invalid(
                f"of {n_steps} steps cannot be divided among {self.n_frames} frames of 1 or more "
                f"whole steps; {ways} can",
                "presentation_time",
            )
        return steps

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Return what there is of each frame, (n_rows, ...), as (n, n_frames, ...) with zeros."""
        full = np.zeros((self.n, self.n_frames, *rows.shape[1:]), dtype=rows.dtype)
        full[np.arange(self.n_frames) < self.lengths[:, np.newaxis]] = rows
        return full

    def by_frame(self, given: Any, attr: str) -> Any:
        """Return what was given for each frame, of all sequences after one another.

        Parameters
        ----------
        given : (n, n_frames, ...) array_like, list of (n_frames, ...) array_like, dict of them
            For the frames of each sequence. Where all rows are as long, what follows the end of
            a sequence is not looked at.
        attr : str
            For messages.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        if given is None:
            return None
        if isinstance(given, Mapping):
            return {name: self.by_frame(one, attr) for name, one in given.items()}
        given = _as_rows(given, attr)
        rows = [to_array(one, attr) for one in given] if _is_rows(given) else []
        filled_up = len({row.shape[0] for row in rows}) == 1
        wrong = [
            i
            for i, (row, n) in enumerate(zip(rows, self.lengths.tolist(), strict=False))
            if len(row) < n or (len(row) > n and not filled_up)
        ]
        if len(rows) != self.n or wrong:
            got = f"{len(rows)} rows" if rows else f"shape {_shape(given)}"
            if len(rows) == self.n:
                got = f"{rows[wrong[0]].shape} for sequence {wrong[0]} of {self.lengths[wrong[0]]}"
            one = f"; {attr}[np.newaxis] is that of one sequence" if self.n == 1 else ""
            raise invalid(
                f"must have a value for each frame of each of {self.n} sequences, got {got}{one}",
                attr,
            )
        joined = np.concatenate([row[:n] for row, n in zip(rows, self.lengths, strict=True)])
        return with_columns_of(given, joined, attr)

    def check_not_by_frame(self, y: Any, attr: str = "y") -> None:
        """Raise a ValidationError for labels of frames where sequences have one each."""
        if isinstance(y, Mapping):
            for one in y.values():
                self.check_not_by_frame(one, attr)
            return
        y = _as_rows(y, attr)
        if _is_rows(y) and len(y) == self.n and self.n_frames > 1:
            lengths = [len(row) for row in y]
            of_frames = np.ndim(y[0]) > 1 or len(set(lengths)) > 1
            if of_frames and all(lengths >= self.lengths):
                raise invalid(
                    "has a value for each frame; give per_frame=True to have an answer for each",
                    attr,
                )

    def weights_by_frame(self, weights: Any) -> Any:
        """Return the weight of each frame; (n,) weights are those of all frames of a sequence."""
        if weights is not None and _shape(weights) == (self.n,):
            return np.repeat(to_array(weights, "sample_weight"), self.lengths)
        return self.by_frame(weights, "sample_weight")


class Times(NamedTuple):
    """How many sequences there are, how many frames they have, and how late these are answered.

    Attributes
    ----------
    n, n_frames : int
    mean_length : float
        Frames of a sequence.
    delay : int or None
        Steps from the end of a frame to its answer; None where frames have none of their own.
    """

    n: int
    n_frames: int
    mean_length: float
    delay: int | None = None

    @classmethod
    def of(cls, sequences: Sequences, delay: int | None) -> "Times":
        """Describe sequences."""
        return cls(sequences.n, sequences.n_frames, sequences.mean_length, delay)


def refuse_frames(x: Any) -> NoReturn:
    """Raise a ValidationError, as there are answers by frame, and no sequences."""
    shape = _shape(x) if hasattr(x, "shape") else ()
    got = f", and x has the shape {shape}" if shape else ""
    one = "; x[np.newaxis] is one sequence" if len(shape) == 2 else ""
    raise invalid(f"goes with sequences, (n, n_frames, size_in){got}{one}", "per_frame")


def hold_last(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return frames, (n, n_frames, ...), with the last one of each sequence after its end too."""
    places = np.minimum(np.arange(values.shape[1]), lengths[:, np.newaxis] - 1)
    held: np.ndarray = values[np.arange(len(values))[:, np.newaxis], places]
    return held


def join(x: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """Return the samples or sequences of several inputs side by side.

    Sequences of which some end before others are a list of arrays again.

    Parameters
    ----------
    x : mapping of str to (n, n_frames, n_in) or (n, n_in) array_like
        Each input by its name. Or lists of (n_frames, n_in) arrays.
    sizes : mapping of str to int
        Values of each input, in their order.

    Raises
    ------
    nengo.exceptions.ValidationError
        An input that is missing or unknown, inputs of other numbers of samples or frames, or
        sequences of some inputs alone.
    """
    for name, part in x.items():
        refuse_nested(part, name)
    shapes = {name: _shape(x[name]) for name in sizes if name in x}
    changing = [
        len(s) > 2 and np.prod(s[2:]) == sizes[name] != np.prod(s[1:])
        for name, s in shapes.items()
    ]
    if set(x) == set(sizes) and (parts := [_ragged(x[n], sizes[n], n) for n in sizes])[0]:
        return _joined(parts, list(sizes))
    if set(x) != set(sizes) or not any(changing):
        return join_inputs(x, sizes)
    if not all(changing) or len({shape[:2] for shape in shapes.values()}) > 1:
        raise invalid(
            f"must have as many sequences and frames for each input, got {shapes}; repeat what "
            "stays the same for every frame",
            "x",
        )
    arrays = [as_floats(x[n], n).reshape(*shapes[n][:2], sizes[n]) for n in sizes]
    return np.concatenate(arrays, axis=-1)


def _joined(parts: list[list[np.ndarray]], names: list[str]) -> list[np.ndarray]:
    """Return sequences that end at different frames, with all inputs of each side by side."""
    lengths = [[len(sequence) for sequence in part] for part in parts]
    for name, others in zip(names, lengths, strict=True):
        if others != lengths[0]:
            raise invalid(
                f"must have as many sequences and frames for each input, but those of {name} end "
                f"at other frames than those of {names[0]}, or are as long as one another",
                "x",
            )
    return [np.concatenate(together, axis=1) for together in zip(*parts, strict=True)]


def _ragged(x: Any, n_in: int, attr: str) -> list[np.ndarray]:
    """Return the sequences of a list, or nothing where all are as long, or something else."""
    if not isinstance(x, list | tuple) or not x:
        return []
    shapes = [_shape(part) for part in x]
    fits = [len(s) > 1 and s[0] > 0 and np.prod(s[1:]) == n_in for s in shapes]
    if not all(fits) or len({shape[0] for shape in shapes}) < 2:
        return []
    return [as_floats(part, attr).reshape(len(part), n_in) for part in x]


def _numbers(x: Any, attr: str) -> np.ndarray:
    """Return an array of real numbers, without a copy where it is one."""
    array = to_array(x, attr)
    check_real(array, attr)
    return as_floats(array, attr) if array.dtype == object else array


def _shape(part: Any) -> tuple[int, ...]:
    try:
        shape: Any = np.shape(part)
    except ValueError:  # of rows with different lengths
        return ()
    # NumPy asks what has an attribute of the name
    return shape if isinstance(shape, tuple) else ()


def _as_rows(given: Any, attr: str) -> Any:
    """Return an array of what is no list: a table would give its columns, one by one."""
    return given if given is None or isinstance(given, list | tuple) else to_array(given, attr)


def _is_rows(given: Any) -> bool:
    if isinstance(given, list | tuple):
        return all(np.ndim(row) > 0 for row in given)
    return np.ndim(given) > 1


def _lengths(mask: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the frames of each sequence; a mask says which there are."""
    if mask is None:
        return np.full(shape[0], shape[1])
    there = to_array(mask, "mask")
    if there.shape != shape or not ((there == 0) | (there == 1)).all():
        raise invalid(
            f"must have shape {shape}, 1 for the frames of a sequence and 0 after its end; got "
            f"{there.dtype} of shape {there.shape}",
            "mask",
        )
    lengths: np.ndarray = there.astype(bool).sum(axis=1)
    holes = (there.astype(bool) != (np.arange(shape[1]) < lengths[:, np.newaxis])).any(axis=1)
    if holes.any() or not lengths.all():
        row = int((holes | (lengths == 0)).argmax())
        why = "has frames after its end" if holes[row] else "has no frame"
        raise invalid(
            f"must be 1 from the first frame of a sequence to its last, and then 0, but sequence "
            f"{row} {why}; leave such frames or sequences out",
            "mask",
        )
    return lengths
