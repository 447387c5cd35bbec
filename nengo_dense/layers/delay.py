"""How late spikes come through from the inputs to the outputs."""

from typing import Any

import numpy as np
from nengo.synapses import Alpha, Lowpass

from nengo_dense.layers.graph import AnyDense
from nengo_dense.layers.part import LayerPart, Part, Parts
from nengo_dense.layers.stack import DenseStack
from nengo_dense.loihi.limits import NODE_TAU

#: Time constants until half of a spike has come, where ``exp(-t)`` or ``(1 + t) exp(-t)`` is 1/2.
HALF = {Lowpass: float(np.log(2)), Alpha: 1.6783469900166608}


def delay_of(network: AnyDense, target: str, dt: float, *, readout: bool = True) -> int:
    """Return after how many steps an input has come through to the logits by every way.

    So much later than a frame is shown its answer is read.

    On the chip a spike needs a step for each population, for the neurons that nengo-loihi puts
    between a node and the chip, and for a synapse at the readout. In Nengo it needs one for each
    synapse, and none where there is no synapse. From then on, a synapse needs time itself, until
    half of the spike has come (`half_life`).

    Parameters
    ----------
    network : DenseStack or DenseGraph
    target : {"sim", "simreal", "nengo"}
    dt : float
        Step in seconds.
    readout : bool, optional
        Whether a synapse at the readout counts.

    Examples
    --------
    >>> stack = DenseStack([8, 6, 3], 4, synapse=[0.002, None])
    >>> delay_of(stack, "sim", 0.001), delay_of(stack, "nengo", 0.001)
    (3, 2)
    """
    parts = Parts.of(network)
    if isinstance(network, DenseStack):
        *between, last = network.synapses
    else:
        between, last = [network.synapse] * len(parts.layers), None
    unread = [None] * (len(parts.layers) - len(between))  # a first layer that reads no spikes
    synapses = dict(zip((part.name for part in parts.layers), [*unread, *between], strict=True))

    def steps_of(part: Part, source: str) -> int:
        at_end = not isinstance(part, LayerPart)
        synapse = last if at_end else synapses[part.name]
        of_spikes = parts.is_encoded(part, source) or source not in parts.inputs
        if not of_spikes or (at_end and not readout):
            synapse = None
        held = 0 if synapse is None else half_life(synapse, dt)
        if target == "nengo":
            return held + (synapse is not None)
        return held + parts.populations(part, source) + (at_end and synapse is not None)

    decoded = network.encoding == "chip" and target != "nengo"
    return parts.longest_way(steps_of) + (decoded and 1 + half_life(NODE_TAU, dt))


def half_life(synapse: Any, dt: float) -> int:
    """Return how many steps after its first part half of a spike has come.

    With these, 3.2 points more frames of 3 ms were answered as by the source than without (host,
    spikes 4.8; `benchmarks/sequences.py`, seeds 21 to 23, tuned and read so), and with a step more
    1.2 points fewer (spikes: 0.3 more).

    Parameters
    ----------
    synapse : float or nengo.synapses.Synapse
        A number is the time constant of a `nengo.Lowpass`. Others than this and `nengo.Alpha`
        count as if they held nothing.
    dt : float
        Step in seconds.

    Examples
    --------
    >>> [half_life(tau, 0.001) for tau in (0.001, 0.002, 0.005)]
    [0, 1, 3]
    >>> half_life(Alpha(0.005), 0.001)
    8
    """
    if isinstance(synapse, int | float):
        synapse = Lowpass(synapse)
    if type(synapse) not in HALF:
        return 0
    return max(int(np.ceil(HALF[type(synapse)] * synapse.tau / dt)) - 1, 0)
