"""A report for a terminal of 100 columns."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from nengo_dense.checks.finding import Finding
from nengo_dense.checks.outcome import Outcome
from nengo_dense.terminal import printable

WIDTH = 100
#: How the names of neurons begin that decode the values of a connection.
DECODERS = "decoders of "
#: Where a path is cut: behind a separator, or before the number of a part.
BETWEEN_WORDS = re.compile(r"(?<=[./ _-])(?!>)|(?=\[)")
#: Heading, key of the layer's number, and format: input axons, used synapse memory, weight
#: exponent, signal to quantization noise in decibels. Short, to leave space for the names.
COLUMNS = (
    ("layer", "layer", "{}"),
    ("neurons", "n_neurons", "{}"),
    ("cores", "cores", "{}"),
    ("axons", "in_axons", "{}"),
    ("memory", "synapse_share", "{:.0%}"),
    ("exp", "weight_exp", "{}"),
    ("levels", "levels", "{}"),
    ("zeroed", "share_zeroed", "{:.1%}"),
    ("dB", "sqnr", "{:.1f}"),
    ("mean Hz", "rate_mean", "{:.0f}"),
    ("max Hz", "rate_max", "{:.0f}"),
    ("silent", "share_silent", "{:.0%}"),
)
#: Heading -> what the column says.
MEANINGS = {
    "layer": "ensemble on the chip, or connection whose values are decoded there",
    "cores": "cores that hold it",
    "axons": "inputs of its cores, each of which reaches a whole row of synapses",
    "memory": "share of the cores' synapse memory in use, of the fullest core",
    "exp": "exponent that all weights of the layer have in common",
    "levels": "different weights that are left after rounding",
    "zeroed": "share of weights that were rounded to zero",
    "dB": "signal to quantization noise of the weights, in decibels",
    "mean Hz": "spikes a second of one neuron while the network was emulated",
    "max Hz": "of the fastest neuron",
    "silent": "share of neurons that never fired",
}


def text(report: Outcome) -> str:
    """Write a report: findings, layers, skipped rules, conclusion."""
    parts = [_finding(finding) for finding in report.findings]
    parts += [_wrap(f"{f.code} {f.target} ({why})", "ignored ") for f, why in report.ignored]
    if report.layers:
        parts += ["", *table(report.layers)]
    for problem in report.problems:
        parts.append(_wrap(problem, "problem: "))
    parts += _skipped(report)
    return "\n".join([*parts, "", _wrap(report.summary, "")])


def _finding(finding: Finding) -> str:
    head = f"{finding.code} {finding.severity:7} "
    return "\n".join(
        [
            _wrap(f"{finding.target}: {finding.message}", head),
            _wrap(finding.remedy, " " * len(head) + "-> "),
        ]
    )


def _wrap(words: str, head: str) -> str:
    # line breaks of a message become spaces here
    words = printable(words, keep="\n\t")
    return textwrap.fill(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def _skipped(report: Outcome) -> list[str]:
    """List skipped rules, grouped by reason."""
    by_reason: dict[str, list[str]] = {}
    for skipped in report.skipped:
        by_reason.setdefault(skipped.reason, []).append(skipped.code)
    return [
        _wrap(f"{', '.join(sorted(codes))}: {reason}", "skipped: ")
        for reason, codes in by_reason.items()
    ]


def cell(layer: dict[str, Any], key: str, form: str) -> str:
    """Format one number of a layer; a dash if it is unknown."""
    value = layer.get(key)
    return "-" if value is None else printable(form.format(value), keep="")


def table(layers: Sequence[dict[str, Any]]) -> list[str]:
    """Format the table of layers, no wider than a terminal."""
    rows = [[heading for heading, *_ in COLUMNS]]
    for layer in layers:
        cells = [cell(layer, key, form) for _, key, form in COLUMNS]
        rows.append(cells)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = WIDTH - sum(widths[1:]) - 2 * len(widths[1:])
    for row in rows:
        row[0] = shorten(row[0], room)
    widths[0] = max(len(row[0]) for row in rows)
    return [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    ]


def shorten(name: str, room: int) -> str:
    """Shorten a long path to its end, by which layers differ; between words, where one fits."""
    if len(name) > room:
        name = name.removeprefix(DECODERS)  # a connection's name has an arrow, which tells enough
    if len(name) <= room:
        return name
    first = len(name) - (room - 3)
    starts = (part.start() for part in BETWEEN_WORDS.finditer(name, first))
    return f"...{name[next((start for start in starts if start < len(name)), first) :]}"
