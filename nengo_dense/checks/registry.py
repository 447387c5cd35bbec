"""The registry of rules: entry points are found, loaded and validated, each by a pure function.

A broken plug-in does not affect the others. Each of its problems is one sentence with its package
and entry point. Its valid rules are still used.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache, partial
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import Any

import entrypoints

from nengo_dense import plugins
from nengo_dense.checks.declaration import FAMILY, Fact, Rule
from nengo_dense.exceptions import PluginError
from nengo_dense.version import version

GROUP = "nengo_dense.rules"
#: Facts that the checker has before any rule runs.
GIVEN = ("network", "dt", "run_time", "build")
#: Most rules and facts of a family, and the longest chain of facts that need one another. More
#: are a mistake.
MAX_ITEMS, MAX_CHAIN = 1000, 50
#: The package that this file belongs to.
OURS = entrypoints.Distribution("nengo-dense", version)
#: The built-in family, as in setup.cfg. It is always the one beside this file, installed or not,
#: whatever entry point an installed version of this package has.
BUILT_IN = entrypoints.EntryPoint("ND", "nengo_dense.checks.rules", "rules", distro=OURS)


#: Families that did not end in this process -> seconds that they had, and what was said. They are
#: not tried again with so little time, as Python would wait for the end of the first import.
_endless: dict[str, tuple[float, str]] = {}


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
    ours : set of str
        Codes and names of the built-in family.
    problems : list of str
        Problems of plug-ins, one sentence each.
    complete : bool
        Whether every installed rule is among them, as far as can be known.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
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


def load(
    entries: Iterable[entrypoints.EntryPoint] | None = None,
    time_limit: float | None = plugins.TIME_LIMIT,
) -> Registry:
    """Load families and keep their valid rules and facts.

    Parameters
    ----------
    entries : iterable of entrypoints.EntryPoint, optional
        The result of `find` by default.
    time_limit : float or None
        Seconds that each family of another package may take; ``None`` for no limit.
    """
    found = find() if entries is None else plugins.Found(list(entries))
    registry = Registry(problems=[*found.problems, *found.elsewhere], complete=not found.problems)
    for entry in found.entries:
        try:
            items = _items(entry, None if entry is BUILT_IN else time_limit)
        except PluginError as err:
            registry.lack(str(err))
        else:
            _add_family(registry, entry, items)
    _drop_unknown(registry)
    _order(registry)
    return registry


def _where(entry: entrypoints.EntryPoint) -> str:
    return f"entry '{entry.name}' in group '{GROUP}' of {plugins.origin(entry)}"


def _items(entry: entrypoints.EntryPoint, limit: float | None) -> list[Rule | Fact | str]:
    key = f"{entry.module_name} {_where(entry)}"
    tried, words = _endless.get(key, (0.0, ""))
    if limit is not None and limit <= tried:
        raise PluginError(words)
    try:
        return plugins.attempt(partial(_read, entry), limit)
    except plugins.FaultError as fault:
        if isinstance(fault.error, PluginError):
            raise fault.error from None
        words = f"The {_where(entry)} is broken: {fault}."
        if fault.error is None and limit is not None:
            _endless[key] = limit, words
        raise PluginError(words) from fault.error


def _read(entry: entrypoints.EntryPoint) -> list[Rule | Fact | str]:
    """Load a family; whatever is neither a rule nor a fact is replaced by its text."""
    if not FAMILY.fullmatch(entry.name):
        raise PluginError(f"The {_where(entry)} should be named by a prefix of capitals.")
    family = plugins.load(entry, GROUP, None)  # this function itself has a limit
    if not isinstance(family, tuple | list):
        raise PluginError(
            f"The {_where(entry)} should name a tuple of rules, not {type(family).__name__}."
        )
    items = [_plain(item) for item in islice(family, MAX_ITEMS + 1)]
    if len(items) > MAX_ITEMS:
        raise PluginError(f"The {_where(entry)} has more than {MAX_ITEMS} rules and facts.")
    return items


def _plain(item: Any) -> Rule | Fact | str:
    """Return a rule or fact of our own class, whose attributes are only data."""
    for kind in (Rule, Fact):
        if type(item) is kind:
            return item
        if isinstance(item, kind):
            return kind(**{f.name: getattr(item, f.name) for f in fields(kind)})
    return plugins.show(item)


def _add_family(
    registry: Registry, entry: entrypoints.EntryPoint, items: list[Rule | Fact | str]
) -> None:
    for item in items:
        if isinstance(item, str):
            registry.lack(f"The {_where(entry)} holds {item}, which is not a rule.")
            continue
        problem = _problem(registry, entry, item)
        if problem:
            registry.lack(f"The {_where(entry)} {problem}")
            continue
        name = item.name if isinstance(item, Fact) else item.code
        registry.origins[name] = f"entry '{entry.name}' of {plugins.origin(entry)}"
        if entry is BUILT_IN:
            registry.ours.add(name)
        if isinstance(item, Fact):
            registry.facts[name] = item
        else:
            registry.rules[name] = item


def _problem(registry: Registry, entry: entrypoints.EntryPoint, item: Rule | Fact) -> str:
    """Describe the problem of one item of a family; empty if there is none."""
    if isinstance(item, Fact):
        taken = item.name in registry.facts or item.name in GIVEN
        return f"brings the fact '{item.name}', which exists already." if taken else ""
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
            # built-in rules first: rules of other packages cannot influence them
            codes.sort(key=lambda code: code not in registry.ours)
            registry.rules = {code: registry.rules[code] for code in codes}
            _drop_deep(registry, order)
            return


def _drop_deep(registry: Registry, order: list[str]) -> None:
    """Remove facts that stand on a long chain of others, as each is computed inside the next."""
    depth: dict[str, int] = {}
    for name in order:
        if name not in registry.facts:
            continue
        needs = registry.facts[name].requires
        depth[name] = 1 + max((depth.get(need, 0) for need in needs), default=0)
        if depth[name] == MAX_CHAIN + 1:
            registry.lack(
                f"The fact {name}{_from(registry, name)} stands on a chain of {MAX_CHAIN} other "
                "facts, and cannot be computed."
            )
    deep = [name for name, n in depth.items() if n > MAX_CHAIN]
    for name in deep:
        del registry.facts[name]
    if deep:
        _drop_unknown(registry)
