"""Write networks in all formats, and run them wherever they can go.

    python benchmarks/export.py                       # compiled C, against the emulator
    python benchmarks/export.py --lava .venv-lava     # and in Lava: make test-lava
    python benchmarks/export.py --brian .venv-brian   # and in brian2-loihi: make test-brian
    make export-results LETTER=letter.npz             # everything, kept

Two networks of scikit-learn's digits are shown one test sample after the other, without a reset
between them: 64-32-32-16-10, tuned, and 64-128-256-256-10, at the rates of calibration. With small
networks of random parameters, every spike of every neuron on the chip is compared. Readers of NIR
are given whole test sets of digits and, with ``--letter`` (arrays X and y), of letter. Other
programs run in environments of their own, named by folder, by programs beside this one.
"""

import argparse
import json
import os
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
from random_stack import random_stack
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import nengo_dense
from nengo_dense.conversion.settling import LAVA_NEURON, settle
from nengo_dense.files import load_arrays

HERE = Path(__file__).parent
STEPS = 100
N_RANDOM = 20
#: Readers of NIR that ``nir_readers.py`` runs, and Xylo's integers, which take Rockpool's file.
READERS = ("norse", "rockpool", "sinabs", "snntorch", "xylosim")


def digits():
    x, y = load_digits(return_X_y=True)
    return train_test_split(x / 16, y, test_size=0.4, random_state=0, stratify=y)


def letter(path):
    """Return standardised inputs and labels: training, 5,000 for testing."""
    data = np.load(path, allow_pickle=True)
    x, y = data["X"].astype(float), np.unique(data["y"], return_inverse=True)[1]
    x_train, x_test, *labels = train_test_split(x, y, test_size=5000, random_state=0, stratify=y)
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    return (x_train - mean) / std, (x_test - mean) / std, *labels


def make(data, hidden, target, tune=True, max_iter=150):
    """Train and convert a network."""
    x, _, y, _ = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier(hidden, max_iter=max_iter, random_state=0).fit(x, y)
    return nengo_dense.convert(
        model, calibration=x, target=target, tune=tune, progress_bar=False, encoding="host"
    )


def stream(stack, x):
    """Show samples one after the other; return the spikes of all layers, (n_steps, n) each."""
    with nengo.Network(seed=0) as network:
        network.add(stack)
        source = nengo.Node(np.zeros(stack.size_in))
        nengo.Connection(source, stack.input, synapse=None)
        layers = [*([stack.encoder.layer] if stack.encoder else []), *stack.layers]
        probes = [nengo.Probe(layer.neurons) for layer in layers]
    with nengo_dense.Simulator(network, progress_bar=False) as sim:
        sim.run_steps(len(x) * STEPS, data={source: np.repeat(x, STEPS, axis=0)})
        return [(sim.data[probe] > 0).astype(np.uint8) for probe in probes]


