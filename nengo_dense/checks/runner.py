"""Check a network: ask every rule, stop at none."""

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import NengoException, ValidationError

from nengo_dense.checks import registry
from nengo_dense.checks.declaration import Rule
from nengo_dense.checks.finding import SEVERITIES, Finding
from nengo_dense.checks.outcome import Skipped
from nengo_dense.checks.registry import Registry
from nengo_dense.checks.report import CheckReport
from nengo_dense.checks.selection import Selection
from nengo_dense.checks.untouched import untouched

#: Findings of this rule repeat what nengo-loihi says, and give way to a rule that explains it.
PASSED_ON = "ND100"


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
        try:
            return item.compute(**needs)
        except NengoException as err:
            return UnavailableError(f"no {name.replace('_', ' ')}: {err}")
        except Exception as err:
            words = f"{type(err).__name__}: {err}"
            self.crashes.append(f"Finding out the fact '{name}' crashed: {words}")
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


def check(
    network: nengo.Network,
    *,
    dt: float = 0.001,
    run: float = 0.1,
    select: str | Iterable[str] | None = None,
    ignore: Mapping[str, str] | None = None,
    build: bool = True,
) -> CheckReport:
    """Find every reason why a network would misbehave on Loihi, before it is put there.

    Parameters
    ----------
    network : nengo.Network
        It, its configuration and its seed are left as they are. Python functions in its nodes
        are called if there is a run.
    dt : float
        Step in seconds.
    run : float
        Seconds that the network is emulated on its own input, for the rules about rates. With
        0 nothing is run and they are skipped.
    select : str or iterable of str, optional
        Codes or their beginnings: ``"ND2"`` is all of capacity. All rules, if not given.
    ignore : dict of {str: str}, optional
        Code, or beginning of one -> why it does not matter here. The report shows the reason.
    build : bool
        Whether nengo-loihi may build the network. Without, only what can be told from the graph
        and by arithmetic is told, which takes seconds for the widest layer.

    Returns
    -------
    CheckReport

    Raises
    ------
    nengo.exceptions.ValidationError
        An argument is wrong. Never because of what is wrong with the network.

    Examples
    --------
    >>> import nengo
    >>> with nengo.Network() as network:
    ...     layer = nengo.Ensemble(10, 1, neuron_type=nengo.Izhikevich(), label="layer")
    >>> check(network, run=0).findings[0].code
    'ND102'
    """
    if not isinstance(network, nengo.Network):
        raise ValidationError(
            f"must be a nengo.Network, got {type(network).__name__}", attr="network", obj=check
        )
    dt = _positive(dt, "dt", allow_zero=False)
    run = _positive(run, "run", allow_zero=True)
    known = registry.load()
    selection = Selection.of(select, ignore, known.rules)
    with untouched(network), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        facts = Facts(known, {"network": network, "dt": dt, "run_time": run, "build": build})
        report = CheckReport(problems=list(known.problems))
        for rule in known.rules.values():
            _ask(rule, facts, selection, report)
        report.findings[:] = _sorted(_unexplained(report.findings, known))
        report.layers, report.cores, report.curves = _figures(facts)
        report.problems += facts.crashes
    report.ignored = selection.apply(report.findings)
    return report


def _figures(facts: Facts) -> tuple[list, int | None, dict]:
    table = facts.get("layer_table")
    return (table.rows, table.n_cores, table.curves) if table is not None else ([], None, {})


def _positive(value: float, name: str, allow_zero: bool) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < 0 or (value == 0 and not allow_zero):
        raise ValidationError(
            f"must be a {'non-negative' if allow_zero else 'positive'} number of seconds, "
            f"got {value!r}",
            attr=name,
            obj=check,
        )
    return float(value)


def _ask(rule: Rule, facts: Facts, selection: Selection, report: CheckReport) -> None:
    """Run one rule; what it needs and what it raises ends up in the report."""
    if not selection.wants(rule.code):
        return
    failed = [code for code in rule.rules if report.has_error(code)]
    if failed:
        report.skipped.append(Skipped(rule.code, f"{', '.join(failed)} found errors"))
        return
    try:
        needs = facts.needs(rule.facts, rule.optional)
    except UnavailableError as err:
        report.skipped.append(Skipped(rule.code, str(err)))
        return
    try:
        for finding in rule.find(**needs):
            report.findings.append(_complete(finding, rule))
    except Exception as err:
        report.problems.append(
            f"The rule {rule.code} ({rule.summary}) crashed: {type(err).__name__}: {err}"
        )


def _complete(finding: Finding, rule: Rule) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"it should yield findings, not {type(finding).__name__}")
    return replace(
        finding,
        code=rule.code,
        severity=finding.severity or rule.severity,
        remedy=finding.remedy or rule.remedy,
    )


def _unexplained(findings: list[Finding], known: Registry) -> list[Finding]:
    """Drop what nengo-loihi says where another rule has found and explained that error."""
    explained = [
        pattern
        for finding in findings
        if finding.severity == "error" and finding.code != PASSED_ON
        for pattern in known.rules[finding.code].says
    ]
    return [
        finding
        for finding in findings
        if finding.code != PASSED_ON or not _matches(finding.message, explained)
    ]


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def _sorted(findings: list[Finding]) -> list[Finding]:
    """Order errors first, each severity by code, in the order of the network within a code."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code))
