"""Write the tables of README and documentation from what was measured.

    make tables            # or: python benchmarks/tables.py

The figures come from ``benchmarks/results``, where benchmarks write them with ``--json``. Nothing
else in README and documentation states a measured figure that a table holds; a test compares.
"""

import argparse
from pathlib import Path

import cost_picture
import record
from record import measured
from table_text import by, table
from tables_accuracy import (
    ablation,
    activations,
    curves_measured,
    decisions,
    fits,
    gaps,
    parity,
    parity_records,
    sequences,
    short,
    short_picture,
    short_seeds,
    short_streams,
    streams,
    tasks,
    training,
)
from tables_emulator import (
    emulator,
    emulator_records,
    exactness,
    startup,
    suites,
    times_faster,
    torch_on_device,
)
from tables_export import export_readers, export_seconds, export_spikes
from tables_fuzz import fuzz_arguments, fuzz_files, fuzz_models, saves

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "measured"
#: Between these two lines of README.rst stands a table.
BEGIN, END = ".. measured: begin", ".. measured: end"


def overview() -> str:
    """Write README's table: the few figures that matter."""
    rows = []
    for figure in (figure for known in parity_records() for figure in known["figures"]):
        (method,) = figure["methods"]
        what = f"{figure['data']} {'-'.join(map(str, figure['units']))}, {figure['encoding']}"
        value = ", ".join(gaps(figure, method)) + " points"
        rows.append([f"accuracy lost after 25, 50, 100 steps, {what}", value])
    for network, lanes, ratios in speeds():
        value = f"{ratios[0]:.0f} to {ratios[-1]:.0f} ×"
        where = f"{lanes} lanes, {len(ratios)} processors"
        rows.append([f"speed against nengo-loihi, {network}, {where}", value])
    figures = record.load("exactness")["figures"]
    what = f"values that differ from nengo-loihi's emulator, of {figures['values']:,}"
    rows.append([what, str(figures["differing"])])
    return table(["what", "measured"], rows)


def speeds() -> list[tuple[str, int, list[float]]]:
    """Return how many times as fast as nengo-loihi many lanes are: network, lanes, ratios.

    The ratios are those of all processors, the lowest first.
    """
    rows = [row for known in emulator_records() for row in known["figures"]["table"]]
    return [
        (network, lanes, sorted(map(times_faster, mine)))
        for (network, lanes), mine in by(rows, "network", "lanes")
        if lanes > 1
    ]


def headline() -> str:
    """Write the three numbers of the documentation's first page."""
    (figure, *_) = record.load("parity")["figures"]
    (method,) = figure["methods"]
    steps = figure["methods"][method]["steps"]
    units = "-".join(map(str, figure["units"]))
    networks, lanes, ratios = zip(*speeds(), strict=True)
    slowest, fastest = min(map(min, ratios)), max(map(max, ratios))
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
            f"{slowest:.0f} to {fastest:.0f}\N{NO-BREAK SPACE}×",
            f"the speed of nengo-loihi's emulator ({' and '.join(networks)}, {lanes[0]} samples "
            "at once, on two processors)",
        ),
        (
            str(exact["differing"]),
            f"of {exact['values']:,} spikes, voltages and currents differ from that emulator's",
        ),
    ]
    lines = "".join(f"   * - **{value}**\n     - {words}\n" for value, words in rows)
    return f".. list-table::\n   :widths: 20 80\n\n{lines}"


#: What a page says that other pages include, until it is measured.
UNMEASURED = ".. not measured yet\n"
#: File in docs/measured -> what writes it.
PAGES = {
    "headline": headline,
    "parity": parity,
    "short": short,
    "short_seeds": short_seeds,
    "short_streams": short_streams,
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


def files() -> dict[Path, str]:
    """Return every file that is written, with its text; nothing of what was not measured."""
    pages = {name: write for name, write in PAGES.items() if measured(NEEDS.get(name, name))}
    for name in ("ablation", "activations", "fuzz_arguments", "saves"):  # other pages include them
        pages.setdefault(name, lambda: UNMEASURED)
    texts = {DOCS / f"{name}.rst": write() for name, write in pages.items()}
    if curves_measured():
        texts[DOCS / "short.svg"] = short_picture()
        texts[DOCS / "ten_steps.svg"] = short_picture(1)
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
