"""Which rules there are: found as entry points, loaded, validated, each stage pure.

A broken plug-in never takes the others down: what is wrong with it is said in a sentence that
names its package and entry point, and the rest of it that is sound is used.
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
        By code, the built-in ones first, each after the rules that it requires.
    facts : dict of {str: Fact}
    origins : dict of {str: str}
        Code, or name of a fact -> entry and package that bring it.
    problems : list of str
        What is wrong with plug-ins, a sentence each.
    complete : bool
        Whether every rule that is installed is among them, as far as can be seen.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    complete: bool = True

    def lack(self, problem: str) -> None:
        """Note what is wrong with a plug-in, and that not all of it can be used."""
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
    """Read what is installed on a path; every check asks, and looking takes a while."""
    return plugins.search(GROUP)


def load(entries: Iterable[entrypoints.EntryPoint] | None = None) -> Registry:
    """Load families and keep of them what is sound.

    Parameters
    ----------
    entries : iterable of entrypoints.EntryPoint, optional
        What `find` lists, if not given.
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
    """Say what is wrong with one item of a family, or nothing."""
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
                    registry.lack(
                        f"The {kind} {name}{_from(registry, name)} requires "
                        f"{', '.join(map(repr, unknown))}, which nobody provides."
                    )


def _from(registry: Registry, name: str) -> str:
    return f" ({registry.origins[name]})" if name in registry.origins else ""


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
            # what the rules of others do cannot keep the built-in ones from being asked
            codes.sort(key=lambda code: not registry.origins.get(code, "").endswith(ours))
            registry.rules = {code: registry.rules[code] for code in codes}
            return
