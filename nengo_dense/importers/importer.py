"""Importers: the plug-ins that read trained models, and their interface."""

import os
import warnings
from typing import Any, Protocol, runtime_checkable

from nengo.exceptions import NengoException

from nengo_dense import plugins
from nengo_dense.budget import spending
from nengo_dense.exceptions import ConversionError, PluginError
from nengo_dense.importers.form.folding import operations_of
from nengo_dense.importers.form.spec import DenseSpec
from nengo_dense.importers.next_step import next_step
from nengo_dense.importers.source_graph import SourceGraph
from nengo_dense.importers.source_model import SourceModel

#: Entry-point group: ``framework = package.module:ImporterClass``.
GROUP = "nengo_dense.importers"


@runtime_checkable
class Importer(Protocol):
    """What a class registered in the group ``nengo_dense.importers`` must have.

    It is made without arguments. Its module must not import the framework when it is imported,
    and `recognizes` must not either: the framework of a live model is loaded already.

    Examples
    --------
    >>> from nengo_dense.importers.form.spec import DenseSpec
    >>> class Rows:
    ...     reads = "a dict with a list of matrices"
    ...
    ...     def recognizes(self, model):
    ...         return isinstance(model, dict) and "matrices" in model
    ...
    ...     def read(self, model):
    ...         *hidden, last = model["matrices"]
    ...         relu = [DenseSpec(w, None, "relu", "layer") for w in hidden]
    ...         return [*relu, DenseSpec(last, None, "linear", "readout")]
    >>> isinstance(Rows(), Importer), Rows().recognizes({"matrices": []})
    (True, True)
    """

    #: What it reads, a noun phrase for people.
    reads: str

    def recognizes(self, model: Any) -> bool:
        """Tell whether ``model`` is for this importer, from its classes' modules or its path.

        Parameters
        ----------
        model : object
            Whatever a user gave to `nengo_dense.convert`.

        Returns
        -------
        recognized : bool
        """

    def read(self, model: Any) -> SourceModel | SourceGraph | list[DenseSpec]:
        """Return the layers of a model that it recognizes.

        A list of them is enough. A `SourceModel` knows more: the source's classes, and how to run
        the model itself, so that what was read can be compared with it.

        Parameters
        ----------
        model : object
            For which `recognizes` was true.

        Returns
        -------
        layers : SourceModel, SourceGraph, or list of DenseSpec
            From the input on.

        Raises
        ------
        nengo_dense.exceptions.ConversionError
            With *every* part that cannot be converted.
        """


def modules_of(model: Any) -> set[str]:
    """Return the names of the modules that define the classes of `model`.

    >>> sorted(modules_of(True))
    ['builtins']
    """
    return {cls.__module__ for cls in type(model).__mro__}


def is_of_nir(model: Any) -> bool:
    """Tell whether an object is one of NIR's, which may also come in a list."""
    return any(module.partition(".")[0] == "nir" for module in modules_of(model))


def read_model(model: Any) -> SourceModel | SourceGraph:
    """Read a trained model of any framework.

    Where several importers recognize a model the first one by entry-point name, then by package,
    reads it, and a warning says so.

    Parameters
    ----------
    model : object or path
        Whatever an installed importer recognizes: arrays, a live model, a file. A `SourceModel`
        is returned as it is.

    Returns
    -------
    source : SourceModel
        The layers from the input on, and what else is known of the source; a `SourceGraph` if they
        are no chain with one input and one output.

    Raises
    ------
    nengo_dense.exceptions.ConversionError
        Nobody recognizes the model, or it has parts that cannot be converted.
    nengo_dense.exceptions.FileFormatError
        The model is a file that is damaged.
    nengo_dense.exceptions.PluginError
        An importer is broken.

    Warns
    -----
    UserWarning
        Several importers recognize the model, or one is broken and another reads it.

    Examples
    --------
    >>> import numpy as np
    >>> read_model([(np.eye(2), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))])
    <SourceModel ...: 2 → 2 → 1, linear; not compared: ...>
    """
    if isinstance(model, SourceModel | SourceGraph):
        return model
    claims, supported, broken = [], [], []
    for entry in plugins.find_with_ours(GROUP):
        name = f"'{entry.name}' of {plugins.origin(entry)}"
        try:
            importer = _load(entry, name)
            supported.append(importer.reads)
            if _recognizes(importer, name, model):
                claims.append((importer, name))
        except PluginError as err:
            broken.append(str(err))
    if not claims:
        raise ConversionError(_describe(model), _nobody(model, supported, broken))
    for message in broken:
        warnings.warn(message, stacklevel=2)
    (importer, name), *others = claims
    if others:
        warnings.warn(
            f"{_describe(model)} is recognized by several importers: {name} reads it, "
            f"{', '.join(other for _, other in others)} does not; uninstall the wrong one",
            stacklevel=2,
        )
    return _read(importer, name, model)


def _load(entry: Any, name: str) -> Importer:
    make = plugins.load(entry, GROUP)
    raised: list[BaseException] = []
    with plugins.contained(raised.append):
        importer = make()
    for err in raised:
        raise PluginError(f"The importer {name} cannot be made: {plugins.describe(err)}") from err
    if not isinstance(importer, Importer):
        raise PluginError(
            f"The importer {name} is no importer: it must have 'reads', 'recognizes' and 'read', "
            f"got {plugins.show(importer)}"
        )
    return importer


def _recognizes(importer: Importer, name: str, model: Any) -> bool:
    raised: list[BaseException] = []
    with plugins.contained(raised.append):
        return bool(importer.recognizes(model))
    raise PluginError(
        f"The importer {name} is broken: recognizes: {plugins.describe(raised[0])}"
    ) from raised[0]


def _read(importer: Importer, name: str, model: Any) -> SourceModel | SourceGraph:
    try:
        with spending(_describe(model)):
            layers = importer.read(model)
    except NengoException:
        raise
    except (Exception, SystemExit, GeneratorExit) as err:  # but not Ctrl-C
        raise PluginError(
            f"The importer {name} failed to read {_describe(model)}: {plugins.describe(err)}; "
            "please report it to that package"
        ) from err
    if isinstance(layers, SourceModel | SourceGraph):
        return layers
    if not isinstance(layers, list) or not all(isinstance(spec, DenseSpec) for spec in layers):
        raise PluginError(
            f"The importer {name} must return a SourceModel or a list of DenseSpec, got "
            f"{type(layers).__name__}"
        )
    return SourceModel(_describe(model), operations_of(layers))


def _nobody(model: Any, supported: list[str], broken: list[str]) -> list[str]:
    """Say what to do with it, or else what could have been given instead."""
    step = next_step(model)
    return [step or "no importer recognizes it; supported are: " + "; ".join(supported), *broken]


def _describe(model: Any) -> str:
    if isinstance(model, str | os.PathLike):
        return f"The file {os.fspath(model)!r}"
    return f"A model of type {type(model).__module__}.{type(model).__qualname__}"
