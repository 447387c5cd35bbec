"""Reading files that may be anything, and writing so that nothing is lost."""

import ast
import contextlib
import io
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengo_dense
from nengo_dense import files
from nengo_dense.budget import DATA, Limit
from nengo_dense.exceptions import FileFormatError

GREETING = files.Kind("a greeting", lambda file: file.read(5) == b"hello")


def put(text):
    """Make what `files.write` calls."""
    return lambda file: file.write(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_permissions_that_open_would_give(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    files.write(tmp_path / "new", put(b"hello"))
    assert (tmp_path / "new").read_bytes() == b"hello"
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "new")]
    assert modes[0] == modes[1]
    assert names(tmp_path) == ["new", "usual"]


def test_a_replaced_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "shared"
    path.write_bytes(b"hello you")
    path.chmod(0o664)
    files.write(path, put(b"hello all"), kind=GREETING)
    assert path.read_bytes() == b"hello all"
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


@pytest.mark.parametrize("error", [RuntimeError("half way"), KeyboardInterrupt("Ctrl-C")])
def test_a_write_that_stops_half_way_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "kept"
    path.write_bytes(b"hello")

    def produce(file):
        file.write(b"hello, h")
        raise error

    with pytest.raises(type(error), match=str(error)):
        files.write(path, produce, kind=GREETING)
    assert path.read_bytes() == b"hello"
    assert names(tmp_path) == ["kept"]


