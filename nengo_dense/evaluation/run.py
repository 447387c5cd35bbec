"""A run of samples through a stack or a graph: checks before it, counts during it."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.arguments import (
    check_progress_bar,
    choice,
    count,
    flag,
    positive,
    presentation_steps,
)
from nengo_dense.batches import Batches, check_batches
from nengo_dense.evaluation.activity import LayerActivity
from nengo_dense.evaluation.batch import (
    Batch,
    Presentations,
    StreamGroup,
    batch_size,
    lanes_in_memory,
    record_all,
)
from nengo_dense.evaluation.cost import energy_of, spikes_for_values
from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.stream import Stream, check_no_stream
from nengo_dense.evaluation.trial import Trial, populations_of, senders_of
from nengo_dense.exceptions import invalid
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.energy import Energy
from nengo_dense.samples import join_inputs

TARGETS = ("sim", "simreal", "nengo")
#: A presentation of more seconds than this was probably given in milliseconds.
UNUSUAL_TIME = 5.0
#: Makes the reader for the samples of the given numbers.
ReaderFor = Callable[[Any], Reader]


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes
    ----------
    n : int
        Samples.
    results : list
        Of the readers, one a batch.
    rows : (n,) ndarray of int or None
        Numbers of the samples in the order of the results; None where these are in order.
    layers : list of LayerActivity
    energy : Energy
        Of one presentation, and the gap after it.
    """

    n: int
    results: list[Any]
    rows: np.ndarray | None
    layers: list[LayerActivity]
    energy: Energy


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
    notes: tuple[str, ...]
    stream: Stream | None = None

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
    ) -> "Run":
        """Check everything that a run needs; the arguments are those of `evaluate`.

        ``n`` is how many samples batches must yield.

        Raises
        ------
        nengo.exceptions.ValidationError
        """
        check_stack(stack)
        samples = check_batches(_joined(stack, x), stack.size_in, "x")
        check_target(stack, choice(target, TARGETS, "target"))
        step = positive(dt, "dt", unit="seconds")
        n_steps = presentation_steps(presentation_time, step)
        n_neurons = sum(layer.ensemble.n_neurons for layer in populations_of(stack))
        most = lanes_in_memory(n_steps, stack.units[-1], n_neurons)
        most = min(count(minibatch_size, "minibatch_size"), most)
        stream = None
        if flag(reset, "reset"):
            check_no_stream(gap, order)
        else:
            stream = Stream.of(samples.n, n_steps, gap, order, step, most)
        size = batch_size(stream.n_streams if stream else samples.n, most, n_jobs)
        bar = check_progress_bar(progress_bar)
        notes = notes_on(stack, samples.glance(), n_steps * step, step, target)
        n = n if samples.n is None else samples.n
        return cls(stack, samples, n, target, step, n_steps, size, n_jobs, bar, notes, stream)

    def warn(self, stacklevel: int) -> None:
        """Say the notes, to the caller of whoever calls this (1), or further up."""
        for note in self.notes:
            warnings.warn(note, stacklevel=stacklevel + 1)

    def notes_after(self, outcome: Outcome, stacklevel: int) -> tuple[str, ...]:
        """Return all notes; say those that the run brought, as `warn` does.

        Neurons of tuned layers are fast on purpose, and their weights make up for it.
        """
        if self.stack.tuned is not None:
            return self.notes
        found = tuple(filter(None, (layer.fault(self.dt) for layer in outcome.layers)))
        for note in found:
            warnings.warn(note, stacklevel=stacklevel + 1)
        return self.notes + found

    def go(self, reader_for: ReaderFor, doing: str) -> Outcome:
        """Show all samples.

        Parameters
        ----------
        reader_for : callable
            Makes a reader for the samples of the given numbers.
        doing : str
            For the progress bar.
        """
        trial = Trial(self.stack, self.target, self.dt, self.size)
        fired = [np.zeros(layer.ensemble.n_neurons) for layer in trial.populations]
        sent = np.zeros(len(fired))
        results: list[Any] = []
        feed = _Feed(self, reader_for)
        n = 0
        progress = Progress(f"{doing[0].upper()}{doing[1:]}", "Run", self.n)
        with ProgressTracker(self.progress_bar, progress) as tracker:
            for recording in record_all(trial, feed, self.n_jobs):
                n += recording.n
                if recording.result is not None:
                    results.append(recording.result)
                sent += recording.sent
                for total, spikes in zip(fired, recording.fired, strict=True):
                    total += spikes
                tracker.total_progress.step(recording.n)
        feed.check(n)
        energy = energy_of(
            trial.populations,
            senders_of(self.stack, trial.populations),
            sent / n,
            feed.spikes_in / n,
            self.period,
        )
        return Outcome(n, results, feed.rows, self._activity(trial, fired, n), energy)

    @property
    def period(self) -> int:
        """(int) Steps from one sample to the next."""
        return self.n_steps + (self.stream.gap if self.stream else 0)

    def _activity(self, trial: Trial, fired: list[np.ndarray], n: int) -> list[LayerActivity]:
        seconds = self.period * self.dt
        return [
            LayerActivity(
                layer.ensemble.label, layer.on_chip, total / n / seconds, float(total.sum() / n)
            )
            for layer, total in zip(trial.populations, fired, strict=True)
        ]


