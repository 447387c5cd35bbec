"""One thing that a rule has found, as data."""

from dataclasses import dataclass

#: From worst to mildest. Only an error makes ``report.ok`` false.
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that a rule has found.

    A rule yields it with a target and a message, and with whatever else it knows; the checker
    fills in the code, and the rule's own severity and remedy where the finding brings none.

    Parameters
    ----------
    target : str
        Path of the layer or connection in the network, e.g. ``"stack.layers[1].ensemble"``.
    message : str
        What is wrong there, in one sentence.
    remedy : str
        What to do about it, computed where it can be.
    value, limit : float, optional
        What was measured and what it is held against, both in ``unit``.
    unit : str
    severity : {"error", "warning", "info"}
    code : str
    """

    target: str
    message: str
    remedy: str = ""
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    severity: str = ""
    code: str = ""
