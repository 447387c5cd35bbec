"""Compiled functions are kept on disk until any source of theirs changes, and only then."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the compiled kernel is the extra 'fast'")

import nengo_dense

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


def run(kernel, before="", **variables):
    """Run the caller in a process of its own; return its value, and loads and misses of disk."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN.format(before=before)],
        env={**environment, "PYTHONPATH": str(kernel.parents[2]), **variables},
        cwd=kernel.parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return tuple(map(int, done.stdout.split()))


def compiled_files(kernel):
    return sorted((kernel / "__pycache__").glob("caller.combine*.nbc"))


def test_what_was_compiled_is_loaded_unless_it_is_damaged_or_any_source_has_changed(package):
    assert run(package) == (8, 0, 1)
    assert run(package) == (8, 1, 0)
    (path,) = compiled_files(package)
    (index,) = path.parent.glob("caller.combine*.nbi")
    for damaged in (path, index):
        damaged.write_bytes(damaged.read_bytes()[:100])
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


def test_nothing_is_kept_where_no_folder_can_be_written(package):
    (package / "__pycache__").touch()  # a file, where a folder would be made
    nowhere = {"XDG_CACHE_HOME": os.devnull, "LOCALAPPDATA": os.devnull, "HOME": os.devnull}
    before = "assert combine._cache.cache_path is None"
    assert run(package, before, **nowhere) == (8, 0, 1)


def test_a_folder_that_cannot_be_written_any_more_stops_nothing(package):
    before = """
import shutil, pathlib
folder = pathlib.Path(combine._cache.cache_path)
shutil.rmtree(folder)
folder.touch()
"""
    assert run(package, before) == (8, 0, 1)
