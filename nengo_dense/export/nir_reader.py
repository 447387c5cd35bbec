"""Readers of NIR graphs: which nodes each takes, in which units, and what it does otherwise.

What a reader does was looked up in its source, in the version that is named.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

SAME_STEP = (
    "a spike reaches the next layer in the same step, and on the chip in the next: spikes come "
    "earlier by a step a layer"
)
NO_SYNAPSE = (
    "no synapse: what a spike brings over some steps on the chip comes at once, so that neurons "
    "fire less evenly"
)
#: Measured with a graph of three layers and one skip connection, each run in all four readers.
NIRTORCH = (
    "nirtorch 2.0.2, which it reads with, computes what follows a branch before the other branch, "
    "and returns the values of another node than the last"
)


@dataclass(frozen=True)
class Reader:
    """Who reads a graph.

    Attributes
    ----------
    name : str or None
    version : str
        The one that this was looked up in.
    node : {"IF", "CubaLIF"}
    differences : tuple of str
        What it does otherwise than the chip.
    host : bool
        Whether its IF neurons can stand for the host's.
    no_host : str
        Why they cannot.
    floor : bool
        Whether neurons that do not fall below their rest are near to the chip's.
    no_joins : str
        Why it cannot run a graph in which a layer reads several others; empty where it can.
    dt : float or None
        The step that is built into it, in seconds; None where it takes the network's.
    bias_in_leak : bool
        Whether ``v_leak`` has the bias, in which case weights are Linear nodes.
    """

    name: str | None
    version: str
    node: str
    differences: tuple[str, ...]
    host: bool = True
    no_host: str = ""
    floor: bool = False
    no_joins: str = ""
    dt: float | None = None
    bias_in_leak: bool = False

    def cuba(
        self,
        nir: Any,
        affine: tuple[np.ndarray, np.ndarray],
        keep: np.ndarray,
        leak: np.ndarray,
        dt: float,
    ) -> tuple[Any, Any]:
        """Make the nodes of a layer with synapses.

        Parameters
        ----------
        nir : module
        affine : (n_out, n_in) and (n_out,) ndarray
            What a spike adds to the current, and what is added to the voltage in each step; the
            threshold is 1.
        keep : (n_out,) ndarray
            What a step leaves of the current.
        leak : (n_out,) ndarray
            What a step takes of the voltage.
        dt : float
            Step in seconds.
        """
        weights, bias = affine
        dt = self.dt or dt
        if self.bias_in_leak:
            return self._decaying(nir, affine, np.maximum(keep, np.exp(-50)), leak, dt)
        tau_syn, tau_mem = dt / (1 - keep), dt / leak
        # a constant input settles at 1 / (1 - keep) times itself
        node = nir.Affine(weights, bias * (1 - keep))
        neurons = nir.CubaLIF(
            tau_syn=tau_syn,
            tau_mem=tau_mem,
            r=tau_mem / dt,
            v_leak=np.zeros_like(bias),
            v_threshold=np.ones_like(bias),
            v_reset=np.zeros_like(bias),
            w_in=tau_syn / dt,
        )
        return node, neurons

    def _decaying(
        self,
        nir: Any,
        affine: tuple[np.ndarray, np.ndarray],
        keep: np.ndarray,
        leak: np.ndarray,
        dt: float,
    ) -> tuple[Any, Any]:
        """Make nodes for a reader that decays exponentially, an input of this step included."""
        weights, bias = affine
        tau_mem = -dt / np.log1p(-leak)
        neurons = nir.CubaLIF(
            tau_syn=-dt / np.log(keep),
            tau_mem=tau_mem,
            # from which the reader finds dt = tau_mem / (1 + r)
            r=tau_mem / dt - 1,
            v_leak=bias,
            v_threshold=np.ones_like(bias),
            v_reset=np.zeros_like(bias),
        )
        return nir.Linear(weights / keep[:, np.newaxis]), neurons


READERS: dict[str | None, Reader] = {
    reader.name: reader
    for reader in (
        Reader(
            None,
            "NIR 1.0.8",
            "IF",
            (NO_SYNAPSE, "readers differ in how they reset, and in the step of an arriving spike"),
        ),
        Reader(
            "sinabs",
            "sinabs 3.1.3",
            "IF",
            (
                NO_SYNAPSE,
                SAME_STEP,
                "sinabs resets by subtraction and fires several times a step, whatever v_reset "
                "says, and its voltage stays above minus the threshold",
            ),
            floor=True,
            no_joins=NIRTORCH,
        ),
        Reader(
            "spinnaker2",
            "py-spinnaker2's s2_nir; never run here",
            "IF",
            (NO_SYNAPSE, "read it with s2_nir.from_nir(graph, ..., reset=ZERO)"),
        ),
        Reader(
            "norse",
            "norse 1.1.0",
            "CubaLIF",
            (
                SAME_STEP,
                "the bias comes through the synapse, and so is complete after some steps",
                "from_nir needs dt= of the network; the host's neurons are set to 0 by a spike, "
                "and lose what is above the threshold",
            ),
            no_joins=NIRTORCH,
        ),
        Reader(
            "snntorch",
            "snnTorch 1.0.0",
            "CubaLIF",
            (
                SAME_STEP,
                "the bias comes through the synapse, and so is complete after some steps",
                "snnTorch has a step of 0.1 ms built in, so that time constants are a tenth",
            ),
            host=False,
            no_host="snnTorch makes leaky neurons (beta 0.9) of IF nodes",
            no_joins="snnTorch 1.0.0 ends in a TypeError where layers join",
            dt=1e-4,
        ),
        Reader(
            "rockpool",
            "rockpool 3.1.0",
            "CubaLIF",
            (
                "rockpool resets by subtraction, and fires several times a step",
                "v_leak is the bias, which other readers take for a voltage at rest",
            ),
            host=False,
            no_host="rockpool takes no IF nodes",
            no_joins=NIRTORCH,
            bias_in_leak=True,
        ),
    )
}
