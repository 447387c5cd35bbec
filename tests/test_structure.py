"""The house rules of the package, read from its source and seen in a fresh process."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nengo_dense

ROOT = Path(nengo_dense.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TESTS = sorted((ROOT.parent / "tests").rglob("*.py"))
BENCHMARKS = sorted((ROOT.parent / "benchmarks").glob("*.py"))

#: Every part of the package may import its own floor's and lower ones' parts, never a higher one.
FLOORS = [
    {"notices", "terminal", "version"},
    {"exceptions", "figure", "report_table", "retyping"},
    {"budget", "compat", "deadline"},
    {"archive", "array_like", "context", "plugins"},
    {
        "after_import",
        "arguments",
        "columns",
        "files",
        "heads",
        "label_order",
        "neurons",
        "output_names",
        "stack_inputs",
    },
    {"duration", "picture_file", "samples", "targets"},
    {"batches", "report_page"},
    {"sequence"},
    {"loihi"},
    {"layers", "importers", "emulator", "checks"},
    {"conversion", "export"},
    {"evaluation", "training"},
    {"cli"},
    {"__main__"},
]
#: Parts on one floor that may know each other none the less.
NEIGHBOURS: set[tuple[str, str]] = set()
HEAVY = {
    "nengo_loihi",
    "nengo_dl",
    "tensorflow",
    "torch",
    "keras",
    "matplotlib",
    "sklearn",
    "numba",
    "onnx",
    "nir",
}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 42
#: Also of fields of a named tuple, which numba passes as so many arguments.
MAX_PARAMETERS = 10


def floor(part):
    (found,) = (i for i, parts in enumerate(FLOORS) if part in parts)
    return found


def part_of(path):
    """Name the part of the package a file belongs to; its own ``__init__`` is the front door."""
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(tree, everywhere=True, typing=False):
    """Yield the dotted names that a file imports, with line numbers.

    With ``everywhere=False`` only what runs when the file itself is imported, and with
    ``typing=True`` also what a type checker imports then.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        skipped = in_function or (is_type_checking(node) and not typing)
        if everywhere or not skipped:
            pending.extend(ast.iter_child_nodes(node))


@functools.cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def nodes(path):
    return tuple(ast.walk(parse(path)))


@functools.cache
def imported(path):
    return tuple(imports(parse(path)))


def of_files(files):
    """Make a test of a rule that yields what is wrong in a file: nothing is, in any of them."""

    def of(rule):
        def test():
            assert [f"{path}:{wrong}" for path in files for wrong in rule(path)] == []

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return of


INSIDE = [path for path in FILES if path != ROOT / "__init__.py"]


def test_every_part_of_the_package_has_its_floor():
    parts = {part_of(path) for path in INSIDE}
    assert parts == set().union(*FLOORS)


@pytest.mark.parametrize("page", ["house.rst", "pictures/house.svg"])
def test_the_house_is_drawn_with_all_its_folders(page):
    text = (ROOT.parent / "docs" / page).read_text(encoding="utf-8")
    folders = [path.parent.name for path in ROOT.glob("*/__init__.py")]
    assert [name for name in folders if f"{name}/" not in text] == []


def test_programs_of_benchmarks_leave_nothing_beside_them():
    left = [p.name for p in (ROOT.parent / "benchmarks").iterdir() if p.suffix != ".py"]
    assert sorted(set(left) - {"__pycache__"}) == ["results"]


@of_files(INSIDE)
def test_imports_run_downward(path):
    own = part_of(path)
    for name, line in imported(path):
        package, _, rest = name.partition(".")
        if package != "nengo_dense":
            continue
        other = rest.partition(".")[0]
        allowed = other == own or floor(other) < floor(own) or (own, other) in NEIGHBOURS
        if not allowed:
            yield f"{line}: {own} must not import {other}"


@of_files(sorted((ROOT / "importers").rglob("*.py")))
def test_an_importer_knows_no_other_framework(path):
    """What they share knows none: `form` stands alone, `reading` on it."""
    own = path.parent.name
    allowed = {"form": {"form"}, "reading": {"form", "reading"}}.get(own)
    for name, line in imported(path):
        if name.startswith("nengo_dense.importers."):
            part = name.split(".")[2]
            other = part if (ROOT / "importers" / part).is_dir() else "importers"
            known = allowed or {"form", "reading", "importers", own}
            if other not in known:
                yield f"{line}: {own} must not import {other}"


@of_files(sorted((ROOT / "conversion" / "tuning").glob("*.py")))
def test_tuning_knows_nothing_of_what_is_converted(path):
    for name, line in imported(path):
        above = name.startswith(("nengo_dense.conversion.", "nengo_dense.importers."))
        if above and not name.startswith("nengo_dense.conversion.tuning."):
            yield f"{line} imports {name}"


