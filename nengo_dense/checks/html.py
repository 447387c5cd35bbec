"""A report as HTML: a fragment for a notebook, or a self-contained page with pictures."""

import html

from nengo_dense.checks.finding import Finding
from nengo_dense.checks.outcome import Outcome
from nengo_dense.checks.picture import pictures
from nengo_dense.checks.terminal import printable
from nengo_dense.checks.text import COLUMNS, cell

COLOURS = {"error": "#b00020", "warning": "#a15c00", "info": "#31617f"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }
table { border-collapse: collapse } td, th { padding: .2em .7em; text-align: right }
td:first-child, th:first-child { text-align: left } tr { border-bottom: 1px solid #ddd }
.finding { border-left: 4px solid; margin: .8em 0; padding: .2em 1em }
svg { max-width: 100%; height: auto }
"""


def fragment(report: Outcome) -> str:
    """Write findings and table, without pictures, for a notebook."""
    parts = [f"<p><b>{_text(report.summary)}</b></p>"]
    parts += [_finding(finding) for finding in report.findings]
    parts += [
        f"<p>Ignored {_text(f'{f.code} {f.target}')}: {_text(why)}</p>"
        for f, why in report.ignored
    ]
    if report.layers:
        parts.append(_table(report))
    parts += [f"<p><b>Problem.</b> {_text(problem)}</p>" for problem in report.problems]
    if report.skipped:
        items = [f"<li>{_text(f'{s.code}: {s.reason}')}</li>" for s in report.skipped]
        parts.append(
            f"<details><summary>Not looked at</summary><ul>{''.join(items)}</ul></details>"
        )
    return "\n".join(parts)


def page(report: Outcome) -> str:
    """Write a whole page; the pictures need matplotlib."""
    figures = "\n".join(f"<h2>{_text(title)}</h2>\n{svg}" for title, svg in pictures(report))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>nengo_dense check</title><style>{STYLE}</style></head>\n"
        f"<body><h1>Check</h1>\n{fragment(report)}\n{figures}\n</body></html>\n"
    )


def _text(words: str) -> str:
    return html.escape(printable(words))


def _finding(finding: Finding) -> str:
    colour = COLOURS[finding.severity]
    return (
        f'<div class="finding" style="border-color:{colour}">'
        f'<b style="color:{colour}">{_text(finding.code)} {finding.severity}</b> '
        f"<code>{_text(finding.target)}</code>: {_text(finding.message)}<br>"
        f"{_text(finding.remedy)}</div>"
    )


def _table(report: Outcome) -> str:
    head = "".join(f"<th>{_text(heading)}</th>" for heading, *_ in COLUMNS)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{_text(cell(layer, key, form))}</td>" for _, key, form in COLUMNS)
        + "</tr>"
        for layer in report.layers
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
