"""A report as HTML: a fragment for a notebook, or one page with pictures and nothing beside it."""

from html import escape

from nengo_dense.checks.picture import pictures
from nengo_dense.checks.result import Result
from nengo_dense.checks.rule import Finding
from nengo_dense.checks.text import COLUMNS, cell

COLOURS = {"error": "#b00020", "warning": "#a15c00", "info": "#31617f"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }
table { border-collapse: collapse } td, th { padding: .2em .7em; text-align: right }
td:first-child, th:first-child { text-align: left } tr { border-bottom: 1px solid #ddd }
.finding { border-left: 4px solid; margin: .8em 0; padding: .2em 1em }
svg { max-width: 100%; height: auto }
"""


def fragment(report: Result) -> str:
    """Write findings and table, without pictures, for a notebook."""
    parts = [f"<p><b>{escape(report.summary)}</b></p>"]
    parts += [_finding(finding) for finding in report.findings]
    parts += [
        f"<p>Ignored {escape(f'{f.code} {f.target}')}: {escape(why)}</p>"
        for f, why in report.ignored
    ]
    if report.layers:
        parts.append(_table(report))
    parts += [f"<p><b>Problem.</b> {escape(problem)}</p>" for problem in report.problems]
    if report.skipped:
        items = [f"<li>{escape(f'{s.code}: {s.reason}')}</li>" for s in report.skipped]
        parts.append(
            f"<details><summary>Not looked at</summary><ul>{''.join(items)}</ul></details>"
        )
    return "\n".join(parts)


def page(report: Result) -> str:
    """Write a whole page; the pictures need matplotlib."""
    figures = "\n".join(f"<h2>{escape(title)}</h2>\n{svg}" for title, svg in pictures(report))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>nengo_dense check</title><style>{STYLE}</style></head>\n"
        f"<body><h1>Check</h1>\n{fragment(report)}\n{figures}\n</body></html>\n"
    )


def _finding(finding: Finding) -> str:
    colour = COLOURS[finding.severity]
    return (
        f'<div class="finding" style="border-color:{colour}">'
        f'<b style="color:{colour}">{escape(finding.code)} {finding.severity}</b> '
        f"<code>{escape(finding.target)}</code>: {escape(finding.message)}<br>"
        f"{escape(finding.remedy)}</div>"
    )


def _table(report: Result) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading, *_ in COLUMNS)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(cell(layer, key, form))}</td>" for _, key, form in COLUMNS)
        + "</tr>"
        for layer in report.layers
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
