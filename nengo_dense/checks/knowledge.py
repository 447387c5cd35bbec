"""The facts about one network, each computed when it is first needed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nengo.exceptions import NengoException

from nengo_dense.checks.guard import Guard
from nengo_dense.checks.registry import Registry
from nengo_dense.plugins import TIME_LIMIT, FaultError, message


class UnavailableError(Exception):
    """A fact could not be computed; the message gives the reason."""


@dataclass
class Facts:
    """The facts about a network; each is computed when it is first needed.

    Parameters
    ----------
    registry : Registry
    given : dict
        Facts that are known from the start.
    time_limit : float or None
        Seconds for each rule and fact of another package; ``None`` for no limit.
    crashes : list of str
        Messages about facts whose function raised an unexpected error.
    """

    registry: Registry
    given: dict[str, Any]
    time_limit: float | None = TIME_LIMIT
    crashes: list[str] = field(default_factory=list)
    guard: Guard = field(init=False)
    _known: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.guard = Guard(self.registry, self.given["network"], self.time_limit)

    def __getitem__(self, name: str) -> Any:
        """Return a fact.

        Raises
        ------
        UnavailableError
            The fact, or one that it depends on, could not be computed.
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
        try:
            return self.guard.call(name, partial(item.compute, **needs))
        except FaultError as fault:
            words = str(fault)
            if isinstance(fault.error, NengoException):  # an expected error
                words = message(fault.error)
            else:
                origin = self.registry.origins.get(name, "of unknown origin")
                self.crashes.append(f"Computing the fact '{name}' ({origin}) crashed: {words}.")
            return UnavailableError(f"no {name.replace('_', ' ')}: {words}")

    def needs(self, names: Iterable[str], optional: set[str]) -> dict[str, Any]:
        """Return several facts; ``None`` for an optional one that cannot be computed."""
        return {name: self.get(name) if name in optional else self[name] for name in names}

    def get(self, name: str) -> Any:
        """Return a fact, or ``None`` if it cannot be computed."""
        try:
            return self[name] if name in self.registry.facts or name in self.given else None
        except UnavailableError:
            return None
