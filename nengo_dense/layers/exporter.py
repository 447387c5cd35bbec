"""Where a tuned network can go: plug-ins that write it in a format of others.

A format is an entry point in the group ``nengo_dense.exporters``; its name is the format's. The
built-in ones are in `nengo_dense.export`.
"""

import inspect
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from nengo.exceptions import ValidationError

from nengo_dense import plugins
from nengo_dense.exceptions import PluginError
from nengo_dense.files import as_path
from nengo_dense.layers.as_told import checked

#: Entry-point group: ``format = package.module:ExporterClass``.
GROUP = "nengo_dense.exporters"


@dataclass(frozen=True)
class Export:
    """What was written, and what to know of it.

    Attributes
    ----------
    format : str
    files : list of pathlib.Path
        The network's file first, its test vectors last.
    differences : list of str
        What the target does otherwise than the chip's integers, a sentence each. Empty where
        both give the same spikes.

    Examples
    --------
    >>> from pathlib import Path
    >>> print(Export("a C file", [Path("net.c"), Path("net.c.vectors.npz")]))
    a C file: net.c, net.c.vectors.npz
    the same spikes as nengo_dense.Simulator
    """

    format: str
    files: list[Path]
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.format}: {', '.join(map(str, self.files))}"]
        if not self.differences:
            lines.append("the same spikes as nengo_dense.Simulator")
        return "\n".join([*lines, *(f"- {sentence}" for sentence in self.differences)])


@runtime_checkable
class Exporter(Protocol):
    """What a class registered in the group ``nengo_dense.exporters`` must have.

    It is made without arguments, and its module must not import the target's packages when it is
    imported. `nengo_dense.export.NetworkFormat` has all of it but the writing.

    Examples
    --------
    >>> class Listing:
    ...     writes = "a list of layers"
    ...     suffixes = (".layers",)
    ...
    ...     def export(self, stack, path):
    ...         path.write_text(str(stack.units))
    ...         return Export("a list of layers", [path])
    >>> isinstance(Listing(), Exporter)
    True
    """

    #: What it writes, a noun phrase for people.
    writes: str
    #: How the names of its files end, such as ``(".net",)``. The format that has the ending of a
    #: path is taken where no format is named.
    suffixes: tuple[str, ...]

    def export(self, stack: Any, path: Path, **options: Any) -> Export:
        """Write a `nengo_dense.DenseStack` or a `nengo_dense.DenseGraph`, and test vectors.

        Parameters
        ----------
        stack : DenseStack or DenseGraph
        path : pathlib.Path
            Of the network's file; its ending is one of ``suffixes``.
        **options
            Of the format; unknown ones are refused before.

        Returns
        -------
        export : Export

        Raises
        ------
        nengo_dense.exceptions.ExportError
            With *everything* that the format cannot hold.
        """


class Exportable:
    """What has `export`: stacks and graphs."""

    def export(self, path: str | Path, format: str | None = None, **options: Any) -> Export:
        """Write the tuned network for another chip or simulator, with test vectors beside it.

        Parameters
        ----------
        path : str or os.PathLike
            A file of the same format is replaced, any other is left alone.
        format : str, optional
            ``"c"``, ``"netx"``, ``"nir"`` or that of a plug-in; by the path's ending if not given.
        **options
            Of the format. All built-in ones take ``samples``, (n, size_in) inputs for the test
            vectors (of a graph also a dict with those of each input), and ``presentation_time``
            and ``dt`` in seconds in place of those that the network was tuned for.

        Returns
        -------
        export : Export
            The files, and what the target does otherwise.

        Raises
        ------
        nengo_dense.exceptions.ExportError
            With everything that the format cannot hold, and the way out.
        nengo.exceptions.ValidationError
            No such format, options that it does not take, or a change that is none of the
            network's arguments.
        OSError
            A file that cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import nengo_dense
        >>> synapses = [0.005, None]              # the window of the readout averages
        >>> stack = nengo_dense.DenseStack([8, 3], 4, encoding="spikes", synapse=synapses, seed=0)
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "stack.c"
        >>> export = stack.export(path, samples=[[1, 0, 0, 1]], presentation_time=0.1)
        >>> export.files[0].name, export.differences
        ('stack.c', [])
        """
        return export(self, path, format, **options)


def export(stack: Any, path: Any, format: str | None = None, **options: Any) -> Export:
    """Write a stack or a graph in a format of others; see `Exportable.export`."""
    target = as_path(path)
    name, exporter = choose(target, format)
    _check_options(name, exporter, options)
    checked(stack)  # readouts, rates and synapses are written as the arguments have them
    return exporter.export(stack, target, **options)


def exporters() -> dict[str, Exporter]:
    """Load all formats by name, the first package's where two have one name.

    Raises
    ------
    nengo_dense.exceptions.PluginError
        One that is broken.
    """
    found: dict[str, Exporter] = {}
    for entry in plugins.find_with_ours(GROUP):
        if entry.name in found:
            continue
        made = _make(entry)
        if not isinstance(made, Exporter):
            raise PluginError(
                f"The exporter '{entry.name}' of {plugins.origin(entry)} is none: it must have "
                f"'writes', 'suffixes' and 'export', got {plugins.show(made)}"
            )
        found[entry.name] = made
    return found


def _make(entry: Any) -> Any:
    make = plugins.load(entry, GROUP)
    raised: list[BaseException] = []
    with plugins.contained(raised.append):
        return make()
    raise PluginError(
        f"The exporter '{entry.name}' of {plugins.origin(entry)} cannot be made: "
        f"{plugins.describe(raised[0])}"
    ) from raised[0]


def choose(path: Path, format: str | None) -> tuple[str, Exporter]:
    """Choose an exporter by its name, or by how a path ends.

    Raises
    ------
    nengo.exceptions.ValidationError
        No such format, or a path that no format, or another one, is written to.
    """
    known = exporters()
    if format is not None and (not isinstance(format, str) or format not in known):
        raise ValidationError(
            f"must be one of {', '.join(known)}, got {plugins.show(format)}", attr="format"
        )
    suffix = os.path.splitext(path)[1]
    fits = [name for name, each in known.items() if suffix in each.suffixes]
    if format is None and not fits:
        raise ValidationError(
            f"must end as a format does, {_endings(known.items())}; got {plugins.show(str(path))}",
            attr="path",
        )
    name = fits[0] if format is None else format
    if name not in fits:
        raise ValidationError(
            f"must end in {' or '.join(known[name].suffixes)} for format={name!r}, got "
            f"{str(path)!r}",
            attr="path",
        )
    return name, known[name]


def _endings(known: Iterable[tuple[str, Exporter]]) -> str:
    return ", ".join(f"{' or '.join(each.suffixes)} for {name!r}" for name, each in known)


def _check_options(name: str, exporter: Exporter, options: dict[str, Any]) -> None:
    taken = list(inspect.signature(exporter.export).parameters.values())
    words = [each.name for each in taken if each.kind is each.KEYWORD_ONLY]
    if any(each.kind is each.VAR_KEYWORD for each in taken):
        return
    for word in options:
        if word not in words:
            raise ValidationError(
                f"has no argument {word!r}; it takes {', '.join(words) or 'none'}",
                attr=f"format={name!r}",
            )
