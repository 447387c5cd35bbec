"""The examples on the rules' pages: the first network breaks the rule, the second one does not."""

import json
import shutil

import pytest
import rule_example

from nengo_dense.checks.documentation import rule_pages, rules

RECORDED = [path for path in rule_example.paths() if path.with_suffix(".json").exists()]
ELSEWHERE = "it needs NengoDL, which is in the dl environment"


@pytest.mark.parametrize("path", rule_example.paths(), ids=lambda path: path.stem)
def test_first_network_breaks_the_rule_and_the_mended_one_has_no_error(path):
    if path in RECORDED:
        pytest.importorskip("nengo_dl", reason=ELSEWHERE)
    example = rule_example.run(path)
    assert example.code in {finding.code for finding in example.before.findings}, example.before
    assert example.code not in {finding.code for finding in example.after.findings}, example.after
    assert example.after.ok, example.after
    assert not example.after.problems
    assert not example.before.problems


@pytest.mark.dl
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_what_was_recorded_is_found_again(path):
    pytest.importorskip("nengo_dl", reason=ELSEWHERE)
    shown, found = rule_example.show(path), rule_example.run(path)
    assert shown.before.findings == found.before.findings
    assert shown.after.findings == found.after.findings


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_record_is_of_the_example_as_it_is_now(path, tmp_path):
    example = rule_example.show(path)
    assert example.code in {finding.code for finding in example.before.findings}
    assert example.code not in {finding.code for finding in example.after.findings}
    versions = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["with"]
    assert f"Both were run with {versions}" in rule_example.section(example)
    for file in (path, path.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    with open(tmp_path / path.name, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    with pytest.raises(ValueError, match="has changed since it was recorded"):
        rule_example.show(tmp_path / path.name)


def test_every_rule_has_an_example():
    codes = {rule.code for rule in rules() if rule.family == "ND"}
    assert {path.stem for path in rule_example.paths()} == codes


def test_page_shows_both_networks_and_the_finding():
    (path,) = [path for path in rule_example.paths() if path.stem == "ND107"]
    example = rule_example.run(path)
    section = rule_example.section(example)
    page = rule_pages({"ND107": section})["ND107"]
    for text in (*example.broken.splitlines(), *example.mended.splitlines()):
        assert text in page
    assert "ND107 error  second" in page
    assert "How to fix it: Remove it, or put" in page
    assert section not in rule_pages()["ND107"]
