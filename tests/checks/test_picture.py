"""What the pictures of a report show, read back from what is drawn."""

import re

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the pictures are drawn with it")

from nengo_dense.checks import picture
from nengo_dense.checks.report import CheckReport
from nengo_dense.loihi.limits import CORES_PER_CHIP

NONE = np.zeros(0)


def drawn(curves=(), layers=()):
    report = CheckReport([])
    report.curves = {
        name: {"weights": NONE, "rates": NONE, **c} for name, c in dict(curves).items()
    }
    report.layers = list(layers)
    ((_, svg),) = picture.pictures(report)
    return svg


def axis(svg):
    """Return what turns a place on the horizontal axis into a number, read from its labels."""
    places, numbers = [], []
    for tick in re.split(r'<g id="xtick_\d+">', svg)[1:]:
        label = re.search(r"<!-- (?:\$\\mathdefault\{2\^\{)?(-?[\d.]+)", tick)
        place = re.search(r'<use [^>]*x="([\d.]+)"', tick)
        if label and place:
            places.append(float(place[1]))
            numbers.append(float(label[1]))
    slope, offset = np.polyfit(places, numbers, 1)
    return lambda place: slope * place + offset


def areas(svg, colour):
    """List left, right, top and bottom of what is filled with a colour."""
    found = []
    for path in re.findall(rf'<path d="([^"]*)"[^>]*style="fill: {colour}', svg):
        x, y = np.array(re.findall(r"[ML] ([\d.]+) ([\d.]+)", path), dtype=float).T
        found.append((x.min(), x.max(), y.min(), y.max()))
    return found


def heights(svg, colour):
    """Return the bars of a colour: left, right, and the height relative to the first one's."""
    number = axis(svg)
    bars = [(number(a), number(b), d - c) for a, b, c, d in areas(svg, colour) if d - c > 0.1]
    return [(a, b, height / bars[0][2]) for a, b, height in bars]


def test_weights_stand_where_they_are_and_what_is_stored_is_shaded():
    levels = np.array([0.0, 3.0, -3.0, 40.0, 100.0, -100.0, 100.0])
    svg = drawn({"layer": {"weights": levels}})
    ((left, right, _, _),) = areas(svg, "#d7e7d0")
    # from half a step, which rounds to a whole one, to the 2**7 steps of 8 bits with a sign
    assert [axis(svg)(left), axis(svg)(right)] == pytest.approx([-1, 7], abs=0.01)
    bars = heights(svg, "#31617f")
    assert [height for _, _, height in bars] == pytest.approx([1, 2, 1, 3], rel=0.01)
    assert bars[0][0] == pytest.approx(-8, abs=0.01)  # what is zero has the leftmost place
    for (a, b, _), weight in zip(bars[1:], (3, 40, 100), strict=True):
        assert a <= np.log2(weight) <= b <= a + 0.26


def test_rates_stand_where_they_are_among_the_rates_that_there_are():
    rates = np.array([95.0, 105.0, 105.0, 455.0])
    svg = drawn({"layer": {"rates": rates, "ceiling": 1000.0}})
    lines = re.findall(r'<path d="M ([\d.]+) [^"]*"[^>]*style="fill: none; stroke: #bbbbbb', svg)
    possible = [1000 / steps for steps in range(1, 9)]
    assert [axis(svg)(float(x)) for x in lines] == pytest.approx(possible, abs=0.5)
    ((left, right, _, _),) = areas(svg, "#f3e3d3")
    assert [axis(svg)(left), axis(svg)(right)] == pytest.approx([250, 1000], abs=0.5)
    bars = heights(svg, "#31617f")
    assert [height for _, _, height in bars] == pytest.approx([1, 2, 1], rel=0.01)
    for (a, b, _), rate in zip(bars, (95, 105, 455), strict=True):
        assert a - 0.5 <= rate <= b + 0.5
        assert b - a == pytest.approx(10, abs=0.05)  # a hundredth of the range


def test_each_core_is_as_full_as_its_share():
    layers = [
        {"layer": "one", "core_shares": [0.5, 0.25]},
        {"layer": "two", "core_shares": [1.0] * 31 + [2.0]},
    ]
    svg = drawn(layers=layers)
    boxes = areas(svg, "#eeeeee")
    assert len(boxes) == CORES_PER_CHIP  # the free ones too
    assert len(areas(svg, "#c4c4c4")) == 34
    whole = boxes[0][3] - boxes[0][2]
    one, two = (
        [(d - c) / whole for _, _, c, d in areas(svg, colour)] for colour in ("#1f77b4", "#ff7f0e")
    )
    assert one[:2] == pytest.approx([0.5, 0.25], abs=0.01)
    assert two[:32] == pytest.approx([1.0] * 32, abs=0.01)  # no more than full
    rows = {round(bottom) for _, _, _, bottom in boxes}
    assert len(rows) == CORES_PER_CHIP / 32
    assert boxes[0][3] < boxes[32][2]  # the first one on top


def test_no_more_is_drawn_than_can_be_read(monkeypatch):
    monkeypatch.setattr(picture, "MAX_LAYERS", 2)
    many = {f"layer {i}": {"weights": np.ones(3)} for i in range(4)}
    assert len(areas(drawn(many), "#d7e7d0")) == 2
    wide = [{"layer": "wide", "core_shares": [0.5] * 300}]
    assert len(areas(drawn(layers=wide), "#eeeeee")) == 2 * CORES_PER_CHIP
