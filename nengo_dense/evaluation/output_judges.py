"""What is right for each output, and who judges it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nengo_dense.array_like import to_array
from nengo_dense.evaluation.evaluation import Evaluation
from nengo_dense.evaluation.judge import Judge
from nengo_dense.evaluation.output_part import OutputPart
from nengo_dense.evaluation.own_metric import check_metrics, with_metrics
from nengo_dense.evaluation.reader import Reader
from nengo_dense.evaluation.several_outputs import SeveralOutputs
from nengo_dense.evaluation.task import JUDGES, tell_task
from nengo_dense.exceptions import invalid
from nengo_dense.layers.classes import check_classes
from nengo_dense.output_names import MOST_NAMES
from nengo_dense.plugins import show
from nengo_dense.targets import check_sample_weight


class OutputJudges:
    """A judge for each output.

    Parameters
    ----------
    parts : sequence of OutputPart
    judges : sequence of Judge
        In the same order, of as many samples each.
    """

    def __init__(self, parts: Sequence[OutputPart], judges: Sequence[Judge]) -> None:
        self.parts = list(parts)
        self.judges = list(judges)

    def __len__(self) -> int:
        return len(self.judges)

    @property
    def n(self) -> int:
        """(int) Samples."""
        return len(self.judges[0].truth)

    @property
    def parts_of_values(self) -> list[OutputPart]:
        """(list of OutputPart) The outputs that are judged as values."""
        both = zip(self.parts, self.judges, strict=True)
        return [part for part, judge in both if judge.task == "regression"]

    @property
    def linear_task(self) -> str | None:
        """(str or None) What several linear outputs are for, as `nengo_dense.convert` takes it."""
        both = zip(self.parts, self.judges, strict=True)
        tasks = {judge.task for part, judge in both if part.may_be_either}
        known = len(tasks) == 1 and tasks <= {"classification", "regression"}
        return tasks.pop() if known else None

    def reader(self, rows: Any) -> Reader:
        """Make a reader for the samples of some numbers, a slice or an array."""
        readers = [judge.reader(rows) for judge in self.judges]
        if len(readers) == 1:
            return readers[0]
        return OutputReaders([part.columns for part in self.parts], readers)

    def answers_of(self, source: Any) -> list[np.ndarray | None]:
        """Return what a source model's outputs answer; None for each where none are known."""
        given = by_output(source, self.parts, "source")
        return [
            None if outputs is None else judge.answers_of(outputs)
            for judge, outputs in zip(self.judges, given, strict=True)
        ]

    def of_source(self, outputs: np.ndarray, source: np.ndarray) -> list[Evaluation]:
        """Judge each of the computed outputs, (n, n_out) in a row, as `Judge.of_source` does."""
        return [
            judge.of_source(outputs[:, part.columns], source[:, part.columns])
            for part, judge in zip(self.parts, self.judges, strict=True)
        ]

    def answers_in(self, outputs: np.ndarray) -> list[np.ndarray]:
        """Return what each of the source model's outputs, (n, n_out) in a row, answers."""
        return [
            judge.of_outputs(outputs[:, part.columns])
            for part, judge in zip(self.parts, self.judges, strict=True)
        ]

    def doubts(self, answers: Sequence[np.ndarray]) -> list[str]:
        """Say why what is right may have been misread, given each output's answers."""
        both = zip(self.judges, answers, strict=True)
        return [said for judge, given in both if (said := judge.doubt(given))]

    def evaluation(
        self,
        results: list[Any],
        rows: np.ndarray | None,
        common: Mapping[str, Any],
        sources: Sequence[np.ndarray | None],
    ) -> Evaluation | SeveralOutputs:
        """Make an evaluation of all readers' results, of several outputs where there are some."""
        each = [results] if len(self) == 1 else list(map(list, zip(*results, strict=True)))
        found = []
        for part, judge, own, source in zip(self.parts, self.judges, each, sources, strict=True):
            replay = common["replay"] and replace(common["replay"], parts=(part,))
            given = {"sample_weight": judge.weights, "source": source, "replay": replay}
            found.append(judge.evaluation(own, rows, {**common, **given}))
        if len(found) == 1:
            return found[0]
        names = [part.name for part in self.parts]
        return SeveralOutputs(outputs=dict(zip(names, found, strict=True)), **common)


class OutputReaders(Reader):
    """A reader for each of several outputs.

    Parameters
    ----------
    columns : sequence of slice
        Where each finds its logits.
    readers : sequence of Reader
    """

    def __init__(self, columns: Sequence[slice], readers: Sequence[Reader]) -> None:
        super().__init__("linear")
        self._readers = list(zip(columns, readers, strict=True))

    def begin(self, n: int, n_steps: int, n_out: int) -> None:
        """Make room."""
        for columns, reader in self._readers:
            reader.begin(n, n_steps, columns.stop - columns.start)

    def read(self, lanes: slice, first_step: int, means: np.ndarray) -> None:
        """Have each look at its own."""
        for columns, reader in self._readers:
            reader.read(lanes, first_step, means[..., columns])

    def result(self) -> tuple[Any, ...]:
        """Return what each kept."""
        return tuple(reader.result() for _, reader in self._readers)


