"""The registry of rules: entry points are found, loaded and validated, each by a pure function.

A broken plug-in does not affect the others. Each of its problems is one sentence with its package
and entry point. Its valid rules are still used.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import entrypoints

from nengo_dense import plugins
from nengo_dense.checks.declaration import FAMILY, Fact, Rule
from nengo_dense.exceptions import PluginError
from nengo_dense.version import version

GROUP = "nengo_dense.rules"
#: Facts that the checker has before any rule runs.
GIVEN = ("network", "dt", "run_time", "build")
#: The package that this file belongs to.
OURS = entrypoints.Distribution("nengo-dense", version)
#: The built-in family, as in setup.cfg. It is always the one beside this file, installed or not,
#: whatever entry point an installed version of this package has.
BUILT_IN = entrypoints.EntryPoint("ND", "nengo_dense.checks.rules", "rules", distro=OURS)


@dataclass
class Registry:
    """The rules and facts of all families, in an order that can be run.

    Attributes
    ----------
    rules : dict of {str: Rule}
        Code -> rule: the built-in ones first, each after the rules that it requires.
    facts : dict of {str: Fact}
    origins : dict of {str: str}
        Code, or name of a fact -> entry point and package that define it.
    problems : list of str
        Problems of plug-ins, one sentence each.
    complete : bool
        Whether every installed rule is among them, as far as can be known.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    complete: bool = True

    def lack(self, problem: str) -> None:
        """Record a problem of a plug-in, because of which a part of it cannot be used."""
        self.problems.append(problem)
        self.complete = False


def find() -> plugins.Found:
    """List the families that are installed, the built-in one first."""
    found = _installed(tuple(sys.path))
    others = [entry for entry in found.entries if not _is_ours(entry)]
    return replace(found, entries=[BUILT_IN, *others])


def _is_ours(entry: entrypoints.EntryPoint) -> bool:
    """Tell whether an installed entry point is the built-in family, of this version or another."""
    return entry.name == BUILT_IN.name and plugins.comes_from(entry, OURS.name)


@lru_cache(maxsize=4)
def _installed(path: tuple[str, ...]) -> plugins.Found:
    """Find the families installed on a path; cached, because every check needs them."""
    return plugins.search(GROUP)


def load(entries: Iterable[entrypoints.EntryPoint] | None = None) -> Registry:
    """Load families and keep their valid rules and facts.

    Parameters
    ----------
    entries : iterable of entrypoints.EntryPoint, optional
        The result of `find` by default.
    """
    found = find() if entries is None else plugins.Found(list(entries))
    registry = Registry(problems=[*found.problems, *found.elsewhere], complete=not found.problems)
    for entry in found.entries:
        raised: list[BaseException] = []
        with plugins.contained(raised.append):
            _add_family(registry, entry, plugins.load(entry, GROUP))
        for err in raised:
            known = isinstance(err, PluginError)
            registry.lack(
                str(err) if known else f"The {_where(entry)} is broken: {plugins.describe(err)}."
            )
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
            registry.lack(f"The {_where(entry)} {problem}")
            continue
        origin = f"entry '{entry.name}' of {plugins.origin(entry)}"
        if isinstance(item, Fact):
            registry.facts[item.name] = item
            registry.origins[item.name] = origin
        else:
            registry.rules[item.code] = item
            registry.origins[item.code] = origin


def _problem(registry: Registry, entry: entrypoints.EntryPoint, item: Any) -> str:
    """Describe the problem of one item of a family; empty if there is none."""
    if isinstance(item, Fact):
        taken = item.name in registry.facts or item.name in GIVEN
        return f"brings the fact '{item.name}', which exists already." if taken else ""
    if not isinstance(item, Rule):
        return f"holds {plugins.show(item)}, which is not a rule."
    if item.family != entry.name:
        return f"brings the rule {item.code}, whose code should begin with {entry.name}."
    if item.code in registry.rules:
        return (
            f"brings the rule {item.code} of '{item.summary}', but {registry.origins[item.code]} "
            "has a rule of that code already; that one is used."
        )
    return ""


def _drop_unknown(registry: Registry) -> None:
    """Remove rules and facts with unknown requirements, until all requirements are known."""
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
                    registry.lack(
                        f"The {kind} {name}{_from(registry, name)} requires "
                        f"{', '.join(map(repr, unknown))}, which no package provides."
                    )


def _from(registry: Registry, name: str) -> str:
    return f" ({registry.origins[name]})" if name in registry.origins else ""


def _order(registry: Registry) -> None:
    """Sort the rules by their requirements, and remove rules that require one another."""
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
            registry.lack(
                "These require one another in a circle and cannot be run: "
                + ", ".join(f"{name}{_from(registry, name)}" for name in sorted(set(circle)))
                + "."
            )
            for name in circle:
                registry.rules.pop(name, None)
                registry.facts.pop(name, None)
            _drop_unknown(registry)
        else:
            codes = [name for name in order if name in registry.rules]
            ours = f"of {plugins.origin(BUILT_IN)}"
            # built-in rules first: rules of other packages cannot influence them
            codes.sort(key=lambda code: not registry.origins.get(code, "").endswith(ours))
            registry.rules = {code: registry.rules[code] for code in codes}
            return
