"""The result of a check, as data."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from nengo.exceptions import BuildError

from nengo_dense.checks.finding import SEVERITIES, Finding, require_severity, require_text
from nengo_dense.terminal import printable

#: Version of the JSON layout: increased when a key changes its meaning or is removed.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Skipped:
    """A rule that was skipped, and the reason."""

    code: str
    reason: str


@dataclass
class Outcome:
    """The result of a check, without its presentation; `CheckReport` documents the attributes."""

    findings: list[Finding] = field(default_factory=list)
    layers: list[dict[str, Any]] = field(default_factory=list)
    cores: int | None = None
    skipped: list[Skipped] = field(default_factory=list)
    ignored: list[tuple[Finding, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    curves: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    complete: bool = True
    name: str = ""

    @property
    def ok(self) -> bool:
        """Whether every rule could run, none crashed, and none found an error."""
        return self.complete and not self.count("error")

    def lack(self, problem: str) -> None:
        """Record a problem because of which a rule did not run, or did not finish.

        Parameters
        ----------
        problem : str
            A sentence for the report.
        """
        require_text(problem, "problem", self)
        self.problems.append(problem)
        self.complete = False

    def count(self, severity: str) -> int:
        """Count the findings of a severity.

        Parameters
        ----------
        severity : {"error", "warning", "info"}

        Returns
        -------
        n : int

        Raises
        ------
        nengo.exceptions.ValidationError
            Another severity.
        """
        require_severity(severity, self)
        return sum(finding.severity == severity for finding in self.findings)

    def has_error(self, code: str) -> bool:
        """Tell whether a rule found an error.

        Parameters
        ----------
        code : str
            Such as ``"ND202"``.

        Returns
        -------
        found : bool

        Raises
        ------
        nengo.exceptions.ValidationError
            A code that is no text.
        """
        require_text(code, "code", self)
        return any(f.code == code and f.severity == "error" for f in self.findings)

    @property
    def summary(self) -> str:
        """One line: how many findings, and how many cores."""
        errors, warnings, infos = map(self.count, SEVERITIES)
        counts = [_count(errors, "error"), _count(warnings, "warning"), f"{infos} info"]
        if self.problems:
            counts.append(_count(len(self.problems), "problem"))
        cores = "" if self.cores is None else f"; {_count(self.cores, 'core')}"
        return f"{self.verdict}: {', '.join(counts)}{cores}"

    @property
    def verdict(self) -> str:
        """The conclusion from the findings, in a few words."""
        if self.ok:
            return "runs on Loihi"
        if not self.count("error"):
            return "is not fully checked, see the problems"
        but = "" if self.complete else ", and is not fully checked"
        return f"does not run on Loihi as it is{but}"

    def raise_if_errors(self) -> None:
        """Raise if there is any error, or if a rule could not run.

        Raises
        ------
        nengo.exceptions.BuildError
            With every error and its remedy, and every problem.
        """
        if self.ok:
            return
        errors = [finding for finding in self.findings if finding.severity == "error"]
        lines = [f"{f.code} {f.target}: {f.message}. {f.remedy}" for f in errors]
        lines += [] if self.complete else [f"problem: {problem}" for problem in self.problems]
        raise BuildError(printable("\n  ".join([f"The network {self.summary}", *lines])))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON, with the version of the layout.

        Returns
        -------
        content : dict
            With ``schema_version``.
        """
        return {
            "schema_version": SCHEMA_VERSION,
            "ok": self.ok,
            "complete": self.complete,
            "cores": self.cores,
            "findings": [_plain(asdict(finding)) for finding in self.findings],
            "layers": [_plain(layer) for layer in self.layers],
            "skipped": [asdict(skipped) for skipped in self.skipped],
            "ignored": [
                {"finding": _plain(asdict(finding)), "reason": why}
                for finding, why in self.ignored
            ],
            "problems": list(self.problems),
        }


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Turn NumPy's numbers into Python's, and NaN and infinity (not in JSON) into ``None``."""
    return {key: _plain_value(value) for key, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, tuple | list) and not isinstance(value, str):
        return [_plain_value(item) for item in value]
    return value
