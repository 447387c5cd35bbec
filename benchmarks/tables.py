"""Write the tables of README and documentation from what was measured.

    make tables            # or: python benchmarks/tables.py

The figures come from ``benchmarks/results``, where benchmarks write them with ``--json``. Nothing
else in README and documentation states a measured figure that a table holds; a test compares.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cost_picture
import curve
import record

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "measured"
#: Between these two lines of README.rst stands a table.
BEGIN, END = ".. measured: begin", ".. measured: end"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a simple table of reStructuredText.

    >>> print(table(["a", "bc"], [["1", "2"]]), end="")
    =  ==
    a  bc
    =  ==
    1  2
    =  ==
    """
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


def circumstances(*records: dict) -> str:
    """Say on what, when and by which command something was measured."""
    first = records[0]
    versions = ", ".join(f"{name} {version}" for name, version in first["versions"].items())
    commands = " and ".join(dict.fromkeys(f"``{r['command']}``" for r in records))
    return (
        f"{first['measured']}, {first['processor']}, Python {first['python']}, {versions}; "
        f"{commands}.\n"
    )


def signed(value: float) -> str:
    """Write points of accuracy, with a real minus sign.

    >>> signed(-0.021), signed(0.004)
    ('−0.02', '0.00')
    """
    text = f"{value:.2f}"
    return "0.00" if text in ("-0.00", "0.00") else text.replace("-", "−")


def gaps(figure: dict, method: str) -> list[str]:
    """Write a method's gap at each length of presentation."""
    return [signed(gap) for gap in figure["methods"][method]["gap"]]


def interval(triple: Sequence[float]) -> str:
    """Write an accuracy with its interval, all in per cent."""
    return "{:.2f} % ({:.2f} to {:.2f})".format(*triple)


def parity_records() -> list[dict]:
    """Return what was measured of conversion, both ways of encoding where both were."""
    return [record.load(name) for name in ("parity", "parity_spikes") if measured(name)]


def parity() -> str:
    """Say what conversion loses, per data set."""
    records = parity_records()
    rows = []
    for figure in (figure for r in records for figure in r["figures"]):
        (method,) = figure["methods"]
        name = f"{figure['data']} {'-'.join(map(str, figure['units']))}, ``{figure['encoding']}``"
        last = figure["methods"][method]["accuracy"][-1]
        row = [name, len(figure["seeds"]), *gaps(figure, method)]
        rows.append([*row, interval(figure["source"]), interval(last)])
    head = ["data, hidden layers, encoding", "seeds", "25 steps", "50 steps", "100 steps"]
    return table([*head, "source", "chip, 100 steps"], rows) + "\n" + circumstances(*records)


def energy(found: dict, method: str) -> str:
    """Write the energy of a presentation of the length that a stack is tuned for, or the longest.

    >>> energy({"steps": [10, 100], "joules": [1e-7, 1e-6]}, "tuned for 10 steps")
    '0.10 µJ'
    """
    if "joules" not in found:
        return ""
    own = [n for n in found["steps"] if method == f"tuned for {n} steps"] or found["steps"][-1:]
    return f"{1e6 * found['joules'][found['steps'].index(own[0])]:.2f} µJ"


def short_records() -> list[dict]:
    """Return what was measured of short presentations."""
    return [record.load(name) for name in ("short", "short_mnist") if measured(name)]


def short() -> str:
    """Say what stacks lose that are tuned for one length of presentation, read at several."""
    found = lengths(*short_records())
    return found + (PICTURE if curves_measured() else "")


def short_seeds() -> str:
    """Say the same of many more seeds."""
    return lengths(record.load("short_seeds"))


