"""Selectors are beginnings of codes."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.checks import Finding
from nengo_dense.checks.selection import Selection

KNOWN = ("ND101", "ND201", "TIDY101")


def test_without_selectors_all_are_wanted():
    assert all(Selection.of(None, None, KNOWN).wants(code) for code in KNOWN)


@pytest.mark.parametrize(
    "select, wanted",
    [("ND", KNOWN[:2]), (["ND2", "TIDY101"], KNOWN[1:]), ("ND101", KNOWN[:1])],
)
def test_selectors_are_prefixes(select, wanted):
    selection = Selection.of(select, None, KNOWN)
    assert tuple(code for code in KNOWN if selection.wants(code)) == wanted


@pytest.mark.parametrize("wrong", ["nd1", "ND3", "", 7, ["ND1", "XX"]])
def test_selector_that_fits_nothing_is_refused(wrong):
    with pytest.raises(ValidationError, match="no rule's code begins with"):
        Selection.of(wrong if isinstance(wrong, list) else [wrong], None, KNOWN)


@pytest.mark.parametrize("wrong", [3, True, np.array(3), np.zeros(2), [3], {"ND1": 2, 3: 1}])
def test_what_is_no_selector_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"select: (must be a code|.* rule's code)"):
        Selection.of(wrong, None, KNOWN)
    assert Selection.of(np.array(["ND1"]), None, KNOWN).wants("ND101")


def test_ignored_findings_are_taken_out_with_their_reason():
    findings = [Finding("a", "b", code=code) for code in KNOWN]
    ignored = Selection.of(None, {"ND": "not here"}, KNOWN).apply(findings)
    assert [finding.code for finding in findings] == ["TIDY101"]
    assert [(finding.code, why) for finding, why in ignored] == [
        ("ND101", "not here"),
        ("ND201", "not here"),
    ]