def compare_c(stack, name, folder, spikes, x):
    """Compile a network, and run it on the spikes of the host."""
    stack.export(folder / f"{name}.c", presentation_time=0.1, samples=x[:16])
    sent, fired = spikes[0], np.concatenate(spikes[1:], axis=1)
    found = Library(folder / f"{name}.c").spikes(sent[np.newaxis], fired.shape[1])[0]
    code, ram = sizes(folder / f"{name}.c")
    return {
        "network": name,
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


def spikes_of_c(folder):
    """Compare C, and leave files for Lava and Brian; return the figures of each network."""
    figures, (_, x, _, _) = [], digits()
    for hidden, tune, n in (((32, 32, 16), True, 30), ((128, 256, 256), False, 25)):
        for target in ("loihi", "lava"):
            stack = make(digits(), hidden, target, tune)
            name = "digits_" + "_".join(map(str, [*hidden, target]))
            figures.append(keep(stack, name, folder, np.resize(x, (n, 64)), target == "lava"))
            if tune and target == "lava":
                # for the lines in docs/export.rst
                stack.export(folder / "digits.net", samples=x[:16])
    rng = np.random.RandomState(0)
    for number in range(N_RANDOM):
        stack, shown = random_stack(number), rng.uniform(-1, 1, size=(5, 6))
        figures.append(keep(stack, f"random_{number:02d}", folder, shown, netx=True))
    return figures


def keep(stack, name, folder, x, netx):
    """Compare C with the emulator, and leave a .net file and its spikes, if there is to be one."""
    spikes = stream(stack, x)
    figure = compare_c(stack, name, folder, spikes, x)
    print(figure, flush=True)
    if netx:
        stack.export(folder / f"{name}.net", presentation_time=0.1, samples=x[:1])
        arrays = {f"spikes_{i}": each for i, each in enumerate(spikes)}
        np.savez_compressed(folder / f"{name}.npz", **arrays)
    return figure


def times(folder):
    """Measure the seconds that a processor takes to write 784-256-256-10, by format."""
    kinds = [nengo.SpikingRectifiedLinear(), LAVA_NEURON]
    synapses = [0.002, None]
    stack = nengo_dense.DenseStack(
        [256, 256, 10], 784, neuron_type=kinds, synapse=synapses, seed=0
    )
    settle(stack, 0.001)
    x, found = np.random.RandomState(0).uniform(size=(16, 784)), {}
    for suffix in (".c", ".net", ".nir"):
        started = time.process_time()
        stack.export(folder / f"wide{suffix}", presentation_time=0.1, samples=x)
        found[suffix] = time.process_time() - started
        for file in folder.glob(f"wide{suffix}*"):
            file.unlink()
    return found


def write_nir(folder, stack, data):
    """Write a network for every reader, with a whole test set and our own answers."""
    folder.mkdir(exist_ok=True)
    _, x, _, y = data
    for name in READERS[:-1]:
        stack.export(folder / f"{name}.nir", samples=x, reader=name)
    arrays = load_arrays(folder / f"{READERS[0]}.nir.vectors.npz", "test vectors", "")
    n_steps = arrays["logits"].shape[1]
    np.savez_compressed(
        folder / "samples.npz",
        samples=x.astype(np.float32),
        spikes=arrays["spikes_0"],
        y=y,
        answers=arrays["outputs"].argmax(axis=1),
        start=round(n_steps * 0.1),
    )


def elsewhere(environment, program, *words):
    """Run one of the programs beside this one in its environment."""
    python = Path(environment).absolute() / "bin" / "python"
    subprocess.run([str(python), str(HERE / program), *map(str, words)], check=True, env=plain())


def plain():
    """Return the environment's variables without the way to our own packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def measure(args, folder):
    """Do what the arguments ask for."""
    figures = {"c": spikes_of_c(folder)}
    if args.json:
        figures["seconds"] = times(folder)
        print(figures["seconds"])
    for name, environment in (("lava", args.lava), ("brian", args.brian)):
        figures[name] = []
        if environment:
            elsewhere(environment, f"{name}_spikes.py", folder)
            figures[name] = json.loads((folder / f"{name}.json").read_text())
    figures["nir"] = []
    if args.readers:
        tests = {"digits": (digits(), 150)}
        if args.letter:
            tests["letter"] = (letter(args.letter), 60)
        for name, (data, max_iter) in tests.items():
            # whose neurons have no floor, as those of most readers have none
            hidden = (32, 32, 16) if name == "digits" else (64, 32, 32)
            stack = make(data, hidden, "lava", max_iter=max_iter)
            write_nir(folder / f"nir_{name}", stack, data)
            for reader in READERS:
                elsewhere(args.readers, "nir_readers.py", reader, folder / f"nir_{name}")
                file = folder / f"nir_{name}" / f"{reader}.json"
                figures["nir"].append(json.loads(file.read_text()))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=Path, help="where to leave what is written")
    parser.add_argument("--lava", metavar="FOLDER", help="environment with lava-nc and lava-dl")
    parser.add_argument("--brian", metavar="FOLDER", help="environment with brian2-loihi")
    parser.add_argument("--readers", metavar="FOLDER", help="environment with NIR's readers")
    parser.add_argument("--letter", metavar="FILE.npz", help="the letter data: arrays X and y")
    parser.add_argument("--json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.files or Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        figures = measure(args, folder.absolute())
    if args.json:
        record.keep(args.json, figures)
    compared = figures["c"] + figures["lava"] + figures["brian"]
    return any(row["differing"] for row in compared)


if __name__ == "__main__":
    sys.exit(main())
