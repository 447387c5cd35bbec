"""Keep a benchmark's figures, with what they were measured on.

Every benchmark takes ``--json FILE``. The files in ``benchmarks/results`` are what README and
documentation say: ``make tables`` writes their tables from them.
"""

import json
import os
import platform
import shlex
import sys
import time
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("nengo", "nengo-loihi", "nengo-dl", "numpy", "numba", "tensorflow", "scikit-learn")


def keep(path, figures):
    """Write figures (lists and dictionaries of plain values) and the circumstances to a file."""
    record = {
        "command": command(),
        "measured": time.strftime("%B %Y"),
        "processor": processor(),
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := installed(name))},
        "figures": figures,
    }
    Path(path).write_text(json.dumps(record, indent=1, default=float) + "\n", encoding="utf-8")


def finish(path, figures):
    """Show figures without their list of faults, keep all if there is a path: the exit code."""
    print(json.dumps({key: value for key, value in figures.items() if key != "faults"}, indent=2))
    if path:
        keep(path, figures)
    return 1 if figures["faults"] else 0


def measured(name):
    """Tell whether there is a record of this name in ``benchmarks/results``."""
    return (RESULTS / f"{name}.json").exists()


def load(name):
    """Read a record of ``benchmarks/results`` by its name without suffix."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def command():
    """Return how this benchmark was called; a file's folder is nobody's business."""
    words = [Path(word).name if "/" in word else word for word in sys.argv[1:]]
    if "--json" in words:
        at = words.index("--json")
        del words[at : at + 2]
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *words])


def processor():
    """Name the processor and its number of cores."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return name
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else name}, {os.cpu_count()} cores"


def installed(package):
    """Return a package's version, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
