"""Tables of exported networks: spikes elsewhere, seconds, readers."""

from collections.abc import Sequence

import record
from table_text import circumstances, table

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
