"""A report as it stands in a terminal, word for word."""

import pytest

from nengo_dense.checks.finding import Finding
from nengo_dense.checks.outcome import Skipped
from nengo_dense.checks.report import CheckReport
from nengo_dense.checks.text import WIDTH, shorten, table

ROW = {
    "layer": "first", "n_neurons": 20, "cores": 1, "in_axons": 300, "synapse_share": 0.125,
    "weight_exp": "-1..0", "levels": 31, "share_zeroed": 0.0625, "sqnr": 40.25,
    "rate_mean": 12.4, "rate_max": 500.0, "share_silent": 0.25,
}  # fmt: skip
WRITTEN = """\
ND900 error   first: is broken
              -> Mend it.
ND901 info    second: word word word word word word word word word word word word word word word
              word word word word word end
              -> Wait.
ignored ND902 third (it is meant)

layer  neurons  cores  axons  memory    exp  levels  zeroed    dB  mean Hz  max Hz  silent
first       20      1    300     12%  -1..0      31    6.2%  40.2       12     500     25%
other        4      -      -       -      -       -       -     -        -       -       -
problem: a rule crashed
skipped: ND6, ND8: no run
skipped: ND7: no build

does not run on Loihi as it is, and is not fully checked: 1 error, 0 warnings, 1 info, 1 problem; 2
cores"""


def test_report_reads_from_findings_over_layers_to_the_conclusion():
    report = CheckReport(
        findings=[
            Finding("first", "is broken", "Mend it.", severity="error", code="ND900"),
            Finding("second", "word " * 20 + "end", "Wait.", severity="info", code="ND901"),
        ],
        layers=[ROW, {"layer": "other", "n_neurons": 4}],
        cores=2,
        skipped=[Skipped("ND8", "no run"), Skipped("ND7", "no build"), Skipped("ND6", "no run")],
        ignored=[(Finding("third", "is odd", "Look.", code="ND902"), "it is meant")],
    )
    report.lack("a rule crashed")
    assert str(report) == WRITTEN


@pytest.mark.parametrize(
    "severities, broken, conclusion",
    [
        ((), 0, "runs on Loihi: 0 errors, 0 warnings, 0 info; 1 core"),
        (("warning",), 0, "runs on Loihi: 0 errors, 1 warning, 0 info; 1 core"),
        (
            ("error",) * 2,
            0,
            "does not run on Loihi as it is: 2 errors, 0 warnings, 0 info; 1 core",
        ),
        (
            ("info",),
            2,
            "is not fully checked, see the problems: 0 errors, 0 warnings, 1 info, 2 problems; "
            "1 core",
        ),
    ],
)
def test_last_line_is_the_conclusion(severities, broken, conclusion):
    report = CheckReport([Finding("a", "b", severity=s) for s in severities], cores=1)
    for _ in range(broken):
        report.lack("a rule crashed")
    assert report.summary == conclusion
    assert str(report).splitlines()[-1] == conclusion


def test_cores_that_are_not_known_are_not_named():
    assert CheckReport().summary == "runs on Loihi: 0 errors, 0 warnings, 0 info"


def test_a_table_is_as_wide_as_a_terminal_at_most_and_keeps_the_end_of_a_name():
    (head, *_) = table([ROW])
    others = len(head) - len("layer")
    for longer in (0, 1):
        name = "x" * (WIDTH - others + longer)
        _, row = table([{**ROW, "layer": name}])
        assert len(row) == WIDTH
        assert row.startswith("..." if longer else "xxx")
    assert shorten("network.second", 9) == "...second"
    assert shorten("network.second", 12) == "...second"
    assert shorten("network.second", 8) == "...econd"  # no part fits
    assert shorten("networks[0].layer2", 17) == "...[0].layer2"  # beside one of networks[1]
    assert shorten("my_classifier/dense_2", 17) == "...dense_2"
    assert shorten("stack.layers[0] -> stack.layers[12]", 20) == "...stack.layers[12]"
    assert shorten("first -> second", 11) == "...second"
    assert shorten("convolution.", 8) == "...tion."
    assert shorten("decoders of a -> b", 10) == "a -> b"
    assert shorten("decoders of a -> b", 18) == "decoders of a -> b"
    assert shorten("second", 6) == "second"
