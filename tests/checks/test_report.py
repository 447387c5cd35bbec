"""The report as text, HTML and JSON."""

import dataclasses
import json
import re
from pathlib import Path

import nengo
import numpy as np
import pytest
from nengo.dists import Choice
from nengo.exceptions import BuildError, ValidationError

from nengo_dense.checks import Finding, check, documentation, picture
from nengo_dense.checks.documentation import (
    explain,
    rule_index,
    rule_list,
    rule_pages,
    rules,
)
from nengo_dense.checks.outcome import SCHEMA_VERSION
from nengo_dense.checks.report import CheckReport
from nengo_dense.checks.text import WIDTH

RELU = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0])}, amplitude=0.01)


@pytest.fixture(scope="module")
def report():
    rng = np.random.RandomState(0)
    with nengo.Network(seed=0, label="a network with a long name") as net:
        source = nengo.Node(rng.uniform(0, 1, 10))
        before = source
        for name in ("first", "<second>", "a layer whose name would fill half of the terminal"):
            layer = nengo.Ensemble(
                20, 1, label=name, neuron_type=RELU, gain=Choice([100]), bias=Choice([0])
            )
            weights = rng.uniform(-0.2, 0.6, (20, before.size_out))
            nengo.Connection(before, layer.neurons, transform=weights)
            before = layer.neurons
        nengo.Ensemble(5, 1, neuron_type=nengo.LIF(), label="idle", intercepts=Choice([0.99]))
    return check(net, run=0.1, ignore={"ND113": "one run is enough"})


def test_text_fits_the_terminal(report):
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= WIDTH == 100
    assert "idle" in str(report)
    assert "one run is enough" in str(report)


def test_layers_have_all_numbers(report):
    first = report.layers[0]
    assert first["layer"] == "first"
    known = {
        "n_neurons", "cores", "in_axons", "out_axons", "synapse_bits", "synapse_bits_limit",
        "weight_exp", "levels", "share_zeroed", "sqnr", "bias_error", "vth_error", "decay_error",
        "rate_error", "rate_mean", "rate_max", "share_silent", "share_saturated",
        "synops_per_second", "power",
    }  # fmt: skip
    assert known <= set(first)
    assert all(first[key] is not None for key in known)
    assert first["n_neurons"] == first["in_axons"] == 20
    assert 30 < first["sqnr"] < 60
    assert report.cores == 4


def test_json_is_versioned_and_holds_every_finding(report):
    document = json.loads(report.to_json())
    assert document["schema_version"] == SCHEMA_VERSION == 1
    assert len(document["findings"]) == len(report.findings)
    assert document["cores"] == 4
    assert document["ignored"][0]["reason"] == "one run is enough"
    assert {"code", "severity", "target", "message", "remedy", "value", "limit", "unit"} <= set(
        document["findings"][0]
    )


def test_json_has_no_infinity():
    report = CheckReport([Finding("a", "b", "c", float("inf"), np.float64("nan"), "d", "info")])
    assert json.loads(report.to_json())["findings"][0]["value"] is None


def test_html_page_is_complete_and_escaped(report, tmp_path):
    pytest.importorskip("matplotlib", reason="the pictures are drawn with it")
    path = tmp_path / "report.html"
    report.save_html(path)
    page = path.read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "&lt;second&gt;" in page
    for code in re.findall('href="#(ND[0-9]+)"', page):  # what the rule says stands below, open
        assert f'<h2 id="{code}">' in page
    assert "<second>" not in page
    # nothing is fetched: the addresses in it are names of XML's vocabularies only
    assert not re.search(r'(src|href)="https?:', page.replace('xlink:href="#', ""))
    assert "<script" not in page


NASTY = (
    "price in $ and ^$",
    "$^$",
    r"\$ \alpha_{",
    "\x1b]0;owned\x07\x1b[31mred",
    "two\nlines\r\x9b2J\x85",
    "\u202eturned\u2066\u2028",
    "half \ud800 a pair",
    "<script>alert(1)</script>",
    "long " * 500,
)


