"""Compiled functions are kept on disk until any source of theirs changes, and only then."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

import nengo_dense
from nengo_dense.loihi.kernel.compilation import KeptCode

#: A compiled function whose instruction comes from another file, `.vector`.
CALLER = """
import numpy as np
from nengo_dense.loihi.kernel.compilation import compiled
from nengo_dense.loihi.kernel.vector import WIDTH, add, load, store

@compiled
def combine(a, b):
    store(a, np.uint64(0), add(load(a, np.uint64(0)), load(b, np.uint64(0))))
"""
RUN = """
import numpy as np
from nengo_dense.loihi.kernel.caller import WIDTH, combine
{before}
a, b = np.full(WIDTH, 5, np.int32), np.full(WIDTH, 3, np.int32)
combine(a, b)
stats = combine.stats
print(a[0], sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


@pytest.fixture
def package(tmp_path):
    """Copy the package, without what was compiled, and add a caller to its kernel."""
    source = Path(nengo_dense.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    copy = Path(shutil.copytree(source, tmp_path / "nengo_dense", ignore=ignored))
    kernel = copy / "loihi" / "kernel"
    (kernel / "caller.py").write_text(CALLER)
    return kernel


def start(kernel, before="", filters="error", **variables):
    """Start the caller in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")}
    return subprocess.Popen(
        [sys.executable, "-W", filters, "-c", RUN.format(before=before)],
        env={**environment, "PYTHONPATH": str(kernel.parents[2]), **variables},
        cwd=kernel.parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, said=""):
    """Return the caller's value, and loads and misses of disk."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert said in err
    assert len(err.splitlines()) == (2 if said else 0)  # Python shows the line that warned, too
    return tuple(map(int, out.split()))


def run(kernel, *arguments, said="", **variables):
    return end(start(kernel, *arguments, **variables), said)


def compiled_files(kernel):
    return sorted((kernel / "__pycache__").glob("caller.combine*.nbc"))


def test_what_was_compiled_is_loaded_unless_it_is_damaged_or_any_source_has_changed(package):
    assert run(package) == (8, 0, 1)
    assert run(package) == (8, 1, 0)
    (path,) = compiled_files(package)
    (index,) = path.parent.glob("caller.combine*.nbi")
    content = path.read_bytes()
    middle = len(content) // 2  # of the machine code
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged, wrong in ((path, flipped), (path, b""), (index, index.read_bytes()[:100])):
        damaged.write_bytes(wrong)
        assert run(package) == (8, 0, 1)
    vector = package / "vector.py"
    text = vector.read_text()
    vector.write_text(text.replace('add = _operation("add",', 'add = _operation("sub",'))
    assert run(package) == (2, 0, 1)
    assert compiled_files(package) == [path]


def test_each_version_of_numba_has_files_of_its_own(package):
    assert run(package) == (8, 0, 1)
    (path,) = compiled_files(package)
    (package / "caller.py").write_text('import numba\nnumba.__version__ = "0.1"\n' + CALLER)
    assert run(package) == (8, 0, 1)
    assert path in compiled_files(package)
    assert len(compiled_files(package)) == 2


NOWHERE = {"XDG_CACHE_HOME": os.devnull, "LOCALAPPDATA": os.devnull, "HOME": os.devnull}


@pytest.mark.parametrize("more", [{}, {"NUMBA_CACHE_DIR": os.path.join(os.devnull, "x")}])
def test_nothing_is_kept_where_no_folder_can_be_written_and_that_is_said_once(package, more):
    (package / "__pycache__").touch()  # a file, where a folder would be made
    before = "assert combine._cache.cache_path is None"
    said = "set NUMBA_CACHE_DIR to a folder that can be written"
    caller = package / "caller.py"
    caller.write_text(f"{CALLER}\nother = compiled(lambda a: a)\n")  # another that is not kept
    assert run(package, before, "default", said=said, **NOWHERE, **more) == (8, 0, 1)


def test_code_for_other_types_that_is_saved_at_once_is_not_taken_for_one_another(tmp_path):
    ours, theirs, later = (KeptCode(str(tmp_path), "f", "stamp") for _ in range(3))

    def save_data(name, data):
        theirs._load_index = dict  # they read the index before ours was there
        theirs.save("float", "for floats")
        KeptCode._save_data(ours, name, data)

    ours._save_data = save_data
    ours.save("int", "for integers")
    assert later.load("float") == "for floats"
    assert later.load("int") is None
    later.save("int", "for integers")
    assert [later.load(key) for key in ("int", "float")] == ["for integers", "for floats"]


def test_processes_that_compile_at_once_are_all_right_and_leave_what_can_be_loaded(package):
    at_once = [start(package) for _ in range(3)]
    assert [end(process)[0] for process in at_once] == [8, 8, 8]
    assert run(package) == (8, 1, 0)


def test_a_folder_that_cannot_be_written_any_more_stops_nothing(package):
    before = """
import shutil, pathlib
folder = pathlib.Path(combine._cache.cache_path)
shutil.rmtree(folder)
folder.touch()
"""
    assert run(package, before) == (8, 0, 1)
