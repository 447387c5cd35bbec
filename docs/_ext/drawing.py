"""The pictures of the guide, drawn when the docs are built; their numbers come from the package.

Each function returns the text of an SVG file, and says in its first line what it shows.
"""

from pathlib import Path

import numpy as np

from nengo_dense.loihi import limits

INK, PAPER, CHIP, HOST, SPIKE = "#1c3550", "#ffffff", "#eef4fb", "#f7f1e3", "#c8571b"


def svg(width: int, height: int, *parts: str) -> str:
    """Put shapes on a white sheet, so that they can be read on a dark page too."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif">\n<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def box(x, y, width, height, title, *lines, fill=CHIP):
    """Draw a box with a title and lines below it, all centred."""
    middle, top = x + width / 2, y + (height - 19 * len(lines)) / 2 + 6
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" '
        f'stroke="#33587f"/>',
        text(middle, top, title, size=18, weight="bold"),
    ]
    parts += [text(middle, top + 20 + 18 * i, line) for i, line in enumerate(lines)]
    return "\n".join(parts)


def text(x, y, words, size=15, anchor="middle", weight="normal", fill=INK):
    """Write one line."""
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="{fill}">{words}</text>'
    )


def arrow(x, y, length, down=False):
    """Draw an arrow to the right, or downward."""
    end, tip = (x, y + length) if down else (x + length, y), 6
    head = (
        f"{end[0] - tip},{end[1] - tip} {end[0]},{end[1]} {end[0] + tip},{end[1] - tip}"
        if down
        else f"{end[0] - tip},{end[1] - tip} {end[0]},{end[1]} {end[0] - tip},{end[1] + tip}"
    )
    return (
        f'<line x1="{x}" y1="{y}" x2="{end[0]}" y2="{end[1]}" stroke="{INK}" stroke-width="2"/>'
        f'<polyline points="{head}" fill="none" stroke="{INK}" stroke-width="2"/>'
    )


def overview() -> str:
    """Show the way of a trained model to answers."""
    return svg(
        560,
        390,
        box(
            20,
            20,
            210,
            90,
            "trained model",
            "Keras, PyTorch, ONNX,",
            "scikit-learn, arrays",
            fill=HOST,
        ),
        arrow(236, 52, 88),
        text(278, 44, "convert"),
        box(330, 20, 210, 90, "stack", "an ordinary", "nengo.Network"),
        f'<path d="M 330 94 H 280 V 193" stroke="{INK}" stroke-width="2" fill="none"/>',
        f'<g transform="rotate(180 258 193)">{arrow(236, 193, 44)}</g>',
        text(286, 146, "check", anchor="start"),
        box(20, 155, 210, 76, "report", "findings, how to fix them", fill=HOST),
        arrow(435, 114, 37, down=True),
        text(443, 137, "build", anchor="start"),
        box(330, 155, 210, 90, "Loihi's integers", "8-bit weights, in a", "bit-exact emulator"),
        arrow(435, 249, 37, down=True),
        text(443, 272, "run", anchor="start"),
        box(330, 290, 210, 80, "answers", "accuracy, rates, energy", fill=HOST),
    )


def chip() -> str:
    """Show host, chip and one of its cores."""
    cells = "\n".join(
        f'<rect x="{268 + 17 * (i % 16)}" y="{56 + 17 * (i // 16)}" width="14" height="14" '
        f'fill="{SPIKE if i == 21 else CHIP}" stroke="#33587f"/>'
        for i in range(limits.CORES_PER_CHIP)
    )
    rows = [
        ("input axons", f"at most {limits.MAX_IN_AXONS:,}, one for each sending neuron"),
        (
            "synapse memory",
            f"{limits.MAX_SYNAPSE_BITS:,} bits: weights of {limits.WEIGHT_BITS} bits and a sign",
        ),
        (
            "compartments",
            f"at most {limits.MAX_COMPARTMENTS:,}: current, voltage, threshold, bias",
        ),
        ("output axons", f"at most {limits.MAX_OUT_AXONS:,}, one for each core that is sent to"),
    ]
    return svg(
        560,
        660,
        box(
            20, 40, 160, 152, "host", "inputs", "the first layer", "softmax, statistics", fill=HOST
        ),
        arrow(186, 90, 76),
        text(224, 80, "spikes"),
        f'<g transform="rotate(180 224 150)">{arrow(186, 150, 76)}</g>',
        text(224, 174, "spikes"),
        text(402, 42, f"chip: {limits.CORES_PER_CHIP} cores", size=18, weight="bold"),
        cells,
        f'<path d="M 353 73 L 20 262 M 367 73 L 540 262" stroke="{SPIKE}" fill="none"/>',
        f'<rect x="20" y="262" width="520" height="380" rx="6" fill="none" stroke="{SPIKE}"/>',
        text(280, 288, "one core", size=18, weight="bold"),
        *(box(40, 304 + 84 * i, 480, 60, title, line) for i, (title, line) in enumerate(rows)),
        *(arrow(280, 366 + 84 * i, 20, down=True) for i in range(len(rows) - 1)),
    )


def compartment() -> str:
    """Show the voltage of one neuron that is driven at 260 Hz."""
    rise, voltage, points, spikes = 260 / 1000, 0.0, [], []
    for step in range(14):
        voltage += rise
        points.append((step, voltage))
        if voltage > 1:
            spikes.append((step, voltage))
            voltage = 0.0

    def at(step, value):
        return 30 + 30 * step, 190 - 130 * value

    bars = "\n".join(
        f'<rect x="{at(s, v)[0]}" y="{at(s, v)[1]:.1f}" width="24" height="{130 * v:.1f}" '
        f'fill="#a9c4e4"/>'
        for s, v in points
    )
    lost = "\n".join(
        f'<rect x="{at(s, v)[0]}" y="{at(s, v)[1]:.1f}" width="24" height="{130 * (v - 1):.1f}" '
        f'fill="{SPIKE}"/>' + text(at(s, v)[0] + 12, 46, "spike", fill=SPIKE)
        for s, v in spikes
    )
    return svg(
        560,
        250,
        bars,
        lost,
        f'<line x1="20" x2="456" y1="60" y2="60" stroke="{INK}" stroke-dasharray="5 4"/>',
        text(462, 65, "threshold", anchor="start"),
        text(280, 214, "the voltage, step by step: a spike in every fourth step,"),
        text(280, 235, "and what is above the threshold is lost"),
    )


def exponent() -> str:
    """Show the levels that weights can have, without and with one that is ten times the rest."""
    weights = np.random.RandomState(4).uniform(-0.3, 0.3, 24)
    parts = []
    for row, (largest, words) in enumerate(
        [(0.3, "largest weight 0.3"), (3.0, "largest weight 3.0: ten times the rest")]
    ):
        # an eighth of the levels there are, so that they can be seen
        step, y = largest / 2 ** (limits.WEIGHT_BITS - 3), 80 + 110 * row
        levels = np.arange(-np.floor(0.33 / step), np.floor(0.33 / step) + 1) * step
        parts.append(text(20, y - 42, words, anchor="start", weight="bold"))
        parts += [
            f'<line x1="{280 + 800 * v:.1f}" x2="{280 + 800 * v:.1f}" y1="{y - 8}" y2="{y + 8}" '
            f'stroke="#33587f"/>'
            for v in levels
        ]
        for weight in weights:
            stored = np.round(weight / step) * step
            gone = stored == 0
            parts.append(
                f'<line x1="{280 + 800 * weight:.1f}" y1="{y - 24}" '
                f'x2="{280 + 800 * stored:.1f}" y2="{y - 8}" '
                f'stroke="{SPIKE if gone else "#7f9fc4"}"/>'
                f'<circle cx="{280 + 800 * weight:.1f}" cy="{y - 26}" r="3.5" '
                f'fill="{SPIKE if gone else INK}"/>'
            )
    return svg(
        560,
        260,
        *parts,
        text(280, 226, "dots: weights; strokes: an eighth of the levels;"),
        text(280, 246, "orange: weights that become 0"),
    )


def tuning() -> str:
    """Show how the source model's answers change a stack's weights."""
    return svg(
        560,
        440,
        box(20, 122, 140, 76, "a sample", "without a label", fill=HOST),
        f'<path d="M 90 118 V 56 H 190" stroke="{INK}" stroke-width="2" fill="none"/>',
        arrow(180, 56, 16),
        f'<path d="M 90 202 V 270 H 190" stroke="{INK}" stroke-width="2" fill="none"/>',
        arrow(180, 270, 16),
        box(200, 20, 340, 72, "source model", "numbers, as it was trained", fill=HOST),
        arrow(300, 94, 28, down=True),
        text(292, 114, "answer", anchor="end"),
        box(230, 126, 280, 64, "how far apart are they?", "a loss, and its gradient", fill=PAPER),
        f'<g transform="rotate(180 300 210)">{arrow(300, 194, 30, down=True)}</g>',
        text(292, 216, "answer", anchor="end"),
        arrow(440, 192, 34, down=True).replace(INK, SPIKE),
        text(448, 216, "an update", anchor="start", fill=SPIKE),
        box(
            200,
            230,
            340,
            80,
            "stack",
            "the chip's integers, step by step:",
            "spikes, 8-bit weights",
        ),
        arrow(370, 314, 34, down=True),
        text(378, 336, "twelve times", anchor="start"),
        box(
            20,
            352,
            520,
            68,
            "held-back samples choose",
            "the best weights so far, or the untuned ones",
            fill=HOST,
        ),
    )


PICTURES = {
    "overview": overview,
    "chip": chip,
    "compartment": compartment,
    "exponent": exponent,
    "tuning": tuning,
}


def write(folder: Path) -> None:
    """Draw all pictures into a folder."""
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(), encoding="utf-8")
