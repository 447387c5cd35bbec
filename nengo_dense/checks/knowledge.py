"""What is known of one network: facts, each found out when it is first asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nengo.exceptions import NengoException

from nengo_dense.checks.registry import Registry
from nengo_dense.plugins import contained, describe, message


class UnavailableError(Exception):
    """A fact that could not be found out; the message says why."""


@dataclass
class Facts:
    """What is known of a network; each fact is found out when it is first asked for.

    Parameters
    ----------
    registry : Registry
    given : dict
        What is known from the start.
    crashes : list of str
        Facts that ended in an error nobody foresaw.
    """

    registry: Registry
    given: dict[str, Any]
    crashes: list[str] = field(default_factory=list)
    _known: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Give a fact.

        Raises
        ------
        UnavailableError
            It, or something that it is made from, could not be found out.
        """
        if name in self.given:
            return self.given[name]
        if name not in self._known:
            self._known[name] = self._find_out(name)
        value = self._known[name]
        if isinstance(value, UnavailableError):
            raise value
        return value

    def _find_out(self, name: str) -> Any:
        item = self.registry.facts[name]
        try:
            needs = self.needs(item.requires, item.optional)
        except UnavailableError as err:
            return err
        raised: list[BaseException] = []
        with contained(raised.append):
            return item.compute(**needs)
        words = describe(raised[0])
        if isinstance(raised[0], NengoException):  # somebody has foreseen it
            words = message(raised[0])
        else:
            origin = self.registry.origins.get(name, "of unknown origin")
            self.crashes.append(f"Finding out the fact '{name}' ({origin}) crashed: {words}.")
        return UnavailableError(f"no {name.replace('_', ' ')}: {words}")

    def needs(self, names: Iterable[str], optional: set[str]) -> dict[str, Any]:
        """Give several facts, ``None`` for an optional one that cannot be found out."""
        return {name: self.get(name) if name in optional else self[name] for name in names}

    def get(self, name: str) -> Any:
        """Give a fact that is known or can be found out, else ``None``."""
        try:
            return self[name] if name in self.registry.facts or name in self.given else None
        except UnavailableError:
            return None
