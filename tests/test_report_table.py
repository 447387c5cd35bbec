"""Tables for terminals and notebooks have the same cells."""

from xml.etree import ElementTree

from nengo_dense.report_table import ReportTable, escape, paragraphs

TABLE = ReportTable(
    ["layer", "on", "Hz"], [["layer1", "host", "7.5"], ["a <b>", "chip", "120.0"]], 2
)


def test_columns_are_as_wide_as_their_widest_cell():
    assert TABLE.text().splitlines() == [
        "layer   on       Hz",
        "layer1  host    7.5",
        "a <b>   chip  120.0",
    ]


def test_html_has_the_same_cells_with_their_signs_escaped():
    table = ElementTree.fromstring(TABLE.html())
    cells = [[cell.text for cell in row] for row in table.iter("tr")]
    assert cells == [TABLE.headings, *TABLE.rows]
    sides = [cell.get("style").split(";")[0] for cell in table.find("thead/tr")]
    assert sides == ["text-align: left", "text-align: left", "text-align: right"]


def test_html_leaves_colours_to_the_page():
    assert "color" not in TABLE.html()
    assert "background" not in TABLE.html()


def test_paragraphs_are_escaped():
    assert paragraphs("a < b", "c & d") == "<p>a &lt; b</p><p>c &amp; d</p>"


def test_names_that_steer_a_terminal_or_a_page_are_text():
    assert escape("<script>\x1b]0;owned") == r"&lt;script&gt;\x1b]0;owned"
    table = ReportTable(["<b>"], [["\x1b[31m"]])
    assert "&lt;b&gt;" in table.html()
    assert "\x1b" not in table.html()
    assert "\x1b" not in table.text()
