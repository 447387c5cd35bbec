"""The page of a check names its network."""

import nengo
import pytest

from nengo_dense.checks import check


def test_page_is_titled_after_the_network_and_replaces_another_check(tmp_path):
    pytest.importorskip("matplotlib", reason="the page's pictures")
    path = tmp_path / "report.html"
    for label, title in (("a <b>", "Check of a &lt;b&gt;"), (None, "Check")):
        report = check(nengo.Network(label=label), run=0)
        report.save_html(path)
        assert f"<h1>{title}</h1>" in path.read_text(encoding="utf-8")
