"""Check a network: run every rule, and never stop at a finding."""

import re
import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any

import nengo
from nengo.exceptions import ValidationError
from nengo.utils.progress import Progress, ProgressTracker

from nengo_dense.arguments import between, check_progress_bar, flag, positive
from nengo_dense.checks import registry
from nengo_dense.checks.declaration import Rule
from nengo_dense.checks.finding import SEVERITIES, Finding, plain_number, plain_text
from nengo_dense.checks.knowledge import Facts, UnavailableError
from nengo_dense.checks.outcome import Skipped
from nengo_dense.checks.registry import Registry
from nengo_dense.checks.report import CheckReport
from nengo_dense.checks.selection import Selection
from nengo_dense.checks.untouched import untouched
from nengo_dense.deadline import is_inside
from nengo_dense.plugins import TIME_LIMIT, FaultError

#: Longest step and longest run that are accepted, in seconds; more are probably a mistake.
LONGEST_STEP, LONGEST_RUN = 1.0, 1e6
#: Most findings of one rule; a rule with more probably never ends.
MAX_FINDINGS = 10_000
#: This rule repeats nengo-loihi's messages; a finding is dropped if another rule explains it.
PASSED_ON = "ND100"


def check(
    network: nengo.Network,
    *,
    dt: float = 0.001,
    run: float = 0.1,
    select: str | Iterable[str] | None = None,
    ignore: Mapping[str, str] | None = None,
    build: bool = True,
    time_limit: float | None = TIME_LIMIT,
    progress_bar: Any = True,
) -> CheckReport:
    """Find every problem that a network would have on Loihi, before it runs there.

    Parameters
    ----------
    network : nengo.Network
        It, its configuration and its seed do not change. Python functions in its nodes are
        called if there is a run.
    dt : float
        Step in seconds.
    run : float
        Time in seconds for which the network is emulated on its own input, for the rules about
        firing rates. With 0 there is no run, and these rules are skipped.
    select : str or iterable of str, optional
        Codes or their beginnings: ``"ND2"`` is all of capacity. All rules by default.
    ignore : dict of {str: str}, optional
        Code, or beginning of one -> reason why it does not matter here. The report shows the
        reason.
    build : bool
        Whether nengo-loihi may build the network. If not, only the rules that need the graph and
        arithmetic run, which takes seconds even for the widest layer.
    time_limit : float or None
        Seconds that one rule or fact of another package, or the import of a package of rules,
        may take. One that takes longer is stopped, and the report names it. With ``None`` there
        is no limit, and these rules run in the caller's thread, as a debugger needs it.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        Most of the time goes into building and the run, which the first rules ask for.

    Returns
    -------
    CheckReport

    Raises
    ------
    nengo.exceptions.ValidationError
        An argument is wrong. A problem of the network is a finding, never an exception.

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
            f"must be a nengo.Network, got {type(network).__name__}. Convert a trained model "
            "first: check(nengo_dense.convert(model)); or check its file from a terminal: "
            "nengo-dense check FILE",
            "network",
        )
    if is_inside():
        raise ValidationError(
            "cannot be checked by a rule or a fact itself, which would have no end", "network"
        )
    build = flag(build, "build")
    dt = between(positive(dt, "dt", unit="seconds"), 0, LONGEST_STEP, "dt", unit="seconds")
    run = between(run, 0, LONGEST_RUN, "run", unit="seconds")
    if time_limit is not None:
        time_limit = between(positive(time_limit, "time_limit"), 0, LONGEST_RUN, "time_limit")
    bar = check_progress_bar(progress_bar)
    known = registry.load(time_limit=time_limit)
    selection = Selection.of(select, ignore, known.rules)
    with untouched(network), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = {"network": network, "dt": dt, "run_time": run, "build": build}
        facts = Facts(known, given, time_limit)
        report = CheckReport(
            problems=list(known.problems), complete=known.complete, name=_label(network)
        )
        with ProgressTracker(bar, Progress("Checking", "Check", len(known.rules))) as tracker:
            for rule in known.rules.values():
                _ask(rule, facts, selection, report)
                tracker.total_progress.step()
        # what was added to a network twice is found twice
        findings = list(dict.fromkeys(report.findings))
        report.findings[:] = _sorted(_unexplained(findings, known))
        report.layers, report.cores, report.curves = _figures(facts)
        for crash in facts.crashes:
            report.lack(crash)
        report.problems += facts.guard.changes
    report.ignored = selection.apply(report.findings)
    return report


def _label(network: Any) -> str:
    label = getattr(network, "label", None)
    return label if isinstance(label, str) else ""


def _figures(facts: Facts) -> tuple[list[dict[str, Any]], int | None, dict[str, Any]]:
    table = facts.get("layer_table")
    return (table.rows, table.n_cores, table.curves) if table is not None else ([], None, {})


def _ask(rule: Rule, facts: Facts, selection: Selection, report: CheckReport) -> None:
    """Run one rule; if it lacks a fact or raises an error, record that in the report."""
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
    found: list[Finding] = []
    try:
        facts.guard.call(rule.code, partial(_collect, rule, needs, found))
    except FaultError as fault:
        origin = facts.registry.origins.get(rule.code, "of unknown origin")
        report.lack(
            f"The rule {rule.code} ({rule.summary}; {origin}) crashed: {fault}. Its "
            "findings are unknown."
        )
    report.findings += found[:]


def _collect(rule: Rule, needs: Mapping[str, Any], found: list[Finding]) -> None:
    """Append the findings of a rule to a list, as many as there are before an error."""
    findings = iter(rule.find(**needs))
    for finding in islice(findings, MAX_FINDINGS):
        found.append(_complete(finding, rule))
    for _ in findings:
        raise RuntimeError(f"it had more than {MAX_FINDINGS} findings and was stopped")


def _complete(finding: Finding, rule: Rule) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"it should yield findings, not {type(finding).__name__}")
    return Finding(
        target=plain_text(finding.target),
        message=plain_text(finding.message),
        remedy=plain_text(finding.remedy or rule.remedy),
        value=plain_number(finding.value),
        limit=plain_number(finding.limit),
        unit=plain_text(finding.unit),
        severity=plain_text(finding.severity or rule.severity),
        code=rule.code,
    )


def _unexplained(findings: list[Finding], known: Registry) -> list[Finding]:
    """Drop nengo-loihi's messages about errors that another rule has found and explained."""
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
    """Sort by severity, errors first, then by code; within a code keep the network's order."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code))
