"""Draw lines in a picture (SVG), the same text from the same numbers everywhere."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

#: Of the whole picture and of the plot in it, in pixels.
WIDTH, PANEL = 800, 250
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 40
COLOURS = ("#9aa5b1", "#c44e52", "#dd8452", "#4c72b0", "#1c3550")


def panel(
    title: str,
    lines: Mapping[str, Sequence[float]],
    limit: float,
    lowest: float,
    highest: float,
    top: int,
) -> list[str]:
    """Draw one plot: percentages after 1, 2, 3 ... steps.

    Parameters
    ----------
    title : str
    lines : dict of {str: sequence of float}
        Name -> per cent after each step.
    limit : float
        Percentage of the dashed line.
    lowest, highest : float
        Ends of the vertical axis; what is outside is not drawn.
    top : int
        Where the plot begins, in pixels.
    """
    n = max(map(len, lines.values()))
    width, height = WIDTH - LEFT - RIGHT, PANEL - TOP - BOTTOM

    def place(step: float, value: float) -> str:
        part = (value - lowest) / (highest - lowest)
        return f"{LEFT + width * step / n:.1f},{top + TOP + height * (1 - part):.1f}"

    def text(where: str, words: str, anchor: str = "middle") -> str:
        x, _, y = where.partition(",")
        return (
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="12">{escape(words)}</text>'
        )

    def line(points: Sequence[str], colour: str, dashes: str = "") -> str:
        style = f' stroke-dasharray="{dashes}"' if dashes else ""
        return (
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
            f'stroke-width="2"{style}/>'
        )

    parts = [text(f"{LEFT},{top + TOP - 14}", title, "start")]
    for value in (lowest, (lowest + highest) / 2, highest):
        parts.append(line([place(0, value), place(n, value)], "#e4e7eb"))
        x, _, y = place(0, value).partition(",")
        parts.append(text(f"{float(x) - 8:.1f},{float(y) + 4:.1f}", f"{value:g} %", "end"))
    for step in range(0, n + 1, 10):
        x, _, y = place(step, lowest).partition(",")
        parts.append(text(f"{x},{float(y) + 18:.1f}", str(step)))
    parts.append(line([place(0, limit), place(n, limit)], "#333333", "6 4"))
    parts.append(
        f'<clipPath id="plot{top}"><rect x="{LEFT}" y="{top + TOP}" width="{width}" '
        f'height="{height}"/></clipPath><g clip-path="url(#plot{top})">'
    )
    for values, colour in zip(lines.values(), COLOURS, strict=False):
        parts.append(line([place(i + 1, v) for i, v in enumerate(values)], colour))
    return [*parts, "</g>"]


def legend(names: Sequence[str], top: int, dashed: str = "") -> list[str]:
    """Name the lines, and the dashed one where there is one."""
    parts, x = [], LEFT // 2
    styles = [f'stroke="{colour}"' for colour in COLOURS[: len(names)]]
    if dashed:
        names, styles = [*names, dashed], [*styles, 'stroke="#333333" stroke-dasharray="5 4"']
    for name, style in zip(names, styles, strict=True):
        ends = f'x1="{x}" y1="{top}" x2="{x + 14}" y2="{top}"'
        parts.append(f'<line {ends} {style} stroke-width="3"/>')
        parts.append(f'<text x="{x + 18}" y="{top + 4}" font-size="11">{escape(name)}</text>')
        x += 28 + 6 * len(name)  # a letter is about 6 wide
    return parts


def draw(
    panels: Sequence[tuple[str, Mapping[str, Sequence[float]], float]],
    dashed: str,
) -> str:
    """Draw plots below one another, and the names of their lines above.

    Parameters
    ----------
    panels : sequence of (str, dict, float)
        Title, lines, and the percentage that they are held against, see `panel`.
    dashed : str
        What has that percentage.
    """
    height = PANEL * len(panels) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for i, (title, lines, limit) in enumerate(panels):
        highest = min(100.0, 5 * (limit // 5 + 1))
        parts += panel(title, lines, limit, highest - 40, highest, 30 + PANEL * i)
    parts += legend(list(panels[0][1]), 16, dashed)
    return "\n".join([*parts, "</svg>"]) + "\n"
