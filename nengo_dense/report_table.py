"""Tables of a report, for terminals and notebooks."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from nengo_dense.terminal import printable


def escape(text: str) -> str:
    """Return text as a page shows it: neither markup, nor what cannot be seen.

    >>> escape("<b>")
    '&lt;b&gt;'
    """
    return html.escape(printable(text))


def three_digits(value: float) -> str:
    """Write a number with three digits that count, without an exponent below a million.

    >>> three_digits(0.19712), three_digits(10423.7)
    ('0.197', '10400')
    """
    return f"{float(f'{value:.3g}'):g}"


@dataclass(frozen=True)
class ReportTable:
    """Rows of text under headings; the first column has names, the others numbers.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequence of str
        Each as long as the headings.
    n_words : int, optional
        Number of left-aligned columns, from the left.

    Examples
    --------
    >>> print(ReportTable(["layer", "Hz"], [["layer1", "7.5"], ["layer2", "120.0"]]).text())
    layer      Hz
    layer1    7.5
    layer2  120.0
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_words: int = 1

    def text(self) -> str:
        """Return the table as lines of text."""
        rows = [[printable(c, keep="") for c in row] for row in (self.headings, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i < self.n_words else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    def html(self) -> str:
        """Return the table as HTML, in the colours of the surrounding page."""
        head = "".join(self._cell("th", i, cell) for i, cell in enumerate(self.headings))
        rows = "".join(
            f"<tr>{''.join(self._cell('td', i, cell) for i, cell in enumerate(row))}</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _cell(self, tag: str, column: int, text: str) -> str:
        side = "left" if column < self.n_words else "right"
        return f'<{tag} style="text-align: {side}; padding: 0 .7em">{escape(text)}</{tag}>'


def paragraphs(*texts: str) -> str:
    """Return texts as paragraphs in HTML."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)