def judge_outputs(
    parts: Sequence[OutputPart],
    y: Any,
    n: int,
    task: Any,
    classes: Any,
    sample_weight: Any,
    known: str | None = None,
) -> OutputJudges:
    """Find the task of each output and read what is right, as `evaluate` takes it.

    Parameters
    ----------
    parts : sequence of OutputPart
    y, task, classes, sample_weight
        As in `evaluate`.
    n : int
        Samples.
    known : {None, "classification", "regression"}, optional
        What linear outputs were trained or tuned for.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    truths = by_output(y, parts, "y")
    missing = [part.name for part, truth in zip(parts, truths, strict=True) if truth is None]
    if missing:
        raise invalid(f"has nothing for the outputs {', '.join(missing)}", "y")
    tasks = by_output(task, parts, "task", for_all=True)
    names = by_output(classes, parts, "classes")
    judges = [
        judge_for(truth, n, part, own_task, own_names, sample_weight, known)
        for part, truth, own_task, own_names in zip(parts, truths, tasks, names, strict=True)
    ]
    return OutputJudges(parts, judges)


def names_of_classes(own: np.ndarray | None, given: Any) -> Any:
    """Return the names of classes that were given, or the model's own.

    Parameters
    ----------
    own : (n_out,) ndarray or None
        What the model knows.
    given : array_like, mapping or None
        As ``classes`` of `evaluate`.

    Raises
    ------
    nengo.exceptions.ValidationError
        They are the model's own names in another order.
    """
    if given is None:
        return own
    if own is not None and not isinstance(given, Mapping):
        names, known = to_array(given, "classes").tolist(), own.tolist()
        same = isinstance(names, list) and Counter(map(str, names)) == Counter(map(str, known))
        if same and list(map(str, names)) != list(map(str, known)):
            raise invalid(
                f"has the names that the model knows itself in another order: its outputs are "
                f"{show(known)}, got {show(names)}. Leave classes out",
                "classes",
            )
    return given


def judge_for(
    y: Any,
    n: int,
    part: OutputPart,
    task: Any,
    classes: Any,
    sample_weight: Any,
    known: str | None,
) -> Judge:
    """Find the task of an output and read what is right, as `evaluate` takes it.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    judge = JUDGES[tell_task(y, part.n, part.head, task, known)]
    names = check_classes(classes, judge.n_names(part.n), None)
    weights = check_sample_weight(sample_weight, n)
    return judge(y, n, part.n, part.head, names, weights)


def check_own_metrics(judges: OutputJudges, metrics: Any) -> list[Any]:
    """Try a user's own measures on right answers; return those of each output.

    Raises
    ------
    nengo.exceptions.ValidationError
    """
    if len(judges) == 1 and not _is_by_output(metrics, judges.parts):
        each = [metrics]
    else:
        each = by_output(metrics, judges.parts, "metrics")
    for judge, own in zip(judges.judges, each, strict=True):
        check_metrics(own, judge.labels, judge.weights)
    return each


def with_own_metrics(
    result: Evaluation | SeveralOutputs, each: Sequence[Any]
) -> Evaluation | SeveralOutputs:
    """Add a user's own measures to an evaluation, or to those of several outputs."""
    if not isinstance(result, SeveralOutputs):
        return with_metrics(result, each[0])
    outputs = {
        name: with_metrics(one, own)
        for (name, one), own in zip(result.outputs.items(), each, strict=True)
    }
    return replace(result, outputs=outputs)


def length(y: Any) -> int | None:
    """Return how many samples there are labels for; what is no array is complained of later."""
    if isinstance(y, Mapping) and y:
        y = next(iter(y.values()))
    if isinstance(y, list | tuple):
        return len(y)  # the parts may be as long as sequences are
    shape = to_array(y, "y").shape
    return shape[0] if shape else None


def by_output(
    given: Any, parts: Sequence[OutputPart], attr: str, for_all: bool = False
) -> list[Any]:
    """Return what was given for each output; None where nothing was.

    Parameters
    ----------
    given : object
        A dict by the names of outputs. Something else is for the only output.
    parts : sequence of OutputPart
    attr : str
        For messages.
    for_all : bool, optional
        Whether something else is for each output.

    Raises
    ------
    nengo.exceptions.ValidationError
        Names of no outputs, or something else for one of several.
    """
    names = [part.name for part in parts]
    if isinstance(given, Mapping):
        unknown = [str(name) for name in given if name not in names]
        if unknown:
            known = "one output, without a name" if names == [""] else ", ".join(names)
            more = f" and {len(unknown) - MOST_NAMES} more" * (len(unknown) > MOST_NAMES)
            given = f"{', '.join(unknown[:MOST_NAMES])}{more}"
            raise invalid(f"has {given}, but the outputs are {known}", attr)
        return [given.get(name) for name in names]
    if given is not None and len(parts) > 1 and not for_all:
        raise invalid(
            f"must be a dict by output, as there are {len(parts)}: {', '.join(names)}; got "
            f"{type(given).__name__}",
            attr,
        )
    return [given] * len(parts)


def _is_by_output(metrics: Any, parts: Sequence[OutputPart]) -> bool:
    """Tell measures by the name of an output from measures by their own names."""
    return isinstance(metrics, Mapping) and any(
        isinstance(metrics.get(part.name), Mapping) for part in parts
    )