@contextlib.contextmanager
def full_disk(limit):
    """Let no file grow beyond so many bytes: pytest's own log neither, so for one call alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_said_in_a_sentence_and_the_old_file_kept(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"hello")
    message = r"^\S*kept cannot be written: File too large$"
    with full_disk(1000), pytest.raises(OSError, match=message) as caught:
        files.write(path, put(b"hello" * 1000), kind=GREETING)
    assert caught.value.errno is not None
    assert path.read_bytes() == b"hello"
    assert names(tmp_path) == ["kept"]


def test_only_files_of_the_same_kind_are_replaced(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"weights of a week's training")
    with pytest.raises(FileExistsError, match=r"model exists and is not a greeting.*remove it"):
        files.write(path, put(b"hello"), kind=GREETING)
    assert path.read_bytes() == b"weights of a week's training"
    path.write_bytes(b"hello world")
    files.write(path, put(b"hello"), kind=GREETING)
    assert path.read_bytes() == b"hello"


def test_an_empty_file_holds_nothing_to_lose(tmp_path):
    path = tmp_path / "reserved"
    path.write_bytes(b"")
    files.write(path, put(b"hello"), kind=GREETING)
    assert path.read_bytes() == b"hello"


def test_names_with_another_kinds_ending_are_refused(tmp_path):
    page = files.Kind("a page", lambda file: True, files.HTML_ENDINGS)
    for name in ("x.pdf", "x.html.txt", "x.h5"):
        with pytest.raises(ValidationError, match=r"would be a page, so it must end in .html or"):
            files.write(tmp_path / name, put(b"hello"), kind=page)
    for name in ("x.html", "x.HTM", "x", "run_0.5"):
        files.write(tmp_path / name, put(b"hello"), kind=page)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_file_that_the_kind_cannot_even_read_is_another_kind(tmp_path):
    def recognizes(file):
        raise ValueError("no such magic")

    (tmp_path / "foreign").write_bytes(b"anything")
    with pytest.raises(FileExistsError, match="is not a riddle"):
        files.check_target(tmp_path / "foreign", files.Kind("a riddle", recognizes))


def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path):
    (tmp_path / "store").mkdir()
    real = tmp_path / "store" / "real"
    real.write_bytes(b"hello")
    (tmp_path / "link").symlink_to(real)
    files.write(tmp_path / "link", put(b"hello again"), kind=GREETING)
    assert (tmp_path / "link").is_symlink()
    assert real.read_bytes() == b"hello again"
    (tmp_path / "ahead").symlink_to(tmp_path / "store" / "later")
    files.write(tmp_path / "ahead", put(b"hello"))
    assert (tmp_path / "store" / "later").read_bytes() == b"hello"


def test_the_longest_name_that_there_can_be_is_written(tmp_path):
    path = tmp_path / ("n" * 255)
    files.write(path, put(b"hello"))
    assert path.read_bytes() == b"hello"


def test_a_pipe_is_written_into(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    files.write(pipe, put(b"hello"), kind=GREETING)
    reader.join(timeout=10)
    assert read == [b"hello"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_archive_is_no_array_to_map(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    path = (tmp_path / "x.npz").rename(tmp_path / "x.npy")
    with pytest.raises(FileFormatError, match=r"cannot be read as samples: it is no \.npy file"):
        files.map_array(path, "samples", "Give another.")


def test_an_array_of_objects_is_no_array_to_map(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[1.0, None]]), allow_pickle=True)
    with pytest.raises(FileFormatError, match=r"it holds Python objects, .* make\. Give a"):
        files.map_array(tmp_path / "x.npy", "samples", "Give another.")


def test_a_reader_that_leaves_is_no_full_disk(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def look():
        with pipe.open("rb") as file:
            file.read(1)

    reader = threading.Thread(target=look, daemon=True)
    reader.start()
    with pytest.raises(BrokenPipeError, match="Broken pipe"):
        files.write(pipe, put(bytes(2**22)), kind=files.ANY)
    reader.join(timeout=10)


def test_standard_output_is_no_file_to_replace(tmp_path):
    program = (
        "from nengo_dense import files\n"
        "print('before', flush=True)\n"
        "files.write('/dev/stdout', lambda file: file.write(b'hello'), kind=files.ANY)\n"
    )
    with (tmp_path / "log").open("ab") as log:
        subprocess.run([sys.executable, "-c", program], stdout=log, check=True, timeout=60)
    assert "hello" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("folder", IsADirectoryError, "folder is a folder; name a file in it"),
        ("reports/", IsADirectoryError, "reports/ is a folder"),
        ("absent/file", FileNotFoundError, "there is no folder .*absent to write .*absent/file"),
        (
            "file/file",
            NotADirectoryError,
            "file is not a folder, so .*file/file cannot be written",
        ),
        ("n" * 300, OSError, "n cannot be written: File name too long"),
        ("loop", OSError, "loop cannot be written: Too many levels of symbolic links"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_produced(
    tmp_path, name, error, message
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"hello")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    produced = []
    with pytest.raises(error, match=message):
        files.write(f"{tmp_path}/{name}", produced.append)
    assert produced == []


def test_what_is_write_protected_stays(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"hello")
    protected = [path]
    # asked instead of the file system, in which root may write anywhere
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in protected)
    with pytest.raises(PermissionError, match="file is write-protected; give another name"):
        files.write(path, put(b"hello again"))
    protected[:] = [tmp_path]
    with pytest.raises(PermissionError, match=r"the folder .* is write-protected"):
        files.write(tmp_path / "new", put(b"hello"))
    assert path.read_bytes() == b"hello"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("path", [3, None, io.BytesIO(), b"name", "a\0b"])
def test_what_is_no_path_is_said(path):
    with pytest.raises(ValidationError, match="path: must be a path, got"):
        files.write(path, put(b"hello"))


def test_arrays_are_loaded(tmp_path):
    np.savez(tmp_path / "arrays.npz", x=np.arange(3))
    arrays = files.load_arrays(tmp_path / "arrays.npz", "a data set", "Save one.")
    np.testing.assert_array_equal(arrays["x"], [0, 1, 2])


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("absent.npz", FileNotFoundError, "absent.npz: no such file"),
        ("folder", FileFormatError, "folder cannot be read as a data set: it is a folder. Save"),
        ("n" * 300, OSError, "nnn cannot be read as a data set: File name too long"),
        ("text.npz", FileFormatError, "as a data set: it is no .npz file. Save one."),
        ("single.npy", FileFormatError, "it holds a single array. Save one."),
        ("objects.npz", FileFormatError, "array .x. holds Python objects, as pickle"),
        ("cut.npz", FileFormatError, "cut.npz cannot be read as a data set: its end is missing"),
    ],
)
def test_what_is_no_file_of_arrays_is_said(tmp_path, name, error, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.npz").write_text("no zip")
    np.save(tmp_path / "single.npy", np.arange(3))
    np.savez(tmp_path / "objects.npz", x=np.array([1, "a"], dtype=object))
    np.savez(tmp_path / "whole.npz", x=np.arange(300))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:1000])
    with pytest.raises(error, match=message):
        files.load_arrays(tmp_path / name, "a data set", "Save one.")


@pytest.mark.parametrize("read", [files.load_arrays, files.map_array])
def test_a_device_or_a_pipe_has_no_end_or_no_beginning(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "zeros.npy").symlink_to("/dev/zero")
    for name in ("pipe.npy", "zeros.npy"):
        with pytest.raises(FileFormatError, match=f"{name} .* it is a pipe or a device, must be"):
            read(tmp_path / name, "a data set", "Save one.")


def bomb(path, shape, dtype="<f8", content=b""):
    """Write an archive whose array declares a shape, whatever is in it."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header.getvalue() + content)