def lengths(*records: dict) -> str:
    """Write what is lost by stacks that are tuned for one length, read at several."""
    rows = []
    for figure in (figure for r in records for figure in r["figures"]):
        name = f"{figure['data']} {'-'.join(map(str, figure['units']))}, ``{figure['encoding']}``"
        for method, found in figure["methods"].items():
            seconds = f"{found['processor_seconds']:.2g} s"
            row = [name, len(figure["seeds"]), method, *gaps(figure, method), seconds]
            rows.append([*row, energy(found, method)])
    steps = records[0]["figures"][0]["methods"]["not tuned"]["steps"]
    head = ["data, hidden layers, encoding", "seeds", "stack", *(f"{n} steps" for n in steps)]
    head += ["processor time", "energy"]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    return table(head, rows) + "\n" + circumstances(*records)


def short_picture() -> str:
    """Draw the accuracy after every step, of stacks before tuning and after it."""
    panels = []
    for figure in (figure for r in short_records() for figure in r["figures"]):
        lines = {name: found["over_time"] for name, found in figure["methods"].items()}
        title = f"{figure['data']} {'-'.join(map(str, figure['units']))}, {figure['encoding']}"
        panels.append((f"{title}: accuracy after steps of 1 ms", lines, figure["source"][0]))
    return curve.draw(panels)


def ablation() -> str:
    """Say what each part of conversion contributes, at each length of presentation."""
    known, rows = record.load("ablation"), []
    names = [name for figure in known["figures"] for name in figure["methods"]]
    lengths = [n for n in SHORT_STEPS if any(name.endswith(f", {n} steps") for name in names)]
    for figure in known["figures"]:
        methods = figure["methods"]
        for name in dict.fromkeys(name.rpartition(", ")[0] for name in methods):
            found = [methods[f"{name}, {n} steps"] for n in lengths]
            read = zip(found, lengths, strict=True)
            row = [signed(method["gap"][method["steps"].index(n)]) for method, n in read]
            rows.append([f"{figure['data']}, ``{figure['encoding']}``", name, *row])
    head = ["data, encoding", "stack", *(f"{n} steps" for n in lengths)]
    return table(head, rows) + "\n" + circumstances(known)


def activations() -> str:
    """Say what is lost of other activations, branches and values, and what they cost."""
    known = record.load("activations")
    rows = []
    for figure in known["figures"]:
        unit = " %" if figure["model"] == "autoencoder" else ""
        source = f"{figure['source']:.3g}" if unit else f"{figure['source']:.2f} %"
        rows.append(
            [
                f"{figure['data']}, {figure['model'].replace('_', ' ')}",
                figure["n_seeds"],
                source,
                *(signed(gap) + unit for gap in figure["gap"]),
                f"{figure['neurons']:.0f}",
                f"{figure['cores']:.0f}",
                f"{1e-3 * figure['synaptic_operations']:.0f} k",
            ]
        )
    steps = [f"gap, {n} steps" for n in known["figures"][0]["steps"]]
    head = ["data, model", "seeds", "source", *steps, "neurons", "cores", "synaptic operations"]
    return table(head, rows) + "\n" + circumstances(known)


def emulator_records() -> list[dict]:
    """Return how fast the emulator is, on each processor that it was measured on."""
    return [record.load(name) for name in ("emulator", "emulator_amd") if measured(name)]


def times_faster(row: dict) -> float:
    """Return how many times as fast as nengo-loihi."""
    return row["nengo_loihi"] / row["ours"]


def emulator() -> str:
    """Say how long a presentation takes."""
    head = ["network", "lanes", "a presentation of 100 steps", "in nengo-loihi", "ratio"]
    parts = []
    for known in emulator_records():
        rows = [
            [
                row["network"],
                row["lanes"],
                f"{1e6 * row['ours']:.3g} µs",
                f"{1e3 * row['nengo_loihi']:.3g} ms",
                f"{times_faster(row):.0f} ×",
            ]
            for row in known["figures"]["table"]
        ]
        more = more_of_emulator(known["figures"], picture=not parts)
        parts += [table(head, rows), *more, circumstances(known)]
    return "\n".join(parts)


