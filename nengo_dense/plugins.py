"""Entry points: find plug-ins of other packages, load them, say loudly which one is broken."""

from typing import Any

import entrypoints

from nengo_dense.exceptions import PluginError


def find(group: str) -> list[entrypoints.EntryPoint]:
    """List the entry points of a group, in a stable order, without loading any."""
    return sorted(entrypoints.get_group_all(group), key=lambda entry: (entry.name, origin(entry)))


def origin(entry: entrypoints.EntryPoint) -> str:
    """Name the package (and version) that an entry point comes from."""
    distribution = entry.distro
    return f"{distribution.name} {distribution.version}" if distribution else "unknown package"


def load(entry: entrypoints.EntryPoint, group: str) -> Any:
    """Import what an entry point names.

    Raises
    ------
    PluginError
        Whatever went wrong in the import, with the package and the entry named.
    """
    try:
        return entry.load()
    except Exception as err:
        raise PluginError(
            f"The entry point '{entry.name} = {entry.module_name}"
            f"{':' + entry.object_name if entry.object_name else ''}' in group '{group}' of "
            f"{origin(entry)} cannot be loaded: {type(err).__name__}: {err}. "
            "Repair or uninstall that package."
        ) from err