@pytest.mark.parametrize(
    ("shape", "content", "match"),
    [
        ((2**40,), b"", "declares the shape .1099511627776,., more than is there"),
        ((2**20, 2**62), b"", "more than is there"),
        ((100,), bytes(800), "declares 800 bytes of data, more than the limit of 799"),
    ],
)
def test_what_arrays_declare_is_checked_before_they_are_read(tmp_path, shape, content, match):
    bomb(tmp_path / "x.npz", shape, content=content)
    with pytest.raises(FileFormatError, match=match):
        files.load_arrays(tmp_path / "x.npz", "a stack", "Save it.", DATA._replace(most=799))
    if content:
        bomb(tmp_path / "x.npz", shape, "|i1", content)  # a byte each, and eight when used
        with pytest.raises(FileFormatError, match=match):
            files.load_arrays(tmp_path / "x.npz", "a stack", "Save it.", DATA._replace(most=799))


def test_a_file_that_unpacks_to_more_than_any_file_can_is_not_unpacked(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros(100))
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24  # of the member, in the zip file's directory
    content[size : size + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="array 'a' declares 2147483648 bytes of data, more"):
        files.load_arrays(path, "a stack", "Save it.", DATA)


def test_arrays_of_one_file_have_a_limit_together(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", **{f"a{n}": np.zeros(2**10) for n in range(20)})
    with pytest.raises(FileFormatError, match="'a16' declares 8192 bytes of data after 131072"):
        files.load_arrays(tmp_path / "x.npz", "a stack", "Save it.", DATA._replace(most=2**17))


STACKS = [nengo_dense.DenseStack([n, 3], n, seed=0) for n in (4, 60)]


def save_report(path):
    with nengo.Network() as network:
        network.add(STACKS[0])
    nengo_dense.check(network, run=0, build=False).save_html(path)


@pytest.mark.parametrize(("name", "save"), [("s.npz", STACKS[0].save), ("r.html", save_report)])
def test_whatever_is_saved_takes_the_place_of_its_like_alone(tmp_path, name, save):
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    path = tmp_path / name
    for content in (b"\x89HDF a model", b"PK\x03\x04 a data set", b"<html><body>a page"):
        path.write_bytes(content)
        with pytest.raises(FileExistsError, match=f"{name} exists and is not a"):
            save(path)
        assert path.read_bytes() == content
    path.unlink()
    save(path)
    save(path)
    assert names(tmp_path) == [name]


def test_a_stack_is_not_written_over_a_data_set(tmp_path):
    path = tmp_path / "letter.npz"
    np.savez(path, x=np.ones((3, 4)), header=np.array("of the table"))
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"letter\.npz exists and is not a saved DenseStack"):
        STACKS[0].save(path)
    assert path.read_bytes() == before


def test_a_stack_for_which_there_is_no_space_leaves_the_old_one(tmp_path):
    path = tmp_path / "stack.npz"
    small, large = STACKS
    small.save(path)
    before = path.read_bytes()
    message = r"stack\.npz cannot be written: File too large"
    with full_disk(2000), pytest.raises(OSError, match=message):
        large.save(path)
    assert path.read_bytes() == before
    assert nengo_dense.DenseStack.load(path).units == small.units


