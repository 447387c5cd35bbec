"""A finding of a rule, as data."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense.plugins import show

#: Longest text of a finding, in characters; the rest of a longer one is cut off.
MAX_TEXT = 5000
#: From worst to mildest. Only an error makes ``report.ok`` false.
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """A problem that a rule has found.

    A rule yields it with at least a target and a message. The checker fills in the code, and the
    rule's severity and remedy if the finding has none.

    Parameters
    ----------
    target : str
        Path of the layer or connection in the network, e.g. ``"stack.layers[1].ensemble"``.
    message : str
        The problem, in one sentence.
    remedy : str
        How to fix it, computed for this case if possible.
    value, limit : float, optional
        The measured value and its limit, both in ``unit``.
    unit : str
    severity : {"error", "warning", "info"}
    code : str

    Raises
    ------
    nengo.exceptions.ValidationError
        A parameter has another type, or the severity does not exist.

    Examples
    --------
    >>> finding = Finding("layer", "has 5000 inputs", value=5000, limit=4096, unit="axons")
    >>> finding.value > finding.limit
    True
    """

    target: str
    message: str
    remedy: str = ""
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    severity: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        for attr in ("target", "message", "remedy", "unit", "severity", "code"):
            require_text(getattr(self, attr), attr, self)
        for attr in ("value", "limit"):
            _require_number(getattr(self, attr), attr, self)
        if self.severity:
            require_severity(self.severity, self)


def require_text(value: Any, attr: str, obj: object) -> None:
    """Refuse a value that is not a string."""
    if not isinstance(value, str):
        raise ValidationError(f"must be a string, got {show(value)}", attr, obj)


def require_severity(value: Any, obj: object) -> None:
    """Refuse a value that is not in `SEVERITIES`."""
    if not (isinstance(value, str) and value in SEVERITIES):
        raise ValidationError(
            f"must be one of {', '.join(SEVERITIES)}, got {show(value)}", "severity", obj
        )


def _require_number(value: Any, attr: str, obj: object) -> None:
    if value is not None and not isinstance(value, int | float | np.integer | np.floating):
        raise ValidationError(f"must be a number or None, got {show(value)}", attr, obj)


def plain_text(text: str) -> str:
    """Return a text as a plain string of limited length, if its class is a string's subclass."""
    plain = str.__str__(text)
    return plain if len(plain) <= MAX_TEXT else f"{plain[:MAX_TEXT]}..."


def plain_number(value: Any) -> float | None:
    """Return a number of any class as a plain bool, int or float that JSON can hold.

    >>> plain_number(np.float32(0.5)), plain_number(10**400)
    (0.5, inf)
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | np.integer):
        whole = int(value)
        if abs(whole) < 2**63:
            return whole
        return float(whole) if abs(whole) < 2**1023 else math.inf if whole > 0 else -math.inf
    return float(value)