@of_files(INSIDE)
def test_nobody_inside_imports_the_front_door(path):
    for name, line in imported(path):
        part = name.removeprefix("nengo_dense.").partition(".")[0]
        if name.startswith("nengo_dense") and part not in set().union(*FLOORS):
            yield f"{line} imports {name}"


@of_files(INSIDE)
def test_imports_are_absolute(path):
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno


def says_lazy(path):
    """Tell whether the module's docstring says that it is only loaded when needed."""
    docstring = ast.get_docstring(parse(path)) or ""
    words = ("lazily", "loaded only", "only loaded", "alone loads", "loaded when")
    return any(word in docstring.lower() for word in words)


@of_files(FILES)
def test_heavy_packages_are_imported_inside_functions(path):
    found = {
        name.partition(".")[0]
        for name, _ in imports(parse(path), everywhere=False)
        if name.partition(".")[0] in HEAVY
    }
    if found and not says_lazy(path):
        yield f" imports {found} when it is imported"


@pytest.mark.parametrize("typing", [False, True])
def test_modules_do_not_import_each_other_in_a_circle(typing):
    names = {module_of(path): path for path in FILES}

    def home(name):
        while name not in names:
            name = name.rpartition(".")[0]
        return name

    graph = {
        module: {
            home(name)
            for name, _ in imports(parse(path), everywhere=False, typing=typing)
            if name.partition(".")[0] == "nengo_dense"
        }
        - {module}
        for module, path in names.items()
    }
    while leaves := [module for module, needs in graph.items() if not needs & graph.keys()]:
        for module in leaves:
            del graph[module]
    assert graph == {}, f"circle among {sorted(graph)}"


@of_files([*FILES, *BENCHMARKS])
def test_files_are_of_readable_length(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > MAX_FILE_LINES:
        yield f" {lines} lines"


@functools.cache
def functions(path):
    """List a file's functions, each with whether its signature is public and has keywords."""

    def walk(node, public):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden = child.name.startswith("_") and child.name != "__init__"
                open_to_all = public and not hidden and bool(child.args.kwonlyargs)
                yield child, open_to_all
                yield from walk(child, False)
            else:
                hidden = isinstance(child, ast.ClassDef) and child.name.startswith("_")
                yield from walk(child, public and not hidden)

    return list(walk(parse(path), True))


def code_lines(function, with_signature=True):
    """Count a function's lines, without decorators and docstring."""
    body = function.body
    docstring = ast.get_docstring(function) is not None
    lines = function.end_lineno - function.lineno + 1
    if docstring:
        lines -= body[0].end_lineno - body[0].lineno + 1
    return lines if with_signature else lines - (body[0].lineno - function.lineno)


def n_parameters(function, with_keywords=True):
    """Count a function's parameters."""
    arguments = function.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    starred = sum(star is not None for star in (arguments.vararg, arguments.kwarg))
    return positional + starred + (len(arguments.kwonlyargs) if with_keywords else 0)


@of_files(FILES)
def test_functions_are_of_readable_length(path):
    for function, has_public_keywords in functions(path):
        lines = code_lines(function, with_signature=not has_public_keywords)
        if lines > MAX_FUNCTION_LINES:
            yield f"{function.lineno}: {function.name} has {lines} lines"


@of_files(FILES)
def test_functions_take_few_parameters(path):
    for function, has_public_keywords in functions(path):
        n = n_parameters(function, with_keywords=not has_public_keywords)
        if n > MAX_PARAMETERS:
            yield f"{function.lineno}: {function.name} takes {n} parameters"


@of_files(FILES)
def test_named_tuples_have_few_fields(path):
    for node in nodes(path):
        if isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases):
            fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            if len(fields) > MAX_PARAMETERS:
                yield f"{node.lineno}: {node.name} has {len(fields)} fields"


def test_what_counts_as_a_line_and_as_a_parameter():
    tree = ast.parse(
        "def f(\n    a, b,\n    *args,\n    c,\n    **kwargs,\n):\n"
        '    """Say.\n\n    More.\n    """\n    x = a\n    return x\n'
    )
    (function,) = tree.body
    assert code_lines(function) == 8
    assert code_lines(function, with_signature=False) == 2
    assert n_parameters(function) == 5
    assert n_parameters(function, with_keywords=False) == 4


def test_continuous_integration_runs_what_needs_nengo_dl():
    """`make ci` leaves out of that environment what has no part in it alone."""
    lines = (ROOT.parent / "tests" / "dl.txt").read_text(encoding="utf-8").splitlines()
    run = [ROOT.parent / line.partition("::")[0] for line in lines if not line.startswith("#")]
    assert [path for path in run if not path.exists()] == []
    marks = re.compile(r"mark\.dl\b|importorskip\(\"(nengo_dl|tensorflow)\"")
    needing = [path for path in TESTS if marks.search(path.read_text(encoding="utf-8"))]
    assert len(needing) > 10
    assert [path for path in needing if not {path, *path.parents} & set(run)] == []


