"""Which rules there are: found as entry points, loaded, validated, each stage pure.

A broken plug-in never takes the others down: what is wrong with it is said in a sentence that
names its package and entry point, and the rest of it that is sound is used.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import entrypoints
from nengo.exceptions import ValidationError

from nengo_dense import plugins
from nengo_dense.checks.declaration import CODE, FAMILY, Fact, Rule
from nengo_dense.exceptions import PluginError
from nengo_dense.version import version

GROUP = "nengo_dense.rules"
#: What the checker itself knows before any rule asks.
GIVEN = ("network", "dt", "run_time", "build")
#: The package that this file belongs to.
OURS = entrypoints.Distribution("nengo-dense", version)
#: The built-in family as it stands in setup.cfg. It is the one beside this file, installed or not,
#: whatever an installed version of ours has written down.
BUILT_IN = entrypoints.EntryPoint("ND", "nengo_dense.checks.rules", "rules", distro=OURS)


@dataclass
class Registry:
    """The rules and facts of all families, in an order that can be run.

    Attributes
    ----------
    rules : dict of {str: Rule}
        By code, each after the rules that it requires.
    facts : dict of {str: Fact}
    origins : dict of {str: str}
        Code -> the package that brings the rule.
    problems : list of str
        What is wrong with plug-ins, a sentence each.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def find() -> list[entrypoints.EntryPoint]:
    """List the families that are installed, the built-in one first."""
    others = [entry for entry in _installed(tuple(sys.path)) if not _is_ours(entry)]
    return [BUILT_IN, *others]


def _is_ours(entry: entrypoints.EntryPoint) -> bool:
    """Tell whether an installed entry point is the built-in family, of this version or another."""
    package = entry.distro.name if entry.distro else ""
    return entry.name == BUILT_IN.name and re.sub(r"[-_.]+", "-", package).lower() == OURS.name


@lru_cache(maxsize=4)
def _installed(path: tuple[str, ...]) -> list[entrypoints.EntryPoint]:
    """Read what is installed on a path; every check asks, and looking takes a while."""
    return plugins.find(GROUP)


def load(entries: Iterable[entrypoints.EntryPoint] | None = None) -> Registry:
    """Load families and keep of them what is sound.

    Parameters
    ----------
    entries : iterable of entrypoints.EntryPoint, optional
        What `find` lists, if not given.
    """
    registry = Registry()
    for entry in find() if entries is None else entries:
        try:
            family = plugins.load(entry, GROUP)
            _add_family(registry, entry, family)
        except (PluginError, ValidationError) as err:
            registry.problems.append(str(err))
    _drop_unknown(registry)
    _order(registry)
    return registry


def _where(entry: entrypoints.EntryPoint) -> str:
    return f"entry '{entry.name}' in group '{GROUP}' of {plugins.origin(entry)}"


def _add_family(registry: Registry, entry: entrypoints.EntryPoint, family: Any) -> None:
    if not FAMILY.fullmatch(entry.name):
        raise PluginError(f"The {_where(entry)} should be named by a prefix of capitals.")
    if not isinstance(family, tuple | list):
        raise PluginError(
            f"The {_where(entry)} should name a tuple of rules, not {type(family).__name__}."
        )
    for item in family:
        problem = _problem(registry, entry, item)
        if problem:
            registry.problems.append(f"The {_where(entry)} {problem}")
        elif isinstance(item, Fact):
            registry.facts[item.name] = item
        else:
            registry.rules[item.code] = item
            registry.origins[item.code] = plugins.origin(entry)


def _problem(registry: Registry, entry: entrypoints.EntryPoint, item: Any) -> str:
    """Say what is wrong with one item of a family, or nothing."""
    if isinstance(item, Fact):
        taken = item.name in registry.facts or item.name in GIVEN
        return f"brings the fact '{item.name}', which exists already." if taken else ""
    if not isinstance(item, Rule):
        return f"holds {item!r}, which is not a rule."
    if item.family != entry.name:
        return f"brings the rule {item.code}, whose code should begin with {entry.name}."
    if item.code in registry.rules:
        return (
            f"brings the rule {item.code} of '{item.summary}', but {registry.origins[item.code]} "
            "has a rule of that code already; that one is used."
        )
    return ""


def _drop_unknown(registry: Registry) -> None:
    """Take out rules and facts that need something nobody provides, until all is provided."""
    dropped = True
    while dropped:
        dropped = False
        known = {*GIVEN, *registry.facts, *registry.rules}
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("fact", registry.facts),
            ("rule", registry.rules),
        ]
        for kind, items in kinds:
            for name, item in list(items.items()):
                unknown = [need for need in item.requires if need not in known]
                if unknown:
                    del items[name]
                    dropped = True
                    registry.problems.append(
                        f"The {kind} {name}{_from(registry, name)} requires "
                        f"{', '.join(map(repr, unknown))}, which nobody provides."
                    )


def _from(registry: Registry, name: str) -> str:
    return f" of {registry.origins[name]}" if name in registry.origins else ""


def _order(registry: Registry) -> None:
    """Sort the rules by what they require, and take out circles."""
    while True:
        items: Mapping[str, Rule | Fact] = {**registry.facts, **registry.rules}
        graph = {
            name: [need for need in item.requires if need in items]
            for name, item in sorted(items.items())
        }
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError as err:
            circle = err.args[1]
            registry.problems.append(
                "These require one another in a circle and cannot be run: "
                + ", ".join(f"{name}{_from(registry, name)}" for name in sorted(set(circle)))
                + "."
            )
            for name in circle:
                registry.rules.pop(name, None)
                registry.facts.pop(name, None)
            _drop_unknown(registry)
        else:
            registry.rules = {name: registry.rules[name] for name in order if CODE.fullmatch(name)}
            return
