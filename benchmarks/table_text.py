"""How figures are written: tables, circumstances, signs, intervals."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a simple table of reStructuredText.

    >>> print(table(["a", "bc"], [["1", "2"]]), end="")
    =  ==
    a  bc
    =  ==
    1  2
    =  ==
    """
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


def circumstances(*records: dict) -> str:
    """Say on what, when and by which command something was measured."""
    found: dict[str, list[str]] = {}
    for known in records:
        versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
        where = f"{known['measured']}, {known['processor']}, Python {known['python']}, {versions}"
        found.setdefault(where, []).append(f"``{known['command']}``")
    parts = (f"{where}; {' and '.join(dict.fromkeys(by))}." for where, by in found.items())
    return " ".join(parts) + "\n"


def signed(value: float) -> str:
    """Write points of accuracy, with a real minus sign.

    >>> signed(-0.021), signed(0.004)
    ('−0.02', '0.00')
    """
    text = f"{value:.2f}"
    return "0.00" if text in ("-0.00", "0.00") else text.replace("-", "−")


def interval(triple: Sequence[float]) -> str:
    """Write an accuracy with its interval, all in per cent."""
    return "{:.2f} % ({:.2f} to {:.2f})".format(*triple)


def span(values: Iterable[float]) -> str:
    """Write the least and the most points of several seeds.

    >>> span([0.31, -0.94])
    '−0.9 to 0.3'
    """
    least, *_, most = sorted(values)
    return " to ".join(
        f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−") for value in (least, most)
    )


def mean(rows: Sequence[dict], key: str) -> float:
    """Return the mean of a figure over seeds."""
    return sum(row[key] for row in rows) / len(rows)


def by(rows: Sequence[dict], *keys: str) -> list[tuple[list, list[dict]]]:
    """Gather rows with the same values of some keys, in the order in which they come."""
    found: dict[tuple, list[dict]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [(list(key), rows) for key, rows in found.items()]
