"""Test vectors: samples, the spikes and outputs of our integers, and what the host does.

They lie beside an exported network in an ``.npz`` file of plain arrays, for whoever runs the
network elsewhere:

- ``samples`` (n, size_in); ``spikes_0`` (n, n_steps, n_in), which go to the chip; ``spikes_1``,
  ``spikes_2``, ..., one for each layer on the chip
- ``logits`` (n, n_steps, n_out), ``outputs`` (n, n_out) after a presentation, and
  ``classes``, where the stack names them
- ``host_weights``, ``host_gain``, ``host_bias``, ``host_start``: see `.deployment.HostNeurons`
- ``readout_weights``, ``readout_bias``: see `.deployment.Readout`
- ``header``: JSON text with the format, ``dt`` in seconds, ``n_steps``, ``readout_start``,
  ``head``, and the differences that the target is known to have

A graph has besides ``direct_weights``, (n_out, size_in), where an output reads an input without
neurons. Its inputs, layers on the host and outputs lie one after the other in these arrays, and
the header says where: ``inputs`` and ``outputs`` (first, last + 1, and the head), ``host`` (the
same for neurons in ``spikes_0``), ``sources`` (who is read by each layer of ``spikes_1``, ...,
and by ``readout``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from nengo.exceptions import ValidationError

from nengo_dense import files
from nengo_dense.archive import read_arrays
from nengo_dense.budget import TEXT
from nengo_dense.columns import WHERE, check_columns
from nengo_dense.export.deployment import Deployment
from nengo_dense.heads import HEADS
from nengo_dense.layers.graph import AnyDense, DenseGraph
from nengo_dense.samples import check_inputs, join_inputs

FORMAT = "nengo_dense.TestVectors"
VERSION = 1
SUFFIX = ".vectors.npz"
#: Samples, where none are given.
N_SAMPLES = 16


def _is_vectors(file: BinaryIO) -> bool:
    header = read_arrays(file, TEXT, "header")["header"]
    return bool(json.loads(str(header))["format"] == FORMAT)


#: What may only take the place of its like.
VECTORS = files.Kind("a file of test vectors", _is_vectors)


def path_of(network: Path) -> Path:
    """Return where the test vectors of a network's file lie."""
    return network.with_name(network.name + SUFFIX)


def choose_samples(dense: AnyDense, samples: Any) -> np.ndarray:
    """Check samples, or draw some from the range that a stack was tuned for.

    Raises
    ------
    nengo.exceptions.ValidationError
        Samples of another shape, or with columns in another order; or none are given, and no
        range is known.
    """
    sizes = dense.sizes if isinstance(dense, DenseGraph) else dense.size_in
    check_columns(samples, dense.columns, "samples", WHERE, sizes)
    if isinstance(samples, Mapping) and isinstance(dense, DenseGraph):
        return join_inputs(samples, dense.sizes)
    if samples is not None:
        return check_inputs(samples, dense.size_in, "samples")
    tuned = dense.tuned
    if tuned is None:
        raise ValidationError(
            "must be given for a stack that was not tuned, as nothing says what its inputs are "
            f"like: an array (n, {dense.size_in})",
            attr="samples",
        )
    low, high = tuned.input_low, tuned.input_high
    drawn: np.ndarray = np.random.RandomState(0).uniform(low, high, (N_SAMPLES, dense.size_in))
    return drawn


def vectors(deployment: Deployment, differences: list[str]) -> dict[str, Any]:
    """Gather what is kept of a deployment's samples."""
    readout, host = deployment.readout, deployment.host
    mean = deployment.logits[:, readout.start :].mean(axis=1)
    outputs = [HEADS[head](mean[:, part]) for head, part in readout.heads.values()]
    classes = deployment.stack.classes
    return {
        "header": np.array(json.dumps(_header(deployment, differences))),
        "samples": deployment.samples,
        **{f"spikes_{i}": each for i, each in enumerate(deployment.spikes)},
        "logits": deployment.logits,
        "outputs": np.concatenate(outputs, axis=1),
        "host_weights": host.weights,
        "host_gain": host.gain,
        "host_bias": host.bias,
        "host_start": host.start,
        "readout_weights": readout.weights,
        "readout_bias": readout.bias,
        **({"direct_weights": readout.direct} if readout.direct.any() else {}),
        **({} if classes is None else {"classes": classes}),
    }


def _header(deployment: Deployment, differences: list[str]) -> dict[str, Any]:
    readout, wiring = deployment.readout, deployment.wiring
    header = {
        "format": FORMAT,
        "version": VERSION,
        "dt": deployment.dt,
        "n_steps": deployment.n_steps,
        "readout_start": readout.start,
        "differences": differences,
    }
    if isinstance(deployment.stack, DenseGraph):
        return header | {
            "inputs": {name: [p.start, p.stop] for name, p in wiring.inputs.items()},
            "host": {name: [p.part.start, p.part.stop] for name, p in wiring.host.items()},
            "sources": {layer.label: layer.sources for layer in deployment.layers}
            | {"readout": readout.sources},
            "outputs": {n: [p.start, p.stop, head] for n, (head, p) in readout.heads.items()},
        }
    return header | {"head": deployment.stack.readout}
