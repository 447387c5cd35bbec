import sys
from pathlib import Path

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengo_dense import plugins
from nengo_dense.exceptions import PluginError
from nengo_dense.layers import DenseStack
from nengo_dense.layers.exporter import GROUP, Export, Exporter, exporters

PLUGIN = """
from nengo_dense.layers.exporter import Export

class Text:
    writes = "the sizes as text"
    suffixes = (".txt",)

    def export(self, stack, path, *, mark="-"):
        path.write_text(mark.join(str(n) for n in stack.units))
        return Export("text", [path], ["it forgets the weights"])

class Any(Text):
    def export(self, stack, path, **options):
        path.write_text(repr(options))
        return Export("any", [path])

class Broken:
    def __init__(self):
        raise RuntimeError("no licence")

class Nothing:
    pass
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package with some exporters."""

    def install(**entries):
        (tmp_path / "sizes_plugin.py").write_text(PLUGIN)
        info = tmp_path / "sizes-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sizes\nVersion: 1.0\n")
        lines = [f"{name} = sizes_plugin:{kind}" for name, kind in entries.items()]
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n" + "\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "sizes_plugin", raising=False)

    return install


@pytest.fixture
def stack():
    return DenseStack([3, 4, 2], 5, seed=0)


def test_built_in_formats_are_found_and_keep_the_contract():
    assert "c" in {entry.name for entry in plugins.find(GROUP)} & set(exporters())
    assert all(isinstance(exporter, Exporter) for exporter in exporters().values())


def test_a_plug_in_writes_what_has_its_ending(install, stack, tmp_path):
    install(text="Text")
    written = stack.export(tmp_path / "net.txt")
    assert (tmp_path / "net.txt").read_text() == "3-4-2"
    assert str(written) == f"text: {tmp_path / 'net.txt'}\n- it forgets the weights"
    stack.export(str(tmp_path / "net.txt"), "text", mark="+")
    assert (tmp_path / "net.txt").read_text() == "3+4+2"


def test_options_go_to_a_plug_in_that_takes_any(install, stack, tmp_path):
    install(every="Any")
    stack.export(tmp_path / "net.txt", speed=9)
    assert (tmp_path / "net.txt").read_text() == "{'speed': 9}"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["net.xyz"], r"path: must end as a format does, .*\.txt for 'text'.*got '.*net\.xyz'"),
        (["net"], "path: must end as a format does"),
        (["net.txt", "c"], r"path: must end in \.c or \.h for format='c'"),
        (["net.txt", "vhdl"], "format: must be one of .*text.*, got 'vhdl'"),
        (["net.txt", 3], "format: must be one of .*got 3"),
    ],
)
def test_formats_and_endings_that_nobody_writes_are_refused(
    arguments, match, install, stack, tmp_path
):
    install(text="Text")
    path, *rest = arguments
    with pytest.raises(ValidationError, match=match):
        stack.export(tmp_path / path, *rest)


def test_options_that_a_format_does_not_take_are_refused(install, stack, tmp_path):
    install(text="Text")
    with pytest.raises(ValidationError, match="has no argument 'size'; it takes mark"):
        stack.export(tmp_path / "net.txt", size=3)


def test_what_is_no_path_is_refused(stack):
    with pytest.raises(ValidationError, match="path: must be a path, got 3"):
        stack.export(3)


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("Broken", "'bad' of sizes 1.0 cannot be made: RuntimeError: no licence"),
        ("Nothing", "'bad' of sizes 1.0 is none: it must have 'writes', 'suffixes' and 'export'"),
        ("Missing", "bad = sizes_plugin:Missing.* of sizes 1.0 cannot be loaded"),
    ],
)
def test_broken_plug_ins_are_named(kind, match, install, stack, tmp_path):
    install(bad=kind)
    with pytest.raises(PluginError, match=match):
        stack.export(tmp_path / "net.txt")


def test_of_two_formats_with_one_name_the_first_packages_counts(install, stack, tmp_path):
    install(c="Text")  # 'nengo-dense' comes before 'sizes'
    assert exporters()["c"].suffixes == (".c", ".h")


def test_an_export_without_differences_says_so():
    export = Export("C", [Path("net.c")])
    assert str(export) == "C: net.c\nthe same spikes as nengo_dense.Simulator"
    assert np.size(export.differences) == 0
