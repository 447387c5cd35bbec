"""The guide's pictures: well-formed, with words inside the sheet and the chip's own limits."""

import xml.etree.ElementTree as ET

import drawing
import pytest

from nengo_dense.loihi import limits

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", drawing.PICTURES)
def test_words_and_boxes_lie_inside_the_sheet(name):
    root = ET.fromstring(drawing.PICTURES[name]())
    _, _, width, height = map(float, root.get("viewBox").split())
    for tag in ("text", "rect", "circle"):
        for shape in root.iter(f"{SVG}{tag}"):
            if shape.get("width") == "100%":
                continue
            x = float(shape.get("x") or shape.get("cx"))
            y = float(shape.get("y") or shape.get("cy"))
            assert 0 <= x <= x + float(shape.get("width", 0)) <= width
            assert 0 <= y <= y + float(shape.get("height", 0)) <= height


def test_chip_is_drawn_with_its_limits():
    picture = drawing.chip()
    assert f"chip: {limits.CORES_PER_CHIP} cores" in picture
    for limit in (limits.MAX_IN_AXONS, limits.MAX_SYNAPSE_BITS, limits.MAX_COMPARTMENTS):
        assert f"{limit:,}" in picture


def test_pictures_are_written(tmp_path):
    drawing.write(tmp_path / "drawn")
    assert {path.stem for path in (tmp_path / "drawn").iterdir()} == set(drawing.PICTURES)
