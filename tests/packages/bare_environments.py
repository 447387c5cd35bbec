"""Build wheel and sdist, and try them where nothing else is installed, on every Python found.

Each environment is a new one, with the pip that comes with its Python. The wheel is installed with
what the page on installation names, ``pip check`` must find nothing, and `first_use.py` must pass.
The sdist must hold what the repository holds. ``[dl]`` is resolved, not installed: no package but
those that have no wheel may come as source.

    python tests/packages/bare_environments.py [--pythons python3.11 ...] [--folder FOLDER]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.10", "python3.11", "python3.12", "python3.13")
#: Pythons for which there is a TensorFlow below 2.13.
PYTHONS_DL = ("python3.10", "python3.11")
#: There is no wheel of these on PyPI; they are pure Python and need no compiler.
SOURCE_ONLY = {"nengo-dl", "nengo-extras", "progressbar2"}
#: In the repository, for git alone.
FOR_GIT = {".gitignore"}


class Failed(Exception):
    """A step that did not do what it must."""


def run(*command, cwd=None):
    """Run a command to its end, without a path to modules that are not installed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Failed("\n".join([" ".join(map(str, command)), *lines[-25:]]))
    return done.stdout.strip()


def build(folder):
    """Build both packages with the tool that everybody uses; return their paths."""
    tool = environment(folder / "build-env", sys.executable)
    run(tool, "-m", "pip", "install", "--quiet", "build", "twine")
    # the sdist first, and the wheel from it, as for a release
    run(tool, "-m", "build", "--outdir", folder / "dist", ROOT)
    (wheel,), (sdist,) = ((folder / "dist").glob(kind) for kind in ("*.whl", "*.tar.gz"))
    run(tool, "-m", "twine", "check", "--strict", wheel, sdist)
    return wheel, sdist


def environment(folder, python):
    """Make an environment; return its Python."""
    run(python, "-m", "venv", folder)
    return folder / "bin" / "python"


def check_sdist(sdist):
    """Compare the sdist's files with the repository's."""
    with tarfile.open(sdist) as archive:
        names = [member.name for member in archive.getmembers() if member.isfile()]
    packed = {name.partition("/")[2] for name in names}
    kept = set(run("git", "-C", ROOT, "ls-files", "-z").split("\0")) - {""} - FOR_GIT
    made = {name for name in packed if name == "PKG-INFO" or ".egg-info/" in name}
    made.add("setup.cfg")  # written anew, with the same lines
    missing, more = kept - packed - made, packed - kept - made
    if missing or more:
        raise Failed(f"the sdist lacks {sorted(missing)} and holds {sorted(more)} besides")


def try_wheel(wheel, python, folder):
    """Install and use the wheel in a new environment; return what was installed there."""
    inside = environment(folder, python)
    pip = run(inside, "-m", "pip", "--version").split()[1]
    run(inside, "-m", "pip", "install", f"{wheel}[demo]")
    run(inside, "-m", "pip", "check")
    used = folder / "used"
    used.mkdir()
    run(inside, ROOT / "tests" / "packages" / "first_use.py", used, cwd=used)
    version = (
        "import platform, nengo, numpy;"
        "print('Python', platform.python_version(), 'NumPy', numpy.__version__,"
        " 'Nengo', nengo.__version__)"
    )
    return f"{run(inside, '-W', 'ignore', '-c', version)} pip {pip}"


def resolve_dl(wheel, python, folder):
    """Let a bare environment's pip choose the packages of NengoDL's extra, without a build."""
    inside = environment(folder, python)
    pip = run(inside, "-m", "pip", "--version").split()[1]
    report = folder / "report.json"
    what = f"{wheel}[dl,plot,sklearn]"
    run(inside, "-m", "pip", "install", "--quiet", "--dry-run", "--report", report, what)
    chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    source = {
        item["metadata"]["name"].lower().replace("_", "-")
        for item in chosen
        if not item["download_info"]["url"].endswith(".whl")
    }
    if source - SOURCE_ONLY:
        raise Failed(f"pip {pip} builds {sorted(source - SOURCE_ONLY)} from source")
    return f"pip {pip} chose {len(chosen)} packages, from source {sorted(source)}"


def attempt(name, step, *args):
    """Run one step, print its line, and tell whether it passed."""
    start = time.monotonic()
    try:
        said = step(*args)
    except Failed as err:
        print(f"FAILED  {name}\n{err}", flush=True)
        return False
    print(f"passed  {name:<24} {time.monotonic() - start:4.0f} s  {said or ''}", flush=True)
    return True


def main():
    """Try everything; the exit code is 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pythons", nargs="+", default=PYTHONS)
    parser.add_argument("--folder", type=Path, help="kept; default: a new one, removed at the end")
    args = parser.parse_args()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="nengo-dense-packages-"))
    print("building wheel and sdist, some 30 seconds; then some minutes a Python", flush=True)
    try:
        wheel, sdist = build(folder)
        passed = [attempt("sdist", check_sdist, sdist)]
        for python in args.pythons:
            if not runs(python):
                print(f"not run {python}: it is not here", flush=True)
                continue
            passed.append(attempt(python, try_wheel, wheel, python, folder / python))
            if python in PYTHONS_DL:
                there = folder / f"{python}-dl"
                passed.append(attempt(f"{python} [dl]", resolve_dl, wheel, python, there))
    finally:
        if args.folder is None:
            shutil.rmtree(folder)
    return 0 if all(passed) and any(map(runs, args.pythons)) else 1


def runs(python):
    """Tell whether an interpreter is here: a name on PATH can be a stub that does not run."""
    try:
        run(python, "-c", "")
    except (Failed, OSError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
