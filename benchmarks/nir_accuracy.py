"""Write a tuned network for every reader of NIR, with a whole test set and our own answers.

    python benchmarks/nir_accuracy.py FOLDER [--stack STACK.npz --data FILE.npz]

scikit-learn's digits, 64-32-32-16-10 with ``target="lava"``, whose neurons have no floor as those
of most readers have none; or a stack that is given with its test set, x and y.
``benchmarks/nir_readers.py`` runs the files.
"""

import argparse
from pathlib import Path

import numpy as np
from export import digits, make

import nengo_dense
from nengo_dense.export.nir_reader import READERS
from nengo_dense.files import load_arrays


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stack")
    parser.add_argument("--data")
    args = parser.parse_args()
    args.folder.mkdir(exist_ok=True, parents=True)
    _, x, _, y = digits()
    if args.data:
        given = np.load(args.data)
        x, y = given["x"], given["y"]
    if args.stack:
        stack = nengo_dense.DenseStack.load(args.stack)
    else:
        stack = make((32, 32, 16), "lava", tune=True)
    for name in READERS:
        print(stack.export(args.folder / f"{name or 'plain'}.nir", samples=x, reader=name))
    arrays = load_arrays(args.folder / "plain.nir.vectors.npz", "test vectors", "")
    n_steps = arrays["logits"].shape[1]
    np.savez_compressed(
        args.folder / "samples.npz",
        host=np.repeat(x[:, np.newaxis], n_steps, axis=1).astype(np.float32),
        spikes=arrays["spikes_0"],
        y=y,
        answers=arrays["outputs"].argmax(axis=1),
        start=round(n_steps * 0.1),
    )


if __name__ == "__main__":
    main()