def torch_on_device() -> str:
    """Say how long the same dynamics take in PyTorch on a graphics processor."""
    known = record.load("torch_device")
    figures = known["figures"]
    found = by(figures["rows"], "network")
    head = ["a presentation in PyTorch", *(f"{row['lanes']:,} at once" for row in found[0][1])]
    rows = [[name, *(f"{1e6 * row['torch']:.2g} µs" for row in mine)] for (name,), mine in found]
    where = f"{known['measured']}, {figures['device']}, torch {figures['torch']}"
    return f"{table(head, rows)}\n{where}; ``{known['command']}``.\n"


def more_of_emulator(figures: dict, picture: bool) -> list[str]:
    """Say how the emulator compares with PyTorch and what many lanes cost, where it is known."""
    parts = []
    if "torch" in figures:
        rows = [
            [row["network"], *(f"{1e6 * row[name]:.3g} µs" for name in ("ours", "torch"))]
            for row in figures["torch"]
        ]
        lanes = figures["torch"][0]["lanes"]
        parts.append(
            f"The same dynamics as a loop of PyTorch in floats of 32 bits, {lanes} samples at "
            "once, two threads, not exact (``benchmarks/torch_loop.py``):\n"
        )
        parts.append(table(["network", "a presentation", "in PyTorch"], rows))
    if "lanes" in figures and picture:
        parts.append(
            ".. image:: measured/lanes.svg\n   :alt: Time of a presentation, by lanes at once\n"
        )
    if "presentations" in figures:
        row = figures["presentations"]
        parts.append(
            f"``predict`` of {row['presentations']:,} samples through {row['network']}, with "
            f"building: {1e6 * row['seconds']:.3g} µs each.\n"
        )
    return parts


def startup() -> str:
    """Say how long a fresh process takes to its first result."""
    known = record.load("startup")
    rows = []
    for (what, n), mine in by(known["figures"], "what", "samples"):
        seconds = [f"{row['marks']['first result'][1]:.2g} s" for row in mine[:2]]
        compiling = "yes" if mine[0]["compiled"] else "no"
        rows.append([f"``{what}``, {n:,} samples", *seconds, compiling])
    head = ["what a process does first", "on a new machine", "after that", "compiles"]
    return f"{table(head, rows)}\nProcessor seconds, with imports. {circumstances(known)}"


def fits() -> str:
    """Say how many rectifiers smooth activations take."""
    known = record.load("fits")
    errors = [row["error"] for row in next(iter(known["figures"].values()))]
    rows = [
        [f"``{label.replace(', ', '``, ``')}``"]
        + [text for r in mine for text in (str(r["rectifiers"]), f"{r['largest']:.2g}")]
        for label, mine in known["figures"].items()
    ]
    head = ["activation", *(text for error in errors for text in (f"at {error:g}", "largest"))]
    return f"{table(head, rows)}\n{circumstances(known)}"


def suites() -> str:
    """Say which of other packages' tests pass."""
    records = {name: record.load(f"suites_{name}") for name in ("nengo", "nengo_loihi")}
    rows = [
        [name, *r["figures"]["passed"], len(r["figures"]["lost"])] for name, r in records.items()
    ]
    head = ["tests of", "pass with nengo-loihi", "pass with nengo_dense", "lost"]
    return table(head, rows) + "\n" + circumstances(*records.values())


def exactness() -> str:
    """Say how many values were compared."""
    known = record.load("exactness")
    figures = known["figures"]
    n = figures["lanes"]
    return (
        f"{figures['differing']} of {figures['values']:,} values differ, in "
        f"{figures['steps']:.3g} compartment-steps of {figures['networks']} random networks, "
        f"each in {n} lane{'s' * (n > 1)}. " + circumstances(known)
    ) + (exactness_wide() if measured("exactness_wide") else "")


