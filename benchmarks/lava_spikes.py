"""Run netx files in Lava and hold its spikes against ours; needs Lava, and nothing of ours.

    .venv-lava/bin/python benchmarks/lava_spikes.py FOLDER      # or: make test-lava

`net_spikes.py` says what is in FOLDER; the exit code is 1 if any spike differs. The lines of
docs/export.rst that load ``digits.net`` are run as they stand there.
"""

import contextlib
import io
import os
import sys
import textwrap
from pathlib import Path

import numpy as np
from lava.lib.dl.netx import hdf5
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from net_spikes import compare_all


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


def documented(folder):
    """Run the lines of the documentation in a folder; return what they print."""
    page = (Path(__file__).parent.parent / "docs" / "export.rst").read_text(encoding="utf-8")
    blocks = page.split(".. code-block:: python\n\n")[1:]
    (lines,) = (block.split("\n\n\n")[0] for block in blocks if "hdf5.Network(" in block)
    code = lines[: lines.index("net.stop()") + len("net.stop()")]
    printed, before = io.StringIO(), Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(printed):
            exec(textwrap.dedent(code), {})
    finally:
        os.chdir(before)
    return printed.getvalue().strip()


def main(folder):
    if Path(folder, "digits.net").exists():
        said = documented(folder)
        print(f"the lines in docs/export.rst print {said}")
        assert said == "0", said
    return compare_all(folder, run, "lava")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