class _Feed:
    """Batches with their readers. What goes wrong with a batch is said after the run.

    Batches may be asked for in a thread of joblib's, in which an error would be lost.
    """

    def __init__(self, run: Run, reader_for: ReaderFor) -> None:
        self._run = run
        self._reader_for = reader_for
        self._error: Exception | None = None
        self.spikes_in = 0.0
        self.rows: np.ndarray | None = None

    def __iter__(self) -> Iterator[Batch]:
        try:
            yield from self._side_by_side() if self._run.stream is None else self._groups()
        except Exception as err:  # whatever the user's own iterable raises
            self._error = err

    def _side_by_side(self) -> Iterator[Batch]:
        run, n = self._run, 0
        for batch in run.samples.of(run.size):
            rows = slice(n, n + len(batch))
            n += len(batch)
            if run.n is not None and n > run.n:
                raise invalid(f"yields more than {run.n} samples, one for each label", "x")
            if run.stack.encoding == "chip":
                self.spikes_in += len(batch) * spikes_for_values(batch, run.n_steps)
            yield Presentations(batch, run.n_steps, self._reader_for(rows))

    def _groups(self) -> Iterator[Batch]:
        run, stream = self._run, self._run.stream
        assert stream is not None, "asked for streams alone"
        if run.stack.encoding == "chip":
            nothing = np.zeros((1, run.stack.size_in))
            for batch in run.samples.of(run.size):
                self.spikes_in += len(batch) * spikes_for_values(batch, run.n_steps)
                self.spikes_in += len(batch) * spikes_for_values(nothing, stream.gap)
        groups = stream.groups(run.size)
        self.rows = np.concatenate([np.concatenate(places) for places in groups])
        for places in groups:
            reader = self._reader_for(np.concatenate(places))
            yield StreamGroup(run.samples, places, run.n_steps, stream.gap, reader)

    def check(self, n: int) -> None:
        """Raise the error that there was, or that of too few samples."""
        if self._error is not None:
            raise self._error
        if self._run.n is not None and n < self._run.n:
            raise invalid(f"ends after {n} samples, but there are {self._run.n} labels", "x")


def check_stack(stack: Any) -> None:
    """Raise a ValidationError for what is no stack and no graph."""
    if not isinstance(stack, DenseStack | DenseGraph):
        raise invalid(
            f"must be a DenseStack or a DenseGraph, got {type(stack).__name__}; "
            "nengo_dense.convert makes one of a trained model",
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


def _joined(stack: AnyDense, x: Any) -> Any:
    """Put the inputs of a graph, if they are given by name, one after the other."""
    if isinstance(stack, DenseGraph) and isinstance(x, Mapping):
        return join_inputs(x, stack.sizes)
    return x


def check_target(stack: AnyDense, target: str) -> None:
    """Raise a ValidationError if nothing would run on the chip that is asked for."""
    if target != "nengo" and not any(layer.on_chip for layer in stack.layers):
        raise invalid(
            f"{target!r} is Loihi, but no layer of this stack is on the chip: with one layer of "
            "neurons and encoding='host' everything runs on the host. Use encoding='spikes', or "
            "target='nengo'",
            "target",
        )


def notes_on(
    stack: AnyDense, x: np.ndarray, presentation_time: float, dt: float, target: str
) -> tuple[str, ...]:
    """Say in which ways a run is not what the stack was tuned for, or not what was meant."""
    notes = []
    if presentation_time > UNUSUAL_TIME:
        notes.append(
            f"Every sample is shown for {presentation_time:g} seconds, that is "
            f"{presentation_time / dt:.0f} steps: if milliseconds are meant, give "
            f"presentation_time={presentation_time / 1000:g}."
        )
    if stack.tuned is not None:
        notes += stack.tuned.differences(
            dt=dt, presentation_time=presentation_time, target=target, x=x
        )
    return tuple(notes)
