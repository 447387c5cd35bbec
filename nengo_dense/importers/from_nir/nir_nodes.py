r"""The nodes of NIR graphs as operations: affine maps, and spiking neurons as rates.

A dense layer here is a rate: what counts of a neuron is how often it fires for a constant
input. With a mean input :math:`I`, and :math:`u = R I` for IF, :math:`u = R I + v_{leak}` else:

- ``IF`` fires at :math:`\max(0, u / (v_{threshold} - v_{reset}))`: exactly a rectifier.
- ``LIF`` fires at :math:`1 / (\tau \ln((u - v_{reset}) / (u - v_{threshold})))` once :math:`u`
  exceeds the threshold. Its asymptote :math:`(u - (v_{threshold} + v_{reset}) / 2) / (\tau
  (v_{threshold} - v_{reset}))` is a rectifier that is never more than :math:`1 / (2 \tau)` off,
  and most at the threshold. It is taken, with a warning that gives this number.
- ``CubaLIF`` is that behind a filter with the gain ``w_in``. The filter's time constant smooths
  and does not change a mean, so it is left out.
- ``LI`` and ``CubaLI`` as readout settle at :math:`R I + v_{leak}`: a scaling.

A spike is an impulse of area 1, so that rates are in Hz. Simulators take it for a 1 that lasts a
step, and so for less by the length of the step. Writers that mean the same neurons put :math:`R =
\tau / step` (snnTorch, and what is exported here): then rates are read in spikes a step, as
weights and biases are. Spyx puts what a step leaves of the voltage, :math:`1 - step / \tau`, in
the place of :math:`R`, and does not read it: it means :math:`\tau / step`, too. Its ``CubaLIF``
neurons have no ``w_in`` that would make up for the sum over :math:`\tau_{syn}`, so that many would
fire more than once in a step. They fire once, and their rates end there.

What has no rate of this kind is refused: ``Threshold`` (it fires or does not), ``I`` (it grows
without bound), ``Delay``, convolution, recurrence, negative resistances.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nengo_dense.array_like import to_array
from nengo_dense.importers.form.operation import (
    Activation,
    Affine,
    Operation,
    Problem,
    Scaling,
    activation,
    unsupported,
)

Operations = list[Operation]

#: Spiking neurons whose voltage leaks.
LEAKY = ("LIF", "CubaLIF")

#: By how much steps that mean the same may differ, as a share.
SAME = 1e-3

#: Steps in seconds that Spyx's files have if one value of ``r`` is to tell them.
SPYX_STEPS = (1.0, 1e-3)

#: Nodes that give what they take.
PASSING = ("Input", "Output", "Flatten")

#: Why nodes that NIR has are not converted.
REFUSED = {
    "Threshold": "it fires or does not, without a rate; use IF neurons",
    "I": "an integrator grows without bound; end the graph before it",
    "Delay": "a rate has no delay; remove it",
}


@dataclass
class Rates:
    """What the rates of a graph's neurons are.

    Attributes
    ----------
    errors : dict of {str: float}
        Label of a leaky neuron -> by how much its rate is off at most, in Hz.
    step : float or None
        If they are in spikes a step, what it lasts, in seconds.
    left_step : float or None
        The same where ``r`` says what a step leaves of the voltage; see `left_step_of`.
    unit : str
        What to say of that.
    """

    errors: dict[str, float] = field(default_factory=dict)
    step: float | None = None
    left_step: float | None = None
    unit: str = ""

    def look_at(self, nodes: Sequence[Any]) -> None:
        """Find what rates are, unless they are nothing but outputs.

        Parameters
        ----------
        nodes : sequence of nir.NIRNode
            In the order of computation.
        """
        kinds = [type(node).__name__ for node in nodes]
        spiking = [number for number, kind in enumerate(kinds) if kind in LEAKY]
        leaky = [nodes[number] for number in spiking]
        self.left_step = left_step_of(leaky)
        which = ", which is tau / r of all these neurons"
        if self.left_step is not None:
            which = ""
            self.unit = (
                f". Their r is 1 - step / tau for a step of {self.left_step:.3g} s, which Spyx "
                "writes where tau / step is meant, and so it is read; an r that is meant as it "
                "stands belongs into the weights before them"
            )
        if not spiking or all(kind in PASSING for kind in kinds[spiking[0] + 1 :]):
            return
        self.step = self.left_step or step_of(leaky)
        is_limited = all(fires_once(node, self.left_step) for node in leaky)
        if self.step is not None:
            self.unit += (
                f". Rates are read in spikes a step of {self.step:.3g} s{which}, as simulators "
                "take a spike for a 1 that lasts a step. A neuron fires once in a step there at "
                f"most; rates above that {'end there' if is_limited else 'are read too high'}"
            )
        elif min(np.min(_tau(node)) for node in leaky) < 1:
            self.unit = (
                ". Rates are read in Hz, as if a spike were an impulse of area 1. Simulators that "
                "take it for a 1 that lasts a step weigh biases and thresholds after it more, by "
                "1 / step, and no tau / r says which: put a nir.Scale of the step behind each "
                "layer of neurons, if that is meant"
            )


def step_of(nodes: Iterable[Any]) -> float | None:
    r"""Return the step, in seconds, that is written into leaky neurons; None if there is none.

    It is :math:`\tau / R` and, of synapses, :math:`\tau_{syn} / w_{in}`, if all agree.

    >>> import nir
    >>> one = np.ones(1)
    >>> step_of([nir.LIF(tau=0.002 * one, r=20 * one, v_leak=0 * one, v_threshold=one)])
    0.0001
    """
    steps = np.empty(0)
    for node in nodes:
        gain = _vector(node.r)
        if np.any(gain <= 1):
            return None
        steps = np.append(steps, _tau(node) / gain)
        if hasattr(node, "w_in"):
            steps = np.append(steps, _vector(node.tau_syn) / _vector(node.w_in))
    is_one = steps.size and np.allclose(steps, steps[0], rtol=SAME, atol=0)
    return float(np.median(steps)) if is_one else None


def left_step_of(nodes: Sequence[Any]) -> float | None:
    r"""Return the step, in seconds, of neurons whose ``r`` is what a step leaves of the voltage.

    It is :math:`\tau (1 - r)` if all agree, and if that is no chance: there are several values of
    ``r``, or it is Spyx's default, 1, or a millisecond [1]_. None otherwise.

    References
    ----------
    .. [1] ``to_nir`` in ``spyx/nir.py`` of Spyx 1.0.0.

    >>> import nir
    >>> one, left = np.ones(2), np.array([0.8, 0.9])
    >>> neurons = nir.LIF(0.1 / (1 - left), r=left, v_leak=0 * one, v_threshold=one)
    >>> round(left_step_of([neurons]), 3)
    0.1
    """
    others = [each for n in nodes for each in (n.v_leak, _array(getattr(n, "w_in", 1.0)) - 1)]
    if not nodes or any(np.any(_vector(each)) for each in others):
        return None
    pairs = [np.broadcast_arrays(np.atleast_1d(_vector(n.r)), _tau(n)) for n in nodes]
    left, tau = np.concatenate(pairs, axis=1)
    steps = tau * (1 - left)
    step = float(np.median(steps))
    is_chance = np.ptp(left) < SAME and not np.any(np.isclose(step, SPYX_STEPS, rtol=SAME, atol=0))
    is_left = np.all((left > 0) & (left < 1)) and np.allclose(steps, step, rtol=SAME, atol=0)
    return step if is_left and not is_chance else None


def fires_once(node: Any, left_step: float | None) -> bool:
    """Tell whether rates have to end at one spike a step; see `left_step_of`.

    Currents of Spyx's ``CubaLIF`` are sums over ``tau_syn / step`` steps, so that many of its
    neurons fire in every step.
    """
    return left_step is not None and type(node).__name__ == "CubaLIF"


def operations_of_node(node: Any, label: str, rates: Rates) -> Operations:
    """Return what a node does to the sum of what arrives at it.

    Parameters
    ----------
    node : nir.NIRNode
    label : str
        Its name in messages.
    rates : Rates
        Gets how far leaky neurons are off.
    """
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        return []
    if kind == "Flatten":
        sizes = np.asarray(node.output_type["output"])
        flat = np.count_nonzero(sizes != 1) <= 1  # perhaps with an axis of one sample
        return [] if flat else [unsupported(label, "Flatten to several dimensions", kind)]
    if kind in ("Affine", "Linear"):
        bias = getattr(node, "bias", None)
        return [Affine(_array(node.weight), None if bias is None else _array(bias), label)]
    if kind == "Scale":
        return [Scaling(_vector(node.scale), 0.0, label)]
    if kind in ("LI", "CubaLI"):
        gain = _vector(node.r) * _vector(getattr(node, "w_in", 1.0))
        return [Scaling(gain, _vector(node.v_leak), label)]
    if kind in ("IF", "LIF", "CubaLIF"):
        return _spiking(node, label, rates)
    if kind in REFUSED:
        return [Problem(f"layer {label!r}: {kind} is not supported; {REFUSED[kind]}")]
    return [unsupported(label, kind, kind)]


def _tau(node: Any) -> np.ndarray:
    """Return the time constants of the voltages of leaky neurons."""
    return _vector(node.tau if hasattr(node, "tau") else node.tau_mem)


def _gain(node: Any, left_step: float | None) -> np.ndarray:
    """Return how much a constant input raises the voltage of a neuron; see `left_step_of`."""
    gain: np.ndarray = _vector(node.r) * _vector(getattr(node, "w_in", 1.0))
    if left_step is not None and type(node).__name__ in LEAKY:
        gain = _tau(node) * _vector(getattr(node, "tau_syn", left_step)) / left_step**2
    return gain


def _spiking(node: Any, label: str, rates: Rates) -> Operations:
    gain = _gain(node, rates.left_step)
    v_threshold, v_reset = _vector(node.v_threshold), _vector(node.v_reset)
    height = v_threshold - v_reset
    tau = _tau(node) if type(node).__name__ in LEAKY else None
    if np.any(gain <= 0) or np.any(height <= 0) or (tau is not None and np.any(tau <= 0)):
        return [
            Problem(
                f"layer {label!r}: r, w_in, time constants and v_threshold - v_reset must be "
                "positive for a rate that rises with the input; move signs into the weights"
            )
        ]
    if tau is None:
        # of plain IF nodes every reader takes a step for the unit of time
        unit = 1.0 if rates.step is None or np.all(gain == 1) else rates.step
        return [Scaling(unit * gain / height, 0.0, label), Activation("relu", label)]
    rates.errors[label] = float(np.max(0.5 / tau))
    middle = _vector(node.v_leak) - (v_threshold + v_reset) / 2
    slope = (1.0 if rates.step is None else rates.step) / (tau * height)
    fires: Operations = [Activation("relu", label)]
    if fires_once(node, rates.left_step):
        most = 1.0 if rates.step is not None else 1 / float(rates.left_step or 1.0)
        fires = activation("relu", label, max_value=most)
    return [Scaling(gain * slope, middle * slope, label), *fires]


def _array(values: Any) -> np.ndarray:
    """Return numbers of a node, which some writers give as PyTorch's tensors."""
    return np.asarray(to_array(values, "a node's numbers"), dtype=np.float64)


def _vector(numbers: Any) -> np.ndarray:
    values = _array(numbers)
    flat: np.ndarray = values.reshape(()) if values.size == 1 else values.ravel()
    return flat
