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
        text(middle, top, title, size=16, weight="bold"),
    ]
    parts += [text(middle, top + 20 + 18 * i, line) for i, line in enumerate(lines)]
    return "\n".join(parts)


def text(x, y, words, size=13, anchor="middle", weight="normal", fill=INK):
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
        880,
        250,
        box(
            20,
            30,
            190,
            90,
            "trained model",
            "Keras, PyTorch, ONNX,",
            "scikit-learn, arrays",
            fill=HOST,
        ),
        arrow(214, 75, 52),
        text(240, 62, "convert"),
        box(270, 30, 190, 90, "stack", "an ordinary", "nengo.Network"),
        arrow(464, 75, 52),
        text(490, 62, "build"),
        box(520, 30, 160, 90, "integers", "of Loihi's cores", "8-bit weights"),
        arrow(684, 75, 52),
        text(710, 62, "run"),
        box(740, 30, 120, 90, "answers", "accuracy,", "rates, energy", fill=HOST),
        arrow(365, 124, 46, down=True),
        text(372, 152, "check", anchor="start"),
        box(270, 174, 190, 60, "report", "findings, how to fix them", fill=HOST),
        arrow(600, 124, 46, down=True),
        text(607, 152, "simulate", anchor="start"),
        box(520, 174, 160, 60, "emulator", "bit-exact, batched", fill=HOST),
    )


def chip() -> str:
    """Show host, chip and one of its cores."""
    cells = "\n".join(
        f'<rect x="{300 + 17 * (i % 16)}" y="{66 + 17 * (i // 16)}" width="14" height="14" '
        f'fill="{SPIKE if i == 21 else CHIP}" stroke="#33587f"/>'
        for i in range(limits.CORES_PER_CHIP)
    )
    return svg(
        880,
        480,
        box(
            20, 50, 180, 160, "host", "inputs", "the first layer", "softmax, statistics", fill=HOST
        ),
        arrow(206, 100, 84),
        text(248, 90, "spikes"),
        f'<g transform="rotate(180 248 160)">{arrow(206, 160, 84)}</g>',
        text(248, 182, "spikes"),
        text(434, 54, f"chip: {limits.CORES_PER_CHIP} cores", size=16, weight="bold"),
        cells,
        text(600, 100, "Each core holds a layer,", anchor="start"),
        text(600, 119, "or a block of a wide one.", anchor="start"),
        text(600, 146, "Cores send one another spikes", anchor="start"),
        text(600, 165, "and nothing else.", anchor="start"),
        f'<path d="M 385 97 L 40 268 M 402 97 L 840 268" stroke="{SPIKE}" fill="none"/>',
        f'<rect x="20" y="268" width="840" height="192" rx="6" fill="none" stroke="{SPIKE}"/>',
        text(440, 292, "one core", size=16, weight="bold"),
        box(
            40,
            310,
            170,
            130,
            "input axons",
            f"at most {limits.MAX_IN_AXONS:,}",
            "one for each",
            "sending neuron",
        ),
        arrow(214, 375, 22),
        box(
            240,
            310,
            190,
            130,
            "synapse memory",
            f"{limits.MAX_SYNAPSE_BITS:,} bits",
            f"weights of {limits.WEIGHT_BITS} bits and sign,",
            "one shared exponent",
        ),
        arrow(434, 375, 22),
        box(
            460,
            310,
            190,
            130,
            "compartments",
            f"at most {limits.MAX_COMPARTMENTS:,}",
            "current, voltage,",
            "threshold, bias",
        ),
        arrow(654, 375, 22),
        box(
            680,
            310,
            160,
            130,
            "output axons",
            f"at most {limits.MAX_OUT_AXONS:,}",
            "one for each core",
            "that is sent to",
        ),
    )


def compartment() -> str:
    """Show the voltage of one neuron that is driven at 260 Hz."""
    rise, voltage, points, spikes = 260 / 1000, 0.0, [], []
    for step in range(22):
        voltage += rise
        points.append((step, voltage))
        if voltage > 1:
            spikes.append((step, voltage))
            voltage = 0.0

    def at(step, value):
        return 60 + 32 * step, 190 - 130 * value

    bars = "\n".join(
        f'<rect x="{at(s, v)[0]}" y="{at(s, v)[1]:.1f}" width="26" height="{130 * v:.1f}" '
        f'fill="#a9c4e4"/>'
        for s, v in points
    )
    lost = "\n".join(
        f'<rect x="{at(s, v)[0]}" y="{at(s, v)[1]:.1f}" width="26" height="{130 * (v - 1):.1f}" '
        f'fill="{SPIKE}"/>' + text(at(s, v)[0] + 13, 50, "spike", size=11, fill=SPIKE)
        for s, v in spikes
    )
    return svg(
        880,
        230,
        bars,
        lost,
        f'<line x1="50" x2="780" y1="60" y2="60" stroke="{INK}" stroke-dasharray="5 4"/>',
        text(788, 64, "threshold", size=11, anchor="start"),
        text(
            440, 215, "voltage, step by step: every fourth step a spike, and what is above is lost"
        ),
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
            f'<line x1="{440 + 1200 * v:.1f}" x2="{440 + 1200 * v:.1f}" y1="{y - 8}" y2="{y + 8}" '
            f'stroke="#33587f"/>'
            for v in levels
        ]
        for weight in weights:
            stored = np.round(weight / step) * step
            gone = stored == 0
            parts.append(
                f'<line x1="{440 + 1200 * weight:.1f}" y1="{y - 24}" '
                f'x2="{440 + 1200 * stored:.1f}" y2="{y - 8}" '
                f'stroke="{SPIKE if gone else "#7f9fc4"}"/>'
                f'<circle cx="{440 + 1200 * weight:.1f}" cy="{y - 26}" r="3.5" '
                f'fill="{SPIKE if gone else INK}"/>'
            )
    parts.append(
        text(
            440,
            230,
            "dots: weights; strokes: levels (an eighth of them); orange: weights that become 0",
        )
    )
    return svg(880, 250, *parts)


PICTURES = {"overview": overview, "chip": chip, "compartment": compartment, "exponent": exponent}


def write(folder: Path) -> None:
    """Draw all pictures into a folder."""
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(), encoding="utf-8")
