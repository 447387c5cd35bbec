"""netx files for Lava, the software of Loihi 2: HDF5, written with h5py alone.

The format is lava-dl 0.6.0's, whose reader (``lava.lib.dl.netx.hdf5``) is its specification.
Lava's own arithmetic is that of lava-nc 0.10.0 (``PyLifModelBitAcc``, ``PyDenseModelBitAcc``):

- ``u = u * (4096 - iDecay) / 4096`` towards zero, ``+ 64 * (weight @ spikes)``
- ``v = v * (4096 - vDecay) / 4096`` towards zero, ``+ u + 64 * bias``, held within 23 bits
- a spike above ``64 * vThMant``, and then ``v = 0``

That is what our integers do, if their biases are multiples of 64, their voltage has its floor
at 23 bits and no refractory period, and all neurons of a layer have the same constants.
`nengo_dense.convert` with ``target="lava"`` makes such networks.
"""

from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from nengo_dense import files
from nengo_dense.budget import DATA
from nengo_dense.export.chip_layer import ChipLayer
from nengo_dense.export.deployment import Deployment
from nengo_dense.export.network_format import NetworkFormat, Produce
from nengo_dense.importers.hdf5 import Hdf5File
from nengo_dense.loihi.lava import BIAS_MAN_MAX, FLOOR, UNIT, WEIGHT_MAX
from nengo_dense.loihi.limits import DECAY_BITS, Q_BITS

WAY_OUT = "convert with target='lava'"


def _is_netx(file: BinaryIO) -> bool:
    with Hdf5File(file.read(DATA.most), "the file") as content:
        return content.has("layer/0/type")


class NetxFormat(NetworkFormat):
    """Writes the layers on the chip for ``lava.lib.dl.netx.hdf5.Network``."""

    name = "netx"
    writes = "a netx file (HDF5) for Lava and Loihi 2"
    suffixes = (".net",)
    kind = files.Kind("a netx file", _is_netx)

    def problems(self, deployment: Deployment) -> list[str]:
        """Refuse whatever Lava would do otherwise."""
        chain = [] if deployment.wiring.is_chain else [_no_chain(deployment)]
        return [*chain, *(text for layer in deployment.layers for text in _problems(layer))]

    def differences(self, deployment: Deployment) -> list[str]:
        """Name layers whose sums may overflow, as Lava's accumulator is wider."""
        return [
            f"{layer.label}: if all its largest inputs came at once, the sum would leave the "
            f"{Q_BITS} bits of Loihi's accumulator, and wrap there, but not in Lava; "
            "nengo_dense.Simulator warns of an overflow where that happens"
            for layer in deployment.layers
            if _largest_sum(layer) >= 1 << Q_BITS
        ]

    def files(self, deployment: Deployment, path: Path) -> dict[Path, Produce]:
        """Return what writes the file."""
        return {path: lambda file: file.write(_content(deployment.layers))}


def _largest_sum(layer: ChipLayer) -> int:
    high = np.maximum(layer.weights, 0).sum(axis=1)
    low = np.maximum(-layer.weights, 0).sum(axis=1)
    return int(max(high.max(), low.max()))


def _no_chain(deployment: Deployment) -> str:
    reads = [f"{layer.label} reads {' and '.join(layer.sources)}" for layer in deployment.layers]
    return (
        "it is no chain: a layer of a netx file reads the one before it and nothing else, and "
        f"lava-dl reads neither joints nor several inputs, while here {', '.join(reads)}; write "
        "it as .c or .nir, or train a network without skip connections"
    )


def _problems(layer: ChipLayer) -> list[str]:
    p, found = layer.parameters, []
    if (p["refract"] > 1).any():
        found.append(
            f"{layer.label} has a refractory period, which Lava's neurons lack; convert with "
            "tau_ref=0, or with target='lava'"
        )
    if (p["vmin"] != FLOOR).any():
        found.append(
            f"{layer.label} has its voltage floor at {p['vmin'].min()}, and Lava's is {FLOOR}: "
            f"{WAY_OUT}"
        )
    if (p["bias"] % UNIT).any():
        n = np.count_nonzero(p["bias"] % UNIT)
        found.append(
            f"{layer.label} has {n} biases that are no multiples of {UNIT}, and Lava's are: "
            f"{WAY_OUT}"
        )
    elif (abs(p["bias"]) > UNIT * BIAS_MAN_MAX).any():
        found.append(
            f"{layer.label} has a bias of {abs(p['bias']).max()}, and Lava holds "
            f"{UNIT * BIAS_MAN_MAX}: its weights are small beside its biases; scale its inputs "
            "up before training, or make the layer before it wider"
        )
    unequal = [name for name in ("vth", "keep_u", "keep_v") if len(np.unique(p[name])) > 1]
    if unequal:
        found.append(
            f"{layer.label} lies on {len(layer.cores)} cores with different {unequal[0]}, and a "
            "layer of Lava has one; make it narrow enough for one core (nengo-dense check shows "
            "the cores of each layer)"
        )
    if not layer.weights.any():
        found.append(f"{layer.label} has no weight but 0, which netx cannot read; leave it out")
    elif (abs(layer.weights) > UNIT * WEIGHT_MAX).any() or (layer.weights % UNIT).any():
        found.append(f"{layer.label} has weights that are not of 8 bits; {WAY_OUT}")
    return found


def _content(layers: list[ChipLayer]) -> bytes:
    """Make the file, whole, as h5py reads what it has written."""
    content = BytesIO()
    with h5py.File(content, "w") as file:
        for number, layer in enumerate(layers):
            _write_layer(file.create_group(f"layer/{number}"), layer)
    return content.getvalue()


def _write_layer(group: Any, layer: ChipLayer) -> None:
    p = {name: int(values[0]) for name, values in layer.parameters.items()}
    group["type"] = np.array([b"dense"])
    group["shape"] = np.array([layer.n_neurons])
    group["weight"] = (layer.weights // UNIT).astype(np.int32)
    group["bias"] = (layer.parameters["bias"] // UNIT).astype(np.int32)
    neuron = group.create_group("neuron")
    neuron["type"] = np.array([b"CUBA"])
    # our decay of the current is of 4095, and theirs of 4096, of which they take 1 off and add 1
    neuron["iDecay"] = (1 << DECAY_BITS) - p["keep_u"]
    neuron["vDecay"] = (1 << DECAY_BITS) - p["keep_v"]
    neuron["vThMant"] = p["vth"] // UNIT
    neuron["refDelay"] = 1
