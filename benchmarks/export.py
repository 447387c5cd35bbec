"""Write networks in all formats, and hold what compiled C does against the emulator.

    python benchmarks/export.py [--files FOLDER] [--json FILE]

Two networks of scikit-learn's digits are shown one test sample after the other, without a reset
between them: 64-32-32-16-10, tuned, and 64-128-256-256-10, at the rates of calibration. Every
spike of every neuron on the chip is compared. With ``--files`` the networks for Lava are left
there, for ``lava_spikes.py``. Figures that it and ``nir_readers.py`` (in FOLDER/nir_DATA) have
left there are kept too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import nengo
import numpy as np
import record
from compiled import Library
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import nengo_dense

STEPS = 100


def digits():
    x, y = load_digits(return_X_y=True)
    return train_test_split(x / 16, y, test_size=0.4, random_state=0, stratify=y)


def make(hidden, target, tune):
    """Train and convert a network."""
    x, _, y, _ = digits()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier(hidden, max_iter=150, random_state=0).fit(x, y)
    return nengo_dense.convert(
        model, calibration=x, target=target, tune=tune, progress_bar=False, encoding="host"
    )


def stream(stack, n_samples):
    """Show samples one after the other; return the spikes of all layers, (n_steps, n) each."""
    _, x, _, _ = digits()
    x = np.resize(x, (n_samples, x.shape[1]))
    with nengo.Network(seed=0) as network:
        network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        probes = [nengo.Probe(layer.neurons) for layer in stack.layers]
    with nengo_dense.Simulator(network, progress_bar=False) as sim:
        sim.run_steps(n_samples * STEPS, data={source: np.repeat(x, STEPS, axis=0)})
        return [(sim.data[probe] > 0).astype(np.uint8) for probe in probes]


def compare_c(stack, name, folder, spikes):
    """Compile a network, and run it on the spikes of the host."""
    started = time.perf_counter()
    stack.export(folder / f"{name}.c", presentation_time=0.1, samples=digits()[1][:16])
    seconds = time.perf_counter() - started
    sent, fired = spikes[0], np.concatenate(spikes[1:], axis=1)
    found = Library(folder / f"{name}.c").spikes(sent[np.newaxis], fired.shape[1])[0]
    code, ram = sizes(folder / f"{name}.c")
    return {
        "network": name,
        "export_seconds": seconds,
        "steps": len(sent),
        "neuron_steps": fired.size,
        "spikes": int(fired.sum()),
        "differing": int((found != fired).sum()),
        "code_and_tables_bytes": code,
        "state_bytes": ram,
    }


def sizes(source):
    """Return the bytes of code and constants, with ``gcc -Os``, and those of the state."""
    name = source.stem
    program = f'#include "{name}.h"\n{name}_state state;\n'
    (source.parent / "state.c").write_text(program)
    found = []
    for file in (source.name, "state.c"):
        command = ["gcc", "-std=c99", "-Os", "-fno-pie", "-c", file, "-o", "part.o"]
        subprocess.run(command, cwd=source.parent, check=True)
        size = subprocess.run(
            ["size", "part.o"], cwd=source.parent, check=True, capture_output=True, text=True
        )
        text, data, bss = map(int, size.stdout.splitlines()[1].split()[:3])
        found.append((text + data, bss))
    return found[0][0], found[1][1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=Path)
    parser.add_argument("--json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.files or Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        figures = {"c": []}
        for hidden, tune, n_samples in (((32, 32, 16), True, 30), ((128, 256, 256), False, 25)):
            for target in ("loihi", "lava"):
                stack = make(hidden, target, tune)
                name = "digits_" + "_".join(map(str, [*hidden, target]))
                spikes = stream(stack, n_samples)
                figures["c"].append(compare_c(stack, name, folder, spikes))
                print(figures["c"][-1], flush=True)
                if target == "lava":
                    stack.export(
                        folder / f"{name}.net", presentation_time=0.1, samples=digits()[1][:16]
                    )
                    arrays = {f"spikes_{i}": each for i, each in enumerate(spikes)}
                    np.savez_compressed(folder / f"{name}.npz", **arrays)
        lava = folder / "lava.json"
        figures["lava"] = json.loads(lava.read_text()) if lava.exists() else []
        readers = sorted(folder.glob("nir_*/*.json"))
        figures["nir"] = [json.loads(file.read_text()) for file in readers]
    if args.json:
        record.keep(args.json, figures)
    return any(row["differing"] for row in figures["c"] + figures["lava"])


if __name__ == "__main__":
    sys.exit(main())
