"""Broken plug-ins are named by package and entry, and take nobody down."""

import inspect
import sys
import types

import entrypoints
import pytest
from nengo.exceptions import ValidationError

from nengo_dense.checks import Fact, Finding, Rule, registry, rule
from nengo_dense.plugins import Found


def make(code, *requires, name="find"):
    """A rule that finds nothing and requires what it is told to."""

    def find(**needs):
        return iter(())

    return Rule(code, "info", "s", "e", "r", find, requires)


def make_fact(name, need):
    """A fact that needs one other."""

    def compute(**needs):
        return 1

    parameter = inspect.Parameter(need, inspect.Parameter.KEYWORD_ONLY)
    compute.__signature__ = inspect.Signature([parameter])
    return Fact(name, "s", compute)


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
    names = [entry.name for entry in registry.find().entries]
    assert names[0] == "ND"
    assert names.count("ND") == 1


@pytest.mark.parametrize("package", ["nengo-dense", "nengo_dense", "Nengo.Dense"])
def test_family_beside_the_file_wins_over_what_an_installed_version_says(monkeypatch, package):
    old = entrypoints.EntryPoint(
        "ND", "nengo_dense.of_another_time", "rules", distro=entrypoints.Distribution(package, "0")
    )
    monkeypatch.setattr(registry, "_installed", lambda path: Found([old]))
    assert registry.find().entries == [registry.BUILT_IN]
    assert not registry.load().problems


def test_family_of_a_stranger_under_our_name_is_not_ours(monkeypatch, family):
    stranger = family("nd_too", (make("ND101"),), prefix="ND")
    monkeypatch.setattr(registry, "_installed", lambda path: Found([stranger]))
    known = registry.load()
    assert registry.find().entries == [registry.BUILT_IN, stranger]
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
        ((make("XY101", "no_such_fact"),), "requires 'no_such_fact', which no package provides"),
        ((make("XY101", "XY999"),), "requires 'XY999', which no package provides"),
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
    assert "XY101 (entry 'XY' of xy 1.2), XY102 (entry 'XY' of xy 1.2)" in known.problems[0]
    assert "circle" in known.problems[0]


def test_circle_of_facts_is_reported(family):
    facts = (Fact("a", "s", lambda b: b), Fact("b", "s", lambda a: a))
    known = registry.load([family("xy", (*facts, make("XY101", "a"), make("XY102")))])
    assert list(known.rules) == ["XY102"]


@pytest.mark.parametrize("n, too_many", [(registry.MAX_ITEMS, False), (1001, True)])
def test_a_family_has_a_thousand_items_at_most(family, n, too_many):
    known = registry.load([family("xy", tuple(Fact(f"f{i}", "s", lambda: 1) for i in range(n)))])
    assert len(known.facts) == (0 if too_many else 1000)
    assert ["more than 1000" in problem for problem in known.problems] == [True] * too_many


def test_facts_stand_on_chains_of_fifty_at_most(family):
    facts = [make_fact("f0", "network"), *(make_fact(f"f{i}", f"f{i - 1}") for i in range(1, 53))]
    known = registry.load([family("xy", (*facts, make("XY101", "f49"), make("XY102", "f50")))])
    assert list(known.facts) == [f"f{i}" for i in range(50)]
    assert list(known.rules) == ["XY101"]
    (chain, missing) = known.problems
    assert "The fact f50 (entry 'XY' of xy 1.2) stands on a chain of 50 other facts" in chain
    assert "The rule XY102 (entry 'XY' of xy 1.2) requires 'f50', which no package" in missing


def test_first_family_keeps_a_code(family):
    first, second = make("XY101"), make("XY101")
    known = registry.load([family("xy", (first,)), family("zz", (second,), prefix="XY")])
    assert known.rules["XY101"] is first
    assert "zz 1.2" in known.problems[0]
    assert "xy 1.2" in known.problems[0]


class Mute:
    """An object that cannot be shown."""

    def __repr__(self):
        raise RuntimeError("no picture of me")


class Gone(tuple):
    """A family that leaves when it is looked at."""

    __slots__ = ()

    def __iter__(self):
        raise SystemExit(0)


