"""The task of a stack, found from its head and from the true answers."""

from typing import Any

from nengo_dense.arguments import choice
from nengo_dense.array_like import to_array
from nengo_dense.evaluation.judge import ClassJudge, Judge, LabelJudge, ValueJudge
from nengo_dense.exceptions import invalid
from nengo_dense.targets import is_binary

#: Task -> who judges it.
JUDGES: dict[str, type[Judge]] = {
    judge.task: judge for judge in (ClassJudge, ValueJudge, LabelJudge)
}
TASKS = tuple(JUDGES)
#: Heads that choose one of several classes.
OF_CLASSES = {"softmax", "log_softmax"}
#: Task -> heads that it does not go with, and why.
UNFIT = {
    "regression": (OF_CLASSES, "gives probabilities, which sum to 1, and no values"),
    "multilabel": (
        {*OF_CLASSES, "relu"},
        "has no bound between labels that are given and those that are not",
    ),
}


def tell_task(y: Any, n_out: int, head: str, task: Any) -> str:
    """Return the task that was named, or the one that ``y`` and the head are for.

    A column for each output that is neither one-hot nor 0 and 1 means values; one label a sample
    means classes. Of a single output, 0 and 1 behind a sigmoid mean two classes, and all else
    values.

    Parameters
    ----------
    y : array_like
    n_out : int
    head : str
    task : {None, "classification", "regression", "multilabel"}

    Raises
    ------
    nengo.exceptions.ValidationError
        Another word, a head that the task does not go with, or ``y`` that two tasks may have.
    """
    if task is not None:
        chosen = choice(task, TASKS, "task")
        _check_head(chosen, head)
        return chosen
    values = to_array(y, "y")
    columns = values.reshape(len(values), -1) if values.ndim > 1 and len(values) else values
    if head in OF_CLASSES or columns.dtype.kind not in "biuf":
        return "classification"
    if n_out == 1:
        return "classification" if head == "sigmoid" and is_binary(columns) else "regression"
    if columns.ndim < 2 or columns.shape[1] != n_out:
        return "classification"
    if not is_binary(columns):
        return "regression"
    if (columns.sum(axis=1) == 1).all() and head != "sigmoid":
        return "classification"
    if head == "sigmoid":
        return "multilabel"
    raise invalid(
        f"has rows of 0 and 1 with several ones, and outputs behind a {head} head may be meant as "
        "values or as the logits of labels. Give task='regression' to have them meet 0 and 1, or "
        "task='multilabel' to have a label wherever an output is above 0",
        "y",
    )


def _check_head(task: str, head: str) -> None:
    heads, why = UNFIT.get(task, (set(), ""))
    if head in heads:
        raise invalid(f"{task!r} does not fit this stack, whose {head} head {why}", "task")