def exactness_wide() -> str:
    """Say how many values of estimated first layers were compared."""
    known = record.load("exactness_wide")
    figures = known["figures"]
    return (
        f"\nWhere the first layer is estimated: {figures['differing']} values differ, of "
        f"{figures['values']:,} held against a run without estimates, and of "
        f"{figures['nengo_loihi_values']:,} (one lane of each stack) against nengo-loihi, in "
        f"{figures['steps']:.3g} compartment-steps of {figures['networks']} random stacks. Of "
        f"{figures['estimated_lanes']:,} lanes {figures['lanes_again']:,} fired again. "
        + circumstances(known)
    )


def export_spikes() -> str:
    """Say how many spikes of exported networks were compared."""
    known = record.load("export")
    rows = []
    for target, name in RUN_AS.items():
        for row in together(known["figures"][target]):
            sizes = [f"{row[key]:,}" if key in row else "–" for key in SIZES]
            rows.append([name, row["network"], *(f"{row[key]:,}" for key in COUNTS), *sizes])
    head = ["run as", "network", "neuron-steps", "spikes", "differing"]
    return table([*head, "code, bytes", "RAM, bytes"], rows) + "\n" + circumstances(known)


#: Where exported networks were run.
RUN_AS = {"c": "C, gcc", "lava": "netx, Lava 0.10.0", "brian": "netx, brian2-loihi 0.5.2"}
COUNTS = ("neuron_steps", "spikes", "differing")
SIZES = ("code_and_tables_bytes", "state_bytes")


def together(rows: Sequence[dict]) -> list[dict]:
    """Add up what was counted of networks of random parameters, last.

    >>> together([{"network": "random_1", "neuron_steps": 2, "spikes": 1, "differing": 0}])
    [{'network': '1 random networks', 'neuron_steps': 2, 'spikes': 1, 'differing': 0}]
    """
    random = [row for row in rows if row["network"].startswith("random_")]
    others = [row for row in rows if row not in random]
    if not random:
        return others
    sums = {key: sum(row[key] for row in random) for key in COUNTS}
    return [*others, {"network": f"{len(random)} random networks", **sums}]


def export_seconds() -> str:
    """Say how long a wide network takes to write."""
    known = record.load("export")
    rows = [[f"``{end}``", f"{s:.2f} s"] for end, s in known["figures"]["seconds"].items()]
    return table(["file", "seconds"], rows) + "\n" + circumstances(known)


def export_readers() -> str:
    """Say how right readers of NIR are, beside our integers."""
    known = record.load("export")
    rows = [
        [
            row["reader"],
            row["data"],
            row["input"],
            f"{row['samples']:,}",
            f"{row['accuracy']:.2f} %",
            f"{row['ours']:.2f} %",
            f"{row['same_answers']:.2f} %",
        ]
        for row in known["figures"]["nir"]
    ]
    head = ["reader", "data", "input", "samples", "right there", "right here", "same answers"]
    return table(head, rows) + "\n" + circumstances(known)


def training(task: str) -> str:
    """Say what ways of training lead to."""
    known = record.load(f"training_{task}")
    rows = known["figures"]
    steps = sorted({int(n) for row in rows for n in row["chip"]})
    ways = list(dict.fromkeys(row["way"] for row in rows))
    lines = []
    for way in ways:
        mine = [row for row in rows if row["way"] == way]
        values = [[row["chip"].get(str(n), row["source"]) for row in mine] for n in steps]
        lines.append([way, *(f"{100 * sum(v) / len(v):.2f}" for v in values)])
    return table([task, *(f"{n} steps" for n in steps)], lines) + "\n" + circumstances(known)


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


def mean(rows: Sequence[dict], key: str) -> float:
    """Return the mean of a figure over seeds."""
    return sum(row[key] for row in rows) / len(rows)


