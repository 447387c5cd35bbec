"""Draw what a presentation costs, by the number of lanes: both axes are logarithmic."""

import math
from collections.abc import Sequence

from curve import BOTTOM, COLOURS, LEFT, PANEL, RIGHT, TOP, WIDTH, legend


def draw(rows: Sequence[dict]) -> str:
    """Draw a line for each network, as SVG.

    Parameters
    ----------
    rows : sequence of dict
        ``network``, ``lanes`` and ``seconds`` of a presentation.
    """
    names = list(dict.fromkeys(row["network"] for row in rows))
    x = [math.log10(row["lanes"]) for row in rows]
    y = [math.log10(1e6 * row["seconds"]) for row in rows]
    left, right, low, high = min(x), max(max(x), min(x) + 1), math.floor(min(y)), math.ceil(max(y))
    width, height = WIDTH - LEFT - RIGHT, PANEL - TOP - BOTTOM

    def place(lanes: float, cost: float) -> tuple[float, float]:
        across = (lanes - left) / (right - left)
        up = (cost - low) / max(1, high - low)
        return round(LEFT + width * across, 1), round(TOP + height * (1 - up), 1)

    def line(points: Sequence[tuple[float, float]], colour: str) -> str:
        joined = " ".join(f"{a},{b}" for a, b in points)
        return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'

    def text(at: tuple[float, float], words: str, anchor: str) -> str:
        return (
            f'<text x="{at[0]}" y="{at[1]}" text-anchor="{anchor}" font-size="12">{words}</text>'
        )

    parts = [text((LEFT, TOP - 14), "A presentation, by lanes at once", "start")]
    for power in range(low, high + 1):
        parts.append(line([place(left, power), place(right, power)], "#e4e7eb"))
        a, b = place(left, power)
        parts.append(text((a - 8, b + 4), f"{10.0**power:g} µs", "end"))
    for lanes in sorted({row["lanes"] for row in rows}):
        a, b = place(math.log10(lanes), low)
        parts.append(text((a, b + 18), f"{lanes:,}", "middle"))
    for name, colour in zip(names, COLOURS[1:], strict=False):
        at = [i for i, row in enumerate(rows) if row["network"] == name]
        parts.append(line([place(x[i], y[i]) for i in at], colour))
    frame = f'viewBox="0 0 {WIDTH + 20} {PANEL + 30}" font-family="sans-serif"'  # its last number
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    named = legend(["", *names], PANEL + 14)[2:]
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>'
    return "\n".join([begin, white, *parts, *named, "</svg>"]) + "\n"
