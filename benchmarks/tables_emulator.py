"""Tables of the emulator: how fast, how soon, how exact."""

import record
from record import measured
from table_text import by, circumstances, table


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
        named = f"**{known['processor']}**\n"
        parts += [named, table(head, rows), *more, circumstances(known)]
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
            ".. container:: wide\n\n   .. image:: measured/lanes.svg\n"
            "      :alt: Time of a presentation, by lanes at once\n"
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