@pytest.fixture
def nasty():
    with nengo.Network(seed=0, label=NASTY[3]) as net:
        source = nengo.Node([1.0], label=NASTY[4])
        for label in NASTY:
            layer = nengo.Ensemble(4, 1, label=label, neuron_type=RELU)
            nengo.Connection(source, layer)
        nengo.Ensemble(4, 1, label=NASTY[3], neuron_type=nengo.Izhikevich())
        nengo.Ensemble(4, 1, label=NASTY[3], encoders=np.zeros((4, 1)))
        layer.noise = nengo.processes.WhiteNoise()
    return net


def shown(text, keep="\n"):
    """List the characters that a terminal would not show."""
    return [c for c in text if not c.isprintable() and c not in keep]


def test_nothing_in_a_label_steers_the_terminal(nasty):
    for report in (check(nasty, run=0), check(nasty, run=0, select=["ND4"])):
        text = str(report)
        assert not shown(text)
        assert "\\x1b[31mred" in text
        assert max(map(len, text.splitlines())) <= WIDTH
        text.encode("utf-8")
    with pytest.raises(BuildError, match=r"\\x1b\[31mred") as caught:
        check(nasty, run=0).raise_if_errors()
    assert not shown(str(caught.value))


def test_labels_come_back_as_they_are_in_the_data(nasty):
    report = check(nasty, run=0, select="ND102")
    assert json.loads(report.to_json())["findings"][0]["target"].startswith(NASTY[3])


def test_html_of_any_label_is_complete(tmp_path):
    pytest.importorskip("matplotlib", reason="the pictures are drawn with it")
    import matplotlib

    with nengo.Network(seed=0) as net:
        for label in NASTY[2:7]:
            nengo.Ensemble(4, 1, label=label, neuron_type=RELU)
    report = check(net, run=0.01)
    with matplotlib.rc_context({"text.usetex": True}):
        report.save_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2  # without weights there are two
    assert not shown(page)
    assert not shown(report._repr_html_())


def test_nothing_is_drawn_for_a_file_that_cannot_be_written(report, tmp_path, monkeypatch):
    (tmp_path / "notes.html").write_text("not a report")
    monkeypatch.setattr(picture, "pictures", lambda report: pytest.fail("it was drawn"))
    with pytest.raises(FileExistsError, match=r"notes.html exists and is not a check's report"):
        report.save_html(tmp_path / "notes.html")


def test_picture_writes_a_label_as_it_is():
    pytest.importorskip("matplotlib", reason="the pictures are drawn with it")
    from matplotlib.cbook import is_math_text
    from matplotlib.text import Text

    for label in ("$x^2$", r"\$x\$", "a$b", "$$", r"\\$"):
        text = Text(text=picture._label(label))
        assert not is_math_text(text.get_text())
        assert text._preprocess_math(text.get_text()) == (label, False)


def test_report_is_shown_in_one_line(report):
    assert repr(report) == f"<CheckReport: {report.summary}>"


def test_notebook_fragment_has_findings_and_table(report):
    fragment = report._repr_html_()
    assert "<table>" in fragment
    assert all(finding.code in fragment for finding in report.findings)


def test_errors_come_first_and_decide():
    findings = [Finding("a", "b", severity=severity) for severity in ("error", "info")]
    assert not CheckReport(findings).ok
    assert CheckReport(findings[1:]).ok


def test_every_rule_explains_itself():
    for rule in rules():
        assert rule.summary
        assert rule.remedy
        assert len(rule.explanation) > 30, rule.code
        assert rule.code in rule_list()
        assert rule.remedy in explain(rule.code.lower())


def test_readme_counts_the_rules():
    readme = (Path(__file__).parents[2] / "README.rst").read_text(encoding="utf-8")
    (number,) = re.findall(r"``check``: (\d+) rules", readme)
    assert int(number) == len([rule for rule in rules() if rule.family == "ND"])


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r.code)
def test_words_of_a_rule_are_sentences_for_people(rule):
    assert rule.summary[0].islower() or rule.summary.startswith(("NengoDL", "nengo"))
    assert not rule.summary.endswith(".")
    assert rule.remedy[0].isupper()
    assert rule.remedy.endswith(".")
    assert rule.explanation.endswith((".", ")"))
    for text in (rule.summary, rule.remedy, rule.explanation):
        assert not re.search(r"what is .* as a|\bself\b|_[a-z]+\(", text), text


