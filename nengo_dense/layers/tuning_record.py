"""The conditions that a stack was tuned for, stored with it, to detect other uses."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.arguments import count, finite_array, number, positive
from nengo_dense.layers.input_range import InputRange
from nengo_dense.layers.tuned_parts import is_sketch
from nengo_dense.plugins import show

#: Default for the part of a presentation after which answers are accurate.
EARLIEST = 0.25
#: How close times must be, relative to each other, to count as the same.
TOLERANCE = 1e-6
#: Steps of tuning from which on longer presentations are answered as well, and how much longer
#: they are where not. Of make_friedman1 (48-32, training samples held back, seeds 11 and 12), all
#: layers on the chip: tuned for 25 steps R2 0.98 and 0.99, and 0.71 and 0.50 in 100 steps; tuned
#: for 50, 0.97 and 0.95 there; tuned for 100, the same in 300 steps.
SETTLED, LONGER = 100, 1.25
#: Seconds of a presentation and of a step, where nobody says otherwise.
USUAL_TIME, USUAL_STEP = 0.1, 0.001


@dataclass(frozen=True, eq=False, repr=False)
class TuningRecord:
    """The conditions that the weights and biases of a stack were tuned for.

    Parameters
    ----------
    presentation_time : float
        Length of a presentation in seconds: of the longest sequence, or of a frame where each has
        an answer.
    dt : float
        Step in seconds.
    encoding : str
        Encoding of the stack.
    input_low, input_high : (size_in,) ndarray
        Least and greatest value of each input in the calibration data.
    earliest : float, optional
        Time in seconds from which answers are accurate; by default a quarter of a presentation.
    effort : str or float, optional
        Effort of tuning: a word, or seconds.
    gap : float, optional
        Share of held-back samples that the chip's integers answered differently from the source
        model, in per cent. For values, the root mean square of the difference, in per cent of
        their standard deviation.
    data : str, optional
        Fingerprint of the calibration inputs, see ``fingerprint``.
    frame_time : float, optional
        How long a frame lasts, in seconds, where calibration inputs were sequences.
    judged : int, optional
        Answers to held-back samples that ``gap`` is of: 0 % of a few says little.
    task : {"classification", "regression"}, optional
        What several linear outputs were tuned for; None for both, as logits of classes and as
        values.
    parts : mapping, optional
        What was tuned, see ``nengo_dense.layers.tuned_parts.sketch``. A stack fills it in.

    Raises
    ------
    nengo.exceptions.ValidationError
        A time is not above 0, the numbers of inputs differ, or a gap is below 0.

    Examples
    --------
    `nengo_dense.convert` makes one, ``stack.tuned``:

    >>> record = TuningRecord(0.1, 0.001, "host", input_low=[0, 0], input_high=[1, 1])
    >>> record.first_answer
    0.025
    >>> print(record)
    tuned for presentations of 100 ms at 1 ms a step, encoding 'host'
    >>> record.numbers()
    {'presentation_time': 0.1, 'dt': 0.001, 'encoding': 'host', 'effort': None, 'gap': None, ...}
    >>> record.differences(dt=0.001)
    []
    >>> record.are_frames(0.05), record.as_shown(0.05)
    (False, {'presentation_time': 0.05})
    >>> record.differences(dt=0.002)
    ['This stack was tuned for steps of 1 ms, and here they are 2 ms, ...']
    >>> record.not_for_values()
    "This stack was tuned as if its linear outputs were logits of classes, ...task='regression'."
    """

    presentation_time: float
    dt: float
    encoding: str
    input_low: np.ndarray
    input_high: np.ndarray
    earliest: float | None = None
    effort: str | float | None = None
    gap: float | None = None
    data: str | None = None
    frame_time: float | None = None
    task: str | None = None
    judged: int | None = None
    parts: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("presentation_time", "dt", "earliest", "frame_time"):
            value = getattr(self, name)
            if not (name in ("earliest", "frame_time") and value is None):
                object.__setattr__(self, name, positive(value, name, self, "seconds"))
        if self.gap is not None and not 0 <= number(self.gap, "gap", self) < np.inf:
            raise ValidationError(f"must be 0 or more, got {self.gap:g}", "gap", self)
        if self.judged is not None:
            object.__setattr__(self, "judged", count(self.judged, "judged", self))
        if not (self.parts is None or is_sketch(self.parts)):
            raise ValidationError(f"must be of a stack, got {show(self.parts)}", "parts", self)
        for name, kinds in (("effort", str | int | float), ("data", str), ("task", str)):
            value = getattr(self, name)
            if not (value is None or isinstance(value, kinds)):
                raise ValidationError(f"must be text or None, got {show(value)}", name, self)
        shape = (np.size(self.input_low),)
        for name in ("input_low", "input_high"):
            values = finite_array(getattr(self, name), shape, name, self)
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def first_answer(self) -> float:
        """(float) Time in seconds from which answers are accurate."""
        return self.earliest or EARLIEST * self.presentation_time

    @property
    def by_frame(self) -> bool:
        """(bool) Whether tuning was for an answer to each frame of sequences."""
        frame, shown = self.frame_time, self.presentation_time
        return frame is not None and bool(np.isclose(shown, frame, rtol=TOLERANCE, atol=0))

    def are_frames(self, time: float) -> bool:
        """Tell whether what is shown for so long, in seconds, is a frame of a sequence.

        Parameters
        ----------
        time : float
            Of one of the values that a process presents one after another.

        Returns
        -------
        are : bool
        """
        whole = not self.by_frame and time >= self.presentation_time * (1 - TOLERANCE)
        return self.frame_time is not None and not whole

    def as_shown(self, time: float | None) -> dict[str, float]:
        """Return `differences`' arguments for values that are shown for so long, one by one.

        Parameters
        ----------
        time : float or None
            In seconds; None where nobody knows.

        Returns
        -------
        arguments : dict
        """
        if time is None:
            return {}
        is_part = self.are_frames(time) and not self.by_frame
        return {"frame_time" if is_part else "presentation_time": time}

    @property
    def purpose(self) -> str:
        """(str) What is shown, and for how long."""
        shown, frame = 1000 * self.presentation_time, self.frame_time
        what = "presentations" if frame is None else f"sequences, {1000 * frame:g} ms a frame,"
        return f"{'frames' if self.by_frame else what} of {shown:g} ms"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        how = "" if self.effort is None else f", effort {self.effort!r}"
        text = f"tuned for {self.purpose} at {1000 * self.dt:g} ms a step, "
        text += f"encoding {self.encoding!r}{how}"
        if self.gap is None:
            return text
        n = "" if self.judged is None else f"{self.judged} "
        return f"{text}; {self.gap:.1f}% from the source on {n}held-back samples"

    def numbers(self) -> dict[str, Any]:
        """Return what reports have of it; None stands for what nobody knows.

        Returns
        -------
        numbers : dict
        """
        names = ("presentation_time", "dt", "encoding", "effort", "gap", "judged")
        return {name: getattr(self, name) for name in names}

    def differences(
        self,
        *,
        dt: float | None = None,
        presentation_time: float | None = None,
        target: str | None = None,
        x: np.ndarray | None = None,
        n: int | None = None,
        frame_time: float | None = None,
        encoding: str | None = None,
    ) -> list[str]:
        """List how a run differs from the conditions that the stack was tuned for.

        Parameters
        ----------
        dt, presentation_time : float, optional
            Step and length of a presentation in the run, in seconds.
        target : {"sim", "simreal", "loihi", "nengo"}, optional
            Simulator or hardware of the run.
        x : (n, size_in) array_like, optional
            The inputs.
        n : int, optional
            Samples that these are of, where they are frames of sequences.
        frame_time : float, optional
            How long a frame lasts in the run, in seconds, where the inputs are sequences.
        encoding : {"host", "spikes", "chip"}, optional
            That the stack has in the run.

        Returns
        -------
        sentences : list of str
            Each has the tuned value, the present value and the remedy; empty without differences.
        """
        found = []
        if encoding is not None and encoding != self.encoding:
            found.append(
                f"This stack was tuned with encoding={self.encoding!r} and has "
                f"encoding={encoding!r}, for which other weights are right. Convert the model "
                "again."
            )
        if dt is not None and not np.isclose(dt, self.dt, rtol=TOLERANCE, atol=0):
            found.append(
                f"This stack was tuned for steps of {1000 * self.dt:g} ms, and here they are "
                f"{1000 * dt:g} ms, so its neurons lose other parts of their input. Use "
                f"dt={self.dt:g}, or convert the model again with dt={dt:g}."
            )
        found += self._other_times(presentation_time, frame_time)
        if target == "nengo" and self.encoding == "chip":
            found.append(
                "This stack was tuned for input that nengo-loihi encodes in spikes. In Nengo its "
                "first layer gets the input itself, so its values are too large. Run it on the "
                "chip or its emulator, or convert with encoding='host' or 'spikes'."
            )
        if x is not None:
            inputs = InputRange(self.input_low, self.input_high)
            found += inputs.differences(np.asarray(x, dtype=np.float64), n)
        return found

    def not_for_values(self) -> str:
        """Say that values of several linear outputs were not what tuning was for.

        Returns
        -------
        sentence : str
            With the remedy; empty where values were what it was for.
        """
        if self.task == "regression":
            return ""
        return (
            "This stack was tuned as if its linear outputs were logits of classes, whose order "
            "matters more than their values; as values they are less exact than they could be. "
            "Convert the model again with task='regression'."
        )

    def _other_times(
        self, presentation_time: float | None, frame_time: float | None
    ) -> Iterator[str]:
        """Describe presentations and frames that are shorter or longer than they should be."""
        shown, earliest = presentation_time, self.first_answer
        if shown is not None and shown < earliest * (1 - TOLERANCE):
            yield (
                f"This stack was tuned for presentations of {1000 * self.presentation_time:g} "
                f"ms, with answers from {1000 * earliest:g} ms on; here each sample is "
                f"presented for {1000 * shown:g} ms. Present samples for longer, or "
                f"convert the model again with presentation_time={shown:g}."
            )
        is_short = self.presentation_time < SETTLED * self.dt * (1 - TOLERANCE)
        is_over = shown is not None and shown > LONGER * self.presentation_time
        made = self.frame_time
        if shown is not None and is_over and is_short and self._tells_of(frame_time):
            what = "each sample" if frame_time in (None, shown) else "the longest sequence"
            way = f"Use presentation_time={self.presentation_time:g}, or convert"
            again = f" with presentation_time={shown:g}"
            if made is not None and frame_time is not None:
                way, again = "Convert", " with sequences as long as these"
            yield (
                f"This stack was tuned for presentations of {1000 * self.presentation_time:g} ms, "
                f"and here {what} is presented for {1000 * shown:g} ms. What comes after that "
                "time it was not tuned for, and answers can be further off, values above all. "
                f"{way} the model again{again}."
            )
        if frame_time is None or made is None:
            return
        frames = (
            f"This stack was tuned for sequences with frames of {1000 * made:g} ms, and here they "
            f"last {1000 * frame_time:g} ms."
        )
        if frame_time < made * (1 - TOLERANCE):
            yield (
                f"{frames} Show frames for longer, or convert the model again with this "
                "presentation_time."
            )
        elif frame_time > LONGER * made and is_short:
            yield (
                f"{frames} Answers can be further off, values above all. Show frames for as long "
                "as in tuning, or convert the model again with this presentation_time."
            )

    def _tells_of(self, frame_time: float | None) -> bool:
        """Tell whether the length in tuning says something of how long a run may be.

        That of a frame which had an answer says nothing of many: frames after the last in tuning
        are answered as well. Frames that are longer themselves are told of as such.
        """
        if frame_time is None or self.frame_time is None:
            return True
        return not self.by_frame and frame_time <= LONGER * self.frame_time


def fingerprint(x: np.ndarray) -> str:
    """Digest inputs, (n, size_in): equal numbers in the same order have equal digests."""
    values = np.ascontiguousarray(x, dtype="<f8")
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()[:16]


def check_tuned(tuned: Any, size_in: int, obj: object) -> TuningRecord | None:
    """Return a record after checking its number of inputs; None for None.

    Raises
    ------
    nengo.exceptions.ValidationError
        It is not a record, or its number of inputs is not the stack's.
    """
    if tuned is None:
        return None
    if not isinstance(tuned, TuningRecord):
        raise ValidationError(
            f"must be a TuningRecord or None, got {type(tuned).__name__}", "tuned", obj
        )
    if len(tuned.input_low) != size_in:
        raise ValidationError(
            f"must be of {size_in} inputs, as the stack is, got {len(tuned.input_low)}",
            "tuned",
            obj,
        )
    return tuned


def chosen_times(
    tuned: TuningRecord | None, presentation_time: Any, dt: Any, n_frames: int | None = None
) -> tuple[Any, Any]:
    """Return times as they were given, or else as a network was tuned, or the usual ones.

    Parameters
    ----------
    tuned : TuningRecord or None
    presentation_time, dt : float or None
        In seconds; None if they were not given.
    n_frames : int, optional
        Of the longest of sequences; each frame is shown for as long as in tuning.

    Returns
    -------
    presentation_time, dt : float
        In seconds.

    Examples
    --------
    >>> record = TuningRecord(0.02, 0.001, "host", [0.0], [1.0])
    >>> chosen_times(record, None, None), chosen_times(record, 0.05, None)
    ((0.02, 0.001), (0.05, 0.001))
    >>> chosen_times(None, None, None)
    (0.1, 0.001)
    """
    time = USUAL_TIME
    if tuned is not None and n_frames is None:
        time = tuned.presentation_time
    elif tuned is not None and n_frames is not None and tuned.frame_time is not None:
        time = n_frames * tuned.frame_time
    step = USUAL_STEP if tuned is None else tuned.dt
    return (
        time if presentation_time is None else presentation_time,
        step if dt is None else dt,
    )