#: An effort in seconds, as an argument, in a dictionary, or on the command line.
SECONDS = re.compile("effort['\"]?[:=,]\\s*['\"]?[0-9]")


def test_who_tests_seconds_of_tuning_bears_what_a_slow_machine_makes_of_them():
    """A warning of a poor result failed a test where a tenth of a second was a few updates."""
    for path in TESTS:
        if not SECONDS.search(path.read_text(encoding="utf-8")):
            continue
        for item in parse(path).body:
            marks = map(ast.unparse, getattr(item, "decorator_list", []))
            bears = any("ignore:Answers of the converted" in mark for mark in marks)
            assert bears or not SECONDS.search(ast.unparse(item)), f"{path.name}:{item.lineno}"


@of_files(FILES)
def test_names_say_what_a_file_is_about(path):
    if path.stem in {"utils", "util", "helpers", "helper", "misc", "common", "tools"}:
        yield " of what?"


def test_no_two_modules_have_the_same_name():
    stems = [path.stem for path in FILES if path.stem != "__init__"]
    assert sorted({stem for stem in stems if stems.count(stem) > 1}) == []


@of_files(FILES)
def test_no_error_is_swallowed(path):
    for node in nodes(path):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield f"{node.lineno}: bare except"
            if [type(item) for item in node.body] == [ast.Pass]:
                yield f"{node.lineno}: except ... pass"


def test_import_loads_nothing_heavy(printed_by):
    loaded = printed_by("import sys, nengo_dense; print(*sys.modules)")
    assert "nengo_dense" in loaded
    assert not HEAVY & set(loaded)
    assert "nengo" not in loaded


def test_importing_every_module_loads_nothing_heavy(printed_by):
    modules = [module_of(path) for path in FILES if not says_lazy(path)]
    loaded = printed_by(
        f"import sys, importlib; [importlib.import_module(n) for n in {modules!r}]; "
        "print(*sys.modules)"
    )
    assert set(modules) <= set(loaded)
    assert not HEAVY & set(loaded)


#: Uses each public name first, in a package of which nothing is loaded yet; other packages stay,
#: and so does what was compiled.
USES = """
import sys
from importlib.machinery import SourceFileLoader
compiled, compile_one = {}, SourceFileLoader.source_to_code
def source_to_code(self, data, path, **options):
    if path not in compiled:
        compiled[path] = compile_one(self, data, path, **options)
    return compiled[path]
SourceFileLoader.source_to_code = source_to_code
for name in sys.argv[1:]:
    for module in [module for module in sys.modules if module.split(".")[0] == "nengo_dense"]:
        del sys.modules[module]
    import nengo_dense
    print(name, type(getattr(nengo_dense, name)).__name__)
"""


def test_every_public_name_resolves():
    names = nengo_dense.__all__
    command = [sys.executable, "-W", "ignore", "-c", USES, *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    kinds = dict(line.split() for line in done.stdout.splitlines())
    assert list(kinds) == names
    assert "module" not in kinds.values()
    for name in names:
        assert getattr(nengo_dense, name).__doc__


def test_public_names_are_those_of_the_design():
    assert set(nengo_dense.__all__) == {
        "DenseGraph",
        "DenseLayer",
        "DenseStack",
        "Simulator",
        "SoftmaxNode",
        "__version__",
        "check",
        "convert",
        "evaluate",
        "ladder",
        "predict",
    }
    parts = {name for name in dir(nengo_dense) if name not in nengo_dense.__all__}
    assert parts == {
        "checks",
        "compat",
        "conversion",
        "emulator",
        "evaluation",
        "exceptions",
        "export",
        "importers",
        "layers",
        "loihi",
        "training",
    }


def test_what_a_user_gave_is_shown_by_show_as_any_object_may_fail_in_its_repr():
    bare = re.compile(r"got \{\w+!r\}")
    found = [p.name for p in ROOT.rglob("*.py") if bare.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_parts_of_the_package_are_there_after_its_import(printed_by):
    parts = [name for name in dir(nengo_dense) if name not in nengo_dense.__all__]
    program = f"import nengo_dense; print(*[getattr(nengo_dense, n).__name__ for n in {parts!r}])"
    assert printed_by(program) == [f"nengo_dense.{name}" for name in parts]


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'nengo_dense' has no attribute 'Layer'"):
        _ = nengo_dense.Layer


def test_version_is_one_that_packaging_understands():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", nengo_dense.__version__)
