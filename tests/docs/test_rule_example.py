"""The examples on the rules' pages: the first network breaks the rule, the second one does not."""

import pytest
import rule_example

from nengo_dense.checks.documentation import rule_pages, rules

#: Rules without an example: one needs NengoDL, which cannot share an environment with the tools of
#: the docs; the other one is about the machine, and no network breaks or mends it.
WITHOUT = {"ND108", "ND208"}


@pytest.mark.parametrize("path", rule_example.paths(), ids=lambda path: path.stem)
def test_first_network_breaks_the_rule_and_the_mended_one_has_no_error(path):
    example = rule_example.run(path)
    assert example.code in {finding.code for finding in example.before.findings}, example.before
    assert example.code not in {finding.code for finding in example.after.findings}, example.after
    assert example.after.ok, example.after
    assert not example.after.problems
    assert not example.before.problems


def test_every_rule_has_an_example_but_two():
    codes = {rule.code for rule in rules() if rule.family == "ND"}
    assert {path.stem for path in rule_example.paths()} == codes - WITHOUT


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
