"""Tables of damaged files, twisted models, wrong arguments and interrupted saves."""

from collections import Counter

import record
from table_text import circumstances, table

#: Formats of damaged files -> their names.
FILES = {
    "stack": "saved stacks",
    "npz": "data sets (.npz)",
    "npy": "arrays (.npy)",
    "report": "reports (JSON)",
    "nir": "NIR files",
    "h5": "Keras files (.h5)",
    "keras": "Keras files (.keras)",
}
#: What the first runs found: files, bare errors, beyond 30 s, beyond 2 GiB, interpreters ended.
FIRST_FILES = {
    "first run, all formats": (13_000, 18, 9, 1, 0),
    "first run, metadata of HDF5": (5_000, 0, 3, 0, 4),
}


def fuzz_files() -> str:
    """Say what came of damaged files, and of the first runs."""
    known = record.load("fuzz_files")
    figures = known["figures"]
    rows = [[name, f"{n:,}", "", "", "", *others] for name, (n, *others) in FIRST_FILES.items()]
    for kind in filter(figures.get, FILES):
        counts = Counter(figures[kind])
        del counts["slowest_s"]
        read, lost = counts["result"], counts["its process ended"]
        bad = [counts["bare"], counts["hang"]]
        named = sum(counts.values()) - read - lost - sum(bad)
        large = int(figures["peak_bytes"][kind] > 2**31)
        row = [sum(counts.values()), read, named, lost]
        rows.append([FILES[kind], *(f"{n:,}" for n in row), *bad, large, 0])
    head = ["damaged files", "number", "read", "named errors", "libhdf5 did not survive"]
    head += ["bare errors", "longer than 30 s", "above 2 GiB", "interpreter ended"]
    commands = figures.get("commands", [known["command"]])
    return table(head, rows) + "\n" + circumstances(*(known | {"command": c} for c in commands))


def saves() -> str:
    """Say how often a save that was interrupted lost the file that was there."""
    known = record.load("saves")
    figures = known["figures"]
    rows = []
    for way in ("full disk", "Ctrl-C", "killed"):
        counts = figures[way].values()
        sums = [sum(one[key] for one in counts) for key in ("tries", "replaced", "kept")]
        rows.append([way, len(counts), sums[0], sums[0] - sums[1], sums[1], sums[0] - sums[2]])
    head = ["interrupted by", "kinds of files", "saves", "old file there", "new file there, whole"]
    return table([*head, "lost"], rows) + "\n" + circumstances(known)


def fuzz_models() -> str:
    """Say what came of twisted models."""
    known = record.load("fuzz_models")
    rows = []
    for kind, name in (("onnx", "ONNX graphs"), ("keras", "Keras files")):
        counts = Counter(known["figures"][kind])
        read, bad = counts["result"], [counts["bare"], counts["hang"]]
        named = sum(counts.values()) - read - sum(bad)
        rows.append([name, *(f"{n:,}" for n in (sum(counts.values()), read, named)), *bad])
    head = ["twisted models", "number", "read", "named errors", "bare errors", "longer than 30 s"]
    return table(head, rows) + "\n" + circumstances(known)


#: Calls of the first run of the fuzz of arguments, and how many of them ended in a bare error.
FIRST_ARGUMENTS = 5406, 511


def fuzz_arguments() -> str:
    """Say what came of wrong arguments, and of the first run."""
    known = record.load("fuzz_arguments")
    figures = known["figures"]
    total = figures["total"]
    n, bare = FIRST_ARGUMENTS
    functions = len(figures["by_function"])
    rows = [
        ["first run", "", f"{n:,}", "", "", f"{bare:,}", ""],
        [
            "now",
            str(functions),
            f"{figures['calls']:,}",
            f"{total.get('taken', 0):,}",
            f"{total.get('named', 0) + total.get('signature', 0):,}",
            f"{total.get('bare', 0):,}",
            f"{total.get('hang', 0):,}",
        ],
    ]
    head = ["run", "functions and methods", "calls", "taken", "named errors"]
    head += ["bare errors", "longer than 60 s"]
    return table(head, rows) + "\n" + circumstances(known)