@pytest.mark.parametrize(
    "rules, words",
    [
        ((Mute(),), "holds (this Mute cannot be shown: RuntimeError in its repr()), which is not"),
        ((["long"] * 1000,), "..., which is not a rule"),
        (Gone(), "is broken: SystemExit: 0"),
    ],
)
def test_family_that_cannot_be_looked_at_is_named(family, rules, words):
    known = registry.load([family("xy", rules), family("ok", (make("OK101"),))])
    assert list(known.rules) == ["OK101"]
    assert words in known.problems[0]
    assert "entry 'XY'" in known.problems[0]
    assert "xy 1.2" in known.problems[0]
    assert not known.complete


def test_sound_families_are_complete(family):
    assert registry.load([family("ok", (make("OK101"),))]).complete


def test_package_that_cannot_be_read_is_a_problem_and_hides_rules_if_it_names_the_group(
    monkeypatch,
):
    for found, complete in ((Found(elsewhere=["p 1"]), True), (Found(problems=["p 1"]), False)):
        monkeypatch.setattr(registry, "_installed", lambda path, found=found: found)
        known = registry.load()
        assert known.problems == ["p 1"]
        assert known.complete is complete


def test_built_in_rules_are_asked_before_those_of_others(family):
    others = family("aa", (make("AA101"), make("AA102", "ND503")))
    order = list(registry.load([others, registry.BUILT_IN]).rules)
    assert set(order[-2:]) == {"AA101", "AA102"}


def test_malformed_code_is_refused():
    with pytest.raises(ValidationError, match="two or more capitals and three digits"):
        make("x1")


def test_unknown_severity_is_refused():
    with pytest.raises(ValidationError, match="error, warning, info"):
        rule("XY101", "fatal", "s", remedy="r")(lambda: iter([Finding("a", "b")]))


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"says": 5}, r"says: must be a tuple of strings, got 5"),
        ({"says": "one text"}, r"says: must be a tuple of strings, got 'one text'"),
        ({"says": ("(",)}, r"says: must be regular expressions, but '\(' is none"),
        ({"remedy": 3}, r"remedy: must be a string, got 3"),
        ({"summary": None}, r"summary: must be a string, got None"),
        ({"after": "ND101"}, r"after: must be a tuple of strings, got 'ND101'"),
        ({"severity": ["error"]}, r"severity: must be one of error, warning, info, got \["),
        ({"code": Mute()}, r"code: must be two or more capitals.*cannot be shown"),
    ],
)
def test_rule_of_wrong_parts_is_refused(wrong, words):
    parts = {"code": "XY101", "severity": "info", "summary": "s", "remedy": "r", **wrong}
    with pytest.raises(ValidationError, match=words):
        rule(**parts)(lambda network: iter(()))


@pytest.mark.parametrize("function", [7, type, None])
def test_what_has_no_parameters_makes_no_rule_and_no_fact(function):
    with pytest.raises(ValidationError, match="find: must be a function with parameters"):
        rule("XY101", "info", "s", remedy="r")(function)
    with pytest.raises(ValidationError, match="compute: must be a function with parameters"):
        Fact("name", "s", function)


def test_fact_without_a_text_is_refused():
    with pytest.raises(ValidationError, match="summary: must be a string, got 5"):
        Fact("name", 5, lambda network: 1)
    with pytest.raises(ValidationError, match="name: must be a string, got None"):
        Fact(None, "s", lambda network: 1)


@pytest.mark.parametrize("name", ["EV500", "two words", "", "1st"])
def test_fact_that_no_parameter_can_ask_for_is_refused(name):
    with pytest.raises(ValidationError, match="must be the name of a parameter, and no code"):
        Fact(name, "s", lambda network: 1)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"severity": "fatal"}, "severity: must be one of error, warning, info, got 'fatal'"),
        ({"value": object()}, "value: must be a number or None, got <object"),
        ({"limit": "12"}, "limit: must be a number or None, got '12'"),
        ({"remedy": 3}, "remedy: must be a string, got 3"),
        ({"target": None}, "target: must be a string, got None"),
        ({"message": b"bytes"}, "message: must be a string, got b'bytes'"),
        ({"unit": Mute()}, "unit: must be a string, got .this Mute cannot be shown"),
    ],
)
def test_finding_of_wrong_parts_is_refused(wrong, words):
    with pytest.raises(ValidationError, match=words):
        Finding(**{"target": "a", "message": "b", **wrong})


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
