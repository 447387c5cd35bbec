"""Entry points of other packages: found in order, loaded, and named when broken."""

import pytest

from nengo_dense import plugins
from nengo_dense.exceptions import PluginError

GROUP = "nengo_dense.tests"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a small distribution with the given entry points where Python finds it."""

    def install(name, entries, code="answer = 42\n"):
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = "\n".join(f"{key} = {value}" for key, value in entries.items())
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}\n")
        monkeypatch.syspath_prepend(tmp_path)

    return install


def test_unknown_group_is_empty():
    assert plugins.find("nengo_dense.no_such_group") == []


def test_entries_are_found_in_order_without_loading(package):
    package("plug_c", {"zeta": "plug_c:answer", "alpha": "plug_c:missing"}, "raise SystemError\n")
    assert [entry.name for entry in plugins.find(GROUP)] == ["alpha", "zeta"]


def test_entry_loads_what_it_names(package):
    package("plug_good", {"good": "plug_good:answer"})
    (entry,) = plugins.find(GROUP)
    assert plugins.load(entry, GROUP) == 42
    assert plugins.origin(entry) == "plug_good 1.2"


def test_whole_module_loads(package):
    package("plug_whole", {"whole": "plug_whole"})
    (entry,) = plugins.find(GROUP)
    assert plugins.load(entry, GROUP).answer == 42


@pytest.mark.parametrize(
    "name, target, code, reason",
    [
        ("plug_a", "plug_a:missing", "", "AttributeError"),
        ("plug_b", "plug_elsewhere:x", "", "ModuleNotFoundError: No module named 'plug_elsew"),
        ("plug_d", "plug_d:x", "1 / 0\n", "ZeroDivisionError: division by zero"),
        ("plug_e", "plug_e:x", "def :\n", "SyntaxError"),
    ],
)
def test_broken_entry_names_package_entry_and_reason(package, name, target, code, reason):
    package(name, {"broken": target}, code)
    (entry,) = plugins.find(GROUP)
    with pytest.raises(
        PluginError,
        match=rf"'broken = {target}' in group '{GROUP}' of {name} 1\.2 .*{reason}.*uninstall",
    ):
        plugins.load(entry, GROUP)


def test_entry_without_distribution_is_still_named():
    import entrypoints

    entry = entrypoints.EntryPoint("lost", "no_such_module", "thing")
    with pytest.raises(PluginError, match=r"'lost = no_such_module:thing'.*of unknown package"):
        plugins.load(entry, GROUP)
