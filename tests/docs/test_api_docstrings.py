"""Every name on the pages of the API, and every public method, is documented as a whole.

A docstring names all parameters, what is returned, and the errors that its own code raises. An
example shows each class, function and method.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import nengo_dense

docscrape = pytest.importorskip("numpydoc.docscrape", reason="the pages are built elsewhere")

PAGE = Path(__file__).parents[2] / "docs" / "api.rst"
NAMES = re.findall(r"^   ([A-Za-z_][\w.]+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
#: Checks of arguments: what calls one raises its errors.
CHECKS = re.compile(r"check_\w+|positive|between|flag|choice|count|number|whole_steps|invalid")


def found(name):
    thing = nengo_dense
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


def is_ours(thing):
    return (getattr(thing, "__module__", None) or "").startswith("nengo_dense")


def methods(cls):
    """Yield (name, function) of each public method of ours, inherited ones too."""
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        function = getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function) and is_ours(function):
            yield name, function


def documented():
    """Yield (path, object) of each class and function on the pages, and of their methods."""
    for name in NAMES:
        thing = found(name)
        yield name, thing
        if inspect.isclass(thing):
            for method, function in methods(thing):
                yield f"{name}.{method}", function


ALL = dict(documented())
FUNCTIONS = {path: thing for path, thing in ALL.items() if not inspect.isclass(thing)}
CLASSES = {path: thing for path, thing in ALL.items() if inspect.isclass(thing)}


def is_error(thing):
    return inspect.isclass(thing) and issubclass(thing, BaseException)


def is_made_by_users(cls):
    """Tell whether a class has arguments of its own: no error, and no interface of plug-ins."""
    return not is_error(cls) and not getattr(cls, "_is_protocol", False)


def sections(thing):
    assert thing.__doc__, "it has no docstring"
    return docscrape.NumpyDocString(inspect.cleandoc(thing.__doc__))


def listed(doc, *names):
    parameters = [parameter.name for name in names for parameter in doc[name]]
    return {name.strip().lstrip("*") for line in parameters for name in line.split(",")}


def takes(function):
    parameters = inspect.signature(function).parameters
    return {name for name in parameters if name not in ("self", "cls")}


def raises_itself(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            return True
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and CHECKS.fullmatch(called.id):
            return True
    return False


def test_the_pages_have_what_the_package_has():
    assert set(nengo_dense.__all__) - {"__version__"} <= set(NAMES)
    assert len(FUNCTIONS) > 100


@pytest.mark.parametrize("path", FUNCTIONS)
def test_parameters_results_and_errors_are_documented(path):
    function = FUNCTIONS[path]
    doc = sections(function)
    assert takes(function) <= listed(doc, "Parameters")
    if inspect.signature(function).return_annotation not in (None, "None"):
        assert doc["Returns"] or doc["Yields"], "it does not say what it returns"
    if raises_itself(function):
        assert doc["Raises"], "it does not say which errors it raises"


@pytest.mark.parametrize("path", [p for p, c in CLASSES.items() if is_made_by_users(c)])
def test_arguments_or_attributes_of_classes_are_documented(path):
    cls = CLASSES[path]
    family = [each for each in cls.__mro__ if is_ours(each) and each.__doc__]
    known = [listed(sections(each), "Parameters", "Attributes") for each in family]
    # nengo.base.NetworkMember takes what every object of Nengo takes, as args and kwargs
    assert takes(cls) - {"args", "kwargs"} <= set().union(*known)


@pytest.mark.parametrize("path", [p for p, thing in ALL.items() if not is_error(thing)])
def test_an_example_shows_it(path):
    examples = "\n".join(sections(ALL[path])["Examples"])
    owner, _, name = path.rpartition(".")
    if not examples and owner in CLASSES:
        family = [each for each in CLASSES[owner].__mro__ if is_ours(each) and each.__doc__]
        shown = "\n".join("\n".join(sections(each)["Examples"]) for each in family)
        assert re.search(rf"\b{name}\(", shown), "no example calls it"
        return
    assert examples, "it has no example"
