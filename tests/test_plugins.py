"""Entry points of other packages: found in order, loaded, and named when broken."""

import re
import signal
import threading

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


def test_a_group_of_ours_without_entries_says_that_we_are_not_installed(package):
    with pytest.raises(PluginError, match="not even nengo_dense, which"):
        plugins.find_with_ours(GROUP)
    package("plug_c", {"alpha": "plug_c:answer"})
    assert [entry.name for entry in plugins.find_with_ours(GROUP)] == ["alpha"]


def test_entries_are_found_in_order_without_loading(package):
    package("plug_c", {"zeta": "plug_c:answer", "alpha": "plug_c:missing"}, "raise SystemError\n")
    assert [entry.name for entry in plugins.find(GROUP)] == ["alpha", "zeta"]


def test_a_package_installed_again_is_read_again(package, tmp_path):
    package("plug_again", {"old": "plug_again:answer"})
    assert [entry.name for entry in plugins.find(GROUP)] == ["old"]
    info = tmp_path / "plug_again-1.2.dist-info"
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nnewer = plug_again:answer\n")
    assert [entry.name for entry in plugins.find(GROUP)] == ["newer"]
    (info / "entry_points.txt").unlink()
    assert plugins.find(GROUP) == []


def test_a_package_whose_files_have_not_changed_is_read_once(package, monkeypatch):
    package("plug_once", {"one": "plug_once:answer"})
    (expected,) = plugins.find(GROUP)
    reads = []
    read_text = plugins.Path.read_text
    monkeypatch.setattr(
        plugins.Path, "read_text", lambda path, *a, **k: reads.append(path) or read_text(path)
    )
    (entry,) = plugins.find(GROUP)
    assert (entry.name, plugins.origin(entry)) == (expected.name, "plug_once 1.2")
    assert reads == []


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


@pytest.mark.parametrize("code", ["raise SystemExit(0)", "raise KeyboardInterrupt"])
def test_module_that_leaves_is_a_broken_entry(package, code):
    package("plug_f", {"leaves": "plug_f:x"}, code)
    (entry,) = plugins.find(GROUP)
    with pytest.raises(PluginError, match=r"of plug_f 1\.2 cannot be loaded: (System|Keyboard)"):
        plugins.load(entry, GROUP)


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"no section\n", "MissingSectionHeaderError"),
        (b"[a]\nx = b:c\nx = b:c\n", "DuplicateOptionError.*'x' in section 'a' already exists"),
        (b"[a]\nx = b:c\n[a]\ny = b:c\n", "DuplicateSectionError"),
        (b"[a]\n\xe9 = b:c\n", "UnicodeDecodeError"),
    ],
)
@pytest.mark.parametrize("concerned", [True, False])
def test_file_that_cannot_be_read_is_named_and_the_others_are_found(
    package, tmp_path, content, reason, concerned
):
    package("plug_g", {"good": "plug_g:answer"})
    package("plug_h", {})
    content += f"# {GROUP}\n".encode() if concerned else b""
    (tmp_path / "plug_h-1.2.dist-info" / "entry_points.txt").write_bytes(content)
    found = plugins.search(GROUP)
    assert [entry.name for entry in found.entries] == ["good"]
    (sentence,) = found.problems if concerned else found.elsewhere
    assert re.match(rf"The entry_points.txt of plug_h 1.2 cannot be read: {reason}", sentence)
    assert not (found.elsewhere if concerned else found.problems)


def test_entry_that_names_no_object_is_told_and_the_others_are_found(package):
    package("plug_i", {"good": "plug_i:answer", "bad": "not an object", "percent": "100%"})
    found = plugins.search(GROUP)
    assert [entry.name for entry in found.entries] == ["good"]
    assert [sentence.partition("' in group")[0] for sentence in found.problems] == [
        "The entry point 'bad = not an object",
        "The entry point 'percent = 100%",
    ]
    assert "of plug_i 1.2 does not name an object" in found.problems[0]


@pytest.mark.parametrize("sound", [True, False])
def test_first_copy_of_a_package_on_the_path_counts(package, tmp_path, monkeypatch, sound):
    package("plug_j", {"second": "plug_j:answer"})
    info = tmp_path / "before" / "Plug.J-9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Plug.J\nVersion: 9\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nfirst = a:b\n" if sound else "broken")
    monkeypatch.syspath_prepend(tmp_path / "before")
    names = [entry.name for entry in plugins.find(GROUP)]
    assert names == (["first"] if sound else [])


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b""])
def test_package_without_metadata_goes_by_its_folder(package, tmp_path, content):
    package("plug_k", {"good": "plug_k:answer"})
    metadata = tmp_path / "plug_k-1.2.dist-info" / "METADATA"
    metadata.unlink()
    if content is not None:
        metadata.write_bytes(content)
    (entry,) = plugins.find(GROUP)
    assert plugins.origin(entry) == "plug_k 1.2"


def test_whatever_is_raised_inside_is_noted_and_the_program_goes_on():
    noted = []
    for err in (
        ValueError("v"),
        SystemExit(3),
        KeyboardInterrupt(),
        StopIteration(),
        MemoryError(),
    ):
        with plugins.contained(noted.append):
            raise err
    assert [plugins.describe(err) for err in noted] == [
        "ValueError: v",
        "SystemExit: 3",
        "KeyboardInterrupt",
        "StopIteration",
        "MemoryError",
    ]


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_goes_through_every_layer_and_leaves_the_handler_as_it_was():
    noted = []
    with (
        pytest.raises(KeyboardInterrupt, match=r"^$"),
        plugins.contained(noted.append),
        plugins.contained(noted.append),
    ):
        signal.raise_signal(signal.SIGINT)
    assert noted == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_that_the_code_inside_keeps_to_itself_comes_out_all_the_same():
    kept = []

    def keep():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as err:
            kept.append(err)

    with pytest.raises(KeyboardInterrupt, match=r"^$"), plugins.contained(print):
        keep()
    assert kept


def test_handler_of_the_program_is_asked_and_may_go_on(monkeypatch):
    asked = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        with plugins.contained(asked.append):
            signal.raise_signal(signal.SIGINT)
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)
    assert asked[0] == signal.SIGINT
    assert isinstance(asked[1], KeyboardInterrupt)


def test_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with plugins.contained(print):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_contained_too():
    noted = []

    def leave():
        with plugins.contained(noted.append):
            raise SystemExit(4)

    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()
    assert plugins.describe(noted[0]) == "SystemExit: 4"


def test_what_cannot_be_shown_is_told():
    class Mute(Exception):
        def __str__(self):
            raise SystemExit(0)

        def __repr__(self):
            raise ValueError("r")

    assert plugins.describe(Mute()) == "Mute: (this Mute cannot be shown: SystemExit in its str())"
    assert plugins.show(Mute()) == "(this Mute cannot be shown: ValueError in its repr())"
    assert plugins.show("short") == "'short'"
    assert plugins.show("x" * 1000) == f"'{'x' * 199}..."