def test_json_is_read_up_to_its_limit(monkeypatch):
    monkeypatch.setattr(files, "TEXT", Limit(9, "bytes of text"))
    assert files.read_json(io.BytesIO(b'{"a": 12}')) == {"a": 12}
    with pytest.raises(ValueError, match="more than the limit of 9 bytes of text"):
        files.read_json(io.BytesIO(b'{"a": 123}'))


def test_a_document_is_only_made_if_it_can_be_written(tmp_path):
    path = tmp_path / "page.html"
    files.write_document(path, lambda: "Zürich")
    assert path.read_bytes() == "Zürich".encode()
    made, foreign = [], files.Kind("a page of a run", lambda file: False)
    with pytest.raises(FileExistsError, match="exists and is not a page of a run"):
        files.write_document(path, lambda: made.append("made"), kind=foreign)
    with pytest.raises(ZeroDivisionError, match="by zero"):
        files.write_document(path, lambda: str(1 / 0))
    assert not made
    assert path.read_bytes() == "Zürich".encode()


SOURCE = sorted(Path(nengo_dense.__file__).parent.rglob("*.py"))
MODES = {"w", "wb", "a", "ab", "x", "xb", "r+", "r+b"}


def writes(call):
    """Tell whether a call opens a file by its name to write into it."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    constants = [*call.args, *(keyword.value for keyword in call.keywords)]
    words = {item.value for item in constants if isinstance(item, ast.Constant)}
    if name == "savefig":  # into an open file, matplotlib must be told the format
        return "format" not in [keyword.arg for keyword in call.keywords]
    if name in ("savez", "savez_compressed"):  # an open file is called so in this package
        return ast.unparse(call.args[0]) != "file"
    return name in ("write_text", "write_bytes") or (name == "open" and bool(words & MODES))


def test_one_module_opens_files_to_write_into_them():
    found = {}
    for path in SOURCE:
        calls = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        wrong = [
            ast.unparse(node) for node in calls if isinstance(node, ast.Call) and writes(node)
        ]
        if wrong:
            found[path.name] = wrong
    assert list(found) == ["files.py"], found
    assert len(found["files.py"]) == 3


def test_arrays_that_could_not_be_read_again_are_not_written(tmp_path):
    path = tmp_path / "kept.npz"
    files.write_arrays(path, {"a": np.zeros(3)})
    before = path.read_bytes()
    small = Limit(79, "bytes of data")
    files.write_arrays(tmp_path / "whole.npz", {"a": np.zeros(9, np.int8)}, limit=small)
    with pytest.raises(
        FileFormatError, match=r"kept.npz is not written: .* hold 80 bytes of data"
    ):
        files.write_arrays(path, {"a": np.zeros(10, np.int8)}, limit=small)
    assert path.read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no full device")
def test_a_full_device_is_named():
    with pytest.raises(OSError, match=r"^/dev/full cannot be written: No space left on device$"):
        files.write("/dev/full", put(b"hello"))


class Interrupting:
    """A file that is interrupted after some bytes."""

    def __init__(self, file, left):
        self.file, self.left = file, left

    def write(self, content):
        self.file.write(bytes(content)[: self.left])
        raise KeyboardInterrupt


@pytest.mark.parametrize("ending", ["full disk", "Ctrl-C"])
def test_none_of_fifty_broken_saves_loses_the_old_stack(tmp_path, ending, monkeypatch):
    path = tmp_path / "s.npz"
    nengo_dense.DenseStack([6, 5, 3], 4, seed=0).save(path)
    old, large = path.read_bytes(), nengo_dense.DenseStack([30, 20, 3], 30, seed=0)
    write = files.write
    for n in range(1, 51):
        with contextlib.ExitStack() as stack:
            if ending == "full disk":
                stack.enter_context(full_disk(40 * n))
                stack.enter_context(
                    pytest.raises(OSError, match=r"s\.npz cannot be written: File")
                )
            else:
                monkeypatch.setattr(
                    files,
                    "write",
                    lambda path, produce, n=n, **kind: write(
                        path, lambda file: produce(Interrupting(file, 40 * n)), **kind
                    ),
                )
                stack.enter_context(pytest.raises(KeyboardInterrupt))
            large.save(path)
        assert path.read_bytes() == old
        assert names(tmp_path) == ["s.npz"]
