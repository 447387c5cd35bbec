"""Calls of rules and facts; those of other packages have a time limit and change nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import nengo

from nengo_dense.checks.network_state import NetworkState
from nengo_dense.checks.process_state import same_process
from nengo_dense.checks.registry import Registry
from nengo_dense.plugins import attempt

T = TypeVar("T")


@dataclass
class Guard:
    """Calls the functions of rules and facts.

    Parameters
    ----------
    registry : Registry
        Tells which functions are of other packages.
    network : nengo.Network
        Set back after each of them.
    time_limit : float or None
        Seconds for each of them; ``None`` for no limit.
    changes : list of str
        Sentences about what they have changed.
    """

    registry: Registry
    network: nengo.Network
    time_limit: float | None
    changes: list[str] = field(default_factory=list)

    def call(self, name: str, function: Callable[[], T]) -> T:
        """Call the function of a rule or fact.

        Parameters
        ----------
        name : str
            Code of the rule, or name of the fact.
        function : callable
            Without arguments.

        Raises
        ------
        nengo_dense.plugins.FaultError
            It raised an exception, or did not end in time.
        """
        if name in self.registry.ours:
            return attempt(function, None)
        changed: list[str] = []
        state = NetworkState(self.network)
        try:
            with same_process(changed.append):
                return attempt(function, self.time_limit)
        finally:
            if state.restore():
                changed.append("the network (set back)")
            if changed:
                kind = "rule" if name in self.registry.rules else "fact"
                origin = self.registry.origins.get(name, "of unknown origin")
                self.changes.append(f"The {kind} {name} ({origin}) changed {', '.join(changed)}.")
