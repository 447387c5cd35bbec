"""The built-in family: facts apart from rules, files named by code, types that agree."""

import ast
import importlib
import inspect
import types
import typing
from configparser import ConfigParser
from pathlib import Path

import nengo
import pytest

from nengo_dense.checks import Fact, Rule, registry
from nengo_dense.checks.rules import rules as family

ROOT = Path(inspect.getfile(registry)).parent
GIVEN = {"network": nengo.Network, "dt": float, "run_time": float, "build": bool}
RULES = [item for item in family if isinstance(item, Rule)]
FACTS = [item for item in family if isinstance(item, Fact)]


def hints(item):
    function = item.find if isinstance(item, Rule) else item.compute
    return typing.get_type_hints(function)


def without_none(hint):
    """Strip ``| None`` off the annotation of a parameter that has None as its default."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        return typing.Union[tuple(parts)]  # noqa: UP007
    return hint


@pytest.mark.parametrize("item", family, ids=lambda i: getattr(i, "code", None) or i.name)
def test_parameters_are_annotated_with_what_their_facts_return(item):
    given = {**GIVEN, **{fact.name: hints(fact)["return"] for fact in FACTS}}
    found = hints(item)
    for name in item.facts if isinstance(item, Rule) else item.requires:
        if name in item.optional:
            assert without_none(found[name]) == without_none(given[name]), name
        else:
            assert found[name] == given[name], name


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.code)
def test_a_rule_stands_in_the_file_of_its_code(rule):
    module = rule.find.__module__.rpartition(".")[2]
    assert module.startswith(f"{rule.code[:4].lower()}x_")


@pytest.mark.parametrize("path", sorted((ROOT / "facts").glob("*.py")), ids=lambda p: p.stem)
def test_facts_know_no_rules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.module.startswith("nengo_dense.checks.rules"), node.lineno


def test_every_rule_file_and_every_fact_file_is_in_the_family():
    stems = {path.stem for path in (ROOT / "rules").glob("nd*.py")}
    assert stems == {rule.find.__module__.rpartition(".")[2] for rule in RULES}
    found = set()
    for path in (ROOT / "facts").glob("*.py"):
        module = importlib.import_module(f"nengo_dense.checks.facts.{path.stem}")
        found |= {item for item in vars(module).values() if isinstance(item, Fact)}
    assert found == set(FACTS)


def test_no_function_hides_a_module_of_its_name():
    import nengo_dense.checks as checks

    modules = {path.stem for path in ROOT.glob("*.py")} | {"facts", "rules"}
    assert not [
        name
        for name in modules & set(vars(checks))
        if not isinstance(getattr(checks, name), types.ModuleType)
    ]


def test_built_in_entry_point_is_the_one_of_the_package():
    config = ConfigParser(delimiters=("=",))
    config.optionxform = str
    path = ROOT.parents[1] / "setup.cfg"
    if not path.is_file():
        pytest.skip("not a checkout")
    config.read(path)
    entry = registry.BUILT_IN
    assert config["options.entry_points"]["nengo_dense.rules"].split() == [
        entry.name,
        "=",
        f"{entry.module_name}:{entry.object_name}",
    ]