def by(rows: Sequence[dict], *keys: str) -> list[tuple[list, list[dict]]]:
    """Gather rows with the same values of some keys, in the order in which they come."""
    found: dict[tuple, list[dict]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [(list(key), rows) for key, rows in found.items()]


def tasks() -> str:
    """Say what is lost where values or several labels are asked for."""
    known = record.load("tasks")
    rows = []
    for part, measure in (("regression", "R2"), ("labels", "macro F1")):
        for (name,), found in by(known["figures"].get(part, []), "data"):
            gap = mean(found, "source") - mean(found, "chip")
            worst = max(row["source"] - row["chip"] for row in found)
            values = [f"{mean(found, key):.4f}" for key in ("source", "chip")]
            gaps = [f"{value:.4f}".replace("-", "−") for value in (gap, worst)]
            rows.append([f"{name}, {measure}", len(found), *values, *gaps])
    head = ["data", "seeds", "source", "chip, 100 steps", "mean gap", "largest gap"]
    return table(head, rows) + "\n" + circumstances(known)


def streams() -> str:
    """Say what samples lose that follow one another without a reset."""
    known = record.load("tasks")
    rows = []
    for (name, steps), found in by(known["figures"]["streams"], "data", "steps"):
        losses = [sum(row["losses"][i] for row in found) / len(found) for i in range(4)]
        rows.append([name, steps, len(found), *map(signed, losses)])
    head = ["data", "steps", "seeds", *(f"gap {ms} ms" for ms in (0, 10, 20, 50))]
    return table(head, rows) + "\n" + circumstances(known)


def decisions() -> str:
    """Say how early answers come."""
    known = record.load("tasks")
    rows = []
    for (name,), found in by(known["figures"]["decisions"], "data"):
        lost = 100 * (mean(found, "whole") - mean(found, "accuracy"))
        whole, early, good = (
            f"{1000 * mean(found, key):.1f} ms"
            for key in ("presentation_time", "latency", "as_good")
        )
        rows.append([name, len(found), whole, early, signed(lost), good])
    head = ["data", "seeds", "whole time", "mean, margin", "points lost", "mean, 0.2 points lost"]
    return table(head, rows) + "\n" + circumstances(known)


def overview() -> str:
    """Write README's table: the few figures that matter."""
    rows = []
    for figure in (figure for parity in parity_records() for figure in parity["figures"]):
        (method,) = figure["methods"]
        what = f"{figure['data']} {'-'.join(map(str, figure['units']))}, {figure['encoding']}"
        value = ", ".join(gaps(figure, method)) + " points"
        rows.append([f"accuracy lost after 25, 50, 100 steps, {what}", value])
    for (network, lanes), mine in by(
        [row for known in emulator_records() for row in known["figures"]["table"]],
        "network",
        "lanes",
    ):
        if lanes > 1:
            ratios = sorted(map(times_faster, mine))
            value = f"{ratios[0]:.0f} to {ratios[-1]:.0f} ×"
            where = f"{lanes} lanes, {len(mine)} processors"
            rows.append([f"speed against nengo-loihi, {network}, {where}", value])
    figures = record.load("exactness")["figures"]
    what = f"values that differ from nengo-loihi's emulator, of {figures['values']:,}"
    rows.append([what, str(figures["differing"])])
    return table(["what", "measured"], rows)


def headline() -> str:
    """Write the three numbers of the documentation's first page."""
    (figure, *_) = record.load("parity")["figures"]
    (method,) = figure["methods"]
    steps = figure["methods"][method]["steps"]
    units = "-".join(map(str, figure["units"]))
    table = record.load("emulator")["figures"]["table"]
    fastest = max(table, key=times_faster)
    exact = record.load("exactness")["figures"]
    lost = gaps(figure, method)[-1]
    sign = " (below 0: the chip is right more often)" if lost.startswith("−") else ""
    rows = [
        (
            f"{lost} points",
            f"of accuracy lost{sign} between a trained network ({figure['data']}, {units}) and "
            f"the chip's integers, after {steps[-1]} steps; {len(figure['seeds'])} seeds, whole "
            "test sets",
        ),
        (
            f"{times_faster(fastest):.0f} ×",
            f"the speed of nengo-loihi's emulator ({fastest['network']}, {fastest['lanes']} "
            "samples at once)",
        ),
        (
            str(exact["differing"]),
            f"of {exact['values']:,} spikes, voltages and currents differ from that emulator's",
        ),
    ]
    lines = "".join(f"   * - **{value}**\n     - {words}\n" for value, words in rows)
    return f".. list-table::\n   :widths: 20 80\n\n{lines}"


def sequences() -> str:
    """Say how many answers are the source's, by what stacks were tuned on."""
    known = record.load("sequences")
    figures = known["figures"]
    times = [f"{1000 * figure['frame_time']:g} ms a frame" for figure in figures]
    head = ["calibration", *(f"{what}, {time}" for what in ("words", "frames") for time in times)]
    rows = [
        [name, *(f"{f['agreement'][name][what]:.1f}" for what in (0, 1) for f in figures)]
        for name in figures[0]["agreement"]
    ]
    return table(head, rows) + "\n" + circumstances(known)


#: Stands below the table of stacks that are tuned for several lengths.
PICTURE = """
.. image:: measured/short.svg
   :alt: Accuracy after every step: not tuned, and tuned for 10, 25, 50 and 100 steps
"""
#: What a page says that other pages include, until it is measured.
UNMEASURED = ".. not measured yet\n"
#: Lengths of presentations that stacks are tuned for.
SHORT_STEPS = (10, 25, 50, 100)

#: File in docs/measured -> what writes it.
PAGES = {
    "headline": headline,
    "parity": parity,
    "short": short,
    "short_seeds": short_seeds,
    "ablation": ablation,
    "activations": activations,
    "emulator": emulator,
    "torch_device": torch_on_device,
    "startup": startup,
    "sequences": sequences,
    "fits": fits,
    "suites": suites,
    "exactness": exactness,
    "fuzz_files": fuzz_files,
    "fuzz_models": fuzz_models,
    "fuzz_arguments": fuzz_arguments,
    "saves": saves,
    "export_spikes": export_spikes,
    "export_readers": export_readers,
    "export_seconds": export_seconds,
    "tasks": tasks,
    "tasks_streams": streams,
    "tasks_decisions": decisions,
    "training_letter": lambda: training("letter"),
    "training_digits": lambda: training("digits"),
}


#: Page -> the record that it needs, where that is not its name.
NEEDS = {
    "export_readers": "export",
    "export_seconds": "export",
    "export_spikes": "export",
    "headline": "exactness",
    "suites": "suites_nengo",
    "tasks_decisions": "tasks",
    "tasks_streams": "tasks",
}


def measured(name: str) -> bool:
    """Tell whether there is a record of this name."""
    return (record.RESULTS / f"{name}.json").exists()


def curves_measured() -> bool:
    """Tell whether the accuracy after every step is known of stacks for several lengths."""
    figures = record.load("short")["figures"] if measured("short") else []
    return bool(figures) and all(
        "over_time" in found for figure in figures for found in figure["methods"].values()
    )


def files() -> dict[Path, str]:
    """Return every file that is written, with its text; nothing of what was not measured."""
    pages = {name: write for name, write in PAGES.items() if measured(NEEDS.get(name, name))}
    for name in ("ablation", "activations", "fuzz_arguments", "saves"):  # other pages include them
        pages.setdefault(name, lambda: UNMEASURED)
    texts = {DOCS / f"{name}.rst": write() for name, write in pages.items()}
    if curves_measured():
        texts[DOCS / "short.svg"] = short_picture()
    cost = record.load("emulator")["figures"].get("lanes") if measured("emulator") else None
    if cost:
        texts[DOCS / "lanes.svg"] = cost_picture.draw(cost)
    readme = ROOT / "README.rst"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return texts | {readme: f"{before}{BEGIN}\n\n{overview()}\n{END}{after}"}


def main():
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    DOCS.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
