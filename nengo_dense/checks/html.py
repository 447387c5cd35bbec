"""A report as HTML: a fragment for a notebook, or a self-contained page with pictures."""

from nengo_dense import report_page
from nengo_dense.checks import documentation
from nengo_dense.checks.finding import Finding
from nengo_dense.checks.outcome import Outcome
from nengo_dense.checks.picture import MAX_NAME, pictures
from nengo_dense.checks.text import COLUMNS, MEANINGS, cell, shorten
from nengo_dense.report_table import escape
from nengo_dense.terminal import printable

#: Of a finding's border and heading; readable on white and on black.
COLOURS = {"error": "#d4314a", "warning": "#b8730a", "info": "#3f83a8"}


def fragment(report: Outcome, with_rules: bool = False) -> str:
    """Write findings and table, without pictures, for a notebook.

    Parameters
    ----------
    report : Outcome
    with_rules : bool, optional
        Whether codes link to what their rules say, as `rules_of` returns it.
    """
    known = rules_of(report) if with_rules else {}
    parts = [f"<p><b>{escape(report.summary)}</b></p>"]
    parts += [_finding(finding, finding.code in known) for finding in report.findings]
    parts += [
        f"<p>Ignored {escape(f'{f.code} {f.target}')}: {escape(why)}</p>"
        for f, why in report.ignored
    ]
    if report.layers:
        parts += [report_page.wide(_table(report)), report_page.legend(MEANINGS)]
    parts += [f"<p><b>Problem.</b> {escape(problem)}</p>" for problem in report.problems]
    if report.skipped:
        items = [f"<li>{escape(f'{s.code}: {s.reason}')}</li>" for s in report.skipped]
        parts.append(
            f"<details><summary>Not looked at</summary><ul>{''.join(items)}</ul></details>"
        )
    return "\n".join(parts)


def page(report: Outcome) -> str:
    """Write a whole page; the pictures need matplotlib."""
    drawn = "\n".join(
        f'<div class="picture"><h2>{escape(title)}</h2>\n{svg}</div>'
        for title, svg in pictures(report)
    )
    said = "\n".join(_rule(code, text) for code, text in rules_of(report).items())
    body = f'{fragment(report, with_rules=True)}\n<div class="pictures">{drawn}</div>\n{said}'
    return report_page.page("check", shorten(printable(report.name, keep=""), MAX_NAME), body)


def rules_of(report: Outcome) -> dict[str, str]:
    """Return what the rules of all findings say, by code; an own rule may be gone meanwhile."""
    known = {rule.code for rule in documentation.rules()}
    codes = sorted({finding.code for finding in report.findings} & known)
    return {code: documentation.explain(code) for code in codes}


def _rule(code: str, text: str) -> str:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    return f'<h2 id="{escape(code)}">{escape(code)}</h2>{paragraphs}'


def _finding(finding: Finding, linked: bool) -> str:
    code = escape(finding.code)
    code = f'<a href="#{code}" style="color:inherit">{code}</a>' if linked else code
    colour = COLOURS[finding.severity]
    return (
        f'<div class="finding" style="border-color:{colour}">'
        f'<b style="color:{colour}">{code} {finding.severity}</b> '
        f"<code>{escape(finding.target)}</code>: {escape(finding.message)}<br>"
        f"{escape(finding.remedy)}</div>"
    )


def _table(report: Outcome) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading, *_ in COLUMNS)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(cell(layer, key, form))}</td>" for _, key, form in COLUMNS)
        + "</tr>"
        for layer in report.layers
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
