"""Hold the spikes of netx files, as another simulator runs them, against ours; NumPy is enough.

A folder has pairs of files, NAME.net and NAME.npz with ``spikes_0`` (n_steps, n_in) and, for each
layer, ``spikes_1``, ... All neurons of all layers are compared in each step.
"""

import json
from pathlib import Path

import numpy as np


def compare(path, run):
    """Compare one network; return its figures.

    Parameters
    ----------
    path : pathlib.Path
        Of the netx file.
    run : callable
        Takes it and the spikes that are sent, and returns those of all layers, (n_steps, n) each.
    """
    ours = np.load(path.with_suffix(".npz"))
    found = run(path, ours["spikes_0"])
    expected = [ours[f"spikes_{i + 1}"] for i in range(len(found))]
    return {
        "network": path.stem,
        "steps": len(ours["spikes_0"]),
        "neuron_steps": sum(each.size for each in expected),
        "spikes": int(sum(each.sum() for each in expected)),
        "differing": int(sum((a != b).sum() for a, b in zip(found, expected, strict=True))),
    }


def compare_all(folder, run, name):
    """Compare all networks of a folder, and keep the figures there.

    Returns
    -------
    failed : bool
        Whether any spike differs, or there is no network; the exit code.
    """
    figures = []
    for path in sorted(p for p in Path(folder).glob("*.net") if p.with_suffix(".npz").exists()):
        figures.append(compare(path, run))
        print(figures[-1], flush=True)
    Path(folder, f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return any(row["differing"] for row in figures) or not figures
