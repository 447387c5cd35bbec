"""The task of a stack, found from its head and from the true answers."""

from numbers import Real
from typing import Any

import numpy as np

from nengo_dense.arguments import choice
from nengo_dense.array_like import to_array
from nengo_dense.evaluation.judge import ClassJudge, Judge, LabelJudge, ValueJudge
from nengo_dense.exceptions import invalid
from nengo_dense.heads import OF_CLASSES
from nengo_dense.targets import is_binary

#: Task -> who judges it.
JUDGES: dict[str, type[Judge]] = {
    judge.task: judge for judge in (ClassJudge, ValueJudge, LabelJudge)
}
TASKS = tuple(JUDGES)
#: Task -> heads that it does not go with, and why.
UNFIT = {
    "regression": ({*OF_CLASSES}, "gives probabilities, which sum to 1, and no values"),
    "multilabel": (
        {*OF_CLASSES, "relu"},
        "has no bound between labels that are given and those that are not",
    ),
}


def tell_task(y: Any, n_out: int, head: str, task: Any, known: str | None = None) -> str:
    """Return the task that was named, or the one that ``y`` and the head are for.

    A column for each output that is neither one-hot nor 0 and 1 means values; one label a sample
    means classes. Of a single output, 0 and 1 behind a sigmoid mean two classes. Behind no head
    they may be that too, as of a model trained with a loss of logits, and are asked for. All else
    of a single output means values.

    Parameters
    ----------
    y : array_like
    n_out : int
    head : str
    task : {None, "classification", "regression", "multilabel"}
    known : {None, "classification", "regression"}, optional
        What linear outputs were trained or tuned for.

    Raises
    ------
    nengo.exceptions.ValidationError
        Another word, a head that the task does not go with, or ``y`` that two tasks may have or
        that a sigmoid never gives.
    """
    if task is not None:
        chosen = choice(task, TASKS, "task")
        _check_head(chosen, head)
        return chosen
    values = _as_numbers(to_array(y, "y"))
    columns = values.reshape(len(values), -1) if values.ndim > 1 and len(values) else values
    if head in OF_CLASSES:
        return "classification"
    if columns.dtype.kind not in "biuf":
        return "regression" if known == "regression" else "classification"
    if n_out == 1:
        return _of_one(columns, head, known)
    if columns.ndim < 2 or columns.shape[1] != n_out:
        return "classification"
    if not is_binary(columns):
        _check_range(columns, head)
        return "regression"
    if (columns.sum(axis=1) == 1).all() and head != "sigmoid":
        return "classification"
    if head == "sigmoid":
        return "multilabel"
    raise invalid(
        f"has rows of 0 and 1 with several ones, and outputs behind a {head} head may be meant as "
        "values or as the logits of labels. Give task='regression' to have them meet 0 and 1, or "
        "task='multilabel' to have a label wherever an output is above 0 (--task on the command "
        "line)",
        "y",
    )


def _as_numbers(values: np.ndarray) -> np.ndarray:
    """Return numbers that are Python's objects, as in columns of data frames, as floats."""
    if values.dtype == object and all(isinstance(each, Real) for each in values.flat):
        return values.astype(np.float64)
    return values


def _of_one(values: np.ndarray, head: str, known: str | None) -> str:
    """Return the task of a single output."""
    if head == "sigmoid" and is_binary(values):
        return "classification"
    _check_range(values, head)
    if head == "linear" and known is None and is_binary(values) and values.min() < values.max():
        raise invalid(
            "has 0 and 1 alone, and a single output behind a linear head may be meant as a value "
            "or as the logit of class 1. Give task='regression' to have it meet 0 and 1, or "
            "task='classification' to have class 1 wherever it is above 0 (--task on the command "
            "line)",
            "y",
        )
    return "regression"


def _check_range(values: np.ndarray, head: str) -> None:
    """Refuse values that a sigmoid never gives: labels in other numbers than 0 and 1."""
    if head == "sigmoid" and values.size and (values.min() < 0 or values.max() > 1):
        raise invalid(
            f"has numbers from {values.min():g} to {values.max():g}, and a sigmoid head gives "
            "values between 0 and 1. Write labels as 0 and 1, or give task='regression' to have "
            "outputs meet these numbers",
            "y",
        )


def _check_head(task: str, head: str) -> None:
    heads, why = UNFIT.get(task, (set(), ""))
    if head in heads:
        raise invalid(f"{task!r} does not fit this stack, whose {head} head {why}", "task")
