"""Tables of what conversion and training lose: by data, lengths, activations, tasks."""

import curve
import record
from record import measured
from table_text import by, circumstances, interval, mean, signed, span, table

#: Stands below the table of stacks that are tuned for several lengths.
PICTURE = """
.. container:: wide

   .. image:: measured/short.svg
      :alt: Accuracy after every step: not tuned, and tuned for 10, 25, 50 and 100 steps
"""


def gaps(figure: dict, method: str) -> list[str]:
    """Write a method's gap at each length of presentation."""
    return [signed(gap) for gap in figure["methods"][method]["gap"]]


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


def parts_of(name: str) -> list[dict]:
    """Return a record and those of its other parts, which were measured at other times."""
    names = [name, *(f"{name}_{part}" for part in ("letter_spikes", "digits", "mnist"))]
    return [record.load(part) for part in names if measured(part)]


def figures_of(records: list[dict]) -> list[dict]:
    """Return all figures of some records, those of the same data one after another."""
    figures = [figure for known in records for figure in known["figures"]]
    order = list(dict.fromkeys(figure["data"] for figure in figures))
    return sorted(figures, key=lambda f: (order.index(f["data"]), f["encoding"]))


def short() -> str:
    """Say what stacks lose that are tuned for one length of presentation, read at several."""
    found = lengths(parts_of("short"))
    return found + (PICTURE if curves_measured() else "")


def short_seeds() -> str:
    """Say the same of many more seeds."""
    return lengths(parts_of("short_seeds"))


def lengths(records: list[dict]) -> str:
    """Write what stacks lose that are tuned for one length, read at several: a table each."""
    steps = records[0]["figures"][0]["methods"]["not tuned"]["steps"]
    head = ["tuned for", *(f"{n} steps" for n in steps), "processor time", "energy"]
    parts = []
    for figure in figures_of(records):
        rows = []
        for method, found in figure["methods"].items():
            seconds = f"{found['processor_seconds']:.2g} s"
            row = [method.removeprefix("tuned for "), *gaps(figure, method), seconds]
            rows.append([*row, energy(found, method)])
        units = "-".join(map(str, figure["units"]))
        how = f"``{figure['encoding']}``, {len(figure['seeds'])} seeds"
        parts.append(f"**{figure['data']} {units}**, {how}:\n\n{table(head, rows)}")
    return "\n".join(parts) + "\n" + circumstances(*records)


def short_picture(most: int | None = None) -> str:
    """Draw the accuracy after every step, of stacks before tuning and after it.

    Parameters
    ----------
    most : int, optional
        How many of the data sets are drawn.
    """
    panels = []
    for figure in figures_of(parts_of("short"))[:most]:
        lines = {name: found["over_time"] for name, found in figure["methods"].items()}
        title = f"{figure['data']} {'-'.join(map(str, figure['units']))}, {figure['encoding']}"
        panels.append((f"{title}: accuracy after steps of 1 ms", lines, figure["source"][0]))
    return curve.draw(panels, "source model")


def curves_measured() -> bool:
    """Tell whether the accuracy after every step is known of stacks for several lengths."""
    figures = figures_of(parts_of("short"))
    return bool(figures) and all(
        "over_time" in found for figure in figures for found in figure["methods"].values()
    )


#: Lengths of presentations that stacks are tuned for.
SHORT_STEPS = (10, 25, 50, 100)


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
        rows.append([name.removesuffix(".npz"), steps, len(found), *map(signed, losses)])
    head = ["data", "steps", "seeds", *(f"gap {ms} ms" for ms in (0, 10, 20, 50))]
    return table(head, rows) + "\n" + circumstances(known)


def short_streams() -> str:
    """Say what stacks for few steps lose in a stream, tuned for single samples and for it."""
    known = record.load("short_streams")
    figures = known["figures"]
    rows = [
        [steps, f"``{encoding}``", *(span(row["losses"][i] for row in mine) for i in range(3))]
        for (steps, encoding), mine in sorted(by(figures["streams"], "steps", "encoding"))
    ]
    head = ["steps", "encoding", *(f"gap {1000 * gap:g} ms" for gap in figures["gaps"])]
    more = [
        [f"``{encoding}``", *(span(row[key] for row in mine) for key in ("single", "sequences"))]
        for (encoding,), mine in by(figures["sequences"], "encoding")
    ]
    found = table(head, rows) + "\nWithout a gap, against the source, ten samples of 10 steps:\n\n"
    found += table(["encoding", "tuned for single samples", "tuned for sequences"], more)
    return found + "\n" + circumstances(known)


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
        name = name.removesuffix(".npz")
        rows.append([name, len(found), whole, early, signed(lost), good])
    head = ["data", "seeds", "whole time", "mean, margin", "points lost", "mean, 0.2 points lost"]
    return table(head, rows) + "\n" + circumstances(known)


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
