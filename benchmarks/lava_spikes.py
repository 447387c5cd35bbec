"""Run netx files in Lava and hold its spikes against ours; needs Lava, and nothing of ours.

    .venv-lava/bin/python benchmarks/lava_spikes.py FOLDER      # or: make test-lava

FOLDER has pairs of files, NAME.net and NAME.npz with ``spikes_0`` (n_steps, n_in) and, for each
layer, ``spikes_1``, ... All neurons of all layers are compared in each step; the exit code is 1 if
any spike differs.
"""

import json
import sys
from pathlib import Path

import numpy as np
from lava.lib.dl.netx import hdf5
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source


def run(path, sent):
    """Return the spikes of all layers of a file, (n_steps, n) each, for those that are sent."""
    n_steps, n_in = sent.shape
    net = hdf5.Network(net_config=str(path), input_shape=(n_in,))
    source = Source(data=sent.T.astype(np.int32))
    source.s_out.connect(net.inp)
    sinks = [Sink(shape=layer.out.shape, buffer=n_steps) for layer in net.layers]
    for layer, sink in zip(net.layers, sinks, strict=True):
        layer.out.connect(sink.a_in)
    net.run(condition=RunSteps(num_steps=n_steps), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    spikes = [sink.data.get().T for sink in sinks]
    net.stop()
    return spikes


def compare(path):
    """Compare one network; return its figures."""
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


def main(folder):
    figures = []
    for path in sorted(Path(folder).glob("*.net")):
        figures.append(compare(path))
        print(figures[-1], flush=True)
    Path(folder, "lava.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return any(row["differing"] for row in figures) or not figures


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
