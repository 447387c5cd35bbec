"""What a Keras model was trained for, as far as the loss it was compiled with tells."""

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

#: Names of losses as Keras writes them, without underscores -> what they are for.
TASKS = {
    **dict.fromkeys(
        (
            "mse",
            "mae",
            "mape",
            "msle",
            "meansquarederror",
            "meanabsoluteerror",
            "meanabsolutepercentageerror",
            "meansquaredlogarithmicerror",
            "huber",
            "logcosh",
            "poisson",
        ),
        "regression",
    ),
    **dict.fromkeys(
        (
            "categoricalcrossentropy",
            "sparsecategoricalcrossentropy",
            "categoricalfocalcrossentropy",
            "categoricalhinge",
        ),
        "classification",
    ),
}


def task_of(loss: Any, outputs: Mapping[str, bool] | None = None) -> str | None:
    """Tell the task from a loss; None where it does not tell, or losses of several outputs differ.

    Parameters
    ----------
    loss : object
        A name, a loss, what Keras writes of one in a file, or a list or a mapping of them.
    outputs : mapping of str to bool, optional
        Name of each output, in their order -> whether its loss counts. All count by default.
    """
    losses: Sequence[Any] = [loss]
    counts = outputs or {}
    if isinstance(loss, Mapping) and not {"class_name", "config"} <= loss.keys():
        losses = [each for name, each in loss.items() if counts.get(name, True)]
    elif isinstance(loss, list | tuple):
        chosen = counts.values() if len(counts) == len(loss) else [True] * len(loss)
        losses = list(compress(loss, chosen))
    tasks = {TASKS.get(_name(each)) for each in losses}
    return tasks.pop() if len(tasks) == 1 else None


def _name(loss: Any) -> str:
    """Return a loss's name as `TASKS` has it."""
    if isinstance(loss, Mapping):
        is_function = loss.get("class_name") == "function"
        name = loss.get("config" if is_function else "class_name")
    elif isinstance(loss, str):
        name = loss
    else:
        name = getattr(loss, "__name__", type(loss).__name__)
    return str(name).replace("_", "").lower()
