"""The errors of nengo_dense: a few subclasses of Nengo's, each also a built-in.

A wrong argument raises `nengo.exceptions.ValidationError`, a network that cannot be built
`nengo.exceptions.BuildError`, as in Nengo itself. Only what Nengo has no word for is here.
"""

from inspect import isroutine

from nengo.exceptions import NengoException, ValidationError


def invalid(message: str, attr: str, obj: object = None) -> ValidationError:
    """Make the error for a wrong argument; a function is not named beside its argument.

    Parameters
    ----------
    message : str
        What is wrong, the value got, the limit, the way out.
    attr : str
        Name of the argument.
    obj : object, optional
        Whose argument it is; Nengo's error names its class.
    """
    return ValidationError(message, attr, None if isroutine(obj) else obj)


#: Problems that a message shows; the first ones tell what is wrong with a model of a thousand.
MAX_SHOWN = 20


class ConversionError(NengoException, ValueError):
    """A trained model has parts that cannot be converted.

    Parameters
    ----------
    model : str
        What was being converted, e.g. ``"Keras model 'sequential_3'"``.
    problems : list of str
        One sentence for *each* part that stands in the way, with what to do about it.
    """

    def __init__(self, model: str, problems: list[str]) -> None:
        self.model = model
        self.problems = list(problems)
        super().__init__(f"{model} cannot be converted:{_listed(self.problems)}")


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

    def __init__(self, network: str, format: str, problems: list[str]) -> None:
        self.network = network
        self.format = format
        self.problems = list(problems)
        super().__init__(f"{network} cannot be written as {format}:{_listed(self.problems)}")


def _listed(problems: list[str]) -> str:
    lines = "".join(f"\n  - {problem}" for problem in problems[:MAX_SHOWN])
    n_more = len(problems) - MAX_SHOWN
    return lines + (f"\n  and {n_more} more, in the error's 'problems'" if n_more > 0 else "")


class FileFormatError(NengoException, ValueError):
    """A file is damaged, or is not of the format it should be."""


class MissingDependencyError(NengoException, ImportError):
    """An optional package is not installed, or not in a version that works."""


class PluginError(NengoException, RuntimeError):
    """A plug-in could not be loaded; the message names its package and entry point."""
