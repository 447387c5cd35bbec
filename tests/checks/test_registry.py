"""Broken plug-ins are named by package and entry, and take nobody down."""

import sys
import types

import entrypoints
import pytest

from nengo_dense.checks import Fact, Finding, Rule, registry, rule


def make(code, *requires, name="find"):
    """A rule that finds nothing and requires what it is told to."""

    def find(**needs):
        return iter(())

    return Rule(code, "info", "s", "e", "r", find, requires)


@pytest.fixture
def family(monkeypatch):
    """Put a family of rules where an entry point can load it."""

    def add(name, rules, prefix=None):
        module = types.ModuleType(name)
        module.rules = rules
        monkeypatch.setitem(sys.modules, name, module)
        return entrypoints.EntryPoint(
            prefix or name.upper(), name, "rules", distro=entrypoints.Distribution(name, "1.2")
        )

    return add


def test_built_in_family_loads_without_a_problem():
    known = registry.load()
    assert not known.problems
    assert {"ND100", "ND401", "ND503"} <= set(known.rules)


def test_built_in_family_is_listed_once_and_first():
    names = [entry.name for entry in registry.find()]
    assert names[0] == "ND"
    assert names.count("ND") == 1


@pytest.mark.parametrize("package", ["nengo-dense", "nengo_dense", "Nengo.Dense"])
def test_family_beside_the_file_wins_over_what_an_installed_version_says(monkeypatch, package):
    old = entrypoints.EntryPoint(
        "ND", "nengo_dense.of_another_time", "rules", distro=entrypoints.Distribution(package, "0")
    )
    monkeypatch.setattr(registry, "_installed", lambda path: [old])
    assert registry.find() == [registry.BUILT_IN]
    assert not registry.load().problems


def test_family_of_a_stranger_under_our_name_is_not_ours(monkeypatch, family):
    stranger = family("nd_too", (make("ND101"),), prefix="ND")
    monkeypatch.setattr(registry, "_installed", lambda path: [stranger])
    known = registry.load()
    assert registry.find() == [registry.BUILT_IN, stranger]
    assert "nd_too 1.2" in known.problems[0]
    assert known.rules["ND101"].summary == "something is on the chip"


def test_rules_come_after_what_they_require():
    order = list(registry.load().rules)
    assert order.index("ND401") < order.index("ND404")
    assert order.index("ND308") < order.index("ND301")


def test_import_error_is_named(family):
    broken = entrypoints.EntryPoint(
        "XY", "no_such_module", "rules", distro=entrypoints.Distribution("xy-rules", "3.0")
    )
    known = registry.load([broken, family("ok", (make("OK101"),))])
    assert list(known.rules) == ["OK101"]
    assert "xy-rules 3.0" in known.problems[0]
    assert "XY = no_such_module" in known.problems[0]


@pytest.mark.parametrize(
    "rules, words",
    [
        (7, "should name a tuple of rules, not int"),
        ((make("AB101"),), "code should begin with XY"),
        (("ND101",), "is not a rule"),
        ((make("XY101"), make("XY101")), "has a rule of that code already"),
        ((Fact("graph", "s", lambda: 1), Fact("graph", "s", lambda: 2)), "exists already"),
        ((Fact("network", "s", lambda: 1),), "exists already"),
        ((make("XY101", "no_such_fact"),), "requires 'no_such_fact', which nobody provides"),
        ((make("XY101", "XY999"),), "requires 'XY999', which nobody provides"),
    ],
)
def test_malformed_family_is_reported_and_the_rest_kept(family, rules, words):
    known = registry.load([family("xy", rules), family("ok", (make("OK101"),))])
    assert "OK101" in known.rules
    assert any(words in problem for problem in known.problems), known.problems
    assert any("xy" in problem.lower() for problem in known.problems)


def test_entry_that_is_no_prefix_is_reported(family):
    known = registry.load([family("xy", (), prefix="xy1")])
    assert "prefix of capitals" in known.problems[0]


def test_circle_is_reported_and_taken_out(family):
    rules = (make("XY101", "XY102"), make("XY102", "XY101"), make("XY103", "XY102"))
    known = registry.load([family("xy", (*rules, make("XY104")))])
    assert list(known.rules) == ["XY104"]
    assert "XY101 of xy 1.2, XY102 of xy 1.2" in known.problems[0]
    assert "circle" in known.problems[0]


def test_circle_of_facts_is_reported(family):
    facts = (Fact("a", "s", lambda b: b), Fact("b", "s", lambda a: a))
    known = registry.load([family("xy", (*facts, make("XY101", "a"), make("XY102")))])
    assert list(known.rules) == ["XY102"]


def test_first_family_keeps_a_code(family):
    first, second = make("XY101"), make("XY101")
    known = registry.load([family("xy", (first,)), family("zz", (second,), prefix="XY")])
    assert known.rules["XY101"] is first
    assert "zz 1.2" in known.problems[0]
    assert "xy 1.2" in known.problems[0]


def test_malformed_code_is_refused():
    with pytest.raises(registry.ValidationError, match="two or more capitals and three digits"):
        make("x1")


def test_unknown_severity_is_refused():
    with pytest.raises(registry.ValidationError, match="error, warning, info"):
        rule("XY101", "fatal", "s", remedy="r")(lambda: iter([Finding("a", "b")]))


def test_a_bad_rule_in_a_plugin_module_is_an_import_error_of_that_plugin(tmp_path, monkeypatch):
    (tmp_path / "bad_rules.py").write_text(
        "from nengo_dense.checks import rule\n"
        "@rule('bad', 'info', 's', remedy='r')\ndef find(network):\n    yield\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = entrypoints.EntryPoint("BAD", "bad_rules", "rules")
    known = registry.load([entry])
    assert "BAD = bad_rules" in known.problems[0]
    assert "got 'bad'" in known.problems[0]
