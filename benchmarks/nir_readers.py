"""Run NIR files of one network in the simulators that read them; needs these, not us.

    .venv-readers/bin/python benchmarks/nir_readers.py READER FOLDER    # or: make export-results

FOLDER has READER.nir, as ``benchmarks/export.py`` writes it, and ``samples.npz`` with ``samples``,
(n, size_in), ``spikes`` of the host, (n, n_steps, n_in), labels ``y``, and our own answers. Logits
are averaged over the last nine tenths of the presentation. The figures are printed as JSON, and
left in FOLDER/READER.json.
"""

import json
import sys
from pathlib import Path

import nir
import numpy as np
import torch


def snntorch(graph, x):
    from snntorch.import_nir import import_from_nir

    return step_by_step(import_from_nir(graph), x)


def norse(graph, x):
    import norse.torch

    return step_by_step(norse.torch.from_nir(graph, dt=1e-3), x)


def step_by_step(network, x):
    """Run a network that takes a step and its state."""
    logits, state = [], None
    for step in range(x.shape[1]):
        out, state = network(x[:, step], state)
        logits.append(out)
    return torch.stack(logits, dim=1)


def sinabs(graph, x):
    import sinabs.nir

    n, n_steps, _ = x.shape
    network = sinabs.nir.from_nir(graph, batch_size=n)
    out = network(x.reshape(n * n_steps, -1))
    out = out[0] if isinstance(out, tuple) else out
    return out.reshape(n, n_steps, -1)


def rockpool(graph, x):
    from rockpool.nn.modules.torch.nir import from_nir

    out = from_nir(graph)(x)
    return out[0] if isinstance(out, tuple) else out


def xylosim(graph, x):
    from xylo_network import run

    return torch.tensor(run(graph, x.numpy()))


READERS = {each.__name__: each for each in (snntorch, norse, sinabs, rockpool, xylosim)}


def main(reader, folder):
    folder = Path(folder)
    data = np.load(folder / "samples.npz")
    graph = nir.read(folder / f"{'rockpool' if reader == 'xylosim' else reader}.nir")
    n_in = int(np.ravel(graph.nodes["input"].input_type["input"])[0])
    x, spikes = data["samples"], data["spikes"]
    takes = "samples" if n_in == x.shape[1] else "spikes"
    x = np.repeat(x[:, np.newaxis], spikes.shape[1], axis=1) if takes == "samples" else spikes
    with torch.no_grad():
        logits = READERS[reader](graph, torch.tensor(x, dtype=torch.float32)).numpy()
    answers = logits[:, int(data["start"]) :].mean(axis=1).argmax(axis=1)
    figures = {
        "reader": reader,
        "data": folder.name.removeprefix("nir_"),
        "input": takes,
        "samples": len(x),
        "accuracy": 100 * float((answers == data["y"]).mean()),
        "ours": 100 * float((data["answers"] == data["y"]).mean()),
        "same_answers": 100 * float((answers == data["answers"]).mean()),
    }
    print(json.dumps(figures))
    (folder / f"{reader}.json").write_text(json.dumps(figures) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
