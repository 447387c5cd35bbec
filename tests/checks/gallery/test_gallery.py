"""Every rule is tried on networks that break it, one way each, and on some that only nearly do."""

import broken_connection
import broken_core
import broken_placement
import broken_run
import broken_weight
import pytest
from specimen import SPECIMENS

from nengo_dense.checks import check

# importing these fills SPECIMENS
GALLERY = (broken_connection, broken_core, broken_placement, broken_run, broken_weight)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.name)
def test_rule_finds_the_fault_and_its_place_and_no_other_error(specimen):
    report = check(specimen.make(), **specimen.check)
    assert not report.problems
    errors = {finding.code for finding in report.findings if finding.severity == "error"}
    hits = [finding for finding in report.findings if finding.code == specimen.code]
    if specimen.target is None:
        assert not hits
        assert not errors, report
        return
    assert specimen.target in [hit.target for hit in hits], report
    assert {hit.severity for hit in hits} == {specimen.severity}
    assert errors <= {specimen.code}, report
    assert all(hit.message and hit.remedy for hit in hits)
    for hit in hits:
        if hit.target == specimen.target:
            assert specimen.says in f"{hit.message}; {hit.remedy}"
            for name in ("value", "limit"):
                expected = getattr(specimen, name)
                assert expected is None or getattr(hit, name) == pytest.approx(expected)