@pytest.mark.parametrize(
    "code, near",
    [
        ("ND99", "ND109"),
        ("ND24", "ND204"),
        ("104", "ND104"),
        ("ND20", "ND201, ND202, ND203, ND204, ND205"),
        ("nd5xx", "ND501, ND502, ND503, ND504"),
        ("softmax", "ND501"),
        ("PresentInput", "ND401"),
    ],
)
def test_unknown_code_is_refused_and_near_ones_are_named(code, near):
    with pytest.raises(ValidationError, match=f"no rule '{code}'; near to it are .*{near}.*; "):
        explain(code)


@pytest.mark.parametrize("code", ["qqqq", "of", 7])
def test_what_is_near_to_nothing_is_refused_without_a_guess(code):
    with pytest.raises(ValidationError, match=f"no rule {code!r}; 'nengo-dense rules' lists"):
        explain(code)


def test_no_more_than_five_codes_are_near():
    with pytest.raises(ValidationError, match=r"near to it are ND40\d(, ND4\d\d){4}; 'nengo"):
        explain("ND40")


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda report: report.count("fatal"), "severity: must be one of error, warning, info"),
        (lambda report: report.has_error(np.ones(3)), "code: must be a string, got array"),
        (lambda report: report.lack(3), "problem: must be a string, got 3"),
    ],
)
def test_questions_to_a_report_are_of_words(ask, match):
    with pytest.raises(ValidationError, match=match):
        ask(CheckReport())


def test_list_says_that_rules_are_demands_and_no_verdicts():
    heading, first, *_ = rule_list().splitlines()
    assert heading.split("  ")[-1] == "what must hold"
    assert heading.index("if broken") == first.index("error")
    assert heading.index("what") == first.index("nengo-loihi")


def test_index_has_every_rule_in_its_group():
    parts = re.split(r"\n(ND\d)xx: (.*)\n-+\n", rule_index().partition(".. toctree::")[0])
    assert dict(zip(parts[1::3], parts[2::3], strict=True)) == documentation.GROUPS
    for group, text in zip(parts[1::3], parts[3::3], strict=True):
        listed = re.findall(r":doc:`(ND\d+) ", text)
        assert listed == [r.code for r in rules() if r.code.startswith(group)]


def test_groups_of_other_packages_rules_have_no_title(monkeypatch):
    foreign = dataclasses.replace(rules()[0], code="XY101")
    monkeypatch.setattr(documentation, "rules", lambda: [*rules(), foreign])
    assert re.search(r"\nXY1xx\n-----\n\n(?:.*\n)*   \* - :doc:`XY101 <XY101>`", rule_index())


def test_page_of_a_rule_has_the_messages_that_the_rule_explains():
    pages, silent = rule_pages(), []
    for rule in rules():
        said = re.findall(r"^- ``(.*)``$", pages[rule.code], re.MULTILINE)
        assert said == list(rule.says)
        assert not said or explain(rule.code).endswith(f"messages: {', '.join(said)}")
        assert ("nengo-loihi's messages" in pages[rule.code]) == bool(said)
        assert ("nengo-loihi's messages" in explain(rule.code)) == bool(said)
        silent += [] if said else [rule.code]
    assert 0 < len(silent) < len(pages)


def test_every_rule_has_a_page_that_docutils_reads():
    core = pytest.importorskip("docutils.core", reason="the pages are built with it")
    from docutils.writers.html5_polyglot import Writer

    for code, page in rule_pages().items():
        settings = {"report_level": 2, "halt_level": 2}  # a warning fails
        html = core.publish_string(page, writer=Writer(), settings_overrides=settings)
        assert code.encode() in html
