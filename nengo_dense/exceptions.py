"""The errors of nengo_dense: a few subclasses of Nengo's, each also a built-in.

A wrong argument raises `nengo.exceptions.ValidationError`, a network that cannot be built
`nengo.exceptions.BuildError`, as in Nengo itself. This module only has errors that Nengo lacks.
"""

import copyreg
from inspect import isclass, isroutine
from typing import Any

from nengo.exceptions import NengoException, SimulationError, ValidationError

from nengo_dense.terminal import printable


def invalid(message: str, attr: str, obj: object = None) -> ValidationError:
    """Make the error for a wrong argument.

    Parameters
    ----------
    message : str
        The problem, the value, the limit, and how to fix it.
    attr : str
        Name of the argument.
    obj : object, optional
        Owner of the argument; Nengo's error shows its class. The name of a function is not shown.
    """
    return ValidationError(message, attr, None if isroutine(obj) else obj)


#: Most characters of a line of a message; a name in a file may have millions.
MAX_LINE = 1000


def told(message: str) -> str:
    """Return a message that a terminal can show: names from files may steer it, or have no end."""
    return "\n".join(printable(_cut(line), keep="") for line in message.split("\n"))


def _cut(line: str) -> str:
    """Leave out the middle of a line: names come first, and the way out last."""
    if len(line) <= MAX_LINE:
        return line
    half = MAX_LINE // 2
    return f"{line[:half]}... ({len(line)} characters) ...{line[-half:]}"


#: Most problems in a message; a model may have a thousand, but the first ones are enough.
MAX_SHOWN = 20


def _remade(kind: type[Exception], args: tuple[Any, ...], attributes: dict[str, Any]) -> Exception:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


def _taken_apart(error: Exception) -> tuple[Any, ...]:
    """Return what makes an error again, in another process.

    Python would call its class with the message alone, and a pool of processes end without it.
    """
    attributes = dict(error.__dict__)
    owner = attributes.get("obj")
    if owner is not None and not isclass(owner):  # a whole network; the message has its class only
        attributes["obj"] = type(owner)
    return _remade, (type(error), error.args, attributes)


copyreg.pickle(ValidationError, _taken_apart)  # Nengo's own too


class ConversionError(NengoException, ValueError):
    """A trained model has parts that cannot be converted.

    Parameters
    ----------
    model : str
        Name of the model, e.g. ``"Keras model 'sequential_3'"``.
    problems : list of str
        One sentence for *each* part that cannot be converted, with how to fix it.

    Examples
    --------
    >>> raise ConversionError("The model", ["layer 'conv' is a convolution"])
    Traceback (most recent call last):
    ...
    nengo_dense.exceptions.ConversionError: The model cannot be converted:
      - layer 'conv' is a convolution
    """

    __reduce__ = _taken_apart

    def __init__(self, model: str, problems: list[str]) -> None:
        self.model = model
        self.problems = list(problems)
        super().__init__(told(f"{model} cannot be converted:{_listed(self.problems)}"))


class ExportError(NengoException, ValueError):
    """A format cannot hold a network.

    Parameters
    ----------
    network : str
    format : str
        What cannot hold it, such as ``"a netx file"``.
    problems : list of str
        One sentence for *each* thing that stands in the way, with what to do about it.
    """

    __reduce__ = _taken_apart

    def __init__(self, network: str, format: str, problems: list[str]) -> None:
        self.network = network
        self.format = format
        self.problems = list(problems)
        text = f"{network} cannot be written as {format}:{_listed(self.problems)}"
        super().__init__(told(text))


def _listed(problems: list[str]) -> str:
    lines = "".join(f"\n  - {problem}" for problem in problems[:MAX_SHOWN])
    n_more = len(problems) - MAX_SHOWN
    return lines + (f"\n  and {n_more} more, in the error's 'problems'" if n_more > 0 else "")


class FileFormatError(NengoException, ValueError):
    """A file is damaged, or has another format."""

    def __init__(self, message: str) -> None:
        super().__init__(told(message))


class MissingDependencyError(NengoException, ImportError):
    """An optional package is missing, or its version does not work."""


class NumberError(SimulationError, FloatingPointError):
    """A number on the host became infinite, or none, where Nengo stops a simulation for it."""


class PluginError(NengoException, RuntimeError):
    """A plug-in could not be loaded; the message names its package and entry point."""
