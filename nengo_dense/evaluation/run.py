"""How samples are to go through a stack or a graph, with all checks before it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nengo_dense.arguments import check_progress_bar, choice, count, flag, positive
from nengo_dense.batches import Batches, check_batches
from nengo_dense.columns import WHERE, check_columns, read_in_two_ways
from nengo_dense.duration import check_still, presentation_steps, unusual_time
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.arrangement import arrange
from nengo_dense.evaluation.batch import batch_size, lanes_in_memory
from nengo_dense.evaluation.output_part import OutputPart
from nengo_dense.evaluation.stream import Stream, check_no_stream
from nengo_dense.evaluation.trial import populations_of
from nengo_dense.exceptions import invalid
from nengo_dense.layers.delay import delay_of
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.part import Parts
from nengo_dense.layers.stack import DenseStack
from nengo_dense.layers.tuning_record import TuningRecord, chosen_times
from nengo_dense.notices import notify
from nengo_dense.sequence import Sequences, join, refuse_frames

TARGETS = ("sim", "simreal", "nengo")


@dataclass(frozen=True)
class Run:
    """How samples go through a stack or a graph; `Run.of` checks all of it.

    Attributes
    ----------
    stack : DenseStack or DenseGraph
    samples : Batches
    n : int or None
        Samples that there must be, where that is known.
    target : str
    dt : float
    n_steps : int
        Steps of a presentation.
    size : int
        Samples in a batch.
    n_jobs : int
    progress_bar : bool or nengo.utils.progress.ProgressBar
    notes : tuple of str
        In which ways this is not what the stack was tuned for, or not what was meant.
    stream : Stream or None
        How samples follow one another; None where each is shown from a fresh start.
    sequences : Sequences or None
        What changes while it is shown. Of frames that each have an answer, ``samples`` has all in
        a row.
    delay : int or None
        Steps from the end of such a frame, or of a sample of a stream, to its answer; None where
        each is shown from a fresh start.
    tuned : TuningRecord or None
        Of the stack, which looks at all its weights to tell.
    """

    stack: AnyDense
    samples: Batches
    n: int | None
    target: str
    dt: float
    n_steps: int
    size: int
    n_jobs: int
    progress_bar: Any
    notes: tuple[str, ...] = ()
    stream: Stream | None = None
    sequences: Sequences | None = None
    delay: int | None = None
    tuned: TuningRecord | None = None

    @classmethod
    def of(
        cls,
        stack: AnyDense,
        x: Any,
        *,
        n: int | None = None,
        presentation_time: Any,
        dt: Any,
        minibatch_size: Any,
        target: Any,
        n_jobs: Any,
        progress_bar: Any,
        reset: Any = True,
        gap: Any = 0.0,
        order: Any = None,
        mask: Any = None,
        per_frame: Any = False,
    ) -> "Run":
        """Check everything that a run needs; the arguments are those of `evaluate`.

        ``n`` is how many samples batches must yield. With ``per_frame`` every frame of a sequence
        is a sample, which follows the one before without a reset.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        check_stack(stack)
        sizes = stack.sizes if isinstance(stack, DenseGraph) else stack.size_in
        check_columns(x, stack.columns, "x", WHERE, sizes)
        said = [read_in_two_ways(x, sizes, "x")]
        x = join(x, sizes) if isinstance(sizes, Mapping) and isinstance(x, Mapping) else x
        sequences = Sequences.read(x, stack.size_in, mask)
        samples = sequences or check_batches(x, stack.size_in, "x", stack.columns)
        check_target(stack, choice(target, TARGETS, "target"))
        n_frames = None if sequences is None else sequences.n_frames
        tuned = stack.tuned
        time, step = chosen_times(tuned, presentation_time, dt, n_frames)
        step = positive(step, "dt", unit="seconds")
        n_steps = presentation_steps(time, step)
        said += [check_still(n_steps, step, n_frames)]
        fresh, by_frame = flag(reset, "reset"), flag(per_frame, "per_frame")
        if sequences is not None:
            samples, n_steps = arrange(sequences, n_steps, step, fresh, by_frame)
        elif by_frame:
            refuse_frames(x)
        most = min(count(minibatch_size, "minibatch_size"), _most_lanes(stack, n_steps))
        delay = None if fresh and not by_frame else delay_of(stack, target, step)
        if fresh:
            check_no_stream(gap, order)
        stream = None if fresh else Stream.of(samples.n, gap, order, step, most, delay or 0)
        lanes = stream.n_streams if stream else (sequences or samples).n
        run = cls(
            stack=stack,
            samples=samples,
            n=n if samples.n is None else samples.n,
            target=target,
            dt=step,
            n_steps=n_steps,
            size=batch_size(lanes, most, n_jobs),
            n_jobs=n_jobs,
            progress_bar=check_progress_bar(progress_bar),
            stream=stream,
            sequences=sequences,
            delay=delay,
            tuned=tuned,
        )
        notes = [*run._differences(), *said, *run._unusual()]
        return replace(run, notes=tuple(filter(None, notes)))

    def _differences(self) -> list[str]:
        """Say in which ways this is not what the stack was tuned for; also what is empty."""
        stack, sequences, frame_time = self.stack, self.sequences, None
        if self.tuned is None:
            return [stack.altered]
        if sequences is not None:
            n_frames = sequences.n_frames if self.delay is None else 1
            frame_time = self.dt * (self.n_steps // n_frames)
        return self.tuned.differences(
            encoding=stack.encoding,
            dt=self.dt,
            presentation_time=self.n_steps * self.dt,
            target=self.target,
            x=self.samples.glance(),
            n=None if sequences is None else sequences.n,
            frame_time=frame_time,
        )

    def _unusual(self) -> Iterator[str]:
        """Say what is hardly meant so of the times of a run; also what is empty."""
        if self.stream:
            yield unusual_time(self.stream.gap * self.dt, self.dt, "gap")
        if self.target != "nengo" and self.delay is None:  # else a spike may be everywhere at once
            yield self._too_short()

    def _too_short(self) -> str:
        """Say that an answer is over before spikes have come all the way; empty if none is.

        A spike needs one step for each population of neurons that it travels through; in a graph
        there may be shorter ways, of which the answer has something. Answers of frames, and of
        samples of a stream, wait for them.
        """
        noun, n_steps, depth = "A sample", self.n_steps, Parts.of(self.stack).depth
        if self.sequences is not None:
            noun = "The shortest sequence"
            n_steps = n_steps // self.sequences.n_frames * int(self.sequences.lengths.min())
        if n_steps > depth:
            return ""
        plural = "s" if n_steps > 1 else ""
        return (
            f"{noun} is shown for {n_steps} step{plural}, and a spike needs one step for each of "
            f"{depth} populations of neurons in a row: what passes all of them is too late for "
            "the answer. Show samples for longer."
        )

    def truths(self, *given: Any) -> list[Any]:
        """Return labels, what the source answers, and weights, as there are samples.

        Raises
        ------
        nengo.exceptions.ValidationError
            Not one for each frame where there is an answer for each, or one for each where there
            is none.
        """
        if self.sequences is None:
            return list(given)
        y, source, weights = given
        if self.delay is None:
            self.sequences.check_not_by_frame(y)
            return [y, source, weights]
        by_frame = self.sequences.by_frame
        weights = self.sequences.weights_by_frame(weights)
        return [by_frame(y, "y"), by_frame(source, "source"), weights]

    def as_given(self, outputs: np.ndarray) -> Any:
        """Return outputs of frames as sequences were given, and others as they are."""
        if self.sequences is None or self.delay is None:
            return outputs
        parts = np.split(outputs, np.cumsum(self.sequences.lengths)[:-1])
        return parts if self.sequences.is_ragged else np.stack(parts)

    def for_values(self, parts: Iterable[OutputPart]) -> "Run":
        """Return this run, noting where values of outputs were not what tuning was for."""
        if self.tuned is None or not any(part.may_be_either for part in parts):
            return self
        return replace(self, notes=(*self.notes, *filter(None, [self.tuned.not_for_values()])))

    def warn(self, stacklevel: int) -> None:
        """Say the notes, to the caller of whoever calls this (1), or further up."""
        for note in self.notes:
            notify(note, stacklevel)

    def notes_after(self, layers: list[LayerActivity], stacklevel: int) -> tuple[str, ...]:
        """Return all notes; say those that the run itself brought, as `warn` does.

        Of neurons of tuned layers nothing is said: they are fast on purpose, and their weights
        make up for it.
        """
        faults = [layer.fault(self.dt) for layer in layers] if self.tuned is None else []
        found = tuple(filter(None, (self.samples.doubt(), *faults)))
        for note in found:
            notify(note, stacklevel)
        return self.notes + found

    @property
    def period(self) -> float:
        """(float) Steps from one sample to the next; the mean, where some end before others.

        Frames that have answers share the steps after the last one, in which its answer comes,
        and so do samples of a stream.
        """
        if self.stream is not None:
            shared = self.stream.wait * self.stream.n_streams / len(self.stream.order)
            return self.n_steps + self.stream.gap + shared
        if self.sequences is None:
            return self.n_steps
        if self.delay is not None:
            return self.n_steps + self.delay / self.sequences.mean_length
        return self.n_steps * self.sequences.mean_length / self.sequences.n_frames


def check_stack(stack: Any) -> None:
    """Raise a ValidationError for what is no stack and no graph."""
    if not isinstance(stack, DenseStack | DenseGraph):
        raise invalid(
            f"must be a DenseStack or a DenseGraph, got {type(stack).__name__}; "
            "nengo_dense.convert makes one of a trained model, and nengo_dense.Simulator runs any "
            "network",
            "stack",
        )


def check_one_output(stack: Any) -> None:
    """Raise a ValidationError for a graph with several outputs."""
    if isinstance(stack, DenseGraph) and len(stack.outputs) > 1:
        names = list(stack.outputs)
        raise invalid(
            f"has {len(names)} outputs ({', '.join(names)}), of which one at a time can be held "
            "against what is right. Give a graph with one of them: parts = stack.arguments(); "
            f"name = {names[0]!r}; "
            "DenseGraph(**{**parts, 'outputs': {name: parts['outputs'][name]}})",
            "stack",
        )


def check_target(stack: AnyDense, target: str) -> None:
    """Raise a ValidationError if nothing would run on the chip that is asked for."""
    if target != "nengo" and not any(layer.on_chip for layer in stack.layers):
        raise invalid(
            f"{target!r} is Loihi, but no layer of this stack is on the chip: with one layer of "
            "neurons and encoding='host' everything runs on the host. Use encoding='spikes', or "
            "target='nengo'",
            "target",
        )


def _most_lanes(stack: AnyDense, n_steps: int) -> int:
    """Return how many samples at once have room in memory."""
    n_neurons = sum(layer.ensemble.n_neurons for layer in populations_of(stack))
    return lanes_in_memory(n_steps, stack.units[-1], n_neurons)
